//! Strided, narrowed, transposed and broadcast inputs give what dense copies of them give.

use autodiff::{Mode, Params, Tape, Tensor, Var};

use crate::support::{Drawn, all_close, apply, sweep};

/// A way to store a tensor so that a view of the storage is the tensor.
#[derive(Clone, Copy, Debug)]
enum Storage {
    Transposed,
    EverySecond,
    Broadcast,
}

/// For each row-major place of the stored tensor, the place of the viewed one that it shows (if any).
fn places(storage: Storage, shape: &[usize]) -> (Vec<usize>, Vec<Option<usize>>) {
    let stored: Vec<usize> = match storage {
        Storage::Transposed => shape.iter().rev().copied().collect(),
        Storage::EverySecond => shape.iter().map(|extent| 2 * extent + 1).collect(),
        Storage::Broadcast => shape.iter().enumerate().map(|(axis, &n)| if axis == 0 { n.min(1) } else { n }).collect(),
    };
    let size: usize = stored.iter().product();
    let place = |k: usize| {
        let mut index = vec![0; stored.len()];
        let mut rest = k;
        for axis in (0..stored.len()).rev() {
            index[axis] = rest % stored[axis];
            rest /= stored[axis];
        }
        if matches!(storage, Storage::Transposed) {
            index.reverse();
        }
        let mut place = 0;
        for (axis, &i) in index.iter().enumerate() {
            let own = match storage {
                Storage::EverySecond if i % 2 == 0 => return None,
                Storage::EverySecond => i / 2,
                _ => i,
            };
            place = place * shape[axis] + own;
        }
        Some(place)
    };
    (stored.clone(), (0..size).map(place).collect())
}

fn view<'t>(storage: Storage, stored: Var<'t, f64>, shape: &[usize]) -> Var<'t, f64> {
    match storage {
        Storage::Transposed => stored.permute(&(0..shape.len()).rev().collect::<Vec<_>>()),
        Storage::EverySecond => {
            shape.iter().enumerate().fold(stored, |v, (axis, &n)| v.narrow_by(axis, 1..2 * n + 1, 2))
        }
        Storage::Broadcast => stored.broadcast_to(shape),
    }
}

/// The values as this storage can show them: a broadcast repeats its first row.
fn shown(storage: Storage, x: &Tensor<f64>) -> Tensor<f64> {
    let row: usize = x.shape().iter().skip(1).product();
    match storage {
        Storage::Broadcast if x.shape().rank() > 0 => Tensor::from_fn(x.shape(), |k| x.data()[k % row]),
        _ => x.clone(),
    }
}

fn check(drawn: &Drawn, storage: Storage) -> Result<(), String> {
    let text = |e: autodiff::Error| e.to_string();
    let inputs: Vec<_> = drawn.inputs.iter().map(|x| shown(storage, x)).collect();
    let dense = apply(drawn.case.op.double(), &inputs, &drawn.differentiable, &drawn.cotangent).map_err(text)?;
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let mut leaves = Vec::new();
    let mut views = Vec::new();
    for (x, &variable) in inputs.iter().zip(&drawn.differentiable) {
        let (extents, places) = places(storage, x.shape());
        // What no view shows is NaN: an operation that reads it gives itself away.
        let stored = Tensor::from_fn(&extents[..], |k| places[k].map_or(f64::NAN, |place| x.data()[place]));
        let leaf = if variable { t.variable(&stored) } else { t.input(&stored) };
        leaves.push((leaf, places));
        views.push(view(storage, leaf, x.shape()));
    }
    let output = t.apply(drawn.case.op.double(), &views);
    all_close("output", &output.value().map_err(text)?, &dense.output, 1e-12)?;
    if !drawn.has_gradient() {
        return Ok(());
    }
    let mut grads = params.gradients();
    output.backward_with(&drawn.cotangent, &mut grads).map_err(text)?;
    for (i, (leaf, places)) in leaves.iter().enumerate().filter(|(i, _)| drawn.differentiable[*i]) {
        let found = grads.of(*leaf).map_err(text)?;
        let expected = dense.gradients[i].as_ref().unwrap();
        let row: usize = expected.shape().iter().skip(1).product();
        let sum = |place: usize| match storage {
            Storage::Broadcast if expected.shape().rank() > 0 => expected.data().iter().skip(place).step_by(row).sum(),
            _ => expected.data()[place],
        };
        let expected = Tensor::from_fn(found.shape(), |k| places[k].map_or(0.0, sum));
        all_close(&format!("gradient of input {i}, {storage:?}"), &found, &expected, 1e-10)?;
    }
    Ok(())
}

#[test]
fn transposed_inputs_give_what_dense_copies_give() {
    sweep("transposed inputs = dense copies", |drawn| check(drawn, Storage::Transposed));
}

#[test]
fn narrowed_inputs_give_what_dense_copies_give() {
    sweep("narrowed inputs = dense copies", |drawn| check(drawn, Storage::EverySecond));
}

#[test]
fn broadcast_inputs_give_what_dense_copies_give() {
    sweep("broadcast inputs = dense copies", |drawn| check(drawn, Storage::Broadcast));
}
