//! What each finding is judged to be.

use adapters::Verdict;

pub const VERDICTS: &[Verdict] = &[];

pub const NOT_TRIED: &str = "";
