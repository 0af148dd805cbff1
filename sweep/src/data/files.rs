//! Data sets from files.

use std::path::{Path, PathBuf};

use autodiff::Real;
use nn::data::{Dataset, Standardizer, cifar, csv, idx, npz};

use super::Data;
use crate::blueprint::Blueprint;
use crate::error::Error;

/// A format of data sets in files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileFormat {
    /// A folder with `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
    /// `t10k-labels-idx1-ubyte`, each also with `.gz` (MNIST and its like).
    Idx,
    /// A folder with `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin` (CIFAR-10).
    Cifar,
    /// A table with a header, one of whose columns is `label`.
    Csv,
    /// An archive with the arrays `features` and `labels`.
    Npz,
}

/// Reads the files, standardizes each feature, or each channel of images, by the samples that may be trained on, and splits
/// them by the seed.
pub(crate) fn load_files<T: Real>(
    format: FileFormat,
    path: &Path,
    blueprint: &Blueprint<T>,
    seed: u64,
) -> Result<Data<T>, Error> {
    let (pool, test) = match format {
        FileFormat::Idx => {
            let part = |name: &str| {
                idx::labeled(
                    one_of(path, &format!("{name}-images-idx3-ubyte")),
                    one_of(path, &format!("{name}-labels-idx1-ubyte")),
                )
            };
            let images = |data: Dataset<T>| {
                let shape = data.features().shape().clone();
                let sample = [&[1], &shape[1..]].concat();
                data.reshaped(&sample[..])
            };
            (images(part("train")?)?, images(part("t10k")?)?)
        }
        FileFormat::Cifar => {
            let batches = (1..=5).map(|k| path.join(format!("data_batch_{k}.bin"))).filter(|path| path.exists());
            (cifar::read(batches)?, cifar::read([path.join("test_batch.bin")])?)
        }
        FileFormat::Csv => csv::with_header(path, "label")?.split(super::TRAIN_SHARE, seed)?,
        FileFormat::Npz => archived(path)?.split(super::TRAIN_SHARE, seed)?,
    };
    let [pool, test] = [shuffled(pool, seed)?, test].map(|data| shaped(data, blueprint.images));
    let (pool, test) = (pool?, test?);
    let standardizer = Standardizer::fit(&pool)?;
    Data::new(&standardizer.apply(pool)?, standardizer.apply(test)?, blueprint, seed)
}

/// The file, or the one with `.gz`.
fn one_of(folder: &Path, name: &str) -> PathBuf {
    let plain = folder.join(name);
    if plain.exists() { plain } else { folder.join(format!("{name}.gz")) }
}

fn archived<T: Real>(path: &Path) -> Result<Dataset<T>, Error> {
    let mut arrays = npz::read::<T>(path)?;
    let mut array = |name: &str| {
        let reason = || format!("no array {name}: there must be features and labels");
        arrays.remove(name).ok_or_else(|| Error::file(path, reason()))
    };
    Ok(Dataset::labeled(array("features")?, &array("labels")?)?)
}

fn shuffled<T: Real>(data: Dataset<T>, seed: u64) -> Result<Dataset<T>, Error> {
    Ok(data.split(1.0, seed)?.0)
}

/// Images where layers map those, else flat features.
fn shaped<T: Real>(data: Dataset<T>, images: bool) -> Result<Dataset<T>, Error> {
    let shape = data.features().shape().clone();
    match (images, shape.rank()) {
        (true, 4) | (false, 2) => Ok(data),
        (false, _) => Ok(data.reshaped([shape[1..].iter().product::<usize>()])?),
        (true, _) => Err(Error::Setting(format!(
            "--layer: convolutions need images [channels, height, width]; a sample has the shape {:?}",
            &shape[1..]
        ))),
    }
}
