//! Every operation, computed in a checkpoint, a scan or a sample, gives what it gives by itself, on a tape and replayed: in
//! checkpoints, the bits.

use autodiff::{Error, Keep, Mode, Params, Program, Recording, Tape, Tensor, Var, input, variable};

use crate::laws::support::{Drawn, sweep};

/// Names of a program's declared inputs.
const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

/// In what an operation is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Within {
    Nothing,
    Checkpoint,
    TwoCheckpoints,
    /// Two steps, each on the inputs; the second is in a checkpoint.
    Scan(Keep),
    /// Two samples, each of them the inputs.
    Samples,
}

/// The operation of a case, and two others on its output.
fn output<'t>(t: &'t Recording<'t, f64>, inputs: &[Var<'t, f64>], drawn: &Drawn, within: Within) -> Var<'t, f64> {
    match within {
        Within::Nothing => {
            let y = t.apply(drawn.case.op.double(), inputs);
            y.tanh() * y
        }
        Within::Checkpoint => t.checkpoint_slice(inputs, |t, inputs| output(t, inputs, drawn, Within::Nothing)),
        Within::TwoCheckpoints => t.checkpoint_slice(inputs, |t, inputs| output(t, inputs, drawn, Within::Checkpoint)),
        Within::Scan(keep) => {
            // Rows 0 and 1 are the inputs; what the second step makes is the output.
            let sequences: Vec<_> = inputs.iter().map(|&x| t.stack([x, x], 0)).collect();
            let scanned = t.scan_slice(&[], &sequences, keep, |t, _, inputs| {
                (Vec::new(), output(t, inputs, drawn, Within::Checkpoint))
            });
            scanned.1.index(0, 1)
        }
        Within::Samples => {
            let batch: Vec<_> = inputs.iter().map(|&x| t.stack([x, x], 0)).collect();
            let samples = t.per_sample_slice(&batch, |t, inputs| {
                let inputs: Vec<_> = inputs.iter().map(|x| x.index(0, 0)).collect();
                squashed(t, &inputs, drawn, Within::Checkpoint)
            });
            samples.losses().index(0, 1)
        }
    }
}

/// A scalar of the output of a case.
fn squashed<'t>(t: &'t Recording<'t, f64>, inputs: &[Var<'t, f64>], drawn: &Drawn, within: Within) -> Var<'t, f64> {
    match within {
        Within::Samples => output(t, inputs, drawn, within), // each loss is one
        _ => output(t, inputs, drawn, within).tanh().sum(..),
    }
}

/// A loss, with other consumers of the inputs recorded before and after the operation.
fn loss<'t>(t: &'t Recording<'t, f64>, inputs: &[Var<'t, f64>], drawn: &Drawn, within: Within) -> Var<'t, f64> {
    let of_inputs = |function: fn(Var<'t, f64>) -> Var<'t, f64>| inputs.iter().map(move |&x| function(x).sum(..));
    let before: Vec<_> = of_inputs(|x| x.square()).collect();
    let y = squashed(t, inputs, drawn, within);
    before.into_iter().chain(of_inputs(|x| x.sin())).fold(y, |sum, term| sum + term)
}

/// The bits of the loss and of the gradients, NaN as one.
type Bits = Result<Vec<u64>, Error>;

fn bits<'x>(tensors: impl IntoIterator<Item = &'x Tensor<f64>>) -> Vec<u64> {
    let bits = |x: &f64| if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() };
    tensors.into_iter().flat_map(|tensor| tensor.data().iter().map(bits)).collect()
}

