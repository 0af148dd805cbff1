//! What the networks are fed.

use std::path::PathBuf;
use std::sync::Arc;

use autodiff::Real;

use crate::axis::{Axis, AxisEntry};
use crate::blueprint::Blueprint;
use crate::data::{FileFormat, digits, gaussian, load_files};

inventory::submit!(AxisEntry::new::<DataAxis>());

enum DataAxis {
    Digits,
    Gaussian,
    Files(FileFormat, PathBuf),
}

impl Axis for DataAxis {
    const NAME: &'static str = "data";
    const COLUMN: u32 = 10;
    const HELP: &'static str = "Data: digits, gaussian, idx:FOLDER, cifar:FOLDER, csv:FILE (with a column label) or npz:FILE (with \
                                arrays features and labels).";
    const DEFAULT: &'static str = "digits";
    const EXAMPLES: &'static str = "digits,gaussian";

    fn parse(value: &str) -> Result<Self, String> {
        let files = |format, path: &str| Ok(DataAxis::Files(format, PathBuf::from(path)));
        match (value, value.split_once(':')) {
            ("digits", _) => Ok(DataAxis::Digits),
            ("gaussian", _) => Ok(DataAxis::Gaussian),
            (_, Some(("idx", path))) => files(FileFormat::Idx, path),
            (_, Some(("cifar", path))) => files(FileFormat::Cifar, path),
            (_, Some(("csv", path))) => files(FileFormat::Csv, path),
            (_, Some(("npz", path))) => files(FileFormat::Npz, path),
            _ => Err("must be one of digits, gaussian, idx:FOLDER, cifar:FOLDER, csv:FILE, npz:FILE".into()),
        }
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        blueprint.data = match self {
            DataAxis::Digits => Arc::new(digits),
            DataAxis::Gaussian => Arc::new(gaussian),
            DataAxis::Files(format, path) => {
                let (format, path) = (*format, path.clone());
                Arc::new(move |blueprint, seed| load_files(format, &path, blueprint, seed))
            }
        };
    }
}
