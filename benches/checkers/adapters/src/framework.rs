//! What a framework provides, and one run of a function on it.

use autodiff::Tensor;
use autodiff::check::Storage;

use crate::panics::caught;
use crate::row::Function;

/// The primitives of a framework.
pub trait Framework {
    /// Its tensor.
    type Tensor: Clone;

    /// A new leaf.
    fn leaf(&self, values: &Tensor<f64>, needs_gradient: bool) -> Result<Self::Tensor, String>;
    /// The view of a leaf that is the input.
    fn view(&self, leaf: &Self::Tensor, storage: Storage, shape: &[usize]) -> Result<Self::Tensor, String>;
    /// ⟨weights, x⟩.
    fn inner(&self, x: &Self::Tensor, weights: &Tensor<f64>) -> Result<Self::Tensor, String>;
    /// The sum of two results of [`inner`](Self::inner).
    fn sum(&self, x: Self::Tensor, y: Self::Tensor) -> Result<Self::Tensor, String>;
    /// The values of a tensor.
    fn values(&self, x: &Self::Tensor) -> Result<Tensor<f64>, String>;
    /// The gradients of the leaves; `None` for one that receives none.
    fn backward(&self, loss: &Self::Tensor, leaves: &[Self::Tensor]) -> Result<Vec<Option<Tensor<f64>>>, String>;
    /// How it can store inputs.
    fn storages(&self) -> &[Storage];
}

/// An input of a run.
pub struct Leaf<'a> {
    pub values: &'a Tensor<f64>,
    pub storage: Storage,
    pub shape: &'a [usize],
    pub needs_gradient: bool,
    /// The index of the input whose leaf it shares.
    pub source: usize,
}

/// The weights of a second consumer of the inputs, and whether it is recorded first.
pub type Second<'a> = Option<(&'a [Tensor<f64>], bool)>;

/// Output and gradients of the leaves.
pub type Pulled = (Tensor<f64>, Vec<Option<Tensor<f64>>>);

/// Runs a function, and backward if there is a cotangent.
///
/// # Errors
/// What the framework rejects forward, by an error or a panic. What it rejects or panics at backward, having accepted the same
/// inputs forward, is no rejection: that panic goes through, and an error becomes a panic.
pub fn execute<F: Framework>(
    framework: &F,
    function: &Function<F::Tensor>,
    inputs: &[Leaf<'_>],
    cotangent: Option<&Tensor<f64>>,
    second: Second<'_>,
) -> Result<Pulled, String> {
    let forward = || {
        let wanted = |leaf: &Leaf<'_>| cotangent.is_some() && leaf.needs_gradient;
        let leaves: Vec<F::Tensor> =
            inputs.iter().map(|leaf| framework.leaf(leaf.values, wanted(leaf))).collect::<Result<_, _>>()?;
        let view = |leaf: &Leaf<'_>| framework.view(&leaves[leaf.source], leaf.storage, leaf.shape);
        let views: Vec<F::Tensor> = inputs.iter().map(view).collect::<Result<_, _>>()?;
        let consumed = || {
            let mut sum = None;
            for (x, weights) in views.iter().zip(second.map_or(&[][..], |second| second.0)) {
                let term = framework.inner(x, weights)?;
                sum = Some(match sum {
                    Some(sum) => framework.sum(sum, term)?,
                    None => term,
                });
            }
            Ok::<_, String>(sum)
        };
        let first = if second.is_some_and(|second| second.1) { consumed()? } else { None };
        let output = function(&views)?;
        let last = if second.is_some_and(|second| !second.1) { consumed()? } else { None };
        let values = framework.values(&output)?;
        // A loss of an output without elements is tried forward too, so that its rejection is one of the shape.
        let zero = Tensor::full(values.shape().clone(), 0.0);
        let weights = cotangent.or(values.data().is_empty().then_some(&zero));
        let loss = match weights {
            Some(weights) => {
                let own = framework.inner(&output, weights)?;
                let with_first = first.map_or(Ok(own.clone()), |first| framework.sum(first, own))?;
                Some(last.map_or(Ok(with_first.clone()), |last| framework.sum(with_first, last))?)
            }
            None => None,
        };
        Ok((leaves, values, loss))
    };
    let (leaves, values, loss) = caught(forward).unwrap_or_else(Err)?;
    let Some(loss) = loss.filter(|_| cotangent.is_some()) else { return Ok((values, Vec::new())) };
    let gradients = framework.backward(&loss, &leaves).unwrap_or_else(|error| {
        let payload = format!("backward fails where forward does not: {error}");
        std::panic::resume_unwind(Box::new(payload))
    });
    for (input, (gradient, leaf)) in gradients.iter().zip(inputs).enumerate() {
        if let Some(gradient) = gradient
            && gradient.shape() != leaf.values.shape()
        {
            let (found, right) = (gradient.shape(), leaf.values.shape());
            std::panic::resume_unwind(Box::new(format!(
                "the gradient of input {input} has shape {found}, not {right}"
            )));
        }
    }
    let asked = |(gradient, leaf): (Option<Tensor<f64>>, &Leaf<'_>)| gradient.filter(|_| leaf.needs_gradient);
    Ok((values, gradients.into_iter().zip(inputs).map(asked).collect()))
}
