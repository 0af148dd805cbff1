//! Which gradients vanish, explode or stay healthy before training.

use super::{Finding, Kind, MOST_NAMED};
use crate::report::curves::Curves;
use crate::report::format::{list, prose};
use crate::results::{Summary, Verdict};

pub(super) fn findings(curves: &Curves<'_>) -> Vec<Finding> {
    let labels: Vec<_> = (0..curves.labels.len()).map(|label| (label, curves.with_label(label))).collect();
    let of_kind = |verdict: Verdict| -> Vec<(&str, &[&Summary])> {
        let deepest = |summaries: &[&Summary]| summaries.last().map(|s| Verdict::from_shrink(s.init.shrink));
        let kept = labels.iter().filter(|(_, summaries)| deepest(summaries) == Some(verdict));
        kept.map(|(label, summaries)| (curves.labels[*label].as_str(), summaries.as_slice())).collect()
    };
    let mut findings = Vec::new();
    for verdict in [Verdict::Vanishing, Verdict::Exploding] {
        let mut found = of_kind(verdict);
        // The worst first.
        found.sort_by(|a, b| severity(b.1).total_cmp(&severity(a.1)));
        let told = found.iter().take(MOST_NAMED).map(|(label, summaries)| unhealthy(label, summaries, verdict));
        findings.extend(told.flatten().map(|text| Finding::new(Kind::Bad, text)));
        if let Some((label, summaries)) = found.get(MOST_NAMED) {
            let factor = summaries.last().and_then(|s| s.init.factor).map(|f| format!(" ({} a layer)", prose(f)));
            let more = found.len() - MOST_NAMED;
            let text = format!("{verdict} also in {more} more, at most as in {label}{}.", factor.unwrap_or_default());
            findings.push(Finding::new(Kind::Bad, capitalized(&text)));
        }
    }
    findings.extend(healthy(&of_kind(Verdict::Healthy)));
    findings
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

fn severity(summaries: &[&Summary]) -> f64 {
    summaries.last().map_or(0.0, |deepest| deepest.init.shrink.log10().abs())
}

fn unhealthy(label: &str, summaries: &[&Summary], verdict: Verdict) -> Option<String> {
    let deepest = summaries.last()?;
    let (does, passes) = match verdict {
        Verdict::Vanishing => ("vanishes", "on average a layer passes on"),
        _ => ("explodes", "on average a layer multiplies it by"),
    };
    let factor = deepest.init.factor.map(|factor| format!(": {passes} {}", prose(factor)));
    let reach = match deepest.init.shrink {
        0.0 => "nothing of it reaches the bottom".to_owned(),
        shrink if shrink.is_finite() => format!("the bottom layer gets {} of what the top layer gets", prose(shrink)),
        _ => "it overflows before the bottom".to_owned(),
    };
    let first = summaries.iter().find(|summary| Verdict::from_shrink(summary.init.shrink) == verdict);
    let from = first.filter(|first| first.depth < deepest.depth && summaries[0].depth < first.depth);
    let from = from.map(|first| format!(" from depth {} on", first.depth)).unwrap_or_default();
    Some(format!(
        "{label}: the gradient {does}{from}{}; at depth {} {reach}.",
        factor.unwrap_or_default(),
        deepest.depth
    ))
}

fn healthy(found: &[(&str, &[&Summary])]) -> Option<Finding> {
    let deepest = || found.iter().filter_map(|(_, summaries)| summaries.last()).filter(|summary| summary.depth > 1);
    let shrinks = || deepest().map(|summary| summary.init.shrink);
    let (least, most) = (shrinks().reduce(f64::min)?, shrinks().reduce(f64::max)?);
    let names: Vec<_> = found.iter().map(|(label, _)| (*label).to_owned()).collect();
    let depth = deepest().map(|summary| summary.depth).max()?;
    let range = if prose(least) == prose(most) {
        format!("{} of what the top layer gets", prose(least))
    } else {
        format!("between {} and {} of what the top layer gets", prose(least), prose(most))
    };
    let text = format!(
        "{}: the gradient stays healthy; at depth {depth} the bottom layer gets {range}.",
        list(&names, MOST_NAMED)
    );
    Some(Finding::new(Kind::Good, text))
}
