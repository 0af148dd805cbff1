//! Attention of several heads.

use autodiff::{Mode, ParamId, Real, Scope, Var};

use super::{attention, rotary};
use crate::caller;
use crate::initializers::{Distribution, Fan, Initial};
use crate::invalid::invalid_input;
use crate::layers::Linear;
use crate::layers::functional::linear;
use crate::module::Module;
use crate::settings::{Check, require, share_below_one};

/// Attention of several heads (Vaswani 2017), as PyTorch's `MultiheadAttention` with `batch_first=True`. Queries, keys and values
/// are products with a weight each; each head attends with its share of their features; the results of the heads, side by side,
/// go through a last dense layer.
///
/// As a [`Module`] it is self-attention without a mask: see [`MultiHeadAttention::self_attention`].
///
/// # Shapes
/// Input and output `[samples, steps, features]`; `heads` divides the features.
///
/// Parameters, named as in PyTorch: `in_proj_weight`, `[3 · features, features]`, the weights of queries, keys and values one
/// after the other; `in_proj_bias`, `[3 · features]`; `out_proj.weight`, `[features, features]`; `out_proj.bias`, `[features]`.
/// They start as in PyTorch: [`Initial::XavierUniform`], U(−1/√features, 1/√features), and biases of 0.
///
/// # Errors
/// Recorded on the tape: another shape of the input or of the mask; a number of heads that does not divide the features; a
/// dropout rate or a base of rotary positions out of range.
#[derive(Clone, Copy, Debug)]
pub struct MultiHeadAttention {
    in_weight: ParamId,
    in_bias: ParamId,
    out: Linear,
    features: usize,
    heads: usize,
    causal: bool,
    dropout: f64,
    rotary: Option<f64>,
}

impl MultiHeadAttention {
    /// Attention of `heads` heads, without dropout, that is not causal.
    pub fn new<T: Real>(mut scope: Scope<'_, T>, features: usize, heads: usize) -> Self {
        let rows = features.saturating_mul(3);
        let shape = [rows, features];
        let in_weight = Initial::XavierUniform.register(&mut scope, "in_proj_weight", &shape, &shape);
        let in_bias = Initial::Constant(0.0).register(&mut scope, "in_proj_bias", &[rows], &shape);
        let third = 1.0 / 3.0; // the variance of U(−1, 1)
        let initial = Initial::VarianceScaling { scale: third, fan: Fan::In, distribution: Distribution::Uniform };
        let out = Linear::with(scope.child("out_proj"), features, features, initial, Initial::Constant(0.0));
        MultiHeadAttention { in_weight, in_bias, out, features, heads, causal: false, dropout: 0.0, rotary: None }
    }

    /// In self-attention, each step attends to itself and to the steps before it alone.
    #[must_use]
    pub fn causal(self) -> Self {
        MultiHeadAttention { causal: true, ..self }
    }

    /// In training, each attention weight is zeroed with probability `rate`, at least 0 and below 1, and otherwise divided by
    /// `1 − rate`.
    #[must_use]
    pub fn dropout(self, rate: f64) -> Self {
        MultiHeadAttention { dropout: rate, ..self }
    }

    /// In self-attention, queries and keys are rotated by their steps: see [`rotary`](crate::functional::rotary). `base` is a
    /// positive number, and the number of features of a head even.
    #[must_use]
    pub fn rotary(self, base: f64) -> Self {
        MultiHeadAttention { rotary: Some(base), ..self }
    }

    /// Each step of `x` attends to the steps of `x` where `mask` is nonzero. A step that may attend to none gets the bias of
    /// `out_proj`, where PyTorch gives NaN.
    ///
    /// # Shapes
    /// `x` and the result are `[samples, steps, features]`. The mask is `[samples, steps]`, one for all queries, such as
    /// [`length_mask`](crate::functional::length_mask) gives; or `[samples, steps, steps]`, from each query to each key.
    #[track_caller]
    #[must_use]
    pub fn self_attention<'t, T: Real>(&self, x: Var<'t, T>, mask: Option<Var<'t, T>>) -> Var<'t, T> {
        if let Err(reason) = self.check([x, x], mask) {
            return invalid_input("multi_head_attention", reason, x);
        }
        caller::note(x, || {
            let all = self.projected(x, 0..3);
            let rotated = match self.rotary {
                Some(base) => rotary(all.narrow(0, 0..2), base),
                None => all,
            };
            self.attend([rotated.index(0, 0), rotated.index(0, 1), all.index(0, 2)], mask, self.causal)
        })
    }

