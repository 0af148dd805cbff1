//! Where measurement and theory agree, and where they do not.

use super::{Finding, Kind, MOST_TOLD};
use crate::report::curves::Curves;
use crate::report::format::{count, prose};
use crate::results::Agreement;

pub(super) fn agreement(curves: &Curves<'_>) -> Vec<Finding> {
    let known = || curves.all().filter_map(|(summary, owner)| Some((summary, owner.label?, summary.agreement?)));
    let total = known().count();
    if total == 0 {
        return Vec::new();
    }
    let mut outside: Vec<_> = known().filter(|(.., agreement)| !agreement.agrees()).collect();
    if outside.is_empty() {
        let head = if total == 1 { "The one configuration".to_owned() } else { format!("All {total} configurations") };
        let agree = if total == 1 { "agrees" } else { "agree" };
        let text = format!("{head} with a prediction {agree} with theory within the acceptance band.");
        return vec![Finding::new(Kind::Good, "", text)];
    }
    outside.sort_by(|a, b| (b.2.deviation.abs() / b.2.band).total_cmp(&(a.2.deviation.abs() / a.2.band)));
    let head = format!(
        "Of {} with a prediction {} outside the acceptance band of theory.",
        count(total, "configuration"),
        if outside.len() == 1 { "1 is".to_owned() } else { format!("{} are", outside.len()) }
    );
    let head = Finding::new(Kind::Note, "", head);
    let told = outside.iter().take(MOST_TOLD).map(|(summary, label, agreement)| {
        let about = format!("{} at depth {}", curves.labels[*label], summary.depth);
        Finding::new(Kind::Note, about, deviation(agreement))
    });
    [head].into_iter().chain(told).collect()
}

fn deviation(agreement: &Agreement) -> String {
    format!(
        "measurement leaves the band of theory; a layer multiplies the gradient by {}, predicted is {}. The logarithms of \
         the squared norms are off by {} in sum, of {} allowed.",
        prose(agreement.measured),
        prose(agreement.predicted),
        prose(agreement.deviation),
        prose(agreement.band),
    )
}
