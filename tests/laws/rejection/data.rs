//! Data sets, batches, files.

use std::path::{Path, PathBuf};

use autodiff::{Error, Params, Tensor};
use nn::data::*;
use nn::io;

use super::given::*;
use super::harness::cases;

fn set(samples: usize) -> Dataset<f64> {
    Dataset::new(ramp([samples, 4]), &vec![0; samples]).unwrap()
}

fn images() -> Dataset<f64> {
    Dataset::new(ramp([3, 1, 2, 4]), &[0, 1, 2]).unwrap()
}

/// Runs through an epoch.
fn epoch(batches: Batches, data: &Dataset<f64>, epoch: u64) -> Result<usize, Error> {
    Ok(batches.epoch(data, epoch)?.count())
}

fn padded(padding: usize) -> Batches {
    Batches::new(2).augmented(Augmentation { padding, flip: true }, u64::MAX)
}

/// What `run` does with a path in an empty folder.
fn in_folder<R>(run: impl FnOnce(&Path) -> R) -> R {
    let folder = tempfile::tempdir().unwrap();
    run(&folder.path().join("file"))
}

/// What `read` makes of a file of these bytes.
fn of_bytes<R>(bytes: &[u8], read: impl FnOnce(&Path) -> R) -> R {
    in_folder(|path| {
        std::fs::write(path, bytes).unwrap();
        read(path)
    })
}

/// A file that is not one to be replaced: whoever reads it waits for a writer.
fn fifo(path: &Path) -> &Path {
    std::process::Command::new("mkfifo").arg(path).status().unwrap();
    path
}

fn nothing(_: &mut dyn io::Sink) -> std::io::Result<()> {
    Ok(())
}

fn nowhere() -> PathBuf {
    PathBuf::from("/nowhere/at/all")
}

/// A safetensors file of one tensor, `x`.
fn stored() -> io::Safetensors {
    in_folder(|path| {
        io::Safetensors::write(path, [("x", &[1].into(), &[1e300][..])], []).unwrap();
        io::Safetensors::open(path).unwrap()
    })
}

/// The first bytes of an IDX file of `u8`, with these extents.
fn idx(extents: &[u32]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, extents.len() as u8];
    extents.iter().for_each(|extent| bytes.extend(extent.to_be_bytes()));
    bytes
}

/// The first bytes of an NPY file with this shape.
fn npy(shape: &str) -> Vec<u8> {
    let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes
}

