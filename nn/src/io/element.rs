//! Conversion between the numbers of a file and the scalar of a tensor.

use std::any::type_name;
use std::fmt;
use std::io::{self, Read, Write};

use autodiff::{Real, Shape, Tensor};

use super::fault::Fault;
use super::source::MemoryLimit;
use crate::memory::{reserve, reserved};

/// The byte order of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ByteOrder {
    Little,
    Big,
}

/// The encoding of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) number: NumberType,
    pub(crate) order: ByteOrder,
}

/// The order of the values of an array in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IndexOrder {
    /// The last index changes fastest.
    RowMajor,
    /// The first index changes fastest.
    ColumnMajor,
}

/// A type of number that a file holds.
trait Primitive: Copy + fmt::Debug {
    fn to_f64(self) -> f64;
    /// Whether `value`, the nearest number of `T`, represents this number.
    fn is_held_by<T: Real>(self, value: T) -> bool;
}

macro_rules! numbers {
    ($($number:ident($primitive:ident, $is_held:ident)),*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum NumberType {
            $($number),*
        }

        $(impl Primitive for $primitive {
            fn to_f64(self) -> f64 {
                self as f64
            }
            fn is_held_by<T: Real>(self, value: T) -> bool {
                $is_held!(self, value)
            }
        })*

        impl Element {
            /// The bytes of a number.
            pub(crate) fn width(self) -> usize {
                match self.number {
                    $(NumberType::$number => size_of::<$primitive>()),*
                }
            }

            /// Appends the numbers in `bytes` to `values`, in row-major order. The error is the first number that `T` cannot
            /// represent, as text.
            fn decode<T: Real>(self, bytes: &[u8], shape: &Shape, major: IndexOrder, values: &mut Vec<T>) -> Result<(), String> {
                match self.number {
                    $(NumberType::$number => {
                        let numbers = bytes.as_chunks().0;
                        let number = |&bytes| match self.order {
                            ByteOrder::Little => $primitive::from_le_bytes(bytes),
                            ByteOrder::Big => $primitive::from_be_bytes(bytes),
                        };
                        match major {
                            IndexOrder::RowMajor => convert(numbers.iter().map(number), values),
                            IndexOrder::ColumnMajor => {
                                let indices = column_major(shape, numbers.len());
                                convert(indices.map(|index| number(&numbers[index])), values)
                            }
                        }
                    }),*
                }
            }
        }
    };
}

/// An integer must be exact: it may be a label or an index.
macro_rules! is_exact {
    ($number:ident, $value:ident) => {
        ($number as f64).abs() < T::LARGEST_EXACT_INTEGER || $value.to_f64() as i128 == $number as i128
    };
}

/// A finite float must be finite in `T`.
macro_rules! is_in_range {
    ($number:ident, $value:ident) => {
        $value.is_finite() || !$number.is_finite()
    };
}

numbers!(
    U8(u8, is_exact),
    I8(i8, is_exact),
    U16(u16, is_exact),
    I16(i16, is_exact),
    U32(u32, is_exact),
    I32(i32, is_exact),
    U64(u64, is_exact),
    I64(i64, is_exact),
    F32(f32, is_in_range),
    F64(f64, is_in_range)
);

/// Appends the numbers to `values`, up to the first that `T` cannot represent; that one is the error, as text.
fn convert<T: Real, N: Primitive>(numbers: impl Iterator<Item = N> + Clone, values: &mut Vec<T>) -> Result<(), String> {
    let mut held = true;
    // Without an early return, so that the loop is vectorized.
    values.extend(numbers.clone().map(|number| {
        let value = T::from_f64(number.to_f64());
        held &= number.is_held_by(value);
        value
    }));
    let mut wrong = numbers.enumerate().filter(|(_, number)| !number.is_held_by(T::from_f64(number.to_f64())));
    match if held { None } else { wrong.next() } {
        None => Ok(()),
        Some((index, number)) => {
            values.truncate(index);
            Err(format!("{number:?}"))
        }
    }
}

/// The bytes that are written at a time, and first read.
const CHUNK: usize = 8192;

