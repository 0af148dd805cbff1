//! The safetensors file that every contestant of a workload starts from.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// An open file. Tensors are read one at a time, so that reading them is not what the peak of memory shows.
#[derive(Debug)]
pub struct Data {
    file: RefCell<File>,
    header: BTreeMap<String, Info>,
    /// Where the numbers begin.
    start: u64,
}

#[derive(Debug, Deserialize)]
struct Info {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: [u64; 2],
}

/// A tensor in row-major order.
#[derive(Clone, Debug)]
pub struct Array {
    /// The extents.
    pub shape: Vec<usize>,
    /// The elements.
    pub values: Vec<f32>,
}

impl Array {
    /// A matrix with its axes exchanged: the file has dense weights as `[fan_out, fan_in]`.
    ///
    /// # Errors
    /// If this is not a matrix.
    pub fn transposed(&self) -> Result<Array> {
        let &[rows, columns] = &self.shape[..] else { anyhow::bail!("{:?} is not a matrix", self.shape) };
        let values = (0..rows * columns).map(|k| self.values[k % rows * columns + k / rows]).collect();
        Ok(Array { shape: vec![columns, rows], values })
    }
}

impl Data {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// A file that cannot be read or has no header.
    pub fn open(path: &Path) -> Result<Data> {
        let mut file = File::open(path).with_context(|| format!("{}", path.display()))?;
        let mut length = [0; 8];
        file.read_exact(&mut length)?;
        let mut header = vec![0; usize::try_from(u64::from_le_bytes(length))?];
        file.read_exact(&mut header)?;
        Ok(Data { start: 8 + header.len() as u64, header: serde_json::from_slice(&header)?, file: file.into() })
    }

    /// The tensor of this name.
    ///
    /// # Errors
    /// If there is none in `f32`.
    pub fn get(&self, name: &str) -> Result<Array> {
        let info = self.header.get(name).with_context(|| format!("no tensor is called {name}"))?;
        ensure!(info.dtype == "F32", "{name} is {}", info.dtype);
        let [first, end] = info.data_offsets;
        let mut bytes = vec![0; usize::try_from(end - first)?];
        let mut file = self.file.borrow_mut();
        file.seek(SeekFrom::Start(self.start + first))?;
        file.read_exact(&mut bytes)?;
        let values = bytes.as_chunks().0.iter().map(|&number| f32::from_le_bytes(number)).collect();
        Ok(Array { shape: info.shape.clone(), values })
    }

    /// The names of all tensors.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.header.keys().map(String::as_str)
    }

    /// The learning rate.
    ///
    /// # Errors
    /// If the file has none.
    pub fn rate(&self) -> Result<f64> {
        // As the decimal number that was meant: 0.1 and not the nearest f32.
        self.get("rate")?.values.first().context("no rate")?.to_string().parse().context("the rate")
    }

    /// The classes of the samples.
    ///
    /// # Errors
    /// If the file has none.
    pub fn labels(&self) -> Result<Vec<u32>> {
        Ok(self.get("labels")?.values.iter().map(|&label| label as u32).collect())
    }
}
