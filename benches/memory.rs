//! Time and peak memory of a step of deep and of recurrent networks, by what is kept for backward. Each case is a process of its
//! own, so that its peak is its own; reads `/proc`.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::hint::black_box;
use std::process::Command;
use std::time::Instant;

use autodiff::{Gradients, Keep, Mode, ParamId, Params, Program, Recording, Tape, Tensor, Var, input};
use nn::loss::cross_entropy;
use nn::{BatchNorm, Checkpointed, Linear, Module, Relu, Residual, Tanh};

/// The variable that tells a process which case it is.
const CASE: &str = "MEMORY_CASE";

const CASES: [(&str, fn()); 8] = [
    ("1,000 residual layers of 64 with batch norm, batch 256, on the tape", || deep(false, false)),
    ("the same in a program", || deep(false, true)),
    ("the same in checkpoints", || deep(true, true)),
    ("a gated recurrent unit of 64, batch 32, over 10,000 steps, on the tape", || recurrent(None)),
    ("by a scan that keeps all", || recurrent(Some(Keep::All))),
    ("by a scan that keeps segments", || recurrent(Some(Keep::Segments))),
    ("20,000 samples through 64-512-512-10, on the tape", || evaluated(false)),
    ("in a program for forward alone", || evaluated(true)),
];

fn main() {
    if let Some(case) = std::env::var(CASE).ok().and_then(|case| case.parse::<usize>().ok()) {
        return CASES[case].1();
    }
    for (case, (name, _)) in CASES.into_iter().enumerate() {
        let output = Command::new(std::env::current_exe().unwrap()).env(CASE, case.to_string()).output().unwrap();
        println!("{name}: {}", String::from_utf8_lossy(&output.stdout).trim());
    }
}

/// Prints the median time of seven steps after the first, the peak of memory, and a hash of the gradients' bits.
fn report(mut step: impl FnMut(&mut Gradients<f32>), params: &Params<f32>) {
    let mut grads = params.gradients();
    step(&mut grads);
    let mut times: Vec<f64> = (0..7)
        .map(|_| {
            let start = Instant::now();
            step(&mut grads);
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap().trim().trim_end_matches(" kB");
    let bits = grads.flat().iter().fold(0, |hash: u64, g| hash.wrapping_mul(31).wrapping_add(u64::from(g.to_bits())));
    println!("{:.0} ms, {} MiB, bits {bits:016x}", times[3] * 1e3, peak.parse::<usize>().unwrap() / 1024);
}

fn deep(checkpointed: bool, recorded: bool) {
    let mut params = Params::<f32>::new(0);
    let mut layer = |k: usize| {
        let linear = Linear::new(params.scope(&format!("fc{k}")), 64, 64);
        Residual::new((linear, BatchNorm::new(params.scope(&format!("bn{k}")), 64), Tanh))
    };
    let layers: Vec<_> = (0..1_000).map(&mut layer).collect();
    let layers: Box<dyn Module<f32>> = if checkpointed { Box::new(Checkpointed(layers)) } else { Box::new(layers) };
    let readout = Linear::new(params.scope("readout"), 64, 10);
    let images = Tensor::from_fn([256, 64], |k| ((k * 37) % 101) as f32 / 50.0 - 1.0);
    let labels = Tensor::from_fn([256], |k| (k % 10) as f32);
    let inputs = [input("images", [256, 64]), input("labels", [256])];
    let mut tape = Tape::new();
    if !recorded {
        let step = |grads: &mut Gradients<f32>| {
            let t = tape.start(&params, Mode::Train);
            let output = readout.forward(layers.forward(t.input(&images)));
            cross_entropy(output, t.input(&labels)).backward(grads).unwrap();
        };
        return report(step, &params);
    }
    let mut program = Program::record(&params, Mode::Train, inputs, |_, [images, labels]| {
        [cross_entropy(readout.forward(layers.forward(images)), labels)]
    })
    .unwrap();
    report(|grads| program.forward(&params, [&images, &labels]).unwrap().backward(grads).unwrap(), &params);
}

/// The weights of a gated recurrent unit (Cho et al. 2014): of the input, of what is carried, and the bias.
struct Unit([ParamId; 3]);

impl Unit {
    fn step<'t>(&self, t: &'t Recording<'t, f32>, h: Var<'t, f32>, x: Var<'t, f32>) -> Var<'t, f32> {
        let [w, u, b] = self.0.map(|id| t.param(id));
        let (x, carried) = (x.matmul_add(w, b), h.matmul(u));
        let gate = |k: usize| [x, carried].map(|part| part.narrow(1, 64 * k..64 * (k + 1)));
        let [reset, update] = [gate(0), gate(1)].map(|[x, h]| (x + h).sigmoid());
        let [x, carried] = gate(2);
        let new = (x + reset * carried).tanh();
        new + update * (h - new)
    }
}

fn recurrent(keep: Option<Keep>) {
    const STEPS: usize = 10_000;
    let mut params = Params::<f32>::new(0);
    let mut weight = |name: &str, shape: &[usize]| {
        params.scope("unit").parameter(name, shape, |values, _| {
            values.iter_mut().enumerate().for_each(|(k, value)| *value = ((k * 37) % 101) as f64 / 500.0 - 0.1);
        })
    };
    let unit = Unit([weight("input", &[16, 192]), weight("carried", &[64, 192]), weight("bias", &[192])]);
    let (x, start) =
        (Tensor::from_fn([STEPS, 32, 16], |k| ((k * 29) % 97) as f32 / 50.0 - 1.0), Tensor::full([32, 64], 0.0));
    let mut tape = Tape::new();
    let step = |grads: &mut Gradients<f32>| {
        let t = tape.start(&params, Mode::Train);
        let (x, start) = (t.input(&x), t.input(&start));
        let last = match keep {
            None => (0..STEPS).fold(start, |h, k| unit.step(&t, h, x.index(0, k))),
            Some(keep) => {
                let ([last], _) = t.scan([start], [x], keep, |t, [h], [x]| {
                    let h = unit.step(t, h, x);
                    ([h], h.narrow(0, 0..1))
                });
                last
            }
        };
        last.square().sum(..).backward(grads).unwrap();
    };
    report(step, &params);
}

/// Prints what [`report`] prints, of forward alone.
fn evaluated(recorded: bool) {
    let mut params = Params::<f32>::new(0);
    let mut layer = |name: &str, from, to| Linear::new(params.scope(name), from, to);
    let [first, second, third] = [layer("fc1", 64, 512), layer("fc2", 512, 512), layer("fc3", 512, 10)];
    let model = (first, Relu, second, Relu, third);
    let samples = Tensor::from_fn([20_000, 64], |k| ((k * 37) % 101) as f32 / 50.0 - 1.0);
    let mut tape = Tape::new();
    if !recorded {
        let step = |_: &mut Gradients<f32>| {
            let t = tape.start(&params, Mode::Eval);
            black_box(model.forward(t.input(&samples)).value().unwrap());
        };
        return report(step, &params);
    }
    let inputs = [input("samples", [20_000, 64])];
    let mut program = Program::record_forward(&params, Mode::Eval, inputs, |_, [x]| [model.forward(x)]).unwrap();
    report(|_| drop(black_box(program.forward(&params, [&samples]).unwrap().output(0).unwrap())), &params);
}