impl Element {
    /// The encoding that numbers of `T` are written in: `f32` if `T` has no more digits, else `f64`. Derivatives are dropped.
    pub(crate) fn for_scalar<T: Real>() -> Self {
        let single = T::LARGEST_EXACT_INTEGER <= f32::LARGEST_EXACT_INTEGER;
        Element { number: if single { NumberType::F32 } else { NumberType::F64 }, order: ByteOrder::Little }
    }

    /// Writes these numbers, in the encoding of [`Element::for_scalar`].
    pub(crate) fn write<T: Real>(self, values: &[T], writer: &mut impl Write) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(CHUNK);
        for values in values.chunks(CHUNK / size_of::<f64>()) {
            bytes.clear();
            let numbers = values.iter().map(|value| value.to_f64());
            match self.number {
                NumberType::F32 => bytes.extend(numbers.flat_map(|number| (number as f32).to_le_bytes())),
                _ => bytes.extend(numbers.flat_map(f64::to_le_bytes)),
            }
            writer.write_all(&bytes)?;
        }
        Ok(())
    }

    /// Reads a tensor of this shape from the rest of `reader`, which must end with it. The bytes are converted once all have
    /// been read; memory grows with what is read, not with what `shape` claims.
    ///
    /// A float is rounded to the nearest number of `T`, and an error if that is infinite; an integer must be exact.
    pub(crate) fn read<T: Real>(
        self,
        reader: impl Read,
        shape: Shape,
        major: IndexOrder,
        limit: MemoryLimit,
    ) -> Result<Tensor<T>, Fault> {
        let count = shape.checked_size().filter(|count| count.checked_mul(self.width()).is_some());
        let count = count.ok_or_else(|| Fault::new(format!("shape {shape} has too many values")))?;
        limit.check(count, self.width() + size_of::<T>())?;
        let bytes = self.bytes(reader, &shape, count)?;
        let mut values = reserved(count)?;
        self.decode(&bytes, &shape, major, &mut values).map_err(|number| {
            let index = index(&shape, values.len());
            Fault::new(format!("element {index:?} is {number}: {} does not hold it", type_name::<T>()))
        })?;
        Ok(Tensor::new(shape, values)?)
    }

    /// Reads the bytes of `count` values.
    fn bytes(self, mut reader: impl Read, shape: &Shape, count: usize) -> Result<Vec<u8>, Fault> {
        let wanted = count * self.width();
        let mut bytes = Vec::new();
        // Doubled up to the wanted size, so that the last reallocation copies at most half of it.
        let first = wanted.div_ceil((wanted / CHUNK).max(1).next_power_of_two());
        while bytes.len() < wanted {
            let more = bytes.len().max(first).min(wanted - bytes.len());
            reserve(&mut bytes, more)?;
            if reader.by_ref().take(more as u64).read_to_end(&mut bytes)? < more {
                let found = bytes.len() / self.width();
                return Err(Fault::new(format!("ends after {found} of the {count} values that shape {shape} holds")));
            }
        }
        // Reading on also lets a decompressor compare its checksum.
        if reader.read(&mut [0])? > 0 {
            return Err(Fault::new(format!("goes on after the {count} values that shape {shape} holds")));
        }
        Ok(bytes)
    }
}

/// For each value in row-major order, its index in a column-major file.
fn column_major(shape: &Shape, count: usize) -> impl Iterator<Item = usize> + Clone {
    // Axes of extent 1 make no difference, and a file may have many.
    let extents: Vec<usize> = shape.iter().rev().copied().filter(|&extent| extent != 1).collect();
    // Composed of the index along each axis, from the last to the first.
    let index = move |k| extents.iter().fold((k, 0), |(k, index), extent| (k / extent, index * extent + k % extent)).1;
    (0..count).map(index)
}

/// The multi-index of the row-major index `k`.
fn index(shape: &Shape, mut k: usize) -> Vec<usize> {
    let mut index = vec![0; shape.rank()];
    for (along, extent) in index.iter_mut().zip(shape.iter()).rev() {
        (*along, k) = (k % extent, k / extent);
    }
    index
}

#[cfg(test)]
mod tests;
