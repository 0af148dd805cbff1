//! Reader of CIFAR-10 in its binary version (Krizhevsky 2009, <https://www.cs.toronto.edu/~kriz/cifar.html>).

use std::io::Read;

use autodiff::{Error, Real, Tensor};

use crate::data::dataset::Dataset;
use crate::io::{Fault, MemoryLimit, Source};
use crate::memory::{reserve, reserved};

const CLASSES: u8 = 10;
/// Red, green and blue, each 32 rows of 32.
const PIXELS: usize = 3 * 32 * 32;
/// A label and the pixels.
const RECORD: usize = 1 + PIXELS;

/// Reads these files (`data_batch_1.bin` and so on) in order: features `[samples, 3, 32, 32]`, from 0 to 255, and labels
/// from 0 to 9.
///
/// # Errors
/// No file; a file that cannot be read, is not a whole number of records of 3073 bytes, or has a label above 9; records that
/// together exceed the limit of a [`Source`].
pub fn read<T: Real>(sources: impl IntoIterator<Item = impl Into<Source>>) -> Result<Dataset<T>, Error> {
    let mut records = Records::default();
    for source in sources {
        source.into().read(|file, limit| records.read::<T>(file, limit))?;
    }
    records.decoded()
}

/// The records of the files, before they are decoded.
#[derive(Default)]
struct Records {
    labels: Vec<usize>,
    pixels: Vec<u8>,
}

impl Records {
    /// Appends the records of a file, decoded into `T` later.
    fn read<T: Real>(&mut self, mut reader: impl Read, limit: MemoryLimit) -> Result<(), Fault> {
        let mut record = Vec::with_capacity(RECORD);
        for number in 0.. {
            record.clear();
            let found = reader.by_ref().take(RECORD as u64).read_to_end(&mut record)?;
            match record.split_first() {
                None if number == 0 => return Err(Fault::new("the file is empty")),
                None => break,
                Some(_) if found < RECORD => {
                    let reason = format!("not a CIFAR-10 file: record {number} has {found} bytes instead of {RECORD}");
                    return Err(Fault::new(reason));
                }
                Some((&label, _)) if label >= CLASSES => {
                    return Err(Fault::new(format!("not a CIFAR-10 file: record {number} has label {label}, above 9")));
                }
                Some((&label, image)) => {
                    let width = RECORD * (1 + size_of::<T>()) + size_of::<usize>();
                    limit.check(self.labels.len() + 1, width)?;
                    if self.pixels.capacity() < self.pixels.len() + PIXELS {
                        let more = self.pixels.len().max(PIXELS);
                        reserve(&mut self.pixels, more)?;
                    }
                    self.labels.push(label.into());
                    self.pixels.extend_from_slice(image);
                }
            }
        }
        Ok(())
    }

    fn decoded<T: Real>(mut self) -> Result<Dataset<T>, Error> {
        let invalid = |reason: String| Error::InvalidInput { what: "CIFAR-10", reason };
        if self.labels.is_empty() {
            return Err(invalid("there is no file to read".into()));
        }
        self.pixels.shrink_to_fit();
        let mut pixels = reserved(self.pixels.len()).map_err(|error| invalid(error.to_string()))?;
        pixels.extend(self.pixels.iter().map(|&pixel| T::from_f64(pixel.into())));
        Dataset::new(Tensor::new([self.labels.len(), 3, 32, 32], pixels)?, &self.labels)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::data::formats::damage;

    fn image(label: u8) -> Vec<u8> {
        let pixels = (0..PIXELS).map(|k| (k % 251) as u8);
        [label].into_iter().chain(pixels).collect()
    }

    fn parsed(file: &[u8]) -> Result<(), Fault> {
        Records::default().read::<f32>(file, MemoryLimit::UNLIMITED)
    }

    #[test]
    fn files_are_read_one_after_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let paths = [folder.path().join("data_batch_1.bin"), folder.path().join("data_batch_2.bin")];
        fs::write(&paths[0], [image(3), image(9)].concat()).unwrap();
        fs::write(&paths[1], image(0)).unwrap();
        let data = read::<f32>(&paths).unwrap();
        assert_eq!(data.labels().data(), [3.0, 9.0, 0.0]);
        assert_eq!(data.features(), &Tensor::from_fn([3, 3, 32, 32], |k| (k % PIXELS % 251) as f32));
        fs::write(&paths[1], [image(0), image(10)].concat()).unwrap();
        let due = format!("{}: not a CIFAR-10 file: record 1 has label 10, above 9", paths[1].display());
        assert_eq!(read::<f32>(&paths).unwrap_err().to_string(), due);
    }

    #[test]
    fn files_that_are_not_whole_records_are_rejected() {
        let error_of = |file: &[u8]| parsed(file).unwrap_err().at("x".as_ref()).to_string();
        assert_eq!(error_of(&[]), "x: the file is empty");
        let longer = [image(1), vec![0]].concat();
        assert_eq!(error_of(&longer), "x: not a CIFAR-10 file: record 1 has 1 bytes instead of 3073");
        damage::truncated(&image(1), parsed);
        damage::altered(&image(1), parsed);
    }

    #[test]
    fn no_file_is_rejected() {
        assert_eq!(read::<f32>([""; 0]).unwrap_err().to_string(), "CIFAR-10: there is no file to read");
    }
}
