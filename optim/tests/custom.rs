//! Gradient transformations and projections that a user writes.

use autodiff::{Error, Gradients, Params, Real, Shape};
use optim::{GradientTransform, L1, L2, ParamFilter, ParamGroup, Projection, SelectedGradients, Sgd};

/// A weight of shape `[2, 2]` and a bias of shape `[2]`.
fn layer() -> (Params<f64>, Gradients<f64>) {
    let mut params = Params::new(0);
    let mut scope = params.scope("fc");
    scope.parameter("weight", [2, 2], |values, _| values.copy_from_slice(&[1.0, 2.0, 3.0, 4.0]));
    scope.parameter("bias", [2], |values, _| values.copy_from_slice(&[5.0, 6.0]));
    let mut grads = params.gradients();
    grads.flat_mut().copy_from_slice(&[1.0, -1.0, 2.0, 0.0, 3.0, -3.0]);
    (params, grads)
}

/// The parameters after one step.
fn stepped(mut sgd: Sgd<f64>) -> Vec<f64> {
    let (mut params, grads) = layer();
    sgd.step(&mut params, &grads).unwrap();
    params.flat().to_vec()
}

/// The message of a step that is refused and changes nothing.
fn refused(mut sgd: Sgd<f64>) -> String {
    let (mut params, grads) = layer();
    let message = sgd.step(&mut params, &grads).unwrap_err().to_string();
    assert_eq!((params.flat(), params.step(), sgd.steps()), (layer().0.flat(), 0, 0), "{message}");
    message
}

/// Gradient noise would look like this: an addend that depends on the step.
#[derive(Debug)]
struct AddStep {
    times: f64,
}

impl<T: Real> GradientTransform<T> for AddStep {
    fn name(&self) -> &'static str {
        "add_step"
    }

    fn check(&self) -> Result<(), Error> {
        if self.times.is_finite() {
            return Ok(());
        }
        Err(Error::Setting { name: "times", value: self.times.to_string(), requirement: "finite" })
    }

    fn apply(&self, step: u64, gradients: &mut SelectedGradients<'_, T>) -> Result<(), Error> {
        for parameter in gradients.iter_mut() {
            assert_eq!(parameter.shape.size(), parameter.gradient.len());
            assert_eq!(parameter.values.len(), parameter.gradient.len());
            parameter.gradient.iter_mut().for_each(|g| *g += T::from_f64(self.times * step as f64));
        }
        Ok(())
    }
}

#[test]
fn a_transformation_of_ones_own_sees_the_selected_gradients_in_the_order_of_the_chain() {
    let own = AddStep { times: 10.0 };
    assert_eq!(stepped(Sgd::new(1.0).transform(own, "*.bias")), [0.0, 3.0, 1.0, 4.0, -8.0, -1.0]);
    // Before and after a clip to 2.
    let first = Sgd::new(1.0).transform(AddStep { times: 10.0 }, ParamFilter::all()).clip_value(2.0);
    assert_eq!(stepped(first), [-1.0, 0.0, 1.0, 2.0, 3.0, 4.0]);
    let second = Sgd::new(1.0).clip_value(2.0).transform(AddStep { times: 10.0 }, ParamFilter::all());
    assert_eq!(stepped(second), [-10.0, -7.0, -9.0, -6.0, -7.0, -2.0]);
    // A frozen parameter is not among them.
    let frozen = Sgd::new(1.0).transform(AddStep { times: 10.0 }, ParamFilter::all());
    assert_eq!(stepped(frozen.group("*.weight", ParamGroup::frozen())), [1.0, 2.0, 3.0, 4.0, -8.0, -1.0]);
}

#[test]
fn a_transformation_is_told_the_number_of_the_step() {
    let (mut params, mut grads) = layer();
    grads.flat_mut().fill(0.0);
    let mut sgd = Sgd::new(1.0).transform(AddStep { times: 1.0 }, "*.bias");
    (0..3).for_each(|_| sgd.step(&mut params, &grads).unwrap());
    assert_eq!(params.flat(), [1.0, 2.0, 3.0, 4.0, -1.0, 0.0]);
}

/// Divides by the largest entry, which may be zero.
#[derive(Debug)]
struct Divide;

impl<T: Real> GradientTransform<T> for Divide {
    fn name(&self) -> &'static str {
        "divide"
    }

    fn apply(&self, _: u64, gradients: &mut SelectedGradients<'_, T>) -> Result<(), Error> {
        for parameter in gradients.iter_mut() {
            parameter.gradient.iter_mut().for_each(|g| *g = T::ONE / *g);
        }
        Ok(())
    }
}

/// Refuses every gradient.
#[derive(Debug)]
struct Refuse;

impl<T: Real> GradientTransform<T> for Refuse {
    fn name(&self) -> &'static str {
        "refuse"
    }

    fn apply(&self, _: u64, _: &mut SelectedGradients<'_, T>) -> Result<(), Error> {
        Err(Error::InvalidInput { what: "refuse", reason: "on principle".into() })
    }
}

