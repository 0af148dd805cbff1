//! Damaged and forged checkpoints: each is restored or refused, without a panic, and a refused one changes nothing.
//!
//! There are 20,000 cases; `CHECKPOINT_CASES=1000000 cargo test -p train damage` tries a million.

use std::collections::HashMap;
use std::io::Write;

use autodiff::{Params, Tensor};
use nn::data::{Batches, Dataset};
use nn::loss::cross_entropy;
use nn::{BatchNorm, Linear, Module};
use optim::{Adam, AdamRule};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use serde_json::{Value, json};
use train::{Callback, Trainer, TrainingState};

use super::allocator::held;

type Net = (Linear, BatchNorm, Linear);

fn begin() -> (TrainingState<f32, AdamRule>, Net) {
    let mut params = Params::new(3);
    let first = (Linear::new(params.scope("fc1"), 3, 4), BatchNorm::new(params.scope("bn"), 4));
    let model = (first.0, first.1, Linear::new(params.scope("fc2"), 4, 2));
    (TrainingState::new(params, Adam::new(0.01)), model)
}

struct Loss;

impl Callback<f32> for Loss {
    fn evaluate(&mut self, params: &Params<f32>) -> Result<Vec<(String, f64)>, autodiff::Error> {
        Ok(vec![("sum".to_owned(), params.flat().iter().map(|&x| f64::from(x)).sum())])
    }
}

/// Up to four epochs of three steps.
fn fit(
    state: &mut TrainingState<f32, AdamRule>,
    model: &Net,
    epochs: u64,
    path: Option<&std::path::Path>,
) -> Result<(), autodiff::Error> {
    let data = Dataset::new(Tensor::from_fn([12, 3], |k| (k as f32).sin()), &[0, 1].repeat(6))?;
    let trainer = Trainer::new(epochs, Batches::new(4).shuffled(7)).early_stopping("sum", 9, 0.0).quiet();
    let trainer = path.map_or(trainer.clone(), |path| trainer.checkpoint(path, 2));
    trainer.fit(state, &data, |x, y| cross_entropy(model.forward(x), y), &mut Loss)
}

/// Everything that a checkpoint may change, as bits.
fn bits(state: &TrainingState<f32, AdamRule>) -> Vec<u64> {
    let numbers = state.params.flat().iter().chain(state.params.states().flat_map(|(_, _, values)| values));
    let numbers =
        numbers.chain(state.optimizer.buffers().flat_map(|(_, buffer)| buffer)).map(|x| u64::from(x.to_bits()));
    let counts =
        [state.params.step(), state.optimizer.steps(), state.optimizer.rate().to_bits(), state.stopped().into()];
    let history =
        state.history().iter().flat_map(|epoch| [epoch.epoch, epoch.loss.to_bits(), epoch.metrics.len() as u64]);
    numbers.chain(counts).chain(history).collect()
}

/// Header and tensors of a checkpoint, to be changed and put together again with a valid checksum.
struct Parts {
    header: Value,
    tensors: Vec<(String, safetensors::Dtype, Vec<usize>, Vec<u8>)>,
}

impl Parts {
    fn new(content: &[u8]) -> Option<Self> {
        let (_, metadata) = SafeTensors::read_metadata(content).ok()?;
        let header = serde_json::from_str(metadata.metadata().as_ref()?.get("training_state")?).ok()?;
        let file = SafeTensors::deserialize(content).ok()?;
        let mut tensors: Vec<_> = file
            .tensors()
            .into_iter()
            .map(|(name, view)| (name, view.dtype(), view.shape().to_vec(), view.data().to_vec()))
            .collect();
        tensors.sort_by(|a, b| a.0.cmp(&b.0));
        Some(Parts { header, tensors })
    }

    /// The same parts with one change.
    fn mutated(mut self, random: &mut StdRng) -> Self {
        let index = random.random_range(0..self.tensors.len());
        let (name, dtype, shape, data) = &mut self.tensors[index];
        match random.random_range(0..12) {
            0..6 => {
                let mut found = Vec::new();
                leaves(&self.header, "", &mut found);
                *self.header.pointer_mut(&pick(random, found)).unwrap() = extreme(random);
            }
            6 => name.push('x'),
            7 => *dtype = pick(random, vec![safetensors::Dtype::I32, safetensors::Dtype::U32]),
            8 => shape.reverse(),
            9 => shape.push(1),
            10 => {
                let number = pick(random, vec![f32::NAN, f32::INFINITY, f32::MAX, 1e30, 0.1, -0.0, 3e38]);
                data.chunks_mut(4).take(1).for_each(|own| own.copy_from_slice(&number.to_le_bytes()));
            }
            _ => drop(self.tensors.remove(index)),
        }
        self
    }

    /// The content of the file, or `None` if safetensors cannot write it.
    fn content(mut self) -> Option<Vec<u8>> {
        self.tensors.sort_by(|a, b| a.0.cmp(&b.0));
        let header = self.header.to_string();
        let mut sum = crc32c::crc32c(header.as_bytes());
        for (name, _, _, bytes) in &self.tensors {
            sum = crc32c::crc32c_append(crc32c::crc32c_append(sum, name.as_bytes()), bytes);
        }
        let views = self.tensors.iter().map(|(name, dtype, shape, bytes)| {
            Some((name.clone(), TensorView::new(*dtype, shape.clone(), bytes).ok()?))
        });
        let views = views.collect::<Option<Vec<_>>>()?;
        let sum = format!("{sum:08x}");
        let entries =
            [("format", "pt"), ("model_prefix", "model."), ("training_state", header.as_str()), ("crc32c", &sum)];
        let about = HashMap::from(entries.map(|(key, value)| (key.to_owned(), value.to_owned())));
        safetensors::serialize(views, Some(about)).ok()
    }
}

