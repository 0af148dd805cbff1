//! Files are replaced whole, and what is in their place stays what it was: a link, a device, permissions.
#![cfg(unix)]

use std::fs::{self, File, Permissions};
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use autodiff::Tensor;
use nn::data::{npy, npz};
use nn::io::{Sink, replace, replace_all};

fn written(path: &Path) -> Result<(), String> {
    replace(path, |file| file.write_all(b"new")).map_err(|error| error.to_string())
}

/// The temporary files in a folder.
fn temporary(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(".writing-")).collect()
}

#[test]
fn a_link_stays_and_the_file_it_leads_to_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("runs")).unwrap();
    fs::write(path("runs/7"), "old").unwrap();
    symlink("7", path("runs/last")).unwrap();
    symlink("runs/last", path("model")).unwrap();
    written(&path("model")).unwrap();
    assert_eq!(fs::read_link(path("model")).unwrap(), Path::new("runs/last"));
    assert_eq!(fs::read_link(path("runs/last")).unwrap(), Path::new("7"));
    assert_eq!(fs::read(path("runs/7")).unwrap(), b"new");
    // A link to a file that is not there yet, and one to itself.
    symlink(path("runs/8"), path("next")).unwrap();
    written(&path("next")).unwrap();
    assert_eq!((fs::read(path("runs/8")).unwrap(), path("next").is_symlink()), (b"new".to_vec(), true));
    symlink("self", path("self")).unwrap();
    let message = written(&path("self")).unwrap_err();
    assert!(message.contains("ymbolic links") && path("self").is_symlink(), "{message}");
    // The readers and writers of data go the same way.
    npy::write(path("model"), &Tensor::scalar(2.0)).unwrap();
    assert!(path("model").is_symlink() && npy::read::<f64>(path("model")).unwrap() == Tensor::scalar(2.0));
    npz::write(path("model"), [("x", &Tensor::scalar(2.0))]).unwrap();
    assert!(path("model").is_symlink() && npz::read::<f64>(path("model")).unwrap().len() == 1);
}

#[test]
fn what_is_no_regular_file_is_rejected_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let link = folder.path().join("link");
    symlink(&fifo, &link).unwrap();
    for (path, kind) in
        [(Path::new("/dev/null"), "a device"), (&fifo, "a FIFO"), (&link, "a FIFO"), (folder.path(), "a folder")]
    {
        let due = format!("{}: is {kind}: only regular files are written", path.display());
        assert_eq!(written(path).unwrap_err(), due);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn permissions_are_kept_and_those_of_a_new_file_are_the_masks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    written(&path).unwrap();
    let usual = folder.path().join("usual");
    File::create(&usual).unwrap();
    assert_eq!(mode(&path), mode(&usual));
    for kept in [0o600, 0o640, 0o444, 0o777] {
        fs::set_permissions(&path, Permissions::from_mode(kept)).unwrap();
        written(&path).unwrap();
        assert_eq!(mode(&path), kept);
    }
}

#[test]
fn the_longest_name_is_written() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["n".repeat(255), "ä".repeat(127)] {
        written(&folder.path().join(name)).unwrap();
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    assert!(written(Path::new("/")).is_err() && written(Path::new("")).is_err());
}

/// Only for [`child`]: writes half a file and then waits for its end.
#[test]
fn half_a_file_for_the_other_tests() {
    if let Some(path) = std::env::var_os("NN_WRITE_HALF") {
        let wrong = replace(Path::new(&path), |file| {
            file.write_all(&[0; 1 << 16])?;
            file.flush()?;
            println!("half");
            std::io::stdin().read_to_end(&mut Vec::new()).map(drop)
        });
        wrong.unwrap();
    }
}

/// A process in the middle of a write.
fn child(path: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "files::replace::half_a_file_for_the_other_tests", "--nocapture"])
        .env("NN_WRITE_HALF", path);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut said, mut byte) = (Vec::new(), [0]);
    while !said.ends_with(b"half\n") {
        child.stdout.as_mut().unwrap().read_exact(&mut byte).unwrap();
        said.extend(byte);
    }
    child
}

#[test]
fn what_a_killed_process_left_is_removed_by_the_next_write_and_what_another_writes_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    fs::write(&path, "old").unwrap();
    let (mut killed, mut living) = (child(&path), child(&path));
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert_eq!((temporary(folder.path()).len(), fs::read(&path).unwrap()), (2, b"old".to_vec()));
    // Another name's next write leaves both, even one that begins alike.
    written(&folder.path().join("model-2")).unwrap();
    written(&folder.path().join("mode")).unwrap();
    assert_eq!(temporary(folder.path()).len(), 2);
    written(&path).unwrap();
    assert_eq!((temporary(folder.path()).len(), fs::read(&path).unwrap()), (1, b"new".to_vec()));
    // The other one ends its write.
    drop(living.stdin.take());
    assert!(living.wait().unwrap().success());
    assert_eq!((temporary(folder.path()).len(), fs::read(&path).unwrap()), (0, vec![0; 1 << 16]));
}

#[test]
fn writers_of_one_path_do_not_disturb_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    std::thread::scope(|scope| {
        for content in 0..4_u8 {
            let path = &path;
            scope.spawn(move || {
                for _ in 0..50 {
                    replace(path, |file| file.write_all(&[content; 100])).unwrap();
                }
            });
        }
    });
    let content = fs::read(&path).unwrap();
    assert!(content.len() == 100 && content.iter().all(|&byte| byte == content[0]));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn of_several_files_all_are_replaced_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let files: [(PathBuf, &[u8]); 3] = [(path("a"), b"new"), (path("b"), b"new"), (path("c"), b"new")];
    fs::write(path("b"), "old").unwrap();
    fs::create_dir(path("c")).unwrap();
    let replaced =
        || replace_all(files.iter().map(|(path, content)| (path, |file: &mut dyn Sink| file.write_all(content))));
    let message = replaced().unwrap_err().to_string();
    assert!(message.starts_with(&format!("{}: is a folder", path("c").display())), "{message}");
    let names = || fs::read_dir(folder.path()).unwrap().count();
    assert_eq!((names(), fs::read(path("b")).unwrap()), (2, b"old".to_vec()));
    fs::remove_dir(path("c")).unwrap();
    replaced().unwrap();
    assert!(names() == 3 && files.iter().all(|(path, content)| fs::read(path).unwrap() == *content));
}
