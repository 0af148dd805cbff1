//! The file as a browser reads it.

use sweep::report;

use super::data::embedded;
use super::sweeps::{depths, rates};
use super::{Outcome, picture};

#[test]
fn text_of_the_user_is_escaped() -> Outcome {
    let hostile = "</script><script>alert(1)</script>\"'&<b>";
    let mut results = depths();
    results.title = hostile.into();
    results.description = hostile.into();
    results.settings = hostile.into();
    for summary in &mut results.summaries {
        summary.label = format!("{}{hostile}", summary.label);
        summary.group = Some(hostile.into());
        summary.non_finite = Some(hostile.into());
        summary.values[0].1 = hostile.into();
    }
    let page = report::html(&[&results])?;
    assert!(!page.contains("<script>alert") && !page.contains("<b>&"), "escaped");
    assert_eq!(page.matches("</script>").count(), 2);
    assert_eq!(embedded(&page)?[0]["title"], hostile);
    let drawn = picture(&results, "gradients.svg")?.ok_or("no gradients")?;
    roxmltree::Document::parse(&drawn)?;
    Ok(())
}

#[test]
fn nothing_is_fetched() -> Outcome {
    let page = report::html(&[&depths(), &rates()])?;
    // The name of SVG looks like an address, but is none.
    let named = page.replace("http://www.w3.org/2000/svg", "");
    for address in ["http://", "https://", "src=", "url(", "@import", "fetch("] {
        assert!(!named.contains(address), "{address}");
    }
    let links = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    for link in links {
        assert!(link.starts_with('#') || link == "data:,", "{link}");
    }
    Ok(())
}

#[test]
fn every_link_has_its_target_and_no_id_is_there_twice() -> Outcome {
    let page = report::html(&[&depths(), &rates()])?;
    let attributes = |name: &str| -> Vec<String> {
        let rest = page.split(&format!(" {name}=\"")).skip(1).map(str::to_owned).collect::<Vec<_>>();
        rest.iter().filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
    };
    let mut ids = attributes("id");
    for link in attributes("href").iter().filter_map(|link| link.strip_prefix('#')) {
        assert!(ids.iter().any(|id| id == link), "{link}");
    }
    for label in attributes("aria-labelledby") {
        assert!(ids.contains(&label), "{label}");
    }
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all);
    Ok(())
}