/// The JSON pointers of all values in a header.
fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Array(items) if !items.is_empty() => {
            items.iter().enumerate().for_each(|(index, item)| leaves(item, &format!("{path}/{index}"), found));
        }
        Value::Object(items) if !items.is_empty() => {
            items.iter().for_each(|(name, item)| leaves(item, &format!("{path}/{name}"), found));
        }
        _ => found.push(path.to_owned()),
    }
}

fn pick<V>(random: &mut StdRng, values: Vec<V>) -> V {
    let index = random.random_range(0..values.len());
    values.into_iter().nth(index).unwrap()
}

fn extreme(random: &mut StdRng) -> Value {
    let bits = |x: f64| json!(x.to_bits());
    let values = vec![
        json!(u64::MAX),
        json!(u64::MAX - 1),
        json!(i64::MAX),
        json!(0),
        json!(1),
        json!(2),
        json!(-1),
        json!(0.5),
        json!(1e300),
        json!(null),
        json!(""),
        json!("f64"),
        json!([]),
        json!({}),
        json!([[0, 0, []]]),
        json!(true),
        bits(f64::NAN),
        bits(f64::INFINITY),
        bits(-1.0),
        json!(random.random::<u64>()),
    ];
    pick(random, values)
}

/// A checkpoint with one to three changes in its header, tensors, or bytes.
fn mutated(whole: &[u8], random: &mut StdRng) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..random.random_range(1..4) {
        if random.random_bool(0.5) {
            mutate_bytes(&mut bytes, random);
        } else {
            // Bytes that cannot be taken apart stay as they are.
            let parts = Parts::new(&bytes).filter(|parts| !parts.tensors.is_empty());
            bytes = parts.and_then(|parts| parts.mutated(random).content()).unwrap_or(bytes);
        }
    }
    bytes
}

fn mutate_bytes(bytes: &mut Vec<u8>, random: &mut StdRng) {
    let index = random.random_range(0..bytes.len());
    match random.random_range(0..4) {
        0 => bytes[index] ^= 1 << random.random_range(0..8),
        1 => bytes.truncate(index + 1),
        2 => {
            let end = bytes.len().min(index + random.random_range(1..64));
            bytes[index..end].fill(random.random());
        }
        _ => {
            // The length of the header.
            let length = pick(random, vec![0, 1, u64::MAX, 1 << 62, 100_000_001, bytes.len() as u64]);
            bytes.iter_mut().zip(length.to_le_bytes()).for_each(|(byte, new)| *byte = new);
        }
    }
}

#[test]
fn a_mutated_checkpoint_is_restored_or_refused_and_then_changes_nothing() {
    let cases: u64 = std::env::var("CHECKPOINT_CASES").map_or(20_000, |cases| cases.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.safetensors");
    let (mut state, model) = begin();
    fit(&mut state, &model, 2, Some(&path)).unwrap();
    let whole = std::fs::read(&path).unwrap();
    assert_eq!(Parts::new(&whole).unwrap().content().unwrap().len(), whole.len());
    let before = bits(&begin().0);
    let (mut taken, mut ended, mut most) = (0_u64, 0_u64, 0);
    for case in 0..cases {
        let mut random = StdRng::seed_from_u64(case);
        let content = mutated(&whole, &mut random);
        // A file that is truncated and written again is synced by some file systems.
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, &content).unwrap();
        let (mut state, model) = begin();
        let (result, bytes) = held(|| state.resume(&path));
        most = most.max(bytes);
        // Values, their bytes and their names several times over, and an error: the file has some kilobytes.
        assert!(bytes < 12 * whole.len().max(content.len()), "case {case}: {bytes} bytes for {}", content.len());
        match result {
            Ok(()) => {
                taken += 1;
                // It trains to the end, or gives an error.
                ended += u64::from(fit(&mut state, &model, 4, None).is_ok());
            }
            Err(error) => {
                assert_eq!(bits(&state), before, "case {case}: {error}");
                assert!(error.to_string().contains("run.safetensors"), "case {case}: {error}");
            }
        }
    }
    let line = format!(
        "damage: {cases} cases, {} refused, {taken} restored, of which {ended} trained to the end; at most {most} bytes held for {}\n",
        cases - taken,
        whole.len()
    );
    let _ = std::io::stderr().write_all(line.as_bytes());
    // The mutations reach both.
    assert!(taken > cases / 1000 && cases - taken > cases / 2, "{line}");
}

/// A header with each number in turn at its maximum, and a valid checksum.
#[test]
fn numbers_at_their_maximum_are_errors_of_the_file_or_of_the_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.safetensors");
    let (mut state, model) = begin();
    fit(&mut state, &model, 2, Some(&path)).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let fields = ["step", "optimizer_steps", "rate", "current_rate", "epoch", "batch", "loss", "samples", "waited"];
    for field in fields {
        for number in [u64::MAX, u64::MAX - 1] {
            let mut parts = Parts::new(&whole).unwrap();
            assert!(parts.header[field].is_u64(), "{field}");
            parts.header[field] = json!(number);
            std::fs::write(&path, parts.content().unwrap()).unwrap();
            let (mut state, model) = begin();
            let resumed = state.resume(&path);
            let counted_on = ["step", "optimizer_steps", "current_rate"].contains(&field);
            assert_eq!(resumed.is_ok(), counted_on, "{field}: {resumed:?}");
            let ended = fit(&mut state, &model, 4, None);
            if field.ends_with("step") || field.ends_with("steps") {
                let message = ended.unwrap_err().to_string();
                assert!(message.contains("so that one more can be counted"), "{field}: {message}");
            }
        }
    }
}
