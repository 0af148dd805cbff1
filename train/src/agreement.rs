//! Processes that train together run the same: the same program, on the same data, with the same settings, from the same state.

use std::fs::File;
use std::io::{BufReader, Read};

use autodiff::{Error, ProcessGroup, Real, Tensor};
use nn::data::Dataset;
use optim::Rule;

use crate::checksum::of_numbers;
use crate::state::TrainingState;
use crate::trainer::{Trainer, training_error};

/// Checks that all processes run what the first does.
///
/// # Errors
/// Names the first process that differs, and in what.
pub(crate) fn check<T: Real, R: Rule<T>>(
    group: &impl ProcessGroup<T>,
    trainer: &Trainer,
    state: &TrainingState<T, R>,
    data: &Dataset<T>,
) -> Result<(), Error> {
    if group.count() == 1 {
        return Ok(());
    }
    let settings = format!("{trainer:?} {}", state.optimizer.describe());
    let parts = [
        ("program", of_program()?),
        ("settings", crc32c::crc32c(settings.as_bytes())),
        ("data", of_tensor(of_tensor(0, data.features()), data.labels())),
        ("state", of_state(state)),
    ];
    // Halves, as an f32 holds no number of 32 bits.
    let halves = parts.iter().flat_map(|(_, sum)| [sum >> 16, sum & 0xffff]);
    let own: Vec<T> = halves.map(|half| T::from_f64(half.into())).collect();
    let mut all = vec![T::ZERO; own.len() * group.count()];
    group.all_gather(&own, &vec![own.len(); group.count()], &mut all)?;
    let (first, others) = all.split_at(own.len());
    for (rank, other) in (1..).zip(others.chunks(own.len())) {
        let differs = first.chunks(2).zip(other.chunks(2)).position(|(first, other)| first != other);
        if let Some((what, _)) = differs.and_then(|part| parts.get(part)) {
            return Err(training_error(format!("process {rank} differs from process 0 in its {what}")));
        }
    }
    Ok(())
}

/// The checksum of the running program.
fn of_program() -> Result<u32, Error> {
    let path = std::env::current_exe().map_err(|error| training_error(format!("the running program: {error}")))?;
    let failed = |error: std::io::Error| Error::File { path: path.clone(), reason: error.to_string() };
    let mut file = BufReader::new(File::open(&path).map_err(failed)?);
    let (mut sum, mut block) = (0, vec![0; 1 << 16]);
    loop {
        match file.read(&mut block).map_err(failed)? {
            0 => return Ok(sum),
            count => sum = crc32c::crc32c_append(sum, &block[..count]),
        }
    }
}

fn of_tensor<T: Real>(sum: u32, tensor: &Tensor<T>) -> u32 {
    let shape = tensor.shape().to_string();
    of_numbers(crc32c::crc32c_append(sum, shape.as_bytes()), tensor.data())
}

fn of_state<T: Real, R: Rule<T>>(state: &TrainingState<T, R>) -> u32 {
    let params = &state.params;
    let progress = format!("{} {} {:?} {}", params.seed(), params.step(), state.cursor, state.base_rate);
    let values = params.iter().chain(params.states());
    values.fold(crc32c::crc32c(progress.as_bytes()), |sum, (name, _, values)| {
        of_numbers(crc32c::crc32c_append(sum, name.as_bytes()), values)
    })
}