    /// Each step of `x` attends to the steps of `memory` where `mask` is nonzero: cross-attention, without rotary positions and
    /// never causal. A step that may attend to none gets the bias of `out_proj`.
    ///
    /// # Shapes
    /// `x` and the result are `[samples, steps, features]`, `memory` is `[samples, keys, features]`. The mask is
    /// `[samples, keys]` or `[samples, steps, keys]`.
    #[track_caller]
    #[must_use]
    pub fn cross_attention<'t, T: Real>(
        &self,
        x: Var<'t, T>,
        memory: Var<'t, T>,
        mask: Option<Var<'t, T>>,
    ) -> Var<'t, T> {
        if let Err(reason) = self.check([x, memory], mask) {
            return x.recording().reject("multi_head_attention", reason, [x, memory]);
        }
        caller::note(x, || {
            let (queries, others) = (self.projected(x, 0..1), self.projected(memory, 1..3));
            self.attend([queries.index(0, 0), others.index(0, 0), others.index(0, 1)], mask, false)
        })
    }

    /// The products of a value with these thirds of the weight, `[thirds, samples, heads, steps, features / heads]`.
    fn projected<'t, T: Real>(&self, x: Var<'t, T>, thirds: std::ops::Range<usize>) -> Var<'t, T> {
        let rows = thirds.start * self.features..thirds.end * self.features;
        let [weight, bias] = [self.in_weight, self.in_bias].map(|id| x.recording().param(id).narrow(0, rows.clone()));
        let products = linear(x, weight, Some(bias));
        products.split_axis(2, [thirds.len(), self.heads, self.features / self.heads]).permute(&[2, 0, 3, 1, 4])
    }

    fn attend<'t, T: Real>(
        &self,
        [query, key, value]: [Var<'t, T>; 3],
        mask: Option<Var<'t, T>>,
        causal: bool,
    ) -> Var<'t, T> {
        let mask = mask.map(|mask| match mask.shape() {
            Ok(shape) if shape.rank() == 2 => mask.unsqueeze(1).unsqueeze(1),
            _ => mask.unsqueeze(1),
        });
        let dropout = if query.recording().mode() == Mode::Train { self.dropout } else { 0.0 };
        let heads = attention(query, key, value, mask, causal, dropout);
        self.out.forward(heads.transpose(1, 2).flatten(2..))
    }

    /// An error unless queries, keys, mask and settings fit. Where a value has no shape, an earlier error is on the tape, and kept.
    fn check<T: Real>(&self, [x, memory]: [Var<'_, T>; 2], mask: Option<Var<'_, T>>) -> Check {
        let (heads, features) = (self.heads, self.features);
        let divides = heads > 0 && features.is_multiple_of(heads);
        require("heads", heads, divides, format_args!("a divisor of {features}, the number of features"))?;
        share_below_one("dropout", self.dropout)?;
        let (Ok(queries), Ok(keys)) = (x.shape(), memory.shape()) else {
            return Err("the input has no shape".to_owned());
        };
        for shape in [&queries, &keys] {
            if shape.rank() != 3 || shape[2] != features {
                return Err(format!("the input must be [samples, steps, {features}]"));
            }
        }
        if queries[0] != keys[0] {
            return Err("queries and keys must be of the same samples".to_owned());
        }
        let Some(Ok(found)) = mask.map(|mask| mask.shape()) else { return Ok(()) };
        let [samples, steps, keys] = [queries[0], queries[1], keys[1]];
        let valid = found[..] == [samples, keys] || found[..] == [samples, steps, keys];
        let due = format_args!("[{samples}, {keys}] or [{samples}, {steps}, {keys}]");
        require("the mask", found, valid, due)
    }
}

impl<T: Real> Module<T> for MultiHeadAttention {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        self.self_attention(x, None)
    }
}
