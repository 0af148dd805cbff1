//! Damaged and forged checkpoints: each is taken whole or refused, without a panic, and a refused one changes nothing.
//!
//! The gate tries 20,000; `CHECKPOINT_CASES=1000000 cargo test -p train damage` as many as it says.
#![allow(unsafe_code, reason = "a counting allocator can only be written with unsafe; it passes every call on")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
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
use train::{Run, Trainer, Watch};

/// Counts the bytes that each thread holds, and the most that it held.
struct Counting;

thread_local! {
    static HELD: Cell<[usize; 2]> = const { Cell::new([0; 2]) };
}

// SAFETY: every call goes to the system allocator unchanged; counting touches thread-local integers only.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.with(|held| {
            let [now, most] = held.get();
            let now = now.saturating_add(layout.size());
            held.set([now, most.max(now)]);
        });
        // SAFETY: the caller's contract is that of `System`.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.with(|held| held.set([held.get()[0].saturating_sub(layout.size()), held.get()[1]]));
        // SAFETY: as above.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most bytes that `work` held at once.
fn held<R>(work: impl FnOnce() -> R) -> (R, usize) {
    let before = HELD.with(Cell::get)[0];
    HELD.with(|held| held.set([before; 2]));
    let result = work();
    (result, HELD.with(Cell::get)[1] - before)
}

type Net = (Linear, BatchNorm, Linear);

fn begin() -> (Run<f32, AdamRule>, Net) {
    let mut params = Params::new(3);
    let first = (Linear::new(params.scope("fc1"), 3, 4), BatchNorm::new(params.scope("bn"), 4));
    let model = (first.0, first.1, Linear::new(params.scope("fc2"), 4, 2));
    (Run::new(params, Adam::new(0.01)), model)
}

struct Loss;

impl Watch<f32> for Loss {
    fn evaluate(&mut self, params: &Params<f32>) -> Result<Vec<(String, f64)>, autodiff::Error> {
        Ok(vec![("sum".to_owned(), params.flat().iter().map(|&x| f64::from(x)).sum())])
    }
}

/// Up to four epochs of three steps.
fn fit(
    run: &mut Run<f32, AdamRule>,
    model: &Net,
    epochs: u64,
    path: Option<&std::path::Path>,
) -> Result<(), autodiff::Error> {
    let data = Dataset::new(Tensor::from_fn([12, 3], |k| (k as f32).sin()), &[0, 1].repeat(6))?;
    let trainer = Trainer::new(epochs, Batches::new(4).shuffled(7)).early_stopping("sum", 9, 0.0).quiet();
    let trainer = path.map_or(trainer.clone(), |path| trainer.checkpoint(path, 2));
    trainer.fit(run, &data, |x, y| cross_entropy(model.forward(x), y), &mut Loss)
}

/// All that a checkpoint may change.
fn bits(run: &Run<f32, AdamRule>) -> Vec<u64> {
    let numbers = run.params.flat().iter().chain(run.params.states().flat_map(|(_, _, values)| values));
    let numbers = numbers.chain(run.optimizer.buffers().flat_map(|(_, values)| values)).map(|x| u64::from(x.to_bits()));
    let counts = [run.params.step(), run.optimizer.steps(), run.optimizer.rate().to_bits(), run.stopped().into()];
    let history =
        run.history().iter().flat_map(|epoch| [epoch.epoch, epoch.loss.to_bits(), epoch.metrics.len() as u64]);
    numbers.chain(counts).chain(history).collect()
}

/// Header and tensors of a checkpoint, taken apart to be changed and put together with a right checksum.
struct Parts {
    header: Value,
    tensors: Vec<(String, safetensors::Dtype, Vec<usize>, Vec<u8>)>,
}

impl Parts {
    fn of(content: &[u8]) -> Option<Self> {
        let (_, metadata) = SafeTensors::read_metadata(content).ok()?;
        let header = serde_json::from_str(metadata.metadata().as_ref()?.get("run")?).ok()?;
        let file = SafeTensors::deserialize(content).ok()?;
        let mut tensors: Vec<_> = file
            .tensors()
            .into_iter()
            .map(|(name, view)| (name, view.dtype(), view.shape().to_vec(), view.data().to_vec()))
            .collect();
        tensors.sort_by(|a, b| a.0.cmp(&b.0));
        Some(Parts { header, tensors })
    }

    /// The content, if it can be one.
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
        let entries = [("format", "pt"), ("model_prefix", "model."), ("run", &header), ("crc32c", &sum)];
        let about = entries.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let about = HashMap::from(about);
        safetensors::serialize(views, Some(about)).ok()
    }
}

/// The paths of all values inside a header, to be followed by `pointer_mut`.
fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Array(items) if !items.is_empty() => {
            items.iter().enumerate().for_each(|(place, item)| leaves(item, &format!("{path}/{place}"), found));
        }
        Value::Object(items) if !items.is_empty() => {
            items.iter().for_each(|(name, item)| leaves(item, &format!("{path}/{name}"), found));
        }
        _ => found.push(path.to_owned()),
    }
}

