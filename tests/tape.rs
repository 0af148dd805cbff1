//! What a tape promises beyond single operations: accumulation, detaching, repeated passes, scalars, casts.

use autodiff::{Dual, Extents, Mode, Params, Shape, Tape, Tensor, Var};

fn values(data: &[f64]) -> Tensor<f64> {
    data.into()
}

#[test]
fn scalars_combine_on_both_sides() {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let x = t.variable(&values(&[2.0, 4.0]));
    let y = 1.0 - (3.0 * x - 1.0) / 2.0 + 8.0 / x * 2.0 + (-x);
    assert_eq!(y.value().unwrap().data(), &[4.5, -4.5]);
    let mut grads = params.gradients();
    y.sum(..).backward(&mut grads).unwrap();
    assert_eq!(grads.of(x).unwrap().data(), &[-6.5, -3.5]);
}

#[test]
fn backward_twice_gives_the_same() {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let x = t.variable(&values(&[0.3, -0.7]));
    let loss = (x.tanh() * x).sum(..);
    let mut grads = params.gradients();
    loss.backward(&mut grads).unwrap();
    let first = grads.of(x).unwrap();
    loss.backward(&mut grads).unwrap();
    assert_eq!(grads.of(x).unwrap(), first);
}

#[test]
fn no_gradient_flows_through_a_detached_value() {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let x = t.variable(&values(&[3.0]));
    let mut grads = params.gradients();
    (x * x.detach()).sum(..).backward(&mut grads).unwrap();
    assert_eq!(grads.of(x).unwrap().data(), &[3.0]);
    assert!(x.detach().sum(..).backward(&mut grads).is_err());
}

#[test]
fn the_gradient_of_an_intermediate_value_is_kept() {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let x = t.variable(&values(&[1.0, 2.0]));
    let hidden = x * 2.0;
    let unused = x.exp();
    let mut grads = params.gradients();
    hidden.square().sum(..).backward(&mut grads).unwrap();
    assert_eq!(grads.of(hidden).unwrap().data(), &[4.0, 8.0]);
    assert!(grads.of(unused).unwrap_err().to_string().contains("does not depend on it"));
}

#[test]
fn gradients_of_several_tapes_accumulate() {
    let mut params = Params::<f64>::new(0);
    let weight = params.scope("w").parameter("weight", [2], |values, _| values.copy_from_slice(&[1.0, -1.0]));
    let (mut total, mut grads) = (params.gradients(), params.gradients());
    let mut tape = Tape::new();
    for batch in [[1.0, 2.0], [3.0, 4.0]] {
        let t = tape.start(&params, Mode::Train);
        (t.param(weight) * t.input(&batch.into())).sum(..).backward(&mut grads).unwrap();
        total.add(&grads).unwrap();
    }
    assert_eq!(total.flat(), &[4.0, 6.0]);
    assert_eq!(total.parameter(&params, weight).unwrap().data(), &[4.0, 6.0]);
    assert!(total.add(&Params::default().gradients()).is_err());
}

#[test]
fn a_parameter_used_twice_gets_both_gradients() {
    let mut params = Params::<f64>::new(0);
    let weight = params.scope("w").parameter("weight", [2, 2], |values, _| values.fill(0.5));
    let mut grads = params.gradients();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let x = t.input(&[[1.0, 2.0]].into());
    x.matmul(t.param(weight)).matmul(t.param(weight).t()).sum(..).backward(&mut grads).unwrap();
    // d/dW of x W Wᵀ 1 = xᵀ (1ᵀ W) + 1 (x W), by hand for W = ½.
    assert_eq!(grads.flat(), &[2.5, 2.5, 3.5, 3.5]);
}

#[test]
fn the_same_model_runs_in_another_scalar() {
    let mut params = Params::<f32>::new(7);
    let weight = params.scope("w").parameter("weight", [3], |values, _| values.copy_from_slice(&[0.5, 1.0, 2.0]));
    let dual = params.cast::<Dual<f64>>();
    let mut tape = Tape::new();
    let t = tape.start(&dual, Mode::Eval);
    let y = (t.param(weight) * 2.0).sum(..).item().unwrap();
    assert_eq!((y.value, y.tangent), (7.0, 0.0));
}