fn on_a_tape(drawn: &Drawn, within: Within) -> Bits {
    let (params, mut tape) = (Params::default(), Tape::new());
    let t = tape.start(&params, Mode::Train);
    let leaf = |(k, x): (usize, &Tensor<f64>)| if is_wanted(drawn, k) { t.variable(x) } else { t.input(x) };
    let leaves: Vec<_> = drawn.inputs.iter().enumerate().map(leaf).collect();
    let (loss, mut grads) = (loss(&t, &leaves, drawn, within), params.gradients());
    let mut found = vec![loss.value()?];
    if (0..leaves.len()).any(|k| is_wanted(drawn, k)) {
        loss.backward(&mut grads)?;
        let wanted = leaves.iter().enumerate().filter(|&(k, _)| is_wanted(drawn, k));
        found.extend(wanted.map(|(_, &leaf)| grads.of(leaf)).collect::<Result<Vec<_>, _>>()?);
    }
    Ok(bits(&found))
}

fn replayed(drawn: &Drawn, within: Within) -> Bits {
    let params = Params::default();
    let declare = |(k, x): (usize, &Tensor<f64>)| match is_wanted(drawn, k) {
        true => variable(NAMES[k], x.shape()),
        false => input(NAMES[k], x.shape()),
    };
    let declared: Vec<_> = drawn.inputs.iter().enumerate().map(declare).collect();
    let mut program =
        Program::record_slice(&params, Mode::Train, &declared, |t, inputs| vec![loss(t, inputs, drawn, within)])?;
    let (inputs, mut grads) = (drawn.inputs.iter().collect::<Vec<_>>(), params.gradients());
    let mut found = Vec::new();
    for _ in 0..2 {
        let run = program.forward(&params, &inputs)?;
        found = vec![run.output(0)?];
        if (0..inputs.len()).any(|k| is_wanted(drawn, k)) {
            run.backward(&mut grads)?;
            let wanted = (0..inputs.len()).filter(|&k| is_wanted(drawn, k));
            found.extend(wanted.map(|k| run.gradient(NAMES[k], &grads)).collect::<Result<Vec<_>, _>>()?);
        }
    }
    Ok(bits(&found))
}

fn is_wanted(drawn: &Drawn, input: usize) -> bool {
    drawn.case.op.double().differentiable(input)
}

#[test]
fn an_operation_inside_of_another_gives_what_it_gives_by_itself() {
    sweep("in a checkpoint, a scan or a sample as by itself", 60, |drawn| {
        if drawn.inputs.len() > NAMES.len() {
            return Ok(());
        }
        let expected = on_a_tape(drawn, Within::Nothing);
        let scans = [Within::Scan(Keep::All), Within::Scan(Keep::Segments)];
        let rows = scans.into_iter().chain([Within::Samples]).filter(|_| !drawn.inputs.is_empty());
        for within in [Within::Checkpoint, Within::TwoCheckpoints].into_iter().chain(rows) {
            for found in [on_a_tape(drawn, within), replayed(drawn, within)] {
                match (&found, &expected) {
                    (Ok(found), Ok(expected)) if found == expected => {}
                    // Rows are copies of the inputs: their gradients are added to theirs in another order.
                    (Ok(found), Ok(expected)) if has_rows(within) && close(found, expected) => {}
                    // Refused for the same reason, at its own line.
                    (Err(found), Err(expected)) if reason(found) == reason(expected) => {}
                    _ => return Err(format!("{within:?}: {found:?}, by itself {expected:?}")),
                }
            }
        }
        Ok(())
    });
}

fn has_rows(within: Within) -> bool {
    matches!(within, Within::Scan(_) | Within::Samples)
}

fn close(found: &[u64], expected: &[u64]) -> bool {
    let [found, expected] = [found, expected].map(|bits| bits.iter().map(|&bits| f64::from_bits(bits)));
    let largest = expected.clone().filter(|x| x.is_finite()).fold(1.0, |most: f64, x| most.max(x.abs()));
    let alike = |(x, y): (f64, f64)| (x - y).abs() <= 1e-12 * largest || x == y || x.is_nan() && y.is_nan();
    found.len() == expected.len() && found.zip(expected).all(alike)
}

fn reason(error: &Error) -> String {
    error.to_string().split(" at ").next().unwrap_or_default().to_owned()
}
