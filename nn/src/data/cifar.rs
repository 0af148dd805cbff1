//! CIFAR-10 in its binary version (Krizhevsky 2009, <https://www.cs.toronto.edu/~kriz/cifar.html>).

use std::io::Read;
use std::path::Path;

use autodiff::{Error, Real, Tensor};

use super::Dataset;
use crate::file::{self, Fault};

const CLASSES: u8 = 10;
/// Red, green and blue, each 32 rows of 32.
const PIXELS: usize = 3 * 32 * 32;
/// A label and the pixels.
const RECORD: usize = 1 + PIXELS;

/// The images of these files (`data_batch_1.bin` and so on), one file after the other: features `[samples, 3, 32, 32]`,
/// 0 to 255, and labels 0 to 9.
///
/// # Errors
/// A file that cannot be read, is not a whole number of records of 3073 bytes, or has a label past 9.
pub fn read<T: Real>(paths: &[impl AsRef<Path>]) -> Result<Dataset<T>, Error> {
    let (mut labels, mut pixels) = (Vec::new(), Vec::new());
    for path in paths {
        file::read(path.as_ref(), |file| parse(file, &mut labels, &mut pixels))?;
    }
    Dataset::new(Tensor::new([labels.len(), 3, 32, 32], pixels)?, &labels)
}

/// Adds the labels and pixels of a file.
fn parse<T: Real>(mut reader: impl Read, labels: &mut Vec<usize>, pixels: &mut Vec<T>) -> Result<(), Fault> {
    let mut record = Vec::with_capacity(RECORD);
    for number in 0.. {
        record.clear();
        let found = reader.by_ref().take(RECORD as u64).read_to_end(&mut record)?;
        match record.split_first() {
            None if number == 0 => return Err(Fault::new("the file is empty")),
            None => break,
            Some(_) if found < RECORD => {
                let reason = format!("no CIFAR-10 file: record {number} has {found} bytes, {RECORD} are due");
                return Err(Fault::new(reason));
            }
            Some((&label, _)) if label >= CLASSES => {
                return Err(Fault::new(format!("no CIFAR-10 file: record {number} has label {label}, past 9")));
            }
            Some((&label, image)) => {
                labels.push(label.into());
                pixels.extend(image.iter().map(|&pixel| T::from_f64(pixel.into())));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::data::damage;

    fn image(label: u8) -> Vec<u8> {
        let pixels = (0..PIXELS).map(|k| (k % 251) as u8);
        [label].into_iter().chain(pixels).collect()
    }

    fn parsed(file: &[u8]) -> Result<(), Fault> {
        parse::<f32>(file, &mut Vec::new(), &mut Vec::new())
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
        let due = format!("{}: no CIFAR-10 file: record 1 has label 10, past 9", paths[1].display());
        assert_eq!(read::<f32>(&paths).unwrap_err().to_string(), due);
    }

    #[test]
    fn files_that_are_not_whole_records_are_refused() {
        let refusal = |file: &[u8]| parsed(file).unwrap_err().at("x".as_ref()).to_string();
        assert_eq!(refusal(&[]), "x: the file is empty");
        let longer = [image(1), vec![0]].concat();
        assert_eq!(refusal(&longer), "x: no CIFAR-10 file: record 1 has 1 bytes, 3073 are due");
        damage::truncated(&image(1), parsed);
        damage::altered(&image(1), parsed);
    }
}
