//! The direct algorithm against im2col, which is simple, on every geometry and instruction set.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};

use super::direct::Direct;
use super::tile::Tiles;
use super::{Convolution, Unfold};
use crate::scalar::Real;

/// A convolution, if its kernel is within the padded image. Numbers of an axis: image, kernel, stride, dilation, zeros before
/// and after.
fn convolution([samples, groups, channels, narrow]: [usize; 4], axes: [[usize; 6]; 2]) -> Option<Convolution> {
    let output = |[image, kernel, stride, dilation, before, after]: [usize; 6]| {
        Some((image + before + after).checked_sub(dilation * (kernel - 1) + 1)? / stride + 1)
    };
    let of = |k: usize| axes.map(|axis| axis[k]);
    let [height, width] = axes.map(output);
    let (image, kernel, stride, dilation, before) = (of(0), of(1), of(2), of(3), of(4));
    let unfold = Unfold { channels, image, kernel, output_size: [height?, width?], stride, before, dilation };
    Some(Convolution { samples, groups, narrow, unfold })
}

fn square(samples: usize, channels: usize, narrow: usize, extent: usize, kernel: usize) -> Convolution {
    convolution([samples, 1, channels, narrow], [[extent, kernel, 1, 1, kernel / 2, kernel / 2]; 2]).unwrap()
}

/// Geometries of few elements, and some that are larger than every block.
fn geometries() -> impl Iterator<Item = Convolution> {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let mut below = move |least: usize, end: usize| random.random_range(least..end);
    let small = std::iter::repeat_with(move || {
        let sizes = [below(1, 6), below(1, 4), below(1, 5), below(1, 40)];
        let mut axis = || [below(1, 12), below(1, 5), below(1, 4), below(1, 4), below(0, 4), below(0, 4)];
        convolution(sizes, [axis(), axis()])
    });
    let line = convolution([3, 2, 40, 17], [[1, 1, 1, 1, 0, 0], [700, 5, 1, 2, 4, 4]]).unwrap();
    let strided = convolution([2, 1, 23, 20], [[45, 3, 2, 1, 1, 1], [53, 3, 2, 1, 1, 0]]).unwrap();
    let large = [line, strided, square(7, 24, 33, 7, 3), square(3, 2, 18, 33, 3), square(2, 30, 9, 24, 1)];
    let count = if cfg!(miri) { [12, 0] } else { [600, large.len()] };
    small.flatten().take(count[0]).chain(large.into_iter().take(count[1]))
}

fn normal<T: Real>(length: usize, seed: u64) -> Vec<T> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    (0..length).map(|_| T::from_f64(StandardNormal.sample(&mut random))).collect()
}

fn cast<T: Real, U: Real>(values: &[T]) -> Vec<U> {
    values.iter().map(|value| U::from_f64(value.to_f64())).collect()
}

/// The largest difference, relative to the largest element.
fn error<T: Real, U: Real>(found: &[T], expected: &[U]) -> f64 {
    let largest = expected.iter().map(|value| value.to_f64().abs()).fold(0.0, f64::max);
    let differences = found.iter().zip(expected).map(|(found, value)| (found.to_f64() - value.to_f64()).abs());
    differences.fold(0.0, f64::max) / largest.max(f64::MIN_POSITIVE)
}

