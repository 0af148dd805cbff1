//! Numbers as files hold them, brought to the scalar of a tensor.

use std::io::Read;

use autodiff::{Real, Shape, Tensor};

use crate::file::Fault;

/// The order of the bytes of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

/// How a number is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) number: Number,
    pub(super) order: Order,
}

macro_rules! numbers {
    ($($number:ident($primitive:ident)),*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Number {
            $($number),*
        }

        impl Element {
            /// Bytes of a number.
            pub(super) fn width(self) -> usize {
                match self.number {
                    $(Number::$number => size_of::<$primitive>()),*
                }
            }

            /// Adds the whole numbers among `bytes` to `values`, each rounded to the nearest that `T` has.
            fn decode<T: Real>(self, bytes: &[u8], values: &mut Vec<T>) {
                match self.number {
                    $(Number::$number => values.extend(bytes.as_chunks().0.iter().map(|&bytes| {
                        let number = match self.order {
                            Order::Little => $primitive::from_le_bytes(bytes),
                            Order::Big => $primitive::from_be_bytes(bytes),
                        };
                        T::from_f64(number as f64)
                    }))),*
                }
            }
        }
    };
}

numbers!(U8(u8), I8(i8), U16(u16), I16(i16), U32(u32), I32(i32), U64(u64), I64(i64), F32(f32), F64(f64));

/// Numbers decoded at a time.
const CHUNK: usize = 8192;

impl Element {
    /// The tensor of this shape whose values, row by row, are what is left in `reader`, which must end with them. Memory
    /// grows with what is read, not with what `shape` claims.
    pub(super) fn read<T: Real>(self, mut reader: impl Read, shape: Shape) -> Result<Tensor<T>, Fault> {
        let count = shape.checked_size().ok_or_else(|| Fault::new(format!("shape {shape} has too many values")))?;
        let mut values = Vec::new();
        let mut bytes = Vec::new();
        while values.len() < count {
            let wanted = (count - values.len()).min(CHUNK) * self.width();
            bytes.clear();
            let found = reader.by_ref().take(wanted as u64).read_to_end(&mut bytes)?;
            self.decode(&bytes, &mut values);
            if found < wanted {
                let found = values.len();
                return Err(Fault::new(format!("ends after {found} of the {count} values that shape {shape} holds")));
            }
        }
        bytes.clear();
        // Asking for more also lets what unpacks the file compare its checksum.
        if reader.take(1).read_to_end(&mut bytes)? > 0 {
            return Err(Fault::new(format!("goes on after the {count} values that shape {shape} holds")));
        }
        Ok(Tensor::new(shape, values)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_each_kind_and_order_are_read() {
        let two = |number, bytes: &[u8]| -> Vec<f64> {
            let read =
                |order, bytes: &[u8]| Element { number, order }.read(bytes, Shape::new(&[2])).unwrap().into_vec();
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
        assert_eq!(two(Number::U64, &long), [5.0, 1.844_674_407_370_955_2e19]);
        assert_eq!(two(Number::I64, &long), [5.0, -5.0]);
        assert_eq!(two(Number::F32, &[1.5_f32.to_le_bytes(), (-2.25_f32).to_le_bytes()].concat()), [1.5, -2.25]);
        assert_eq!(two(Number::F64, &[0.1_f64.to_le_bytes(), (-1e300_f64).to_le_bytes()].concat()), [0.1, -1e300]);
    }

    #[test]
    fn a_shape_that_claims_more_or_fewer_values_than_follow_is_refused() {
        let bytes = vec![0; 8 * (CHUNK + 2)];
        let refusal = |shape: &[usize]| {
            let element = Element { number: Number::F64, order: Order::Little };
            element.read::<f64>(&bytes[..], Shape::new(shape)).unwrap_err().at("x".as_ref()).to_string()
        };
        assert_eq!(refusal(&[8193]), "x: goes on after the 8193 values that shape [8193] holds");
        assert_eq!(refusal(&[8195]), "x: ends after 8194 of the 8195 values that shape [8195] holds");
        // Space for so many would be a panic.
        let due = "x: ends after 8194 of the 1152921504606846976 values that shape [1152921504606846976] holds";
        assert_eq!(refusal(&[1 << 60]), due);
        let due = "x: shape [1099511627776, 1099511627776] has too many values";
        assert_eq!(refusal(&[1 << 40, 1 << 40]), due);
    }
}
