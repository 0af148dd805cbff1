//! Numbers as files hold them, brought to the scalar of a tensor.

use std::any::type_name;
use std::fmt;
use std::io::{self, Read, Write};

use autodiff::{Real, Shape, Tensor};

use super::fault::Fault;
use super::source::Room;
use crate::memory::{reserve, reserved};

/// The order of the bytes of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Little,
    Big,
}

/// How a number is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) number: Number,
    pub(crate) order: Order,
}

/// The order of the values of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Major {
    /// The last index runs fastest.
    Row,
    /// The first index runs fastest.
    Column,
}

/// What a file holds numbers as.
trait Primitive: Copy + fmt::Debug {
    fn to_f64(self) -> f64;
    /// Whether `value`, the nearest that `T` has, stands for this number.
    fn is_held_by<T: Real>(self, value: T) -> bool;
}

macro_rules! numbers {
    ($($number:ident($primitive:ident, $is_held:ident)),*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Number {
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
            /// Bytes of a number.
            pub(crate) fn width(self) -> usize {
                match self.number {
                    $(Number::$number => size_of::<$primitive>()),*
                }
            }

            /// Adds the numbers among `bytes` to `values`, row by row; gives the first that `T` does not hold, in words.
            fn decode<T: Real>(self, bytes: &[u8], shape: &Shape, major: Major, values: &mut Vec<T>) -> Result<(), String> {
                match self.number {
                    $(Number::$number => {
                        let numbers = bytes.as_chunks().0;
                        let number = |&bytes| match self.order {
                            Order::Little => $primitive::from_le_bytes(bytes),
                            Order::Big => $primitive::from_be_bytes(bytes),
                        };
                        match major {
                            Major::Row => convert(numbers.iter().map(number), values),
                            Major::Column => {
                                let places = column_major(shape, numbers.len());
                                convert(places.map(|place| number(&numbers[place])), values)
                            }
                        }
                    }),*
                }
            }
        }
    };
}

/// A whole number must be exact: it may be a label or an index.
macro_rules! is_exact {
    ($number:ident, $value:ident) => {
        ($number as f64).abs() < T::LARGEST_EXACT_INTEGER || $value.to_f64() as i128 == $number as i128
    };
}

/// A float that is finite must be so in `T`.
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

/// Adds the numbers to `values`; those before the first that `T` does not hold, and that in words.
fn convert<T: Real, N: Primitive>(numbers: impl Iterator<Item = N> + Clone, values: &mut Vec<T>) -> Result<(), String> {
    let mut held = true;
    // Without a way out, so that it compiles to vectors.
    values.extend(numbers.clone().map(|number| {
        let value = T::from_f64(number.to_f64());
        held &= number.is_held_by(value);
        value
    }));
    let mut wrong = numbers.enumerate().filter(|(_, number)| !number.is_held_by(T::from_f64(number.to_f64())));
    match if held { None } else { wrong.next() } {
        None => Ok(()),
        Some((place, number)) => {
            values.truncate(place);
            Err(format!("{number:?}"))
        }
    }
}

/// Bytes read at a time, at first, and written at a time.
const CHUNK: usize = 8192;

impl Element {
    /// As numbers of `T` are written: without derivatives, in four bytes where `T` has no more digits than `f32`.
    pub(crate) fn of<T: Real>() -> Self {
        let single = T::LARGEST_EXACT_INTEGER <= f32::LARGEST_EXACT_INTEGER;
        Element { number: if single { Number::F32 } else { Number::F64 }, order: Order::Little }
    }

    /// Writes these numbers, of which [`Element::of`] gave this.
    pub(crate) fn write<T: Real>(self, values: &[T], writer: &mut impl Write) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(CHUNK);
        for values in values.chunks(CHUNK / size_of::<f64>()) {
            bytes.clear();
            let numbers = values.iter().map(|value| value.to_f64());
            match self.number {
                Number::F32 => bytes.extend(numbers.flat_map(|number| (number as f32).to_le_bytes())),
                _ => bytes.extend(numbers.flat_map(f64::to_le_bytes)),
            }
            writer.write_all(&bytes)?;
        }
        Ok(())
    }

    /// The tensor of this shape whose values are what is left in `reader`, which must end with them. They are kept as they
    /// are until all are there; memory grows with what is read, not with what `shape` claims.
    ///
    /// A float is rounded to the nearest that `T` has, and refused where that is infinite; a whole number must be exact.
    pub(crate) fn read<T: Real>(
        self,
        reader: impl Read,
        shape: Shape,
        major: Major,
        room: Room,
    ) -> Result<Tensor<T>, Fault> {
        let count = shape.checked_size().filter(|count| count.checked_mul(self.width()).is_some());
        let count = count.ok_or_else(|| Fault::new(format!("shape {shape} has too many values")))?;
        room.check(count, self.width() + size_of::<T>())?;
        let bytes = self.bytes(reader, &shape, count)?;
        let mut values = reserved(count)?;
        self.decode(&bytes, &shape, major, &mut values).map_err(|number| {
            let index = index(&shape, values.len());
            Fault::new(format!("element {index:?} is {number}: {} does not hold it", type_name::<T>()))
        })?;
        Ok(Tensor::new(shape, values)?)
    }

    /// The bytes of `count` values.
    fn bytes(self, mut reader: impl Read, shape: &Shape, count: usize) -> Result<Vec<u8>, Fault> {
        let wanted = count * self.width();
        let mut bytes = Vec::new();
        // Doubled up to what is wanted, so that the last step holds at most half as much besides.
        let first = wanted.div_ceil((wanted / CHUNK).max(1).next_power_of_two());
        while bytes.len() < wanted {
            let more = bytes.len().max(first).min(wanted - bytes.len());
            reserve(&mut bytes, more)?;
            if reader.by_ref().take(more as u64).read_to_end(&mut bytes)? < more {
                let found = bytes.len() / self.width();
                return Err(Fault::new(format!("ends after {found} of the {count} values that shape {shape} holds")));
            }
        }
        // Asking for more also lets what unpacks the file compare its checksum.
        if reader.read(&mut [0])? > 0 {
            return Err(Fault::new(format!("goes on after the {count} values that shape {shape} holds")));
        }
        Ok(bytes)
    }
}

/// The index in a file, column by column, of each value row by row.
fn column_major(shape: &Shape, count: usize) -> impl Iterator<Item = usize> + Clone {
    // Axes of one index move nothing, and a file may have many.
    let extents: Vec<usize> = shape.iter().rev().copied().filter(|&extent| extent != 1).collect();
    // Made of the index along each axis, from the last to the first.
    let place = move |k| extents.iter().fold((k, 0), |(k, place), extent| (k / extent, place * extent + k % extent)).1;
    (0..count).map(place)
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
