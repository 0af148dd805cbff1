//! Mistakes that our checker does not find, or does not fail for: kept out of its tests, and counted here.

use autodiff::Tensor;

use crate::mutants::hidden::ClaimsNone;
use crate::mutants::table::{Mutant, table};

/// The mistakes of this file.
pub(crate) fn mutants() -> Vec<Mutant> {
    table! {
        "league":
        "declared without derivative": ClaimsNone, [Tensor::from([0.7, 1.9]), Tensor::from([0.4, -0.3])], None;
    }
}
