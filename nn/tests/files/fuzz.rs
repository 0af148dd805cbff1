//! Every reader on damaged files: seeded mutations of good ones, of what is packed and of what it is packed into.
//!
//! No reader may panic, hang, or hold more than its limit, and `load` takes all or nothing. By hand, with more cases and
//! other seeds: `NN_FUZZ_CASES=1000000 NN_FUZZ_SEED=1 cargo test -p nn files::fuzz -- --nocapture`.

use std::fs;
use std::io::{Cursor, Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use autodiff::{Error, Params};
use flate2::{Compression, write::GzEncoder};
use nn::data::{cifar, csv, idx, npy, npz};
use nn::io;
use nn::io::Source;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::files::allocator::peak;

const LIMIT: usize = 1 << 20;
/// Buffers, and what unpacks.
const BESIDE: usize = 1 << 19;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().expect("a whole number"))
}

/// Says which case it was if it panics.
struct Case {
    reader: &'static str,
    seed: u64,
    number: u64,
}

impl Drop for Case {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}: case {} of NN_FUZZ_SEED={}", self.reader, self.number, self.seed);
        }
    }
}

/// Reads many files: `pack` of one of `contents`, one of which is damaged.
fn fuzz(
    reader: &'static str,
    contents: &[Vec<u8>],
    pack: impl Fn(&[u8]) -> Vec<u8>,
    mut read: impl FnMut(&Path) -> Result<(), Error>,
) {
    let (cases, seed) = (setting("NN_FUZZ_CASES", 20_000), setting("NN_FUZZ_SEED", 0));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let mut handle = fs::File::create(&path).unwrap();
    // In place: file systems write a file that is truncated and rewritten to the disk at once.
    let mut write = |content: &[u8]| {
        handle.rewind().unwrap();
        handle.write_all(content).unwrap();
        handle.set_len(content.len() as u64).unwrap();
    };
    let packed: Vec<Vec<u8>> = contents.iter().map(|content| pack(content)).collect();
    for file in &packed {
        write(file);
        read(&path).unwrap();
    }
    let (mut accepted, mut most, mut slowest) = (0, 0, Duration::ZERO);
    for number in 0..cases {
        let case = Case { reader, seed, number };
        let mut generator = StdRng::seed_from_u64(seed.wrapping_mul(cases).wrapping_add(number));
        let inside = generator.random_range(0..3) > 0;
        let mut file = draw(if inside { contents } else { &packed }, &mut generator).clone();
        for _ in 0..generator.random_range(1..5) {
            damage(&mut file, if inside { contents } else { &packed }, &mut generator);
        }
        write(&if inside { pack(&file) } else { file });
        let start = Instant::now();
        let (result, held) = peak(16 * LIMIT, || read(&path));
        slowest = slowest.max(start.elapsed());
        most = most.max(held);
        assert!(held <= LIMIT + BESIDE, "{held} bytes");
        match result {
            Ok(()) => accepted += 1,
            Err(error) => assert!(error.to_string().len() < 5000),
        }
        drop(case);
    }
    println!("{reader}: {accepted} of {cases} read, {most} bytes held at most, {slowest:?} at most");
    assert!(0 < accepted && accepted < cases);
}

fn draw<'a, V>(values: &'a [V], generator: &mut StdRng) -> &'a V {
    &values[generator.random_range(0..values.len())]
}

/// Numbers that headers are not made for.
const EXTREMES: [u64; 12] =
    [0, 1, 0x7f, 0xff, 0xffff, 0x7fff_ffff, 0xffff_ffff, 1 << 32, (1 << 61) - 1, u64::MAX / 2, u64::MAX - 7, u64::MAX];

/// One change of a file.
fn damage(file: &mut Vec<u8>, others: &[Vec<u8>], generator: &mut StdRng) {
    // Often near the beginning, where headers are.
    let span = if generator.random() { file.len() } else { file.len().min(64) };
    let index = generator.random_range(0..=span);
    let longest = if generator.random() { 8 } else { 4096 };
    let length = generator.random_range(0..=longest.min(file.len() - index));
    let part = index..index + length;
    match generator.random_range(0..8) {
        0 if index < file.len() => file[index] ^= 1 << generator.random_range(0..8),
        1 if index < file.len() => file[index] = generator.random(),
        2 => file.truncate(index),
        3 => drop(file.drain(part)),
        4 => {
            let copy = file[part].to_vec();
            let to = generator.random_range(0..=file.len());
            file.splice(to..to, copy);
        }
        5 => {
            let other = draw(others, generator);
            let from = generator.random_range(0..=other.len());
            file.splice(part, other[from..].iter().copied());
        }
        6 => {
            let width = *draw(&[1, 2, 4, 8], generator);
            let number = draw(&EXTREMES, generator).to_le_bytes();
            let number = number[..width].iter().copied();
            let number: Vec<u8> = if generator.random() { number.collect() } else { number.rev().collect() };
            let end = (index + width).min(file.len());
            file[index..end].copy_from_slice(&number[..end - index]);
        }
        _ => {
            // A number in digits.
            let Some(start) = file[index..].iter().position(u8::is_ascii_digit).map(|k| index + k) else { return };
            let end = file[start..].iter().position(|c| !c.is_ascii_digit()).map_or(file.len(), |k| start + k);
            file.splice(start..end, draw(&EXTREMES, generator).to_string().into_bytes());
        }
    }
}

fn plain(content: &[u8]) -> Vec<u8> {
    content.to_vec()
}

