//! Where measurement and theory agree, and where they do not.

use super::{Finding, Kind, MOST_NAMED};
use crate::report::curves::Curves;
use crate::report::format::{count, prose};

pub(super) fn agreement(curves: &Curves<'_>) -> Vec<Finding> {
    let known = || curves.all().filter_map(|(summary, owner)| Some((summary, owner.label?, summary.agreement?)));
    let total = known().count();
    if total == 0 {
        return Vec::new();
    }
    let mut outside: Vec<_> = known().filter(|(.., agreement)| !agreement.agrees()).collect();
    if outside.is_empty() {
        let all = if total == 1 { "The one".to_owned() } else { format!("All {total}") };
        let text = format!("{} with a prediction agree with theory within the acceptance band.", all + " measured");
        return vec![Finding::new(Kind::Good, text)];
    }
    outside.sort_by(|a, b| (b.2.deviation.abs() / b.2.band).total_cmp(&(a.2.deviation.abs() / a.2.band)));
    let head = format!(
        "Theory: of {} with a prediction {} outside the acceptance band.",
        count(total, "configuration"),
        if outside.len() == 1 { "1 is".to_owned() } else { format!("{} are", outside.len()) }
    );
    let tell = |(summary, label, agreement): &(&crate::results::Summary, usize, crate::results::Agreement)| {
        format!(
            "{} at depth {} leaves the band: {} a layer measured, {} predicted; the logarithm of the squared norms is off \
             by {}, of {} allowed.",
            curves.labels[*label],
            summary.depth,
            prose(agreement.measured),
            prose(agreement.predicted),
            prose(agreement.deviation),
            prose(agreement.band),
        )
    };
    let told = outside.iter().take(MOST_NAMED).map(tell);
    [head].into_iter().chain(told).map(|text| Finding::new(Kind::Note, text)).collect()
}