cases! {
    Dataset::new {
        refuses "1 labels do not go with features of shape [2, 4]": Dataset::new(ramp([2, 4]), &[0]);
        refuses "shape []": Dataset::new(ramp([]), &[0]);
        refuses "16777217": Dataset::new(Tensor::full([1], 0.0_f32), &[(1 << 24) + 1]);
        refuses "18446744073709551615": Dataset::new(ramp([1]), &[MAX]);
        accepts: Dataset::new(ramp([0, HUGE]), &[]);
    }
    Dataset::labeled {
        refuses "label NaN of sample 0": Dataset::labeled(ramp([1]), &Tensor::from([NAN]));
        refuses "label -1 of sample 1": Dataset::labeled(ramp([2]), &Tensor::from([0.0, -1.0]));
        refuses "label inf": Dataset::labeled(ramp([1]), &Tensor::from([INF]));
        refuses "label 0.5": Dataset::labeled(ramp([1]), &Tensor::from([0.5]));
        refuses "[1, 1]": Dataset::labeled(ramp([1]), &ramp([1, 1]));
        refuses "2 labels": Dataset::labeled(ramp([1]), &Tensor::from([0.0, 0.0]));
    }
    Dataset::reshaped {
        refuses "[2, 3]": set(2).reshaped([3]);
        refuses "18446744073709551615": set(2).reshaped([MAX]);
        accepts: set(0).reshaped([HUGE]);
    }
    Dataset::standardized {
        returns: set(0).standardized();
        returns: Dataset::new(Tensor::full([2, 2], NAN), &[0, 0]).unwrap().standardized();
        returns: Dataset::new(Tensor::full([2, 2], INF), &[0, 0]).unwrap().standardized();
        returns: Dataset::new(ramp([2, 0]), &[0, 0]).unwrap().standardized();
    }
    Dataset::split {
        refuses "share is NaN": set(3).split(NAN, 0);
        refuses "share is -0.1": set(3).split(-0.1, 0);
        refuses "share is 1.1": set(3).split(1.1, 0);
        refuses "share is inf": set(3).split(INF, 0);
        refuses "leaves a part without any": set(0).split(0.5, u64::MAX);
        accepts: set(3).split(1.0, 0);
    }
    Dataset::subset {
        refuses "3": set(3).subset(&[0, 3]);
        refuses "18446744073709551615": set(3).subset(&[MAX]);
        accepts: set(3).subset(&[]);
        refuses "memory": Dataset::new(ramp([1, 1_000_000]), &[0]).unwrap().subset(&[0; 100]);
    }
    Dataset::batches { refuses "batch size is 0": set(3).batches(0, 0); returns: set(3).batches(MAX, u64::MAX).unwrap().count(); }
    Batches::new { refuses "batch size is 0": epoch(Batches::new(0), &set(3), 0); accepts: epoch(Batches::new(MAX), &set(3), u64::MAX); }
    Batches::shuffled { accepts: epoch(Batches::new(2).shuffled(u64::MAX), &set(3), u64::MAX); }
    Batches::drop_last { accepts: epoch(Batches::new(MAX).drop_last(), &set(3), 0); }
    Batches::augmented {
        refuses "padding is 2": epoch(padded(2), &images(), 0);
        refuses "padding is 18446744073709551615": epoch(padded(MAX), &images(), 0);
        refuses "[3, 4]": epoch(padded(0), &set(3), 0);
        accepts: epoch(padded(1), &images(), u64::MAX);
    }
    Batches::epoch { accepts: epoch(Batches::new(1), &set(0), 0); }
    Standardizer::fit {
        refuses "[3]": Standardizer::fit(&Dataset::new(ramp([3]), &[0; 3]).unwrap());
        refuses "[0, 4]": Standardizer::fit(&set(0));
        refuses "[2, 0]": Standardizer::fit(&Dataset::new(ramp([2, 0]), &[0; 2]).unwrap());
        returns: Standardizer::fit(&Dataset::new(Tensor::full([2, 2], NAN), &[0, 0]).unwrap());
    }
    Standardizer::apply {
        refuses "4": Standardizer::fit(&set(3)).unwrap().apply(images());
        accepts: Standardizer::fit(&set(3)).unwrap().apply(set(0));
    }
    Prefetch::new {
        accepts: Prefetch::new([1].into_iter(), 0);
        refuses "35184372088832": Prefetch::new([1].into_iter(), HUGE);
        refuses "18446744073709551615": Prefetch::new([1].into_iter(), MAX);
    }
    Digits::load { accepts: Digits::load::<f32>(); }

    cifar::read {
        refuses "/nowhere/at/all": cifar::read::<f64>(&[nowhere()]);
        refuses "3073": of_bytes(&[0; 100], |path| cifar::read::<f64>(&[path]));
        refuses "10": of_bytes(&[10; 3073], |path| cifar::read::<f64>(&[path]));
        returns: cifar::read::<f64>(&[] as &[PathBuf]);
        returns: of_bytes(&[], |path| cifar::read::<f64>(&[path]));
        refuses "/dev/zero": cifar::read::<f32>(&["/dev/zero"]);
        refuses "/: ": cifar::read::<f32>(&["/"]);
    }
    csv::with_header {
        refuses "/nowhere/at/all": csv::with_header::<f64>(nowhere(), "y");
        refuses "z": of_bytes(b"x,y\n1,2\n", |path| csv::with_header::<f64>(path, "z"));
        refuses "18446744073709551615": of_bytes(b"x,y\n1,2\n", |path| csv::with_header::<f64>(path, MAX));
        refuses "/file: ": of_bytes(b"", |path| csv::with_header::<f64>(path, "y"));
        refuses "/file: ": of_bytes(b"x,y\n", |path| csv::with_header::<f64>(path, "y"));
        refuses "1e999": of_bytes(b"x,y\n1e999,1\n", |path| csv::with_header::<f64>(path, "y"));
        refuses "1e30": of_bytes(b"x,y\n1,1e30\n", |path| csv::with_header::<f64>(path, "y"));
    }
    csv::without_header {
        refuses "nan": of_bytes(b"nan,1\n", |path| csv::without_header::<f64>(path, 1));
        refuses "18446744073709551615": of_bytes(b"1,1\n", |path| csv::without_header::<f64>(path, MAX));
        refuses "/file: ": of_bytes(b"1,1\n1\n", |path| csv::without_header::<f64>(path, 0));
        refuses "/file: ": of_bytes(&[255; 1000], |path| csv::without_header::<f64>(path, 0));
        refuses "/dev/zero": csv::without_header::<f32>("/dev/zero", 0);
    }
    idx::read {
        refuses "/nowhere/at/all": idx::read::<f64>(nowhere());
        refuses "/file: ": of_bytes(&idx(&[u32::MAX; 4]), |path| idx::read::<f64>(path));
        refuses "/file: ": of_bytes(&idx(&[1 << 31, 1]), |path| idx::read::<f64>(path));
        accepts: of_bytes(&idx(&[0, u32::MAX]), |path| idx::read::<f64>(path));
        refuses "/file: ": of_bytes(&idx(&[1; 255])[..8], |path| idx::read::<f64>(path));
        refuses "/dev/zero": idx::read::<f32>("/dev/zero");
        refuses "/: ": idx::read::<f32>("/");
    }
    idx::labeled {
        refuses "/nowhere/at/all": idx::labeled::<f64>(nowhere(), nowhere());
        refuses "/file: ": of_bytes(&idx(&[0, 3]), |path| idx::labeled::<f64>(path, path));
    }
    npy::read {
        refuses "/file: ": of_bytes(&npy("(18446744073709551615, 18446744073709551615)"), |path| npy::read::<f64>(path));
        refuses "/file: ": of_bytes(&npy("(99999999999999999999999,)"), |path| npy::read::<f64>(path));
        refuses "/file: ": of_bytes(&npy("(-1,)"), |path| npy::read::<f64>(path));
        refuses "/file: ": of_bytes(&npy("(35184372088832,)"), |path| npy::read::<f64>(path));
        accepts: of_bytes(&npy("(0, 35184372088832)"), |path| npy::read::<f64>(path));
        refuses "/dev/zero": npy::read::<f32>("/dev/zero");
    }
    npy::write {
        refuses "/nowhere/at/all": npy::write(nowhere(), &ramp([2]));
        refuses "/": npy::write("/", &ramp([2]));
        accepts: in_folder(|path| npy::write(path, &ramp([0, HUGE])));
        refuses "file": in_folder(|path| npy::write(fifo(path), &ramp([2])));
    }
    npz::read {
        refuses "/nowhere/at/all": npz::read::<f64>(nowhere());
        refuses "/file: ": of_bytes(b"PK", |path| npz::read::<f64>(path));
        refuses "/dev/zero": npz::read::<f32>("/dev/zero");
    }
    npz::write {
        refuses "a": in_folder(|path| npz::write(path, [("a", &ramp([1])), ("a", &ramp([1]))]));
        returns: in_folder(|path| npz::write(path, [("", &ramp([0]))]));
        returns: in_folder(|path| npz::write(path, [("../a", &ramp([0]))]));
        returns: in_folder(|path| npz::write(path, [(&*"a".repeat(70_000), &ramp([0]))]));
    }
    replace::replace {
        refuses "/nowhere/at/all": io::replace(&nowhere(), |_| Ok(()));
        returns: io::replace(Path::new(""), |_| Ok(()));
        refuses "full": in_folder(|path| io::replace(path, |_| Err(std::io::Error::other("full"))));
        accepts: in_folder(|path| io::replace(path, |file| file.write_all(&[])));
    }
    replace::replace_all {
        refuses "/nowhere/at/all": io::replace_all([(nowhere(), nothing)]);
        refuses "file": in_folder(|path| io::replace_all([(path, nothing), (fifo(path), nothing)]));
        accepts: in_folder(|path| io::replace_all([(path, nothing)]));
    }
    Safetensors::open {
        refuses "/nowhere/at/all": io::Safetensors::open(nowhere());
        refuses "/file: ": of_bytes(&[255; 100], |path| io::Safetensors::open(path));
        refuses "/dev/zero": io::Safetensors::open("/dev/zero");
    }
    Safetensors::write {
        refuses "x: shape [2] with 1 values": in_folder(|path| io::Safetensors::write(path, [("x", &[2].into(), &[1.0][..])], []));
        refuses "x: shape": in_folder(|path| io::Safetensors::write(path, [("x", &[MAX, MAX].into(), &[1.0][..])], []));
        refuses "/nowhere/at/all": io::Safetensors::write::<f32>(nowhere(), [], [("", "")]);
        accepts: in_folder(|path| io::Safetensors::write(path, [("", &[].into(), &[NAN][..])], [("format", "")]));
    }
    Safetensors::metadata { refuses "nothing": stored().metadata("x"); }
    Safetensors::shape { refuses "nothing": stored().shape("z"); }
    Safetensors::tensor {
        refuses "z: is missing": stored().tensor::<f64>("z");
        refuses "x: element [0] is 1e300": stored().tensor::<f32>("x");
    }
    state::save {
        refuses "/nowhere/at/all": io::save(&model().0, nowhere());
        refuses "fc.weight": in_folder(|path| io::save(&registered(|p| p.scope("fc").parameter("weight", [1], |x, _| x.fill(NAN))), path));
        refuses "__metadata__": in_folder(|path| io::save(&registered(|p| p.scope("").parameter("__metadata__", [1], |_, _| {})), path));
        accepts: in_folder(|path| io::save(&Params::<f32>::default(), path));
    }
    state::load {
        refuses "/nowhere/at/all": io::load(&mut model().0, nowhere());
        refuses "/file: ": of_bytes(&[255; 100], |path| io::load(&mut model().0, path));
        refuses "/file: ": of_bytes(&[], |path| io::load(&mut model().0, path));
        refuses "/dev/zero": io::load(&mut model().0, "/dev/zero");
        refuses "fc.weight": in_folder(|path| {
            io::save(&Params::<f64>::default(), path)?;
            io::load(&mut model().0, path)
        });
        refuses "fc.weight": in_folder(|path| {
            let mut large = model().0;
            large.flat_mut().fill(1e300);
            io::save(&large, path)?;
            io::load(&mut model().0.cast::<f32>(), path)
        });
    }
    state::load_matching {
        refuses "/nowhere/at/all": io::load_matching(&mut model().0, nowhere());
        refuses "/file: ": of_bytes(&u64::MAX.to_le_bytes(), |path| io::load_matching(&mut model().0, path));
        accepts: in_folder(|path| {
            io::save(&Params::<f64>::default(), path)?;
            io::load_matching(&mut model().0, path)
        });
    }
    summary::summary { returns: nn::summary(&Params::<f64>::default()).to_string(); returns: nn::summary(&registered(|p| p.scope("a").parameter("b", [0, HUGE], |_, _| {}))).to_string(); }
}
