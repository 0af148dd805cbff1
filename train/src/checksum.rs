//! Checksums of numbers.

use autodiff::Real;

use crate::checkpoint::scalar;

/// The CRC-32C `sum`, continued with numbers as the bytes that a checkpoint has of them.
pub(crate) fn of_numbers<T: Real>(sum: u32, numbers: &[T]) -> u32 {
    let single = scalar::<T>() == Ok("f32");
    let bytes = |numbers: &[T]| -> Vec<u8> {
        let numbers = numbers.iter().map(|number| number.to_f64());
        if single {
            numbers.flat_map(|number| (number as f32).to_le_bytes()).collect()
        } else {
            numbers.flat_map(f64::to_le_bytes).collect()
        }
    };
    numbers.chunks(1024).fold(sum, |sum, numbers| crc32c::crc32c_append(sum, &bytes(numbers)))
}