fn pick<V>(random: &mut StdRng, of: Vec<V>) -> V {
    let place = random.random_range(0..of.len());
    of.into_iter().nth(place).unwrap()
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
        match random.random_range(0..8) {
            0 => {
                let place = random.random_range(0..bytes.len());
                bytes[place] ^= 1 << random.random_range(0..8);
            }
            1 => bytes.truncate(random.random_range(1..=bytes.len())),
            2 => {
                let (start, len) = (random.random_range(0..bytes.len()), random.random_range(1..64));
                let end = bytes.len().min(start + len);
                bytes[start..end].fill(random.random());
            }
            3 => {
                // The length of the header.
                let length = pick(random, vec![0, 1, u64::MAX, 1 << 62, 100_000_001, whole.len() as u64]);
                bytes.iter_mut().zip(length.to_le_bytes()).for_each(|(byte, new)| *byte = new);
            }
            number => {
                // Only what can still be taken apart.
                let Some(mut parts) = Parts::of(&bytes).filter(|parts| !parts.tensors.is_empty()) else { return bytes };
                match number {
                    4 | 5 => {
                        let value = extreme(random);
                        let mut found = Vec::new();
                        leaves(&parts.header, "", &mut found);
                        *parts.header.pointer_mut(&pick(random, found)).unwrap() = value;
                    }
                    6 => {
                        let place = random.random_range(0..parts.tensors.len());
                        let (name, dtype, shape, data) = &mut parts.tensors[place];
                        match random.random_range(0..5) {
                            0 => name.push('x'),
                            1 => *dtype = pick(random, vec![safetensors::Dtype::I32, safetensors::Dtype::U32]),
                            2 => shape.reverse(),
                            3 => shape.push(1),
                            _ => {
                                let number =
                                    pick(random, vec![f32::NAN, f32::INFINITY, f32::MAX, 1e30, 0.1, -0.0, 3e38]);
                                let number = number.to_le_bytes();
                                data.chunks_mut(4).take(1).for_each(|own| own.copy_from_slice(&number));
                            }
                        }
                    }
                    _ => drop(parts.tensors.remove(random.random_range(0..parts.tensors.len()))),
                }
                if let Some(content) = parts.content() {
                    bytes = content;
                }
            }
        }
    }
    bytes
}

#[test]
fn a_mutated_checkpoint_is_taken_whole_or_refused_and_changes_nothing_then() {
    let cases: u64 = std::env::var("CHECKPOINT_CASES").map_or(20_000, |cases| cases.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.safetensors");
    let (mut run, model) = begin();
    fit(&mut run, &model, 2, Some(&path)).unwrap();
    let whole = std::fs::read(&path).unwrap();
    assert_eq!(Parts::of(&whole).unwrap().content().unwrap().len(), whole.len());
    let before = bits(&begin().0);
    let (mut taken, mut ended, mut most) = (0_u64, 0_u64, 0);
    for case in 0..cases {
        let mut random = StdRng::seed_from_u64(case);
        let content = mutated(&whole, &mut random);
        // A file that is truncated and written again is synced by some file systems.
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, &content).unwrap();
        let (mut run, model) = begin();
        let (result, bytes) = held(|| run.resume(&path));
        most = most.max(bytes);
        // Of some kilobytes: numbers, their bytes and their names several times over, and what an error needs.
        assert!(bytes < 12 * whole.len().max(content.len()), "case {case}: {bytes} bytes for {}", content.len());
        match result {
            Ok(()) => {
                taken += 1;
                // It goes on to its end, or says why it does not.
                ended += u64::from(fit(&mut run, &model, 4, None).is_ok());
            }
            Err(error) => {
                assert_eq!(bits(&run), before, "case {case}: {error}");
                assert!(error.to_string().contains("run.safetensors"), "case {case}: {error}");
            }
        }
    }
    let line = format!(
        "damage: {cases} cases, {} refused, {taken} taken, of which {ended} went on to their end; at most {most} bytes held for {}\n",
        cases - taken,
        whole.len()
    );
    let _ = std::io::stderr().write_all(line.as_bytes());
    // The mutations reach both.
    assert!(taken > cases / 1000 && cases - taken > cases / 2, "{line}");
}

/// A header with each number at its end, with a right checksum.
#[test]
fn numbers_at_their_end_are_errors_of_the_file_or_of_the_step_that_counts_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.safetensors");
    let (mut run, model) = begin();
    fit(&mut run, &model, 2, Some(&path)).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let fields = ["step", "optimizer_steps", "rate", "current_rate", "epoch", "batch", "loss", "samples", "waited"];
    for field in fields {
        for number in [u64::MAX, u64::MAX - 1] {
            let mut parts = Parts::of(&whole).unwrap();
            assert!(parts.header[field].is_u64(), "{field}");
            parts.header[field] = json!(number);
            std::fs::write(&path, parts.content().unwrap()).unwrap();
            let (mut run, model) = begin();
            let resumed = run.resume(&path);
            let counted_on = ["step", "optimizer_steps", "current_rate"].contains(&field);
            assert_eq!(resumed.is_ok(), counted_on, "{field}: {resumed:?}");
            let ended = fit(&mut run, &model, 4, None);
            if field.ends_with("step") || field.ends_with("steps") {
                let message = ended.unwrap_err().to_string();
                assert!(message.contains("so that one more can be counted"), "{field}: {message}");
            }
        }
    }
}
