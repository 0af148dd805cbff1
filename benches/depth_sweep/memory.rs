//! Checks, before computing anything, that the sweep fits into memory.

use crate::data::gaussian_samples;
use crate::options::Options;
use crate::types::{CLASSES, DataSource, Dtype, Failure};

/// Number of samples and features of the digits.
const DIGITS: u64 = 1797;
const DIGIT_FEATURES: u64 = 64;

/// Address space that the C library's allocator reserves for each thread.
const OF_A_THREAD: u64 = 64 << 20;

/// Checks that the data and one of the deepest networks fit. Reserves the memory and frees it again, because only the
/// system knows its limits.
///
/// # Errors
/// If they do not fit; names the largest width that does.
pub(crate) fn check(options: &Options) -> Result<(), Failure> {
    let fits = |width: usize| available(needed(options, width, 1));
    if fits(options.width) {
        return Ok(());
    }
    let (mut fitting, mut too_wide) = (0, options.width);
    while fitting + 1 < too_wide {
        let middle = fitting + (too_wide - fitting) / 2;
        if fits(middle) { fitting = middle } else { too_wide = middle }
    }
    let depth = deepest(options);
    let asked =
        format!("--width {} --depths {depth} --batch {} --seeds {}", options.width, options.batch, options.seeds);
    let gibibytes = needed(options, options.width, 1) as f64 / (1_u64 << 30) as f64;
    let advice = match fitting {
        0 => "no width fits".to_owned(),
        width => format!("--width {width} fits"),
    };
    Err(Failure::Option(format!("{asked}: not enough memory: {gibibytes:.1} GiB are needed; {advice}")))
}

/// The number of networks that may run in parallel: at most `threads`, and at least the one of [`check`].
pub(crate) fn networks_at_a_time(options: &Options, threads: usize) -> usize {
    (2..=threads).rev().find(|&networks| available(needed(options, options.width, networks))).unwrap_or(1)
}

fn deepest(options: &Options) -> usize {
    options.depths.iter().copied().max().unwrap_or(1)
}

/// Whether the system can allocate this much.
fn available(bytes: u64) -> bool {
    usize::try_from(bytes).is_ok_and(|bytes| Vec::<u8>::new().try_reserve_exact(bytes).is_ok())
}

/// An upper bound on the bytes of the data of all seeds and this many of the deepest networks. The limits of the options
/// keep it far below `u64::MAX`.
fn needed(options: &Options, width: usize, networks: usize) -> u64 {
    let [width, depth, batch, seeds, networks, classes] =
        [width, deepest(options), options.batch, options.seeds, networks, CLASSES].map(|count| count as u64);
    let scalar: u64 = if options.dtype == Dtype::F32 { 4 } else { 8 };
    let (features, samples) = match options.data {
        DataSource::Digits => (DIGIT_FEATURES, DIGITS),
        DataSource::Gaussian => (width, gaussian_samples(options.batch) as u64),
    };
    // The parts for each seed, and one data set while it is drawn in f64, converted and split.
    let data = seeds * (samples + batch) * features * scalar + samples * features * (8 + scalar);
    let square = (width + 1) * width;
    let parameters = (features + 1) * width + (depth - 1) * square + (width + 1) * classes;
    // Values with spare capacity, gradients and momentum; a layer's initial values are drawn in f64.
    let of_parameters = 4 * parameters * scalar + 8 * square.max((features + 1) * width);
    // Three values with spare capacity for each unit; in training also their gradients, and one that is copied.
    let rows = (10 * batch).max(6 * (samples / 4 + 1));
    let of_values = rows * (depth + 1) * width * scalar;
    data + networks * (of_parameters + of_values + OF_A_THREAD)
}
