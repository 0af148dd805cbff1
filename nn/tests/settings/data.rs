//! What constructors and initializers find in parameters and data.

use autodiff::{Params, Tensor};
use nn::*;

#[test]
fn the_weight_of_a_unit_of_zeros_has_no_direction() {
    let mut params = Params::<f32>::new(0);
    let zeros = Linear::with(params.scope("fc"), 2, 3, Initial::Constant(0.0), Initial::Constant(0.0));
    params.check().unwrap();
    let _ = zeros.weight_norm(params.scope("fc"));
    let said = params.check().unwrap_err().to_string();
    assert_eq!(said, "parameter fc.magnitude: the weights of unit 0 are all 0: they have no direction to normalize");
    let mut others = Params::<f32>::new(0);
    let _ = zeros.weight_norm(others.scope("fc"));
    assert!(others.check().unwrap_err().to_string().contains("fc.magnitude: the weight to normalize: "));
}

#[test]
fn cifar_nets_of_extreme_depth_are_none() {
    for depth in [0, 1, 2, usize::MAX] {
        assert_eq!(ResNetSettings::cifar(depth, 3, 10), None);
    }
}

#[test]
fn unit_variance_by_layers_is_an_error_if_it_cannot_be_reached() {
    let mut params = Params::<f64>::new(0);
    let layer = Linear::new(params.scope("fc"), 2, 3);
    let said = |params: &mut Params<f64>, batch: &Tensor<f64>| {
        let result = lsuv(params, &[layer.weight()], batch, |x| vec![layer.forward(x)]);
        result.err().map_or_else(String::new, |error| error.to_string())
    };
    for (batch, due) in [
        (Tensor::full([0, 2], 0.0), "variance"),
        (Tensor::full([3, 2], f64::NAN), "its output has variance NaN"),
        (Tensor::full([3, 2], 0.0), "its output has variance 0"),
        (Tensor::full([3, 5], 0.0), "inner dimensions differ"),
    ] {
        let said = said(&mut params, &batch);
        assert!(said.contains(due), "{said}");
    }
}