#[test]
fn a_transformation_of_ones_own_is_refused_as_those_of_this_crate_are() {
    let chain = Sgd::new(1.0).regularize(L2(0.0)).transform(Divide, ParamFilter::all()).clip_value(1.0);
    assert_eq!(refused(chain), "parameter fc.weight: its gradient with Divide is infinite or NaN");
    let chain = Sgd::new(1.0).clip_value(1.0).transform(Refuse, "*.bias");
    assert_eq!(refused(chain), "refuse: on principle");
    assert_eq!(refused(Sgd::new(1.0).transform(AddStep { times: f64::NAN }, "*")), "times is NaN: must be finite");
    let message = refused(Sgd::new(1.0).transform(Divide, "nowhere"));
    assert!(message.starts_with("parameter nowhere: no name matches this pattern of divide"), "{message}");
}

/// Keeps entries above a bound, and divides each row by its sum.
#[derive(Debug)]
struct Probabilities;

impl<T: Real> Projection<T> for Probabilities {
    fn name(&self) -> &'static str {
        "probabilities"
    }

    fn check_shape(&self, shape: &Shape) -> Result<(), &'static str> {
        if shape.rank() == 2 { Ok(()) } else { Err("normalizes the rows of a matrix") }
    }

    fn project_entries(&self, rate: f64, values: &mut [T]) {
        values.iter_mut().for_each(|p| *p = p.maximum(T::from_f64(0.5 * rate)));
    }

    fn project_parameter(&self, _: f64, shape: &Shape, values: &mut [T]) {
        for row in values.chunks_mut(shape[1]) {
            let sum = row.iter().fold(T::ZERO, |sum, &p| sum + p);
            row.iter_mut().for_each(|p| *p = *p / sum);
        }
    }
}

#[test]
fn a_projection_of_ones_own_acts_after_the_step_on_what_it_is_defined_for() {
    let own = || Sgd::new(1.0).project(Probabilities, ParamFilter::all());
    // The step leads to 0, 3, 1, 4; the first is raised to 0.5.
    assert_eq!(stepped(own()), [0.5 / 3.5, 3.0 / 3.5, 0.2, 0.8, 2.0, 9.0]);
    // The rate is that of the group: nothing is raised.
    let group = own().group("fc.*", ParamGroup::rate_factor(0.0));
    assert_eq!(stepped(group), [1.0 / 3.0, 2.0 / 3.0, 3.0 / 7.0, 4.0 / 7.0, 5.0, 6.0]);
    // Entries go through projections in their order: a threshold of 1 first, and then the bound.
    let proximal = Sgd::new(1.0).proximal(L1(1.0), "*.weight").project(Probabilities, "*.weight");
    assert_eq!(stepped(proximal), [0.5 / 2.5, 2.0 / 2.5, 0.5 / 3.5, 3.0 / 3.5, 2.0, 9.0]);
    let message = refused(Sgd::new(1.0).project(Probabilities, "*.bias"));
    assert_eq!(message, "parameter [*.bias]: probabilities normalizes the rows of a matrix, and none of these is one");
}

#[test]
fn under_strict_dropout_a_projection_sees_the_entries_that_were_stepped() {
    let sgd = Sgd::new(1.0).project(NonNegative, ParamFilter::all()).strict_dropout();
    let (mut params, grads) = layer();
    params.flat_mut().fill(-5.0);
    let mut sgd = sgd;
    sgd.step(&mut params, &grads).unwrap();
    assert_eq!(params.flat(), [0.0, 0.0, 0.0, -5.0, 0.0, 0.0]);
}

#[derive(Debug)]
struct NonNegative;

impl<T: Real> Projection<T> for NonNegative {
    fn name(&self) -> &'static str {
        "non_negative"
    }

    fn project_entries(&self, _: f64, values: &mut [T]) {
        values.iter_mut().for_each(|w| *w = w.maximum(T::ZERO));
    }
}

#[test]
fn the_text_of_an_optimizer_shows_parts_of_ones_own_with_their_settings() {
    let sgd = Sgd::<f64>::new(1.0).transform(AddStep { times: 2.0 }, "*.bias").project(NonNegative, ParamFilter::all());
    let text = sgd.clone().describe();
    assert!(text.ends_with("AddStep { times: 2.0 } for [*.bias], NonNegative for all"), "{text}");
    assert_ne!(text, sgd.strict_dropout().describe());
}

/// Decay towards zero, with a coefficient that may be out of range.
#[derive(Debug)]
struct Shrink(f64);

impl<T: Real> Projection<T> for Shrink {
    fn name(&self) -> &'static str {
        "shrink"
    }

    fn decay(&self) -> f64 {
        self.0
    }
}

#[test]
fn decays_add_up_and_one_out_of_range_is_refused() {
    let both = Sgd::new(0.5).project(Shrink(0.25), ParamFilter::all()).decay(0.75, ParamFilter::all());
    assert_eq!(stepped(both), stepped(Sgd::new(0.5).decay(1.0, ParamFilter::all())));
    assert_eq!(refused(Sgd::new(0.5).project(Shrink(-1.0), "*")), "decay is -1: must be finite and not negative");
}
