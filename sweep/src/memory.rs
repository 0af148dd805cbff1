//! Checks, before computing anything, that a sweep fits into memory.

use crate::axis::Scalar;
use crate::blueprint::{Blueprint, Dtype};
use crate::configuration::Configuration;
use crate::error::Error;

/// Address space that the C library's allocator reserves for each thread.
const OF_A_THREAD: u64 = 64 << 20;
/// Samples that data sets are supposed to have: the digits have 1797.
const SAMPLES: u64 = 2048;
const CLASSES: u64 = 16;
/// Samples that are evaluated at a time.
const EVALUATED: u64 = 256;
/// Positions of an image: the digits and the normal data have 8 × 8.
const POSITIONS: u64 = 64;

/// Checks that the data and one of the largest networks fit. Reserves the memory and frees it again, because only the system
/// knows its limits.
///
/// # Errors
/// If they do not fit; names the largest width that does.
pub(crate) fn check(configurations: &[Configuration]) -> Result<(), Error> {
    let Some((blueprint, bytes)) = largest(configurations)? else { return Ok(()) };
    if available(bytes) {
        return Ok(());
    }
    let (mut fitting, mut too_wide) = (0, blueprint.width);
    while fitting + 1 < too_wide {
        let middle = fitting + (too_wide - fitting) / 2;
        if available(needed(&blueprint, middle)) { fitting = middle } else { too_wide = middle }
    }
    let asked = format!("--width {} --depth {} --batch {}", blueprint.width, blueprint.depth, blueprint.batch);
    let gibibytes = bytes as f64 / (1_u64 << 30) as f64;
    let advice = match fitting {
        0 => "no width fits".to_owned(),
        width => format!("--width {width} fits"),
    };
    Err(Error::Setting(format!("{asked}: not enough memory: {gibibytes:.1} GiB are needed; {advice}")))
}

/// The number of networks that may run in parallel: at most `most`, and at least the one of [`check`].
pub(crate) fn networks_at_a_time(configurations: &[Configuration], most: usize) -> Result<usize, Error> {
    let Some((_, bytes)) = largest(configurations)? else { return Ok(1) };
    Ok((2..=most).rev().find(|&networks| available(bytes.saturating_mul(networks as u64))).unwrap_or(1))
}

/// The configuration that needs most, and the bytes that it needs.
fn largest(configurations: &[Configuration]) -> Result<Option<(Blueprint<f64>, u64)>, Error> {
    let mut largest: Option<(Blueprint<f64>, u64)> = None;
    for configuration in configurations {
        let blueprint = configuration.blueprint::<f64>()?;
        let bytes = needed(&blueprint, blueprint.width);
        if largest.as_ref().is_none_or(|(_, most)| bytes > *most) {
            largest = Some((blueprint, bytes));
        }
    }
    Ok(largest)
}

/// Whether the system can allocate this much.
fn available(bytes: u64) -> bool {
    usize::try_from(bytes).is_ok_and(|bytes| Vec::<u8>::new().try_reserve_exact(bytes).is_ok())
}

/// An upper bound on the bytes of a network of this width, its data and its training. The limits of the axes keep it far
/// below `u64::MAX`.
fn needed<T: Scalar>(blueprint: &Blueprint<T>, width: usize) -> u64 {
    let [width, depth, batch, members] =
        [width, blueprint.depth, blueprint.batch, blueprint.members].map(|count| count as u64);
    let scalar: u64 = if blueprint.dtype == Dtype::F32 { 4 } else { 8 };
    let (kernel, positions) = if blueprint.images { (9, POSITIONS) } else { (1, 1) };
    let samples = SAMPLES.max(2 * batch);
    // All of the data, its parts, and one data set while it is drawn in f64, converted and split.
    let features = width.max(64) * positions;
    let data = samples * features * (8 + 3 * scalar);
    let square = (kernel * width + 1) * width;
    // A layer of fixup has two matrices.
    let parameters = 2 * depth * square + (width + 64) * width + (width + 1) * CLASSES;
    // Values with spare capacity, gradients twice, buffers of the optimizer, a copy, and the mean over micro-batches in f64; what
    // Muon works in for a layer; a layer's initial values are drawn in f64.
    let of_parameters = ((7 + members) * parameters + 4 * square) * scalar + 8 * (parameters + square);
    // Values with spare capacity for each unit, their gradients, and what is copied of them.
    let norm = if blueprint.norm.is_some() { 2 } else { 1 };
    let rows = (14 * batch).max(6 * EVALUATED);
    let of_values = norm * rows * (depth + 1) * width * positions * scalar;
    data + of_parameters + of_values + OF_A_THREAD
}
