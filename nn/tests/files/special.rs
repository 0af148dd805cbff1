//! Files without an end, and what is no file.

use std::fs::File;
use std::io::{Cursor, Seek, SeekFrom, Write};
use std::path::Path;

use autodiff::{Error, Params};
use flate2::{Compression, write::GzEncoder};
use nn::data::{cifar, csv, idx, npy, npz};
use nn::io::Source;
use nn::{Linear, io};
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::files::allocator::peak;
use crate::files::fuzz::large_archive;
use crate::files::limits::{idx_header, npy_header};

const MIB: usize = 1 << 20;

/// What every reader says of a file, reading into `f32` with a limit of 8 MiB and no more memory than twice that.
fn errors_of(path: &Path) -> Vec<String> {
    let source = || Source::new(path).limit(8 * MIB);
    let mut params = Params::<f32>::new(0);
    Linear::new(params.scope("fc"), 2, 2);
    let before = params.flat().to_vec();
    let mut readers: Vec<Box<dyn FnMut() -> Result<(), Error> + '_>> = vec![
        Box::new(|| idx::read::<f32>(source()).map(drop)),
        Box::new(|| npy::read::<f32>(source()).map(drop)),
        Box::new(|| npz::read::<f32>(source()).map(drop)),
        Box::new(|| cifar::read::<f32>([source()]).map(drop)),
        Box::new(|| csv::with_header::<f32>(source(), 0).map(drop)),
        Box::new(|| csv::without_header::<f32>(source(), 0).map(drop)),
        Box::new(|| io::load(&mut params, path)),
    ];
    let messages = readers.iter_mut().map(|read| peak(16 * MIB, read).0.unwrap_err().to_string()).collect();
    drop(readers);
    assert!(io::load_matching(&mut params, path).is_err());
    assert_eq!(params.flat(), before);
    messages
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_rejected_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (fifo, socket) = (folder.path().join("fifo"), folder.path().join("socket"));
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let paths =
        [(Path::new("/dev/zero"), "a device"), (&fifo, "a FIFO"), (&socket, "a socket"), (folder.path(), "a folder")];
    for (path, kind) in paths {
        let due = format!("{}: is {kind}: only regular files are read", path.display());
        assert!(errors_of(path).iter().all(|message| *message == due), "{:?}", errors_of(path));
    }
}

/// A file of a terabyte, which takes no room on the disk: `content`, and then zeros.
fn endless(content: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content).unwrap();
    file.as_file().set_len(1 << 40).unwrap();
    file
}

#[test]
fn files_without_an_end_are_rejected_within_the_limit() {
    let json = br#"{"fc.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}"#;
    let beginnings = [
        vec![],
        idx_header(MIB),
        npy_header("|u1", "False", "1048576,"),
        b"0,1\n".to_vec(),
        b"0,1\n".repeat(MIB),
        [&(json.len() as u64).to_le_bytes()[..], json].concat(),
        b"PK\x03\x04".to_vec(),
    ];
    for content in beginnings {
        let file = endless(&content);
        for message in errors_of(file.path()) {
            assert!(message.starts_with(&file.path().display().to_string()), "{message}");
        }
    }
    let mut table = tempfile::NamedTempFile::new().unwrap();
    table.write_all(&b"1,2,3\n".repeat(MIB)).unwrap();
    assert!(errors_of(table.path())[5].contains("MiB are needed to read it: the limit is 8 MiB"));
}

#[test]
fn an_archive_that_claims_more_entries_than_there_is_memory_for_is_rejected() {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("x.npy", SimpleFileOptions::default()).unwrap();
    archive.write_all(&npy_header("|u1", "False", "1,")).unwrap();
    archive.write_all(&[7]).unwrap();
    let archive = large_archive(&archive.finish().unwrap().into_inner());
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&archive).unwrap();
    assert_eq!(npz::read::<f32>(file.path()).unwrap()["x"].data(), [7.0]);
    // After a terabyte of nothing there might be so many.
    let (record, end) = (archive.len() - 22 - 20 - 56, 1_u64 << 40);
    let mut claim = archive[record..].to_vec();
    let (count, offset) = ((1_u64 << 34).to_le_bytes(), (1_u64 << 35).to_le_bytes());
    for (index, number) in [(24, count), (32, count), (48, offset), (56 + 8, end.to_le_bytes())] {
        claim[index..index + 8].copy_from_slice(&number);
    }
    let claimed = |claim: &[u8]| {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().set_len(end).unwrap();
        file.seek(SeekFrom::End(0)).unwrap();
        file.write_all(claim).unwrap();
        errors_of(file.path()).remove(2)
    };
    let message = claimed(&claim);
    assert!(message.ends_with("17179869184 entries are more than the limit allows (`Source::limit`)"), "{message}");
    claim[56 + 8..56 + 16].fill(0);
    let message = claimed(&claim);
    assert!(message.ends_with("the end of its list of entries is not where it says"), "{message}");
}

#[test]
fn a_stream_that_unpacks_to_more_than_its_header_says_ends_there() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let mut gz = GzEncoder::new(File::create(file.path()).unwrap(), Compression::default());
    gz.write_all(&idx_header(3)).unwrap();
    gz.write_all(&vec![0; 64 * MIB]).unwrap();
    gz.finish().unwrap();
    assert!(errors_of(file.path())[0].ends_with("goes on after the 3 values that shape [3] holds"));
    // Members of nothing, one after the other.
    let empty = GzEncoder::new(Vec::new(), Compression::fast()).finish().unwrap();
    file.as_file().set_len(0).unwrap();
    file.write_all(&empty.repeat(10_000)).unwrap();
    assert!(errors_of(file.path())[0].ends_with("the file ends within its header"));
}
