//! The safetensors format: the length of the header, the header, a JSON map of names to types, shapes and offsets, and the
//! numbers (<https://huggingface.co/docs/safetensors>).
//!
//! Tensors are read and written one at a time; a file is never in memory as a whole.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use autodiff::{Error, Real, Shape, Tensor};
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};
use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

use super::element::{ByteOrder, Element, IndexOrder, NumberType};
use super::fault::{Fault, NAME, header, shortened};
use super::replace;
use super::source::{MemoryLimit, Source};

/// The entry of a header that is not a tensor.
pub(super) const RESERVED: &str = "__metadata__";
/// The most bytes of a header, by the format.
const LONGEST: usize = 100_000_000;
/// A file begins with the length of its header, a number of this many bytes, of which the length is a multiple.
const WORD: usize = size_of::<u64>();

/// An open safetensors file. The header is in memory; tensors are read on demand.
///
/// For the weights of a model use [`load`](super::load) and [`save`](super::save); this type is for files with other names, or
/// with more than weights.
///
/// ```
/// use autodiff::{Shape, Tensor};
/// use nn::io::Safetensors;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("file.safetensors");
/// Safetensors::write(&path, [("x", &Shape::new(&[2]), &[1.0, 2.0][..])], [("made by", "hand")])?;
/// let mut file = Safetensors::open(&path)?;
/// assert_eq!(file.metadata("made by"), Some("hand"));
/// assert_eq!(file.tensor::<f32>("x")?, Tensor::from([1.0, 2.0]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Safetensors {
    path: PathBuf,
    file: BufReader<File>,
    header: Metadata,
    /// Where the numbers begin.
    start: u64,
}

impl Safetensors {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// A file that cannot be read, is not a regular file, or is not a safetensors file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        Source::new(path).read(|mut file, _| {
            let (header, start) = read_header(&mut file)?;
            Ok(Safetensors { path: path.to_owned(), file, header, start })
        })
    }

    /// Writes tensors, each with its name, shape and values, and entries of metadata. The file is the one that Python's
    /// `safetensors` writes, to the byte, where there is at most one entry of metadata, whose order Python leaves open; here they are
    /// sorted by key. The file is replaced whole or left as it was.
    ///
    /// # Errors
    /// A file that cannot be written; names that together take more than the format's 100 MB; a shape with another number
    /// of values.
    pub fn write<'a, T: Real>(
        path: impl AsRef<Path>,
        tensors: impl IntoIterator<Item = (&'a str, &'a Shape, &'a [T])>,
        metadata: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(), Error> {
        let mut tensors: Vec<_> = tensors.into_iter().collect();
        tensors.sort_by_key(|&(name, ..)| name);
        let metadata = metadata.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        replace::write(path.as_ref(), |mut file| write(&tensors, metadata, &mut file))
    }

    /// The names of all tensors.
    pub fn names(&self) -> Vec<String> {
        self.header.offset_keys()
    }

    /// The entry of the metadata under this key.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.header.metadata().as_ref()?.get(key).map(String::as_str)
    }

    /// The shape of the tensor of this name.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.header.info(name).map(|info| &info.shape[..])
    }

    /// Reads the tensor of this name, which takes its memory twice while it is read.
    ///
    /// # Errors
    /// No tensor of this name; numbers other than `F32` and `F64`; a finite number that is infinite in `T`; a file that
    /// ends early.
    pub fn tensor<T: Real>(&mut self, name: &str) -> Result<Tensor<T>, Error> {
        let found = self.header.info(name).ok_or_else(|| Fault::new("is missing"));
        let tensor = found.and_then(|info| {
            let number = match info.dtype {
                Dtype::F32 => NumberType::F32,
                Dtype::F64 => NumberType::F64,
                other => return Err(Fault::new(format!("has numbers of type {other:?}; F32 and F64 are read"))),
            };
            let (first, end) = info.data_offsets;
            self.file.seek(SeekFrom::Start(self.start + first as u64))?;
            let numbers = self.file.by_ref().take((end - first) as u64);
            Element { number, order: ByteOrder::Little }.read(
                numbers,
                Shape::new(&info.shape),
                IndexOrder::RowMajor,
                MemoryLimit::UNLIMITED,
            )
        });
        tensor.map_err(|fault| fault.within(name).at(&self.path))
    }
}

