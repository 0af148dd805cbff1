//! What a sweep finds: [`RunRecord`] of one network, [`Summary`] of one configuration over its seeds, [`Results`] of all.

mod number;
mod record;
mod summary;

pub use record::{CurvePoint, LayerMeasures, Profile, RunRecord, Score, Scores, Spectra};
pub use summary::{Agreement, DepthScales, PhaseDiagram, PhaseSummary, Results, Summary, THRESHOLD, Verdict};