fn idx_files() -> [Vec<u8>; 3] {
    [
        [&[0, 0, 0x08, 2, 0, 0, 0, 20, 0, 0, 0, 30][..], &[7; 600]].concat(),
        [&[0, 0, 0x0b, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2][..], &[1; 8]].concat(),
        [&[0, 0, 0x0e, 1, 0, 0, 0, 2][..], &1e300_f64.to_be_bytes(), &0.5_f64.to_be_bytes()].concat(),
    ]
}

#[test]
fn idx_plain() {
    fuzz("IDX", &idx_files(), plain, |path| idx::read::<f64>(Source::new(path).limit(LIMIT)).map(drop));
}

#[test]
fn idx_compressed() {
    let pack = |content: &[u8]| {
        let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
        gz.write_all(content).unwrap();
        gz.finish().unwrap()
    };
    fuzz("IDX in gzip", &idx_files(), pack, |path| idx::read::<f64>(Source::new(path).limit(LIMIT)).map(drop));
}

#[test]
fn cifar_10() {
    let record = |label: u8| [&[label][..], &[9; 3072]].concat();
    let contents = [record(3), [record(0), record(9)].concat()];
    fuzz("CIFAR-10", &contents, plain, |path| cifar::read::<f64>([Source::new(path).limit(LIMIT)]).map(drop));
}

#[test]
fn csv_tables() {
    let contents = [
        b"length,width,species\n5.1,3.5,0\n 7.0 ,3.2,1\n\n6.3,3.3,2.0\n".to_vec(),
        b"\"a\",\"b, \"\"c\"\"\",\"species\"\r\n1e3,-2,1\r\n".to_vec(),
    ];
    fuzz("CSV with a header", &contents, plain, |path| {
        csv::with_header::<f32>(Source::new(path).limit(LIMIT), "species").map(drop)
    });
    let contents = [b"0,1,2\n3,4,5\n".to_vec(), b"7\n".repeat(100)];
    fuzz("CSV without", &contents, plain, |path| {
        csv::without_header::<f32>(Source::new(path).limit(LIMIT), 0).map(drop)
    });
}

/// An NPY file with this header and 48 bytes of numbers.
fn npy_file(header: &[u8]) -> Vec<u8> {
    [b"\x93NUMPY\x01\0", &(header.len() as u16).to_le_bytes()[..], header, &[1; 48]].concat()
}

fn npy_headers() -> [Vec<u8>; 4] {
    [
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }".to_vec(),
        b"{'descr': '>i4', 'fortran_order': True, 'shape': (3, 2, 2), }  \n".to_vec(),
        b"{'descr': '|u1', 'fortran_order': True, 'shape': (1, 48, 1), }".to_vec(),
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (12,), }".to_vec(),
    ]
}

#[test]
fn npy_files() {
    fuzz("NPY", &npy_headers(), npy_file, |path| npy::read::<f64>(Source::new(path).limit(LIMIT)).map(drop));
}

/// The same archive with the end of one of more than four gigabytes.
pub(crate) fn large_archive(file: &[u8]) -> Vec<u8> {
    let (entries, end) = file.split_at(file.len() - 22);
    let count = u64::from(end[10]).to_le_bytes();
    let [size, offset] = [12, 16].map(|index| [&end[index..index + 4], &[0; 4]].concat());
    let record =
        [b"PK\x06\x06", &44_u64.to_le_bytes()[..], &[45, 0, 45, 0], &[0; 8], &count, &count, &size, &offset].concat();
    let locator = [b"PK\x06\x07", &[0; 4][..], &(entries.len() as u64).to_le_bytes(), &[1, 0, 0, 0]].concat();
    [entries, &record, &locator, &end[..8], &[0xff; 12], &end[20..]].concat()
}

#[test]
fn npz_archives() {
    let pack = |header: &[u8]| {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, method) in [("x.npy", CompressionMethod::Stored), ("y.npy", CompressionMethod::Deflated)] {
            let options =
                SimpleFileOptions::default().compression_method(method).large_file(header.len().is_multiple_of(2));
            archive.start_file(name, options).unwrap();
            archive.write_all(&npy_file(header)).unwrap();
        }
        let file = archive.finish().unwrap().into_inner();
        if header.len().is_multiple_of(3) { large_archive(&file) } else { file }
    };
    fuzz("NPZ", &npy_headers(), pack, |path| npz::read::<f64>(Source::new(path).limit(LIMIT)).map(drop));
}

#[test]
fn safetensors_files() {
    let contents = [
        br#"{"m.a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"m.s":{"dtype":"F32","shape":[2],"data_offsets":[16,24]}}"#.to_vec(),
        br#"{"__metadata__":{"format":"pt"},"m.s":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"m.a":{"dtype":"F32","shape":[2,2],"data_offsets":[8,24]}}   "#.to_vec(),
    ];
    let pack =
        |header: &[u8]| [&(header.len() as u64).to_le_bytes()[..], header, &0.5_f32.to_le_bytes().repeat(6)].concat();
    let mut params = Params::<f32>::new(0);
    let mut scope = params.scope("m");
    scope.parameter("a", [2, 2], |values, _| values.fill(3.0));
    scope.state("s", &[3.0, 3.0].into());
    let initial = params.clone();
    let numbers = |params: &Params<f32>| {
        [params.flat(), params.states().next().unwrap().2].concat().into_iter().map(f32::to_bits).collect::<Vec<_>>()
    };
    fuzz("safetensors", &contents, pack, |path| {
        params.clone_from(&initial);
        let loaded = io::load(&mut params, path);
        if loaded.is_err() {
            assert_eq!(numbers(&params), numbers(&initial));
            if io::load_matching(&mut params, path).is_err() {
                assert_eq!(numbers(&params), numbers(&initial));
            }
        }
        loaded
    });
}
