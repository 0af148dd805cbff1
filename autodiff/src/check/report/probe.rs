//! What the checker tests.

/// A property that the checker tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub enum Probe {
    /// Gradients against dual numbers; against finite differences, element by element, where there are none.
    Derivative,
    /// Gradients against finite differences along random directions.
    FiniteDifferences,
    /// Taylor's test: remainders of first and second order fall at rates 2 and 3.
    Taylor,
    /// Gradients at equal input elements, where kinks and ties occur, against one-sided derivatives.
    Ties,
    /// The pullback is linear: a zero cotangent gives zero, −2 times the cotangent gives −2 times the gradient.
    Linearity,
    /// The pullback adds to the gradients of another consumer of the same input, recorded before or after.
    Accumulation,
    /// A gradient does not depend on which other inputs need one.
    Subsets,
    /// Transposed, narrowed and broadcast inputs against contiguous copies.
    Layouts,
    /// Extents 1 and 0, and one more axis, if the shape rule accepts them.
    Extents,
    /// Inputs enlarged by repetition, so that blocks of a loop are crossed: derivatives, and `f64` itself.
    Enlarged,
    /// Cotangents over twelve orders of magnitude, of both signs.
    Cotangents,
    /// Slopes at 0, ±10⁻³ and from ±1 to ±1000, of all elements of an input together.
    Slopes,
    /// Many runs give bit-identical results.
    Determinism,
    /// A replay on other values against a new recording.
    Replay,
    /// `f32` against `f64`, also for large inputs and for strided ones.
    SinglePrecision,
    /// `f64` itself against dual numbers, also for strided inputs.
    DoublePrecision,
    /// At 0 and ±1000: no NaN in value or gradient where the true one is a number; at ± the largest finite number, a warning.
    Extremes,
    /// The Hessian, by reverse mode over dual numbers: symmetric, and equal to that of nested dual numbers, or to finite
    /// differences of gradients.
    SecondOrder,
    /// Every input and parameter that the result depends on receives a gradient.
    Received,
}

impl Probe {
    /// All probes.
    pub const ALL: [Probe; 19] = [
        Probe::Derivative,
        Probe::FiniteDifferences,
        Probe::Taylor,
        Probe::Ties,
        Probe::Linearity,
        Probe::Accumulation,
        Probe::Subsets,
        Probe::Layouts,
        Probe::Extents,
        Probe::Enlarged,
        Probe::Cotangents,
        Probe::Slopes,
        Probe::Determinism,
        Probe::Replay,
        Probe::SinglePrecision,
        Probe::DoublePrecision,
        Probe::Extremes,
        Probe::SecondOrder,
        Probe::Received,
    ];

    /// Whether it compares with a derivative, and not with another run of the same computation.
    pub(in crate::check) fn needs_reference(self) -> bool {
        !matches!(
            self,
            Probe::Linearity
                | Probe::Accumulation
                | Probe::Subsets
                | Probe::Layouts
                | Probe::Determinism
                | Probe::Replay
                | Probe::Extremes
        )
    }
}
