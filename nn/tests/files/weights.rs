//! What safetensors can hold of parameters, and what parameters can take of it.

use std::fs;
use std::path::{Path, PathBuf};

use autodiff::{Dual, Params, Real, Shape};
use nn::io::{self, Safetensors};

use crate::files::allocator::peak;

/// Parameters `a` of shape `[2, 2]` and `b` of `[2]`, all of this value.
fn params<T: Real>(value: f64) -> Params<T> {
    let mut params = Params::new(0);
    let mut root = params.scope("m");
    root.parameter("a", [2, 2], |values, _| values.fill(value));
    root.parameter("b", [2], |values, _| values.fill(value));
    params
}

fn file(folder: &Path, header: &str, content: &[u8]) -> PathBuf {
    let path = folder.join("model.safetensors");
    fs::write(&path, [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), content].concat()).unwrap();
    path
}

#[test]
fn the_same_contents_are_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("some.safetensors");
    let write = |keys: &[&'static str]| {
        let (shape, values) = (Shape::new(&[2]), [1.0_f32, 2.0]);
        let metadata = keys.iter().map(|key| (*key, "value"));
        Safetensors::write(&path, [("a", &shape, &values[..])], metadata).unwrap();
        fs::read(&path).unwrap()
    };
    let written = write(&["one", "two", "three", "four", "five", "six"]);
    let start = r#"{"__metadata__":{"five":"value","format":"pt","four":"value","one":"value","six":"value","#;
    assert!(written[8..].starts_with(start.as_bytes()), "{}", String::from_utf8_lossy(&written));
    assert!(write(&["six", "five", "four", "three", "two", "one"]) == written);
    assert_eq!(Safetensors::open(&path).unwrap().metadata("four"), Some("value"));
}

#[test]
fn the_type_in_the_file_is_that_of_the_scalar_whatever_its_size() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let typed = |kind: &str| String::from_utf8_lossy(&fs::read(&path).unwrap()).matches(kind).count();
    let mut duals = params::<Dual<f32>>(0.1);
    duals.flat_mut()[0] = Dual::new(0.5, 7.0);
    io::save(&duals, &path).unwrap();
    assert_eq!(typed("\"F32\""), 2);
    let mut singles = params::<f32>(0.0);
    io::load(&mut singles, &path).unwrap();
    assert_eq!(singles.flat(), [0.5, 0.1, 0.1, 0.1, 0.1, 0.1]);
    io::load(&mut duals, &path).unwrap();
    assert_eq!((duals.flat()[0].value, duals.flat()[0].tangent), (0.5, 0.0));
    io::save(&params::<Dual<Dual<f64>>>(0.1), &path).unwrap();
    assert_eq!(typed("\"F64\""), 2);
    let mut doubles = params::<f64>(0.0);
    io::load(&mut doubles, &path).unwrap();
    assert_eq!(doubles.flat(), [0.1; 6]);
}

#[test]
fn a_number_past_the_range_of_the_scalar_is_rejected_by_name_and_element() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let mut large = params::<f64>(0.5);
    large.flat_mut()[2] = -1e300;
    io::save(&large, &path).unwrap();
    let mut singles = params::<f32>(3.0);
    let due = format!("{}: m.a: element [1, 0] is -1e300: f32 does not hold it", path.display());
    assert_eq!(io::load(&mut singles, &path).unwrap_err().to_string(), due);
    assert_eq!(io::load_matching(&mut singles, &path).unwrap_err().to_string(), due);
    assert_eq!(singles.flat(), [3.0; 6]);
    let mut doubles = params::<f64>(3.0);
    io::load(&mut doubles, &path).unwrap();
    assert_eq!(doubles.flat(), large.flat());
}

#[test]
fn a_name_that_the_format_keeps_is_rejected_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let mut reserved = Params::<f32>::new(0);
    reserved.scope("__metadata__").parameter("w", [1], |_, _| ());
    io::save(&reserved, &path).unwrap();
    io::load(&mut reserved, &path).unwrap();
    fs::remove_file(&path).unwrap();
    let mut reserved = Params::<f32>::new(0);
    reserved.scope("").parameter("__metadata__", [1], |_, _| ());
    let due =
        "parameter __metadata__: cannot be saved: safetensors keeps this name for itself; register it under another";
    assert_eq!(io::save(&reserved, &path).unwrap_err().to_string(), due);
    let mut reserved = Params::<f32>::new(0);
    reserved.scope("").state("__metadata__", &[1.0].into());
    assert_eq!(io::save(&reserved, &path).unwrap_err().to_string(), due);
    assert!(!path.exists());
    // Every other name is kept, whatever is in it.
    for name in ["", " ", "\"", "\\", "\n", "\0", "ä😀", "a.b", "format"] {
        let mut odd = Params::<f32>::new(0);
        odd.scope(name).parameter(name, [1], |values, _| values.fill(2.0));
        io::save(&odd, &path).unwrap();
        odd.flat_mut().fill(0.0);
        io::load(&mut odd, &path).unwrap();
        assert_eq!(odd.flat(), [2.0], "{name:?}");
    }
}

