//! The sensitivities of both forms against central differences of the plain value.

use super::*;

/// Three paths, far enough from where a swaption starts to pay.
fn normals() -> Tensor<f64> {
    Tensor::from_fn([PERIODS, 3], |k| ((k * 37 % 101) as f64 / 50.0 - 1.0) * 1.2)
}

/// The sensitivities by a program: to rates, volatilities and the period.
fn sensitivities(normals: &Tensor<f64>, value: Value) -> (f64, Vec<f64>) {
    let (params, market) = (Params::default(), Market::new());
    let mut program = record(&params, normals, value).unwrap();
    let mut grads = params.gradients();
    let run = program.forward(&params, [&market.rates, &market.volatilities, &market.delta, normals]).unwrap();
    run.backward(&mut grads).unwrap();
    let names = ["rates", "volatilities", "delta"];
    let found = names.iter().flat_map(|name| run.gradient(name, &grads).unwrap().into_vec()).collect();
    (run.output(0).unwrap().data()[0], found)
}

fn differences(normals: &Tensor<f64>) -> Vec<f64> {
    let step = 1e-6;
    let difference = |k: usize| {
        let value = |step: f64| {
            let mut market = Market::new();
            let values = match k / RATES {
                0 => market.rates.data_mut(),
                1 => market.volatilities.data_mut(),
                _ => market.delta.data_mut(),
            };
            values[k % RATES] += step;
            plain::mean(&market, normals)
        };
        (value(step) - value(-step)) / (2.0 * step)
    };
    (0..2 * RATES + 1).map(difference).collect()
}

#[test]
fn sensitivities_are_the_slopes_of_the_plain_value() {
    let normals = normals();
    let wanted = differences(&normals);
    assert!(wanted.iter().filter(|slope| slope.abs() > 1.0).count() > 80);
    for value in [nodes::value as Value, arrays::value] {
        let (mean, found) = sensitivities(&normals, value);
        assert!((mean - plain::mean(&Market::new(), &normals)).abs() < 1e-10 * mean);
        for (k, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
            assert!((found - wanted).abs() < 1e-5 * wanted.abs().max(1.0), "{k}: {found}, {wanted}");
        }
    }
}

#[test]
fn one_path_is_what_it_is_among_all() {
    let normals = normals();
    let all = sensitivities(&normals, nodes::value).1;
    let mut mean = vec![0.0; all.len()];
    for path in 0..3 {
        let draws = Tensor::from_fn([PERIODS], |period| normals.data()[period * 3 + path]);
        mean.iter_mut().zip(sensitivities(&draws, nodes::value).1).for_each(|(sum, found)| *sum += found / 3.0);
    }
    assert!(mean.iter().zip(&all).all(|(mean, all)| (mean - all).abs() < 1e-9 * all.abs().max(1.0)));
}
