use rand::SeedableRng;

use super::*;

fn filled(initial: Initial, shape: &[usize]) -> Vec<f64> {
    let mut values = vec![f64::NAN; shape.iter().product()];
    initial.fill(shape, &mut values, &mut StdRng::seed_from_u64(3));
    values
}

fn random_initializers() -> impl Iterator<Item = Initial> {
    let fans = [Fan::In, Fan::Out, Fan::Average].into_iter();
    let scaled = fans.flat_map(|fan| {
        let distributions = [Distribution::Normal, Distribution::TruncatedNormal, Distribution::Uniform].into_iter();
        distributions.map(move |distribution| Initial::VarianceScaling { scale: 1.7, fan, distribution })
    });
    let others = [
        Initial::Normal { variance: 0.3 },
        Initial::TruncatedNormal { variance: 0.3 },
        Initial::Uniform { low: -0.5, high: 0.5 },
        Initial::ScaledNormal { variance: 1.5 },
        Initial::DeltaOrthogonal { gain: 2.0 },
    ];
    Initial::NAMED.map(|(_, initial)| initial).into_iter().chain(scaled).chain(others)
}

#[test]
fn each_has_its_variance() {
    for initial in random_initializers() {
        for shape in [&[300, 200][..], &[50, 30, 5, 3]] {
            let values = filled(initial, shape);
            let n = values.len() as f64;
            let mean = values.iter().sum::<f64>() / n;
            let variance = values.iter().map(|x| x * x).sum::<f64>() / n;
            let expected = initial.variance(shape);
            // Four standard errors: of the mean, and of the variance of a normal.
            assert!(mean.abs() < 4.0 * (expected / n).sqrt(), "{initial}: mean {mean}");
            assert!((variance / expected - 1.0).abs() < 4.0 * (2.0 / n).sqrt(), "{initial}: variance {variance}");
        }
    }
}

#[test]
fn uniform_values_lie_evenly_between_their_bounds() {
    let initial = Initial::Uniform { low: 1.0, high: 4.0 };
    let values = filled(initial, &[200, 100]);
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
    assert!(values.iter().all(|x| (1.0..=4.0).contains(x)));
    assert!((mean - 2.5).abs() < 4.0 * (0.75 / n).sqrt() && (variance / 0.75 - 1.0).abs() < 0.04);
    assert_eq!(initial.variance(&[200, 100]), 0.75);
}

#[test]
fn the_kernel_of_a_convolution_multiplies_both_fans() {
    let (shape, scaled) =
        ([8, 3, 5, 5], |fan| Initial::VarianceScaling { scale: 1.0, fan, distribution: Distribution::Normal });
    assert_eq!(Initial::HeNormal.variance(&shape), 2.0 / 75.0);
    assert_eq!(scaled(Fan::In).variance(&shape), 1.0 / 75.0);
    assert_eq!(scaled(Fan::Out).variance(&shape), 1.0 / 200.0);
    assert_eq!(scaled(Fan::Average).variance(&shape), Initial::XavierNormal.variance(&shape));
}

#[test]
fn extents_whose_products_overflow_have_fans_and_fill_any_number_of_values() {
    let huge = usize::MAX;
    for shape in [&[huge, huge][..], &[huge], &[0, huge], &[huge, 0, 3], &[1 << 40, 1, huge, huge], &[2, huge]] {
        for initial in
            random_initializers().chain([Initial::Orthogonal { gain: 1.0 }, Initial::Identity, Initial::Constant(1.0)])
        {
            assert!(initial.variance(shape) >= 0.0);
            for count in [0, 1, 7] {
                initial.fill(shape, &mut vec![f64::NAN; count], &mut StdRng::seed_from_u64(3));
            }
        }
    }
    assert_eq!(Initial::LecunNormal.variance(&[1, 1 << 40, 1 << 40]), 2.0_f64.powi(-80));
}

#[test]
fn the_error_for_an_unknown_name_lists_all_names() {
    assert!("glorot".parse::<Initial>().unwrap_err().contains("xavier, he, lecun, orthogonal"));
}
