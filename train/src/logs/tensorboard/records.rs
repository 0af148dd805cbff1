//! TensorBoard's records in the TFRecord format: the fields of `tensorflow/core/util/event.proto` and `summary.proto` that scalars
//! need.

use std::io::Read;

use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub(super) struct Event {
    #[prost(double, tag = "1")]
    pub(super) wall_time: f64,
    #[prost(int64, tag = "2")]
    pub(super) step: i64,
    #[prost(string, optional, tag = "3")]
    pub(super) file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    pub(super) summary: Option<Summary>,
    #[prost(message, optional, tag = "7")]
    pub(super) session_log: Option<SessionLog>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Summary {
    #[prost(message, repeated, tag = "1")]
    pub(super) value: Vec<Value>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Value {
    #[prost(string, tag = "1")]
    pub(super) tag: String,
    #[prost(float, tag = "2")]
    pub(super) simple_value: f32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SessionLog {
    #[prost(int32, tag = "1")]
    pub(super) status: i32,
}

/// The status of a session that starts at a step: TensorBoard discards the events so far of that step and later ones.
pub(super) const START: i32 = 1;

/// Appends a record: length and content, each followed by its checksum.
pub(super) fn append(bytes: &mut Vec<u8>, event: &Event) {
    let content = event.encode_to_vec();
    let length = (content.len() as u64).to_le_bytes();
    for part in [&length[..], &masked(&length), &content, &masked(&content)] {
        bytes.extend_from_slice(part);
    }
}

/// The masked CRC-32C.
fn masked(bytes: &[u8]) -> [u8; 4] {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

/// The events of a file, up to the first that is cut off or damaged.
pub(super) fn read(mut file: impl Read) -> impl Iterator<Item = Event> {
    std::iter::from_fn(move || {
        let length = checked(&mut file, 8)?;
        let content = checked(&mut file, u64::from_le_bytes(length.try_into().ok()?))?;
        Event::decode(content.as_slice()).ok()
    })
}

/// The next `length` bytes, or `None` if they are cut off or their checksum is wrong.
fn checked(file: &mut impl Read, length: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes).ok()?;
    let mut sum = [0; 4];
    file.read_exact(&mut sum).ok()?;
    (bytes.len() as u64 == length && sum == masked(&bytes)).then_some(bytes)
}
