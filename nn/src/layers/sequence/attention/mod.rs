//! Attention: means of values, weighted by how well queries match keys.

mod multi_head;
mod rotary;

use autodiff::{Real, Var};

pub use self::multi_head::MultiHeadAttention;
pub use self::rotary::rotary;
use crate::invalid::invalid_input;
use crate::layers::functional::dropout as drop_values;
use crate::settings::share_below_one;

/// The score of a key that a query may not attend to: the lowest number of `f32`, finite in every scalar. After it is shifted by
/// the largest score of its row, the exponential is exactly 0.
const MASKED: f64 = f32::MIN as f64;

/// Scaled dot-product attention, `softmax(Q Kᵀ / √features) V` (Vaswani 2017), as PyTorch's `scaled_dot_product_attention`.
///
/// A query attends to the keys where `mask` is nonzero and, if `causal`, to those at its own step and before. A query that may
/// attend to no key has a result of 0 and no gradient. The attention weights are dropped at the rate `dropout`, at least 0 and
/// below 1, in training and in evaluation: as [`dropout`](crate::functional::dropout), the function does not ask for the mode.
///
/// # Shapes
/// `query` is `[.., queries, features]`, `key` `[.., keys, features]`, `value` `[.., keys, outputs]`; the result is
/// `[.., queries, outputs]`. The mask broadcasts to `[.., queries, keys]`.
#[track_caller]
#[must_use]
pub fn attention<'t, T: Real>(
    query: Var<'t, T>,
    key: Var<'t, T>,
    value: Var<'t, T>,
    mask: Option<Var<'t, T>>,
    causal: bool,
    dropout: f64,
) -> Var<'t, T> {
    if let Err(reason) = share_below_one("dropout", dropout) {
        return invalid_input("attention", reason, query);
    }
    let (Ok(of_query), Ok(of_key)) = (query.shape(), key.shape()) else { return query.matmul(key) };
    let (&[.., queries, features], &[.., keys, _]) = (&of_query[..], &of_key[..]) else {
        return query.recording().reject("attention", "queries and keys must be [.., steps, features]", [query, key]);
    };
    let scores = (query / (features as f64).sqrt()).matmul(key.t());
    let Some(allowed) = allowed(scores, [queries, keys], mask, causal) else {
        let weights = scores.softmax(-1);
        return dropped(weights, dropout).matmul(value);
    };
    let masked = scores.recording().constant(&T::from_f64(MASKED).into());
    let mut weights = allowed.select(scores, masked).softmax(-1);
    if mask.is_some() {
        // A row without an allowed key has equal weights, not NaN, and gives them up here.
        weights = allowed.select(weights, scores.recording().constant(&T::ZERO.into()));
    }
    dropped(weights, dropout).matmul(value)
}

/// Where queries may attend to keys, if not everywhere: broadcasts to the scores.
#[track_caller]
fn allowed<'t, T: Real>(
    scores: Var<'t, T>,
    [queries, keys]: [usize; 2],
    mask: Option<Var<'t, T>>,
    causal: bool,
) -> Option<Var<'t, T>> {
    let Ok(shape) = scores.shape() else { return None };
    if let Some(Ok(of_mask)) = mask.map(|mask| mask.shape())
        && shape.broadcast(&of_mask).as_ref() != Some(&shape)
    {
        let reason = format!("the mask is {of_mask}: must broadcast to {shape}");
        return Some(invalid_input("attention", reason, scores));
    }
    if !causal {
        return mask;
    }
    let one = scores.recording().constant(&T::ONE.into());
    let lower = one.broadcast_to([queries, keys]).tril(0);
    match mask {
        Some(mask) => Some(mask * lower),
        None => Some(lower),
    }
}

#[track_caller]
fn dropped<T: Real>(weights: Var<'_, T>, rate: f64) -> Var<'_, T> {
    if rate == 0.0 { weights } else { drop_values(weights, rate) }
}