#[test]
fn a_hessian_vector_product_is_reverse_over_dual() {
    let params = Params::<Dual<f64>>::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    // f = x₀² x₁ at (3, 5) along (1, 0): H = [[2 x₁, 2 x₀], [2 x₀, 0]].
    let x = t.variable(&Tensor::from([Dual::new(3.0, 1.0), Dual::new(5.0, 0.0)]));
    let mut grads = params.gradients();
    (x.index(0, 0).square() * x.index(0, 1)).backward(&mut grads).unwrap();
    let gradient = grads.of(x).unwrap();
    assert_eq!(gradient.data().iter().map(|g| g.value).collect::<Vec<_>>(), [30.0, 9.0]);
    assert_eq!(gradient.data().iter().map(|g| g.tangent).collect::<Vec<_>>(), [10.0, 6.0]);
}

#[test]
fn initial_values_depend_on_seed_and_name_alone() {
    let values = |seed: u64, first: &str| {
        let mut params = Params::<f64>::new(seed);
        params.scope(first).parameter("bias", [1], |_, _| {});
        let id = params.scope("fc").child("inner").parameter("weight", [4], |values, random| {
            values.fill_with(|| rand::RngExt::random(random));
        });
        params.value(id).unwrap()
    };
    assert_eq!(values(1, "a"), values(1, "b"));
    assert_ne!(values(1, "a"), values(2, "a"));
}

#[test]
fn views_and_compositions_pass_gradients_through_their_layouts() {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let x = t.variable(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]].into());
    let weights = t.input(&[1.0, 10.0, 100.0, 1e3, 1e4, 1e5].into());
    // Transposed, so that the reshape has to copy; squeezed and unsqueezed on the way.
    let copied = x.t().unsqueeze(1).squeeze(1).reshape([6]);
    let mut grads = params.gradients();
    (copied * weights).sum(..).backward(&mut grads).unwrap();
    assert_eq!(grads.of(x).unwrap(), [[1.0, 100.0, 1e4], [10.0, 1e3, 1e5]].into());
    // A row, and every second column.
    let part = x.index(0, 1) * t.input(&[1.0, 2.0, 3.0].into());
    (part.sum(..) + x.narrow_by(1, 0..3, 2).sum(..)).backward(&mut grads).unwrap();
    assert_eq!(grads.of(x).unwrap(), [[1.0, 0.0, 1.0], [2.0, 2.0, 4.0]].into());
}

#[test]
fn vectors_multiply_outwards_and_stack() {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let (x, y) = (t.variable(&values(&[1.0, 2.0])), t.variable(&values(&[3.0, 4.0])));
    assert_eq!(x.outer(y).value().unwrap(), [[3.0, 4.0], [6.0, 8.0]].into());
    assert_eq!(x.matmul(y).item().unwrap(), 11.0);
    let stacked = t.stack([x, y], 1);
    assert_eq!(stacked.value().unwrap(), [[1.0, 3.0], [2.0, 4.0]].into());
    let mut grads = params.gradients();
    (stacked * x.outer(y)).sum(..).backward(&mut grads).unwrap();
    // The sum is Σ_i x_i² y_0 + x_i y_i y_1: by hand, 2 x_i y_0 + y_i y_1, and so on.
    assert_eq!(grads.of(x).unwrap().data(), &[6.0 + 12.0, 12.0 + 16.0]);
    assert_eq!(grads.of(y).unwrap().data(), &[5.0 + 4.0, 11.0 + 8.0]);
}

/// A shape that is found by recording: whoever turns it into one uses the tape on the way.
struct Recorded<'t>(Var<'t, f64>);

impl From<Recorded<'_>> for Shape {
    fn from(recorded: Recorded<'_>) -> Shape {
        (recorded.0 + recorded.0).unsqueeze(0).shape().unwrap()
    }
}

impl From<Recorded<'_>> for Extents {
    fn from(recorded: Recorded<'_>) -> Extents {
        Extents::from(&Shape::from(recorded))
    }
}

#[test]
fn a_shape_may_be_found_by_recording() {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let x = t.variable(&Tensor::from([1.0, 2.0]));
    assert_eq!(x.broadcast_to(Recorded(x)).value().unwrap(), [[1.0, 2.0]].into());
    assert_eq!(x.reshape(Recorded(x)).value().unwrap(), [[1.0, 2.0]].into());
}