#[test]
fn a_name_that_is_there_twice_is_rejected() {
    let folder = tempfile::tempdir().unwrap();
    let a = r#""m.a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}"#;
    let b = r#""m.b":{"dtype":"F32","shape":[2],"data_offsets":[16,24]}"#;
    let twice = file(folder.path(), &format!("{{{a},{b},{a}}}"), &[0; 24]);
    let message = io::load(&mut params::<f32>(0.0), twice).unwrap_err().to_string();
    assert!(message.contains("not a safetensors file: two tensors are named m.a at line 1"), "{message}");
    let once = file(folder.path(), &format!("{{{a},{b}}}"), &[0; 24]);
    io::load(&mut params::<f32>(0.0), once).unwrap();
}

#[test]
fn headers_with_numbers_near_the_largest_are_rejected() {
    let folder = tempfile::tempdir().unwrap();
    for end in [u64::MAX, u64::MAX - 7, u64::MAX / 2, 1 << 61, (1 << 61) - 1] {
        for shape in ["[2,2]".into(), format!("[{end}]"), format!("[{end},2]"), format!("[0,{end}]")] {
            for kind in ["F32", "F64", "U8"] {
                let header = format!(r#"{{"m.a":{{"dtype":"{kind}","shape":{shape},"data_offsets":[0,{end}]}}}}"#);
                let path = file(folder.path(), &header, &[0; 16]);
                assert!(io::load(&mut params::<f32>(0.0), path).is_err(), "{header}");
            }
        }
    }
    // Eight of these reach past the largest number.
    let size = u64::MAX / 8 - 7;
    let entry =
        |k: u64| format!(r#""{k}":{{"dtype":"U8","shape":[{size}],"data_offsets":[{},{}]}}"#, k * size, (k + 1) * size);
    let header = format!("{{{}}}", (0..8).map(entry).collect::<Vec<_>>().join(","));
    let path = file(folder.path(), &header, &[]);
    assert!(io::load_matching(&mut params::<f32>(0.0), path).is_err());
}

#[test]
fn of_a_larger_file_only_what_fits_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let size = 64 << 20;
    let header = format!(
        r#"{{"m.b":{{"dtype":"F32","shape":[2],"data_offsets":[0,8]}},"rest":{{"dtype":"U8","shape":[{size}],"data_offsets":[8,{}]}}}}"#,
        size + 8
    );
    let path = file(folder.path(), &header, &[&1_f32.to_le_bytes()[..], &2_f32.to_le_bytes()].concat());
    let start = fs::metadata(&path).unwrap().len();
    fs::File::options().write(true).open(&path).unwrap().set_len(start + size).unwrap();
    let mut small = params::<f32>(0.0);
    let (differences, held) = peak(1 << 20, || io::load_matching(&mut small, &path).unwrap());
    assert_eq!((differences.missing, differences.unexpected), (vec!["m.a".to_owned()], vec!["rest".to_owned()]));
    assert_eq!(small.flat()[4..], [1.0, 2.0]);
    assert!(held < 1 << 18, "{held}");
}

#[test]
fn saving_and_loading_take_no_second_copy_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let mut large = Params::<f64>::new(0);
    for name in ["a", "b", "c", "d"] {
        large.scope(name).parameter("w", [1 << 17], |values, _| values.fill(1.0));
    }
    let size = size_of_val(large.flat());
    let (saved, held) = peak(1 << 20, || io::save(&large, &path));
    saved.unwrap();
    assert!(held < 1 << 17, "{held}");
    // All numbers once more, and one parameter as it is in the file.
    let (loaded, held) = peak(size + size / 4 + (1 << 17), || io::load(&mut large, &path));
    loaded.unwrap();
    assert!(held > size, "{held}");
}

#[test]
fn long_names_are_shortened_in_messages() {
    let folder = tempfile::tempdir().unwrap();
    let name = "n".repeat(1 << 20);
    let kind = format!(r#"{{"m.a":{{"dtype":"{name}","shape":[2,2],"data_offsets":[0,16]}}}}"#);
    let unexpected = format!(r#"{{"{name}":{{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}}}"#);
    let twice = unexpected.replace('}', "},").replace(",},", &format!(",{}", &unexpected[1..]));
    let many: Vec<_> =
        (0..1000).map(|k| format!(r#""{k}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#)).collect();
    for header in [kind, unexpected, twice, format!("{{{}}}", many.join(","))] {
        let path = file(folder.path(), &header, &[0; 16]);
        let message = io::load(&mut params::<f32>(0.0), path).unwrap_err().to_string();
        assert!(message.len() < 5000, "{} bytes: {}", message.len(), &message[..200]);
    }
}
