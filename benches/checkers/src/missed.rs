//! Mistakes that our checker does not find, or does not fail for: kept out of its tests, and counted here.

use autodiff::check::Diagnosis;
use autodiff::{Tensor, scalar_op};

use crate::mutants::array_op::{array_op, constant};
use crate::mutants::hidden::ClaimsNone;
use crate::mutants::table::{Mutant, table};

scalar_op! { GradientOverflows,
    |x, y| {
        let m = x.abs().maximum(y.abs());
        if m == T::ZERO { m } else { m * ((x / m) * (x / m) + (y / m) * (y / m)).sqrt() }
    },
    |z| [{
        let norm = (x * x + y * y).sqrt();
        if z == T::ZERO { T::ZERO } else { x / norm }
    }, {
        let norm = (x * x + y * y).sqrt();
        if z == T::ZERO { T::ZERO } else { y / norm }
    }]
}

array_op! { CotangentIsConstant, |x| Some(x.clone()), x.map(|x| x * x), |g, z| [x.zip(g, |x, g| (x + x) * constant(g))] }

/// The mistakes of this file.
pub(crate) fn mutants() -> Vec<Mutant> {
    let x = || Tensor::from([0.7, 1.9, -0.6, 0.4]);
    let y = || Tensor::from([1.3, 0.8, 2.1, 1.7]);
    table! {
        "league":
        "overflow in the gradient alone": GradientOverflows, [x(), y()], None;
        "cotangent taken as constant": CotangentIsConstant, [x()], Some(Diagnosis::SecondOrder);
        "declared without derivative": ClaimsNone, [[0.7, 1.9].into(), [0.4, -0.3].into()], None;
    }
}
