//! The embedded UCI optical digits.

use std::io::Read;

use autodiff::{Error, Real, Tensor};
use flate2::read::GzDecoder;

use crate::data::dataset::Dataset;

/// Packed by `data/digits.py`; the license is `data/LICENSE-digits.md`.
const DIGITS: &[u8] = include_bytes!("../../../data/digits.bin.gz");
const SAMPLES: usize = 1797;
/// 64 pixels and a label.
const ROW: usize = 65;

/// The UCI optical digits: 1797 images of 8×8 pixels in ten classes (Alpaydin and Kaynak 1998, CC BY 4.0).
#[derive(Clone, Copy, Debug)]
pub struct Digits;

impl Digits {
    /// The data set: features `[1797, 64]`, from 0 (white) to 16 (black), and labels from 0 to 9.
    ///
    /// # Errors
    /// Damaged embedded data.
    pub fn load<T: Real>() -> Result<Dataset<T>, Error> {
        unpack(DIGITS).map_err(|reason| Error::InvalidInput { what: "the embedded digits", reason })
    }
}

fn unpack<T: Real>(packed: &[u8]) -> Result<Dataset<T>, String> {
    const WHOLE: usize = SAMPLES * ROW;
    let mut bytes = Vec::with_capacity(WHOLE + 1);
    GzDecoder::new(packed).take(WHOLE as u64 + 1).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    if bytes.len() != WHOLE {
        let found = if bytes.len() > WHOLE { "more".to_owned() } else { bytes.len().to_string() };
        return Err(format!("{found} bytes instead of {SAMPLES} rows of {ROW}"));
    }
    let rows = bytes.chunks_exact(ROW);
    let pixels = rows.clone().flat_map(|row| &row[..ROW - 1]).map(|&pixel| T::from_f64(pixel.into())).collect();
    let labels: Vec<usize> = rows.map(|row| row[ROW - 1].into()).collect();
    Tensor::new([SAMPLES, ROW - 1], pixels).and_then(|x| Dataset::new(x, &labels)).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    #[test]
    fn the_digits_are_those_of_the_repository() {
        let digits = Digits::load::<f64>().unwrap();
        assert_eq!(digits.features().shape().to_vec(), [1797, 64]);
        let of_class = |class: f64| digits.labels().data().iter().filter(|&&label| label == class).count();
        let counts: Vec<usize> = (0..10).map(|class| of_class(f64::from(class))).collect();
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        assert_eq!(digits.features().data()[..8], [0.0, 0.0, 5.0, 13.0, 9.0, 1.0, 0.0, 0.0]);
        assert_eq!(digits.features().data().iter().sum::<f64>(), 561_718.0);
    }

    #[test]
    fn fewer_or_more_rows_than_the_digits_are_rejected() {
        let unpacked = |rows: usize| {
            let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
            gz.write_all(&vec![0; rows * ROW]).unwrap();
            unpack::<f32>(&gz.finish().unwrap()).map(|data| data.len())
        };
        assert_eq!(unpacked(1797), Ok(1797));
        assert_eq!(unpacked(1796).unwrap_err(), "116740 bytes instead of 1797 rows of 65");
        assert_eq!(unpacked(1798).unwrap_err(), "more bytes instead of 1797 rows of 65");
    }
}
