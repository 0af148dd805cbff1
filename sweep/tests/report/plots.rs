//! Which plots there are, and that they can be drawn.

use sweep::report;
use sweep::results::Results;

use super::sweeps::{cures, depths, rates, variances};
use super::{Outcome, picture};

/// The ids of the figures of a report with one page.
fn figures(results: &Results) -> Result<Vec<String>, report::ReportError> {
    let page = report::html(&[results])?;
    let figures = page.split("<figure ").skip(1).filter_map(|rest| rest.split("id=\"p1-").nth(1));
    Ok(figures.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect())
}

#[test]
fn each_plot_is_there_where_its_data_are() -> Outcome {
    let common = ["gradients", "attenuation", "accuracy", "heat"];
    let spectra = ["loss", "learning", "jacobian", "hessian", "kernel"];
    assert_eq!(figures(&depths())?, [&common[..], &spectra].concat());
    assert_eq!(figures(&variances())?, [&common[..], &["phase", "trainable", "loss", "learning"]].concat());
    assert_eq!(figures(&rates())?, ["rates", "gradients", "loss", "learning"]);
    assert_eq!(figures(&cures())?, ["gradients", "overfitting", "loss", "learning"]);
    Ok(())
}

#[test]
fn without_training_there_are_no_plots_of_it() -> Outcome {
    let mut results = depths();
    for summary in &mut results.summaries {
        (summary.trained, summary.spectra) = (None, None);
        summary.init.scores = None;
        summary.curve.clear();
    }
    assert_eq!(figures(&results)?, ["gradients", "attenuation", "heat"]);
    assert_eq!(picture(&results, "accuracy.svg")?, None);
    Ok(())
}

#[test]
fn without_results_there_are_no_plots() -> Outcome {
    let results = Results { summaries: Vec::new(), finished: 0, ..depths() };
    let page = report::html(&[&results])?;
    assert!(figures(&results)?.is_empty() && page.contains("No run has finished."));
    assert!(page.contains("0 of 75 runs finished."));
    assert_eq!(picture(&results, "gradients.svg")?, None);
    assert_eq!(report::html(&[])?.matches("<section class=\"page\"").count(), 0);
    Ok(())
}

#[test]
fn a_file_is_well_formed_and_stands_alone() -> Outcome {
    let drawn = picture(&depths(), "gradients.svg")?.ok_or("no gradients")?;
    let document = roxmltree::Document::parse(&drawn)?;
    let series =
        document.descendants().filter(|node| node.attribute("class").is_some_and(|c| c.starts_with("series ")));
    let named: Vec<_> = series.filter_map(|node| node.attribute("data-name")).collect();
    assert_eq!(named.len(), 42, "measured and predicted of 21 configurations");
    assert!(named.contains(&"sigmoid, xavier, σw² = 1, depth 64, predicted"));
    assert!(drawn.contains("10⁻⁴⁰") && drawn.contains("class=\"band"));
    assert!(!drawn.contains("<script") && !drawn.contains("var(--"));
    let drawn = picture(&depths(), "accuracy.svg")?.ok_or("no accuracy")?;
    roxmltree::Document::parse(&drawn)?;
    Ok(())
}

#[test]
fn numbers_that_have_no_logarithm_are_gaps() -> Outcome {
    let mut results = depths();
    for (index, summary) in results.summaries.iter_mut().enumerate() {
        let value = [0.0, f64::INFINITY, f64::NAN, 1e-300][index % 4];
        summary.init.shrink = value;
        summary.init.factor = Some(value);
        summary.agreement = None;
        for layer in summary.init.layers.iter_mut().step_by(2) {
            layer.delta_norm = value;
            layer.predicted_delta_norm = Some(value);
        }
        for point in &mut summary.curve {
            point.loss = value;
        }
    }
    let page = report::html(&[&results])?;
    let plots = page.split("<script").next().unwrap_or_default();
    for path in plots.split(" d=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(!path.contains("NaN") && !path.contains("inf"), "{path}");
    }
    assert!(picture(&results, "gradients.svg")?.is_some_and(|svg| svg.contains("10⁻³⁰⁰")));
    Ok(())
}
