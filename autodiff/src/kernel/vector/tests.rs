//! Errors of the functions, and what they give at the ends of their range.

use super::*;

const STEPS: u32 = if cfg!(miri) { 200 } else { 200_000 };

/// The error of `found`, in units in the last place of the expected value.
fn error_of(found: f32, expected: f64) -> f64 {
    let nearest = expected as f32;
    if found == nearest || found.is_nan() && nearest.is_nan() {
        return 0.0;
    }
    let size = nearest.abs();
    (f64::from(found) - expected).abs() / f64::from(size.next_up() - size)
}

fn error_of_double(found: f64, expected: f64) -> f64 {
    if found == expected || found.is_nan() && expected.is_nan() {
        return 0.0;
    }
    let size = expected.abs();
    (found - expected).abs() / (size.next_up() - size)
}

fn sigmoid(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    (if x < 0.0 { e } else { 1.0 }) / (1.0 + e)
}

/// A function with its name, its reference, and the error documented.
type Documented<T> = (&'static str, fn(T) -> T, fn(f64) -> f64, f64);

const SINGLE: [Documented<f32>; 10] = [
    ("exp", single::exp, f64::exp, 1.4),
    ("exp_m1", single::exp_m1, f64::exp_m1, 3.1),
    ("tanh", single::tanh, f64::tanh, 1.8),
    ("sigmoid", single::sigmoid, sigmoid, 2.5),
    ("ln", single::ln, f64::ln, 0.9),
    ("ln_1p", single::ln_1p, f64::ln_1p, 1.0),
    ("erf", single::erf, libm::erf, 2.8),
    ("erfc", single::erfc, libm::erfc, 3.5),
    ("sin", single::sin, f64::sin, 0.6),
    ("cos", single::cos, f64::cos, 0.6),
];

const DOUBLE: [Documented<f64>; 10] = [
    ("exp", double::exp, f64::exp, 1.4),
    ("exp_m1", double::exp_m1, f64::exp_m1, 3.1),
    ("tanh", double::tanh, f64::tanh, 1.8),
    ("sigmoid", double::sigmoid, sigmoid, 2.5),
    ("ln", double::ln, f64::ln, 1.0),
    ("ln_1p", double::ln_1p, f64::ln_1p, 1.0),
    ("erf", double::erf, libm::erf, 3.0),
    ("erfc", double::erfc, libm::erfc, 4.0),
    ("sin", double::sin, f64::sin, 0.8),
    ("cos", double::cos, f64::cos, 0.8),
];

/// The largest error over numbers with these bits, and where it is.
fn worst(bits: impl Iterator<Item = u32>, function: fn(f32) -> f32, expected: fn(f64) -> f64) -> (f64, f32) {
    let errors = bits.map(f32::from_bits).map(|x| (error_of(function(x), expected(x.into())), x));
    errors.fold((0.0, 0.0), |worst, error| if error.0 <= worst.0 { worst } else { error })
}

#[test]
fn errors_in_f32_are_those_documented() {
    for (name, function, expected, bound) in SINGLE {
        // A prime step hits all ranges of exponents; ordinary numbers are sampled more densely.
        let all = (0..=u32::MAX).step_by((u32::MAX / STEPS) as usize | 1);
        let ordinary = (0.1_f32.to_bits()..16.0_f32.to_bits()).step_by(if cfg!(miri) { 1_000_003 } else { 61 });
        let (error, x) = worst(all.chain(ordinary.flat_map(|bits| [bits, bits | 1 << 31])), function, expected);
        assert!(error <= bound, "{name}({x:e}): {error}");
    }
}

/// Takes minutes: `cargo test -p autodiff --release --lib every_number -- --ignored --nocapture`.
#[test]
#[ignore = "every f32"]
fn errors_in_f32_are_those_documented_for_every_number() {
    use std::io::Write;
    for (name, function, expected, bound) in SINGLE {
        let (error, x) = worst(0..=u32::MAX, function, expected);
        let _ = writeln!(std::io::stderr(), "{name}: {error:.2} at {x:e}");
        assert!(error <= bound, "{name}({x:e}): {error}");
    }
}

/// Of ordinary sizes, of all sizes down to 1e-20, with any bits, and next to a multiple of π/2.
fn samples(seed: u64) -> [f64; 4] {
    let bits = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let bits = (bits ^ bits >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = bits ^ bits >> 32;
    let fraction = (bits >> 11) as f64 / (1_u64 << 53) as f64;
    let size = 10.0_f64.powf(-20.0 * fraction);
    let multiple = (bits >> 43) as f64 * std::f64::consts::FRAC_PI_2;
    [80.0 * fraction - 40.0, if bits & 1 == 0 { size } else { -size }, f64::from_bits(bits), multiple]
}

#[test]
fn errors_in_f64_are_those_documented() {
    for (name, function, expected, bound) in DOUBLE {
        for x in (1..=u64::from(STEPS)).flat_map(samples) {
            let error = error_of_double(function(x), expected(x));
            // The references are themselves off by one unit, tanh and the composed sigmoid by two.
            let allowed = bound + if ["tanh", "sigmoid"].contains(&name) { 2.0 } else { 1.0 };
            assert!(error <= allowed, "{name}({x:e}): {error}");
        }
    }
}

/// Both widths at the ends of their range, zeros, denormal numbers and NaN.
macro_rules! ends {
    ($module:ident, $float:ident) => {{
        use $module::{cos, erf, erfc, exp, exp_m1, ln, ln_1p, sigmoid, sin, tanh};
        const INFINITY: $float = $float::INFINITY;
        assert_eq!([exp(-INFINITY), exp(0.0), exp(INFINITY), exp($float::MAX)], [0.0, 1.0, INFINITY, INFINITY]);
        assert_eq!([sigmoid(-INFINITY), sigmoid(-0.0), sigmoid(INFINITY)], [0.0, 0.5, 1.0]);
        let tiny = $float::from_bits(1);
        assert_eq!([tanh(-INFINITY), tanh(tiny), tanh(INFINITY)], [-1.0, tiny, 1.0]);
        assert_eq!([exp_m1(-INFINITY), exp_m1(tiny), exp_m1(INFINITY)], [-1.0, tiny, INFINITY]);
        assert_eq!([ln(0.0), ln(-0.0), ln(1.0), ln(INFINITY)], [-INFINITY, -INFINITY, 0.0, INFINITY]);
        assert_eq!([ln_1p(-1.0), ln_1p(tiny), ln_1p(INFINITY)], [-INFINITY, tiny, INFINITY]);
        assert_eq!([erf(-INFINITY), erf(0.0), erf(INFINITY)], [-1.0, 0.0, 1.0]);
        assert_eq!([erfc(-INFINITY), erfc(0.0), erfc(INFINITY), erfc($float::MAX)], [2.0, 1.0, 0.0, 0.0]);
        assert_eq!([sin(tiny), sin(-tiny), cos(0.0), cos(-0.0), cos(tiny)], [tiny, -tiny, 1.0, 1.0, 1.0]);
        assert!([sin(INFINITY), sin(-INFINITY), cos(INFINITY), cos(-INFINITY)].iter().all(|y| y.is_nan()));
        assert!([ln(-1.0), ln(-INFINITY), ln_1p(-1.5), ln_1p(-INFINITY)].iter().all(|y| y.is_nan()));
        assert!([tanh, exp_m1, ln_1p, erf, sin].iter().all(|function| function(-0.0).is_sign_negative()));
        let all = [exp, exp_m1, sigmoid, tanh, ln, ln_1p, erf, erfc, sin, cos];
        assert!(all.iter().all(|function| function($float::NAN).is_nan()));
    }};
}

#[test]
fn the_ends_of_the_range_are_those_of_ieee_arithmetic() {
    ends!(single, f32);
    ends!(double, f64);
}

#[test]
fn a_result_does_not_depend_on_its_position() {
    let input: Vec<f32> = (0..101).map(|k| 0.37 * k as f32 - 15.0).collect();
    for length in (0..input.len()).step_by(if cfg!(miri) { 25 } else { 1 }) {
        let mut output = input[..length].to_vec();
        exp_all(&mut output, 0.0);
        assert!(output.iter().zip(&input).all(|(y, &x)| y.to_bits() == single::exp(x).to_bits()));
    }
}
