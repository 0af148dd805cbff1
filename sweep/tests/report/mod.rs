//! The report, from synthetic results.

mod data;
mod files;
mod markup;
mod plots;
mod sentences;
mod sweeps;
mod synthetic;
mod terminal;

use sweep::report::ReportError;
use sweep::results::Results;

/// What a test returns.
type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The picture with this name, if it is among the files of a sweep.
fn picture(results: &Results, name: &str) -> Result<Option<String>, ReportError> {
    Ok(sweep::report::pictures(results)?.into_iter().find(|(known, _)| *known == name).map(|(_, svg)| svg))
}
