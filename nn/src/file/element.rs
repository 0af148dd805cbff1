//! Numbers as files hold them, brought to the scalar of a tensor.

use std::any::type_name;
use std::io::{self, Read, Write};

use autodiff::{Real, Shape, Tensor};

use super::{Fault, Room};
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

macro_rules! numbers {
    ($($number:ident($primitive:ident, $exact:ident)),*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Number {
            $($number),*
        }

        impl Element {
            /// Bytes of a number.
            pub(crate) fn width(self) -> usize {
                match self.number {
                    $(Number::$number => size_of::<$primitive>()),*
                }
            }

            /// Adds the numbers at these places among `bytes` to `values`; gives the first that `T` does not have, in words.
            fn decode<T: Real>(
                self,
                bytes: &[u8],
                mut places: impl Iterator<Item = usize>,
                values: &mut Vec<T>,
            ) -> Result<(), String> {
                match self.number {
                    $(Number::$number => {
                        let numbers = bytes.as_chunks().0;
                        places.try_for_each(|place| {
                            let number = match self.order {
                                Order::Little => $primitive::from_le_bytes(numbers[place]),
                                Order::Big => $primitive::from_be_bytes(numbers[place]),
                            };
                            let value = T::from_f64(number as f64);
                            if !$exact!(T, value, number) {
                                return Err(format!("{number:?}"));
                            }
                            values.push(value);
                            Ok(())
                        })
                    }),*
                }
            }
        }
    };
}

/// Whether a whole number is exact in `T`: it may be a label or an index.
macro_rules! whole {
    ($T:ident, $value:ident, $number:ident) => {
        ($number as f64).abs() < $T::LARGEST_EXACT_INTEGER || $value.to_f64() as i128 == $number as i128
    };
}

/// Whether a number that is finite is still so in `T`.
macro_rules! float {
    ($T:ident, $value:ident, $number:ident) => {
        $value.is_finite() || !$number.is_finite()
    };
}

