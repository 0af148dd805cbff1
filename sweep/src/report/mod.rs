//! What a sweep shows: a report of one HTML file, plots as SVG files, a table for the terminal.
//!
//! [`Results`](crate::results::Results) are all that it reads. Markup stands in the templates of `assets/`, which escape all
//! that they are given.

mod columns;
mod curves;
mod embed;
mod figures;
mod format;
mod page;
mod plot;
mod sparkline;
mod templates;
mod terminal;
mod verdict;

pub(crate) use figures::PICTURES;
pub use page::{html, pictures};
pub use templates::ReportError;
pub use terminal::terminal;
