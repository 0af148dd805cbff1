//! The report, from synthetic results.

mod files;
mod synthetic;