/// The errors of forward and the two adjoints, each added to what is there, against im2col in `f64`. An adjoint that the tiles are
/// not for has none.
fn errors<T: Real>(plan: &Convolution, tiles: Tiles<T>) -> [f64; 3] {
    let sizes = plan.sizes();
    let [image, weight] = [plan.samples * sizes[0], sizes[2]].map(|size| normal::<T>(size, size as u64));
    let narrow = normal::<T>(plan.samples * sizes[1], 1);
    let (wide_image, wide_weight, wide_narrow) = (cast::<T, f64>(&image), cast(&weight), cast::<T, f64>(&narrow));
    let forward = Direct::forward(plan, Some(tiles)).unwrap();

    let (mut found, mut expected) = (narrow.clone(), wide_narrow.clone());
    forward.run(&image, &weight, (&mut found, true));
    plan.forward_im2col(&wide_image, &wide_weight, (&mut expected, true));
    let forward_error = error(&found, &expected);

    let (mut found, mut expected) = (image.clone(), wide_image.clone());
    let adjoint = Direct::adjoint(plan, Some(tiles)).map(|adjoint| {
        adjoint.run(&narrow, &weight, (&mut found, true));
        plan.backward_input_im2col(&wide_narrow, &wide_weight, &mut expected);
        error(&found, &expected)
    });
    assert_eq!(adjoint.is_some(), plan.unfold.stride == [1, 1]);

    let (mut found, mut expected) = (weight.clone(), wide_weight.clone());
    forward.backward_weight(&image, &narrow, &mut found);
    plan.backward_weight_im2col(&wide_image, &wide_narrow, &mut expected);
    [forward_error, adjoint.unwrap_or_default(), error(&found, &expected)]
}

fn check<T: Real>(plans: impl Iterator<Item = Convolution>, bound: f64) {
    for plan in plans {
        for tiles in T::available().into_iter().flatten() {
            let errors = errors::<T>(&plan, tiles);
            assert!(errors.iter().all(|&error| error < bound), "{errors:?} with {tiles:?}, {plan:?}");
        }
    }
}

#[test]
fn direct_convolution_gives_what_im2col_gives() {
    check::<f64>(geometries(), 2e-15);
    check::<f32>(geometries(), 1e-6);
}

#[test]
fn the_error_of_many_terms_is_small() {
    let plans =
        || [square(1, 512, 64, 7, 3), square(16, 64, 64, 8, 3)].into_iter().take(if cfg!(miri) { 0 } else { 2 });
    check::<f64>(plans(), 2e-15);
    check::<f32>(plans(), 1e-6);
}

#[test]
fn what_is_there_is_replaced_unless_added_to() {
    let plan = square(3, 4, 9, 10, 3);
    let (image, weight) = (normal::<f32>(3 * plan.sizes()[0], 1), normal::<f32>(plan.sizes()[2], 2));
    let (mut found, mut expected) = (vec![f32::NAN; 3 * plan.sizes()[1]], vec![f32::NAN; 3 * plan.sizes()[1]]);
    plan.forward(&image, &weight, &mut found, false);
    plan.forward_im2col(&image, &weight, (&mut expected, false));
    assert!(error(&found, &expected) < 1e-6);
}

/// Forward, and both adjoints, in bits.
fn bits<T: Real>(plan: &Convolution, threads: usize) -> Vec<u64> {
    let [image, narrow, weight] = plan.sizes();
    let mut image = normal::<T>(plan.samples * image, 1);
    let (mut narrow, mut weight) = (normal::<T>(plan.samples * narrow, 2), normal::<T>(weight, 3));
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| {
        plan.forward(&image.clone(), &weight, &mut narrow, true);
        plan.backward_weight(&image, &narrow, &mut weight);
        plan.backward_input(&narrow, &weight, &mut image);
    });
    [narrow, weight, image].iter().flatten().map(|value| value.to_f64().to_bits()).collect()
}

#[test]
fn the_bits_are_the_same_for_any_number_of_threads() {
    let extent = if cfg!(miri) { 3 } else { 24 };
    let strided = convolution([13, 1, 17, 16], [[extent, 3, 2, 1, 1, 1]; 2]).unwrap();
    for plan in [square(13, 17, 16, extent, 3), strided] {
        let one = [bits::<f32>(&plan, 1), bits::<f64>(&plan, 1)];
        for threads in [2, 3, 4] {
            assert!([bits::<f32>(&plan, threads), bits::<f64>(&plan, threads)] == one, "{threads} threads, {plan:?}");
        }
    }
}