/// The header, and where the numbers begin.
fn read_header(reader: &mut (impl Read + Seek)) -> Result<(Metadata, u64), Fault> {
    let end = reader.seek(SeekFrom::End(0))?;
    reader.rewind()?;
    let length = u64::from_le_bytes(header(reader)?);
    if length > LONGEST as u64 {
        let reason = format!("not a safetensors file: its header claims {length} bytes, at most {LONGEST} are read");
        return Err(Fault::new(reason));
    }
    let mut text = Vec::new();
    if (reader.take(length).read_to_end(&mut text)? as u64) < length {
        return Err(Fault::new("the file ends within its header"));
    }
    let invalid = |error: serde_json::Error| Fault::new(format!("not a safetensors file: {error}"));
    // The crate takes the last of several entries of one name.
    serde_json::from_slice::<Unique>(&text).map_err(invalid)?;
    let header: Metadata = serde_json::from_slice(&text).map_err(invalid)?;
    let start = WORD as u64 + length;
    if start.checked_add(header.data_len() as u64) != Some(end) {
        let (due, found) = (header.data_len(), end - start);
        return Err(Fault::new(format!("{found} bytes of numbers where the header says {due}")));
    }
    Ok((header, start))
}

/// A header in which the metadata are in order, so that the same contents are the same bytes.
#[derive(Serialize)]
struct Header {
    #[serde(rename = "__metadata__")]
    metadata: BTreeMap<String, String>,
    #[serde(flatten)]
    tensors: Metadata,
}

/// Writes these tensors, sorted by name.
fn write<T: Real>(
    tensors: &[(&str, &Shape, &[T])],
    mut metadata: BTreeMap<String, String>,
    writer: &mut impl Write,
) -> Result<(), Fault> {
    let element = Element::for_scalar::<T>();
    let dtype = if element.number == NumberType::F32 { Dtype::F32 } else { Dtype::F64 };
    let mut end = 0;
    let mut infos = Vec::with_capacity(tensors.len());
    for &(name, shape, values) in tensors {
        if shape.checked_size() != Some(values.len()) {
            return Err(Fault::new(format!("shape {shape} with {} values", values.len())).within(name));
        }
        let first = end;
        end += values.len() * element.width();
        infos.push((name.to_owned(), TensorInfo { dtype, shape: shape.to_vec(), data_offsets: (first, end) }));
    }
    // PyTorch's reader looks for the format.
    metadata.insert("format".to_owned(), "pt".to_owned());
    let mut header = serde_json::to_vec(&Header { metadata, tensors: Metadata::new(None, infos)? })?;
    header.resize(header.len().next_multiple_of(WORD), b' ');
    if header.len() > LONGEST {
        return Err(Fault::new(format!("the names take {} bytes: the format has {LONGEST}", header.len())));
    }
    writer.write_all(&(header.len() as u64).to_le_bytes())?;
    writer.write_all(&header)?;
    for (_, _, values) in tensors {
        element.write(values, writer)?;
    }
    Ok(())
}

/// A map in which no key occurs twice.
struct Unique;

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Unique)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = Unique;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Unique, A::Error> {
        let mut names = HashSet::new();
        while let Some((name, IgnoredAny)) = map.next_entry::<String, _>()? {
            if let Some(name) = names.replace(name) {
                return Err(A::Error::custom(format!("two tensors are named {}", shortened(&name, NAME))));
            }
        }
        Ok(Unique)
    }
}
