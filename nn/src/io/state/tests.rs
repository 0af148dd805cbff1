use autodiff::Params;

use super::*;
use crate::Linear;

/// What `python.py` writes, as registered here.
fn model(weight: &[f64; 6]) -> Params<f64> {
    let mut params = Params::new(0);
    let mut scope = params.scope("fc");
    scope.parameter("weight", [2, 3], |values, _| values.copy_from_slice(weight));
    scope.parameter("bias", [2], |values, _| values.copy_from_slice(&[0.1, 0.2]));
    params.scope("norm").state("running_mean", &[7.0].into());
    params
}

const PYTHON: &[u8] = include_bytes!("python.safetensors");
const WEIGHT: [f64; 6] = [0.5, -1.25, 3.0, 1e-3, 2.0, -0.0];

/// The error for a damaged file, from which nothing must be loaded.
fn error_of(content: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    std::fs::write(&path, content).unwrap();
    let mut params = model(&[9.0; 6]);
    let message = load(&mut params, &path).unwrap_err().to_string();
    assert_eq!(params.flat()[..6], [9.0; 6]);
    assert!(message.contains("model.safetensors"), "{message}");
    message
}

#[test]
fn a_file_is_the_one_that_python_writes_and_reads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    save(&model(&WEIGHT), &path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), PYTHON);
    let mut params = model(&[0.0; 6]);
    params.set_state(params.state_id("norm.running_mean").unwrap(), &[0.0].into()).unwrap();
    load(&mut params, &path).unwrap();
    assert_eq!(params.flat(), model(&WEIGHT).flat());
    assert_eq!(params.states().next().unwrap().2, [7.0]);
    // In another scalar as well, and nothing beside the file.
    let mut single = params.cast::<f32>();
    single.flat_mut().fill(0.0);
    load(&mut single, &path).unwrap();
    assert_eq!(single.flat(), params.cast::<f32>().flat());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn names_and_shapes_that_differ_are_listed_and_taken_only_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    save(&model(&WEIGHT), &path).unwrap();
    let mut other = Params::<f64>::new(0);
    Linear::new(other.scope("fc"), 4, 2);
    Linear::new(other.scope("head"), 2, 1);
    let before = other.flat().to_vec();
    let message = load(&mut other, &path).unwrap_err().to_string();
    assert!(message.contains("missing: head.weight, head.bias;"), "{message}");
    assert!(message.contains("unexpected: norm.running_mean;"), "{message}");
    assert!(message.contains("of another shape: fc.weight is [2, 4], in the file [2, 3]"), "{message}");
    assert_eq!(other.flat(), before);
    let differences = load_matching(&mut other, &path).unwrap();
    assert_eq!(differences.missing, ["head.weight", "head.bias"]);
    assert_eq!(other.flat()[8..10], [0.1, 0.2]);
}

#[test]
fn damaged_files_are_rejected() {
    for end in 0..PYTHON.len() {
        error_of(&PYTHON[..end]);
    }
    error_of(&[PYTHON, &[0]].concat());
    for index in 0..PYTHON.len() - 72 {
        // A changed header is an error or gives other numbers; it must not panic.
        let mut changed = PYTHON.to_vec();
        changed[index] ^= 0x15;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("changed");
        std::fs::write(&path, changed).unwrap();
        let _ = load(&mut model(&WEIGHT), &path);
    }
}

#[test]
fn headers_that_lie_are_rejected_without_the_memory_they_ask_for() {
    let with_header =
        |header: &str, data: &[u8]| [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat();
    error_of(&u64::MAX.to_le_bytes());
    error_of(&[&99_000_000_u64.to_le_bytes()[..], b"{}"].concat());
    error_of(&with_header(
        r#"{"fc.weight":{"dtype":"F64","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#,
        b"",
    ));
    error_of(&with_header(
        r#"{"fc.weight":{"dtype":"F64","shape":[2,3],"data_offsets":[0,9223372036854775807]}}"#,
        b"",
    ));
    error_of(&with_header(r#"{"fc.weight":{"dtype":"F64","shape":[2,3],"data_offsets":[48,0]}}"#, &[0; 48]));
    let half = with_header(r#"{"fc.bias":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}"#, &[0; 4]);
    assert!(error_of(&half).contains("fc.bias: has numbers of type F16; F32 and F64 are read"));
}

#[test]
fn a_file_that_cannot_be_replaced_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    std::fs::create_dir(&path).unwrap();
    assert!(save(&model(&WEIGHT), &path).is_err());
    assert!(save(&model(&WEIGHT), folder.path().join("none/model")).is_err());
    let wrong = crate::io::write(&folder.path().join("other"), |file| {
        std::io::Write::write_all(file, b"half")?;
        Err(Fault::new("the disk is full"))
    });
    assert!(wrong.is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
