//! The safetensors format: the length of a header, the header, which says in JSON what is where, and the numbers
//! (<https://huggingface.co/docs/safetensors>).
//!
//! Header and numbers are read and written one after the other, so that no whole file is ever in memory.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::io::{Read, Seek, SeekFrom, Write};

use autodiff::{Real, Shape, Tensor};
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use crate::file::{self, Element, Fault, Major, NAME, Number, Order, Room, shortened};

/// The entry of a header that is no tensor.
pub(super) const RESERVED: &str = "__metadata__";
/// Bytes of a header, as the format limits it.
pub(super) const LONGEST: usize = 100_000_000;
/// A file begins with a length of so many bytes, of which the header's is a multiple.
const WORD: usize = size_of::<u64>();

/// What is where in a file.
pub(super) struct Header {
    metadata: Metadata,
    /// Where the numbers begin.
    start: u64,
}

impl Header {
    /// Of a file that holds at most `due` bytes of numbers.
    pub(super) fn read(reader: &mut (impl Read + Seek), due: Option<usize>) -> Result<Self, Fault> {
        let end = reader.seek(SeekFrom::End(0))?;
        reader.rewind()?;
        if due.is_some_and(|due| end > due.saturating_add(LONGEST + WORD) as u64) {
            return Err(Fault::new("larger than a file of these parameters can be"));
        }
        let length = u64::from_le_bytes(file::header(reader)?);
        if length > LONGEST as u64 {
            let reason = format!("no safetensors file: its header claims {length} bytes, at most {LONGEST} are read");
            return Err(Fault::new(reason));
        }
        let mut text = Vec::new();
        if (reader.take(length).read_to_end(&mut text)? as u64) < length {
            return Err(Fault::new("the file ends within its header"));
        }
        let refused = |error: serde_json::Error| Fault::new(format!("no safetensors file: {error}"));
        // The crate takes the last of several entries of one name.
        serde_json::from_slice::<Unique>(&text).map_err(refused)?;
        let metadata: Metadata = serde_json::from_slice(&text).map_err(refused)?;
        let start = WORD as u64 + length;
        if start.checked_add(metadata.data_len() as u64) != Some(end) {
            let (due, found) = (metadata.data_len(), end - start);
            return Err(Fault::new(format!("{found} bytes of numbers where the header says {due}")));
        }
        Ok(Header { metadata, start })
    }

    /// The names of all tensors.
    pub(super) fn names(&self) -> BTreeSet<String> {
        self.metadata.offset_keys().into_iter().collect()
    }

    /// The shape of a tensor.
    pub(super) fn shape(&self, name: &str) -> Option<&[usize]> {
        self.metadata.info(name).map(|info| &info.shape[..])
    }

    /// The tensor of this name.
    pub(super) fn tensor<T: Real>(&self, name: &str, reader: &mut (impl Read + Seek)) -> Result<Tensor<T>, Fault> {
        let info = self.metadata.info(name).ok_or_else(|| Fault::new("is missing"))?;
        let number = match info.dtype {
            Dtype::F32 => Number::F32,
            Dtype::F64 => Number::F64,
            other => return Err(Fault::new(format!("has numbers of type {other:?}; F32 and F64 are read"))),
        };
        let (first, end) = info.data_offsets;
        reader.seek(SeekFrom::Start(self.start + first as u64))?;
        let numbers = reader.take((end - first) as u64);
        Element { number, order: Order::Little }.read(numbers, Shape::new(&info.shape), Major::Row, Room::UNLIMITED)
    }
}

/// Writes a file of these tensors, to the byte as Python's `safetensors` does.
pub(super) fn write<'a, T: Real>(
    tensors: impl Iterator<Item = (&'a str, &'a Shape, &'a [T])>,
    writer: &mut impl Write,
) -> Result<(), Fault> {
    let mut tensors: Vec<_> = tensors.collect();
    tensors.sort_by_key(|&(name, ..)| name);
    let element = Element::of::<T>();
    let dtype = if element.number == Number::F32 { Dtype::F32 } else { Dtype::F64 };
    let mut end = 0;
    let info = |&(name, shape, values): &(&str, &Shape, &[T])| {
        let first = end;
        end += values.len() * element.width();
        (name.to_owned(), TensorInfo { dtype, shape: shape.to_vec(), data_offsets: (first, end) })
    };
    let infos = tensors.iter().map(info).collect();
    // PyTorch's reader looks for the format.
    let about = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    let mut header = serde_json::to_vec(&Metadata::new(Some(about), infos)?)?;
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

/// A map of which no key is there twice.
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
