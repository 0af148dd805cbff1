//! The printed table.

use sweep::report::terminal;
use sweep::results::Results;

use super::sweeps::{cures, depths, rates, thousand, variances};

fn widest(table: &str) -> usize {
    table.lines().map(|line| line.chars().count()).max().unwrap_or(0)
}

#[test]
fn it_fits_the_terminal() {
    for results in [depths(), variances(), rates(), cures(), thousand()] {
        for width in [50, 60, 72, 80, 100, 120, 200] {
            let table = terminal(&results, width, false);
            assert!(widest(&table) <= usize::from(width), "{width}\n{table}");
            assert!(table.contains("depth") && table.contains("gradient"), "{width}\n{table}");
        }
    }
}

#[test]
fn a_wide_terminal_shows_every_column() {
    let table = terminal(&depths(), 140, false);
    let header = table.lines().nth(1).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(header, "activation weights depth bottom/top per layer theory by layer accuracy trained gradient");
    for expected in [
        "63 of 75 runs finished.",
        "1.9e-40",
        "▁▂▃▄▅▆▇█",
        "diverged (2 of 3)",
        "over 3 seeds",
        "after 300 steps",
        "below 1/20",
    ] {
        assert!(table.replace('\n', " ").contains(expected), "{expected}\n{table}");
    }
    assert_eq!(table.lines().filter(|line| line.starts_with("──")).count(), 3);
}

#[test]
fn in_a_hundred_columns_the_profile_stays() {
    let table = terminal(&depths(), 100, false);
    assert!(table.contains("by layer") && table.contains("per layer") && !table.contains("accuracy  "), "{table}");
}

#[test]
fn color_is_added_only_when_asked_for_and_changes_nothing_else() {
    let results = depths();
    let plain = terminal(&results, 100, false);
    let colored = terminal(&results, 100, true);
    assert!(!plain.contains('\u{1b}'));
    assert_eq!(colored.matches("\u{1b}[0m").count(), results.summaries.len());
    assert!(colored.contains("\u{1b}[34mvanishing\u{1b}[0m") && colored.contains("\u{1b}[32mhealthy\u{1b}[0m"));
    let mut stripped = colored;
    for code in ["\u{1b}[32m", "\u{1b}[34m", "\u{1b}[35m", "\u{1b}[31m", "\u{1b}[0m"] {
        stripped = stripped.replace(code, "");
    }
    assert_eq!(stripped, plain);
}

#[test]
fn a_table_without_rows_is_a_legend() {
    let empty = Results { summaries: Vec::new(), finished: 0, ..depths() };
    let table = terminal(&empty, 80, true);
    assert!(table.contains("0 of 75 runs finished."), "{table}");
}