numbers!(
    U8(u8, whole),
    I8(i8, whole),
    U16(u16, whole),
    I16(i16, whole),
    U32(u32, whole),
    I32(i32, whole),
    U64(u64, whole),
    I64(i64, whole),
    F32(f32, float),
    F64(f64, float)
);

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
        let decoded = match major {
            Major::Row => self.decode(&bytes, 0..count, &mut values),
            Major::Column => self.decode(&bytes, column_major(&shape, count), &mut values),
        };
        decoded.map_err(|number| {
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

/// The place in a file, column by column, of each value row by row.
fn column_major(shape: &Shape, count: usize) -> impl Iterator<Item = usize> {
    // Axes of one index move nothing, and a file may have many.
    let extents: Vec<usize> = shape.iter().rev().copied().filter(|&extent| extent != 1).collect();
    // The index along each axis, from the last to the first, makes the place.
    let place = move |k| extents.iter().fold((k, 0), |(k, place), extent| (k / extent, place * extent + k % extent)).1;
    (0..count).map(place)
}

/// The multi-index of the row-major place `k`.
fn index(shape: &Shape, mut k: usize) -> Vec<usize> {
    let mut index = vec![0; shape.rank()];
    for (along, extent) in index.iter_mut().zip(shape.iter()).rev() {
        (*along, k) = (k % extent, k / extent);
    }
    index
}

#[cfg(test)]
mod tests {
    use autodiff::Dual;

    use super::*;

    #[test]
    fn numbers_of_each_kind_and_order_are_read() {
        let two = |number, bytes: &[u8]| -> Vec<f64> {
            let read = |order, bytes: &[u8]| {
                Element { number, order }.read(bytes, Shape::new(&[2]), Major::Row, Room::UNLIMITED).unwrap().into_vec()
            };
            let swapped: Vec<u8> =
                bytes.chunks(bytes.len() / 2).flat_map(|number| number.iter().rev()).copied().collect();
            assert_eq!(read(Order::Big, &swapped), read(Order::Little, bytes));
            read(Order::Little, bytes)
        };
        assert_eq!(two(Number::U8, &[1, 255]), [1.0, 255.0]);
        assert_eq!(two(Number::I8, &[1, 255]), [1.0, -1.0]);
        assert_eq!(two(Number::U16, &[1, 2, 255, 255]), [513.0, 65535.0]);
        assert_eq!(two(Number::I16, &[1, 2, 255, 255]), [513.0, -1.0]);
        assert_eq!(two(Number::U32, &[1, 0, 0, 0, 255, 255, 255, 255]), [1.0, 4_294_967_295.0]);
        assert_eq!(two(Number::I32, &[1, 0, 0, 0, 255, 255, 255, 255]), [1.0, -1.0]);
        let long = [5_i64.to_le_bytes(), (-5_i64).to_le_bytes()].concat();
        assert_eq!(two(Number::I64, &long), [5.0, -5.0]);
        let long = [5_u64.to_le_bytes(), (u64::MAX << 11).to_le_bytes()].concat();
        assert_eq!(two(Number::U64, &long), [5.0, 18_446_744_073_709_549_568.0]);
        assert_eq!(two(Number::F32, &[1.5_f32.to_le_bytes(), (-2.25_f32).to_le_bytes()].concat()), [1.5, -2.25]);
        assert_eq!(two(Number::F64, &[0.1_f64.to_le_bytes(), (-1e300_f64).to_le_bytes()].concat()), [0.1, -1e300]);
    }

    #[test]
    fn a_shape_that_claims_more_or_fewer_values_than_follow_is_refused() {
        let bytes = vec![0; 8 * (CHUNK + 2)];
        let refusal = |shape: &[usize]| {
            let element = Element { number: Number::F64, order: Order::Little };
            element
                .read::<f64>(&bytes[..], Shape::new(shape), Major::Row, Room::UNLIMITED)
                .unwrap_err()
                .at("x".as_ref())
                .to_string()
        };
        assert_eq!(refusal(&[8193]), "x: goes on after the 8193 values that shape [8193] holds");
        assert_eq!(refusal(&[8195]), "x: ends after 8194 of the 8195 values that shape [8195] holds");
        // Space for so many would be a panic.
        let due = "x: ends after 8194 of the 1152921504606846976 values that shape [1152921504606846976] holds";
        assert_eq!(refusal(&[1 << 60]), due);
        let due = "x: shape [1099511627776, 1099511627776] has too many values";
        assert_eq!(refusal(&[1 << 40, 1 << 40]), due);
    }
    #[test]
    fn a_number_that_the_scalar_does_not_hold_is_refused_with_its_index() {
        fn read<T: Real>(number: Number, bytes: &[u8]) -> Result<Vec<T>, String> {
            let element = Element { number, order: Order::Little };
            let shape = Shape::new(&[2, bytes.len() / element.width() / 2]);
            let read = element.read(bytes, shape, Major::Row, Room::UNLIMITED);
            read.map(Tensor::into_vec).map_err(|fault| fault.at("x".as_ref()).to_string())
        }
        let floats = |numbers: [f64; 4]| numbers.map(f64::to_le_bytes).concat();
        let due = "x: element [1, 0] is 1e300: f32 does not hold it";
        assert_eq!(read::<f32>(Number::F64, &floats([0.0, 1.0, 1e300, 2.0])).unwrap_err(), due);
        assert_eq!(read::<f64>(Number::F64, &floats([0.0, 1.0, 1e300, 2.0])).unwrap()[2], 1e300);
        let special = read::<f32>(Number::F64, &floats([0.1, f64::NAN, f64::INFINITY, 1e-300])).unwrap();
        assert!(special[0] == 0.1 && special[1].is_nan() && special[2] == f32::INFINITY && special[3] == 0.0);
        assert!(
            read::<Dual<f32>>(Number::F64, &floats([0.0, -1e39, 0.0, 0.0])).unwrap_err().contains("[0, 1] is -1e39")
        );
        let longs = |numbers: [i64; 2]| numbers.map(i64::to_le_bytes).concat();
        assert_eq!(
            read::<f32>(Number::I64, &longs([1 << 24, -(1 << 40)])).unwrap(),
            [16_777_216.0, -1_099_511_627_776.0]
        );
        let due = "x: element [1, 0] is 16777217: f32 does not hold it";
        assert_eq!(read::<f32>(Number::I64, &longs([1, (1 << 24) + 1])).unwrap_err(), due);
        for large in [(1 << 53) + 1, i64::MAX, i64::MIN + 1] {
            let due = format!("x: element [0, 0] is {large}: f64 does not hold it");
            assert_eq!(read::<f64>(Number::I64, &longs([large, 0])).unwrap_err(), due);
        }
        let largest = u64::MAX.to_le_bytes().repeat(2);
        assert!(read::<f64>(Number::U64, &largest).unwrap_err().contains("element [0, 0] is 18446744073709551615"));
    }

    #[test]
    fn what_does_not_fit_the_limit_is_refused_before_it_is_read() {
        struct Unread;
        impl Read for Unread {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                panic!("it is read")
            }
        }
        let element = Element { number: Number::U8, order: Order::Little };
        let mut room = Room::of(9 << 20);
        let shape = Shape::new(&[1 << 20, 1]);
        room.hold(1);
        let fault = element.read::<f64>(Unread, shape.clone(), Major::Row, room).unwrap_err();
        let due = "x: 10 MiB are needed to read it: the limit is 9 MiB (`Source::limit`)";
        assert_eq!(fault.at("x".as_ref()).to_string(), due);
        let zeros = vec![0; 1 << 20];
        assert!(element.read::<f64>(&zeros[..], shape, Major::Row, Room::of(9 << 20)).is_ok());
    }
}
