//! The operations to check: rows of cases, each a function with the shapes and ranges of its inputs.

use std::rc::Rc;

use autodiff::Tensor;
use autodiff::check::Probe;

/// An operation of a framework, on tensors of that framework.
pub type Function<T> = Rc<dyn Fn(&[T]) -> Result<T, String>>;

/// The shape of an input and the range of its values.
#[derive(Clone, Debug)]
pub struct Input {
    pub shape: Vec<usize>,
    /// The values are drawn between these.
    pub range: (f64, f64),
    /// No probe leaves these bounds.
    pub bounds: Option<(f64, f64)>,
}

impl Input {
    /// Values between −2 and 2, not bounded.
    pub fn new(shape: &[usize]) -> Self {
        Input { shape: shape.into(), range: (-2.0, 2.0), bounds: None }
    }

    /// Values in this range, and bounded by it.
    pub fn within(shape: &[usize], low: f64, high: f64) -> Self {
        Input { shape: shape.into(), range: (low, high), bounds: Some((low, high)) }
    }

    /// Values in 0.3 to 2.3, bounded below by a small positive number.
    pub fn positive(shape: &[usize]) -> Self {
        Input { shape: shape.into(), range: (0.3, 2.3), bounds: Some((1e-3, f64::INFINITY)) }
    }

    /// Values drawn from this seed.
    pub fn values(&self, seed: u64) -> Tensor<f64> {
        // Streams of two seeds do not overlap: that would make ties between inputs.
        let mut state = seed.wrapping_mul(0xD134_2543_DE82_EF95).wrapping_add(0x1234_5678_9ABC_DEF1);
        let (low, high) = self.range;
        // splitmix64
        Tensor::from_fn(self.shape.as_slice(), |_| {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut bits = state;
            bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            bits ^= bits >> 31;
            low + (high - low) * (0.01 + 0.98 * (bits >> 11) as f64 / (1_u64 << 53) as f64)
        })
    }
}

impl From<&[usize]> for Input {
    fn from(shape: &[usize]) -> Self {
        Input::new(shape)
    }
}

impl<const N: usize> From<[usize; N]> for Input {
    fn from(shape: [usize; N]) -> Self {
        Input::new(&shape)
    }
}

/// One case of an operation.
pub struct Case<T> {
    /// What distinguishes it: "stride [1, 2], groups 2"; empty if the shapes say it.
    pub label: String,
    pub function: Function<T>,
    pub inputs: Vec<Input>,
}

impl<T> Case<T> {
    /// The values of the inputs.
    pub fn values(&self) -> Vec<Tensor<f64>> {
        self.inputs.iter().enumerate().map(|(k, input)| input.values(k as u64 + 1)).collect()
    }

    /// Label and shapes.
    pub fn describe(&self) -> String {
        let shapes: Vec<String> = self.inputs.iter().map(|input| format!("{:?}", input.shape)).collect();
        let gap = if self.label.is_empty() { "" } else { "; " };
        format!("{}{gap}{}", self.label, shapes.join(", "))
    }
}

/// An operation and its cases.
pub struct Row<T> {
    pub name: String,
    pub cases: Vec<Case<T>>,
    /// Probes that do not apply, and why.
    pub skipped: Vec<(Probe, &'static str)>,
    /// The relative rounding error of its arithmetic.
    pub epsilon: f64,
    /// Whether inputs without elements are kept from it, because it reads out of bounds there.
    pub filled: bool,
}

impl<T> Row<T> {
    /// An operation with one case.
    pub fn new<I: Into<Input>>(
        name: &str,
        inputs: impl IntoIterator<Item = I>,
        function: impl Fn(&[T]) -> Result<T, String> + 'static,
    ) -> Self {
        let row =
            Row { name: name.to_owned(), cases: Vec::new(), skipped: Vec::new(), epsilon: f64::EPSILON, filled: false };
        row.case("", inputs, function)
    }

    /// Another case, of another setting.
    #[must_use]
    pub fn case<I: Into<Input>>(
        mut self,
        label: &str,
        inputs: impl IntoIterator<Item = I>,
        function: impl Fn(&[T]) -> Result<T, String> + 'static,
    ) -> Self {
        let inputs = inputs.into_iter().map(Into::into).collect();
        self.cases.push(Case { label: label.to_owned(), function: Rc::new(function), inputs });
        self
    }

    /// The same function at other inputs.
    #[must_use]
    pub fn at<I: Into<Input>>(mut self, inputs: impl IntoIterator<Item = I>) -> Self {
        if let Some(Case { label, function, .. }) = self.cases.last() {
            let (label, function) = (label.clone(), Rc::clone(function));
            self.cases.push(Case { label, function, inputs: inputs.into_iter().map(Into::into).collect() });
        }
        self
    }

    /// Computes in `f32`.
    #[must_use]
    pub fn single(mut self) -> Self {
        self.epsilon = f32::EPSILON.into();
        self
    }

    /// Keeps inputs without elements from it.
    #[must_use]
    pub fn filled(mut self) -> Self {
        self.filled = true;
        self
    }

    /// A probe that does not apply.
    #[must_use]
    pub fn skip(mut self, probe: Probe, why: &'static str) -> Self {
        self.skipped.push((probe, why));
        self
    }
}
