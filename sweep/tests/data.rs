//! Data from files.

use std::fs;
use std::path::Path;

use autodiff::Tensor;
use nn::data::npz;
use sweep::Settings;

fn swept(folder: &Path, data: &str, layer: &str) -> Result<f64, String> {
    let cases = [("depth", "1"), ("width", "8"), ("batch", "16"), ("steps", "40"), ("activation", "relu")];
    let settings = cases.into_iter().chain([("learning_rate", "0.1"), ("data", data), ("layer", layer)]);
    let settings = settings.fold(Settings::default().out(folder.join("out")), |settings, (name, value)| {
        settings.with(name, value).unwrap()
    });
    let results = Settings { seeds: 1, ..settings }.run().map_err(|error| error.to_string())?;
    Ok(results.summaries[0].trained.as_ref().and_then(|phase| phase.scores).unwrap().test.accuracy)
}

/// Whether the first feature is positive.
fn samples() -> (Vec<[f64; 4]>, Vec<usize>) {
    let feature = |k: usize, j: usize| ((k * 37 + j * 101) % 97) as f64 - 48.0;
    let features: Vec<[f64; 4]> = (0..200).map(|k| [0, 1, 2, 3].map(|j| feature(k, j))).collect();
    let labels = features.iter().map(|sample| usize::from(sample[0] > 0.0)).collect();
    (features, labels)
}

#[test]
fn a_table_and_an_archive_are_learned() {
    let folder = tempfile::tempdir().unwrap();
    let (features, labels) = samples();
    let rows = features.iter().zip(&labels).map(|(x, label)| format!("{},{label},{},{},{}", x[0], x[1], x[2], x[3]));
    let csv = folder.path().join("data.csv");
    fs::write(&csv, format!("a,label,b,c,d\n{}\n", rows.collect::<Vec<_>>().join("\n"))).unwrap();
    let archive = folder.path().join("data.npz");
    let labels = Tensor::<f64>::from_indices(&labels).unwrap();
    npz::write(&archive, [("features", &Tensor::from_rows(&features).unwrap()), ("labels", &labels)]).unwrap();
    for data in [format!("csv:{}", csv.display()), format!("npz:{}", archive.display())] {
        let accuracy = swept(folder.path(), &data, "dense").unwrap();
        assert!(accuracy > 0.85, "{data}: {accuracy}");
    }
    let refused = swept(folder.path(), &format!("csv:{}", csv.display()), "conv").unwrap_err();
    assert!(refused.contains("convolutions need images"), "{refused}");
}

/// An IDX file of bytes.
fn idx(path: &Path, shape: &[u32], bytes: &[u8]) {
    let extents = shape.iter().flat_map(|extent| extent.to_be_bytes());
    let content: Vec<u8> =
        [0, 0, 8, shape.len() as u8].into_iter().chain(extents).chain(bytes.iter().copied()).collect();
    fs::write(path, content).unwrap();
}

#[test]
fn folders_of_images_are_learned() {
    let folder = tempfile::tempdir().unwrap();
    // Images that are light on one side.
    let image = |k: usize, side: usize| {
        move |pixel: usize| if (pixel % side < side / 2) == k.is_multiple_of(2) { 200 + (k % 50) as u8 } else { 7 }
    };
    for (name, count) in [("train", 80_usize), ("t10k", 20)] {
        let pixels: Vec<u8> = (0..count).flat_map(|k| (0..36).map(image(k, 6))).collect();
        idx(&folder.path().join(format!("{name}-images-idx3-ubyte")), &[count as u32, 6, 6], &pixels);
        let labels: Vec<u8> = (0..count).map(|k| (k % 2) as u8).collect();
        idx(&folder.path().join(format!("{name}-labels-idx1-ubyte")), &[count as u32], &labels);
    }
    for (name, count) in [("data_batch_1", 80_usize), ("test_batch", 20)] {
        let record = |k: usize| std::iter::once((k % 2) as u8).chain((0..3 * 1024).map(image(k, 32)));
        fs::write(folder.path().join(format!("{name}.bin")), (0..count).flat_map(record).collect::<Vec<u8>>()).unwrap();
    }
    for format in ["idx", "cifar"] {
        for layer in ["dense", "conv"] {
            let accuracy = swept(folder.path(), &format!("{format}:{}", folder.path().display()), layer).unwrap();
            assert!(layer == "conv" || accuracy > 0.9, "{format} {layer}: {accuracy}");
        }
    }
    let missing = swept(folder.path(), "idx:/nowhere", "dense").unwrap_err();
    assert!(missing.starts_with("--data idx:/nowhere: "), "{missing}");
}
