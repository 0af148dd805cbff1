//! The table on stdout, and FOUND.md.

use std::fmt::Write;

use crate::sweep::{Found, Outcome, Sweep};
use crate::verdict::Kind;

impl Sweep {
    /// The findings of a kind.
    fn of(&self, kind: Kind) -> impl Iterator<Item = &Found> {
        self.found.iter().filter(move |found| found.kind == kind)
    }

    fn cases(&self) -> usize {
        self.outcomes.iter().map(|outcome| outcome.cases).sum()
    }

    /// The table for a terminal.
    pub fn table(&self) -> String {
        let mut out = String::new();
        for found in &self.found {
            let (confirmed, numbers) = &found.byhand;
            let sure = if *confirmed { "confirmed" } else { "NOT CONFIRMED" };
            let line = format!(
                "{:<14} {:<24} {} | {:?} {} | {} case(s), {} | by hand {sure}: {numbers}",
                found.kind.word(),
                found.operation,
                found.finding.headline(),
                found.finding.probe,
                found.finding.setting,
                found.times,
                found.case
            );
            out.push_str(&line);
            out.push('\n');
        }
        let count = |kind: Kind| self.of(kind).count();
        let passed = self.outcomes.iter().filter(|outcome| outcome.passed == outcome.cases).count();
        let comparisons: usize = self.outcomes.iter().map(|outcome| outcome.comparisons).sum();
        let _ = writeln!(
            out,
            "{} operations, {} cases, {comparisons} numbers compared in {:.0} s: {passed} operations pass in every case; {} \
             mistakes, {} backward failures, {} right to f32 only, {} policies, {} false alarms, {} not judged",
            self.outcomes.len(),
            self.cases(),
            self.seconds,
            count(Kind::Mistake),
            count(Kind::Fails),
            count(Kind::Single),
            count(Kind::Policy),
            count(Kind::FalseAlarm),
            count(Kind::Unjudged)
        );
        out
    }

    /// FOUND.md. `about` introduces the framework; `not_tried` says what is left out and why;
    /// it may be empty.
    pub fn markdown(&self, title: &str, about: &str, not_tried: &str) -> String {
        let mut out = String::new();
        let comparisons: usize = self.outcomes.iter().map(|outcome| outcome.comparisons).sum();
        let _ = writeln!(
            out,
            "# {title}\n\n{about}\n\n{} operations, {} cases, {comparisons} numbers compared. Written by the program.\n",
            self.outcomes.len(),
            self.cases()
        );
        out.push_str(
            "\"By hand\" is a plain central difference (step 1e-5), or a second plain run, in the framework itself, without \
             the checker.\n",
        );
        let sections = [
            (Kind::Mistake, "Mistakes", "Wrong numbers without an error."),
            (Kind::Fails, "Backward fails where forward does not", "Loud, but there is no gradient."),
            (Kind::Single, "Right to f32 only", "In f64. \"By hand\" is the check with the rounding error of f32."),
            (Kind::Policy, "Policies", "Stated by the framework, or one of several conventions."),
            (Kind::FalseAlarm, "False alarms of the checker", "The framework is right."),
            (Kind::Unjudged, "Not judged", ""),
        ];
        for (kind, title, words) in sections {
            if self.of(kind).next().is_none() {
                continue;
            }
            let _ = writeln!(out, "\n## {title}\n\n{words}\n");
            out.push_str(
                "| operation | first case | cases | the checker says | by hand | note |\n|---|---|---|---|---|---|\n",
            );
            self.of(kind).for_each(|found| self.row(&mut out, found));
        }
        self.lists(&mut out);
        if !not_tried.is_empty() {
            let _ = writeln!(out, "\n## Not tried\n\n{not_tried}");
        }
        out
    }

    fn row(&self, out: &mut String, found: &Found) {
        let of =
            self.outcomes.iter().find(|outcome| outcome.name == found.operation).map_or(0, |outcome| outcome.cases);
        let setting =
            if found.finding.setting.is_empty() { String::new() } else { format!(", {}", found.finding.setting) };
        let cells = [
            format!("`{}`", found.operation),
            found.case.clone(),
            format!("{} of {of}", found.times),
            format!("{} ({:?}{setting})", found.finding.headline(), found.finding.probe),
            format!("{}{}", if found.byhand.0 { "" } else { "not confirmed: " }, found.byhand.1),
            found.why.to_owned(),
        ];
        let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }

    /// What passed, what was rejected and what was not decided.
    fn lists(&self, out: &mut String) {
        let passed: Vec<String> = self
            .outcomes
            .iter()
            .filter(|outcome| outcome.passed == outcome.cases)
            .map(|outcome| format!("`{}`{}", outcome.name, times(outcome.cases)))
            .collect();
        let _ = writeln!(out, "\n## Passed in every case\n\n{}", passed.join(", "));
        let list = |out: &mut String, title: &str, lines: &dyn Fn(&Outcome) -> &[String]| {
            let any = self.outcomes.iter().any(|outcome| !lines(outcome).is_empty());
            if any {
                let _ = writeln!(out, "\n## {title}\n");
            }
            for outcome in &self.outcomes {
                let mut lines: Vec<&String> = lines(outcome).iter().collect();
                let all = lines.len();
                lines.dedup();
                for line in lines.iter().take(2) {
                    let short: String = line.replace('\n', " ").chars().take(300).collect();
                    let _ = writeln!(out, "- `{}`: {short}", outcome.name);
                }
                if all > 2 {
                    let _ = writeln!(out, "- `{}`: {all} in all", outcome.name);
                }
            }
        };
        list(out, "Rejected by the framework", &|outcome| &outcome.rejected);
        list(out, "Not decided by the checker", &|outcome| &outcome.undecided);
    }
}

fn times(cases: usize) -> String {
    if cases > 1 { format!(" ×{cases}") } else { String::new() }
}
