//! XAD's benchmark: the value of a portfolio of swaptions in the LIBOR market model, and its 161 sensitivities: to the
//! initial rates, to the volatilities and to the accrual period (Giles and Glasserman 2006, Smoking adjoints).
//!
//! Forward rates `Lᵢ` follow, over 40 periods with normal draws `zₙ`, all rates `i > n` in
//! `Lᵢ ← Lᵢ exp(δ λᵢ₋ₙ₋₁ vᵢ + λᵢ₋ₙ₋₁ (√δ zₙ − δ λᵢ₋ₙ₋₁ / 2))`, where `vᵢ = Σ δ λⱼ₋ₙ₋₁ Lⱼ / (1 + δ Lⱼ)` over `n < j ≤ i`.
//! From then on, a swaption of maturity `m` and rate `s` pays `100 max(1 − Bₘ − s Sₘ, 0)`, where `Bₘ = Π 1 / (1 + δ Lⱼ)` over the
//! first `m` rates that are left and `Sₘ = Σ δ Bⱼ`; what all pay is discounted by the rates that are past.

mod arrays;
mod nodes;
mod plain;
#[cfg(test)]
mod tests;

use anyhow::{Result, bail};
use autodiff::{InputSpec, Mode, Params, Program, Tape, Tensor, Var, input, variable};
use protocol::{Data, Libor, Step, Unsupported};

/// The number of forward rates.
const RATES: usize = 80;
/// The number of periods that are simulated.
const PERIODS: usize = 40;
/// The maturities of the swaptions, in periods, each with the rates [`SWAP_RATES`].
const MATURITIES: [usize; 5] = [4, 8, 20, 28, 40];
const SWAP_RATES: [f64; 3] = [0.045, 0.05, 0.055];

/// What the sensitivities are to.
#[derive(Clone, Debug)]
struct Market {
    rates: Tensor<f64>,
    volatilities: Tensor<f64>,
    delta: Tensor<f64>,
}

impl Market {
    fn new() -> Self {
        let [rates, volatilities] = [0.05, 0.2].map(|value| Tensor::full([RATES], value));
        Market { rates, volatilities, delta: Tensor::scalar(0.25) }
    }
}

/// The nodes of a [`Market`], and the normal draws, `[periods]` or `[periods, paths]`.
#[derive(Clone, Copy)]
struct Inputs<'t> {
    rates: Var<'t, f64>,
    volatilities: Var<'t, f64>,
    delta: Var<'t, f64>,
    normals: Var<'t, f64>,
}

/// The draws of the steps, over and over.
struct Draws {
    all: Vec<Tensor<f64>>,
    next: usize,
}

impl Draws {
    fn next(&mut self) -> &Tensor<f64> {
        let now = self.next;
        self.next = (now + 1) % self.all.len();
        &self.all[now]
    }
}

type Value = for<'t> fn(Inputs<'t>) -> Var<'t, f64>;

pub(crate) fn prepare(variant: &str, form: Libor, data: &Data) -> Result<Step> {
    let array = data.get("normals")?;
    let all = Tensor::from_fn(&array.shape[..], |k| f64::from(array.values[k]));
    let paths = all.shape()[1];
    let path = |path: usize| Tensor::from_fn([PERIODS], |period| all.data()[period * paths + path]);
    // In one form each step is the next path, in the others each step is all paths.
    let (draws, value): (Vec<_>, Value) = match form {
        Libor::OnePath => ((0..paths).map(path).collect(), nodes::value),
        Libor::AllPaths => (vec![all], nodes::value),
        Libor::Arrays => (vec![all], arrays::value),
    };
    let draws = Draws { all: draws, next: 0 };
    match variant {
        "plain" => {
            let (mut draws, market) = (draws, Market::new());
            Ok(Box::new(move || Ok(plain::mean(&market, draws.next()))))
        }
        "eager" => Ok(eager(draws, value)),
        "program" => program(draws, value),
        "sharded" => Err(Unsupported("no batch to shard").into()),
        _ => bail!("unknown variant {variant}"),
    }
}

/// Sensitivities on a tape that is recorded anew for each step; returns their sum.
fn eager(mut draws: Draws, value: Value) -> Step {
    let (params, market) = (Params::default(), Market::new());
    let (mut tape, mut grads) = (Tape::new(), params.gradients());
    Box::new(move || {
        let t = tape.start(&params, Mode::Train);
        let [rates, volatilities] = [&market.rates, &market.volatilities].map(|values| t.variable(values));
        let inputs = Inputs { rates, volatilities, delta: t.variable(&market.delta), normals: t.input(draws.next()) };
        value(inputs).backward(&mut grads)?;
        let sensitivities = [inputs.rates, inputs.volatilities, inputs.delta].map(|input| grads.of(input));
        sum(sensitivities)
    })
}

/// Sensitivities by replays of one program.
fn program(mut draws: Draws, value: Value) -> Result<Step> {
    let (params, market) = (Params::default(), Market::new());
    let mut grads = params.gradients();
    let mut program = record(&params, &draws.all[0], value)?;
    Ok(Box::new(move || {
        let run = program.forward(&params, [&market.rates, &market.volatilities, &market.delta, draws.next()])?;
        run.backward(&mut grads)?;
        sum(["rates", "volatilities", "delta"].map(|name| run.gradient(name, &grads)))
    }))
}

fn record(params: &Params<f64>, normals: &Tensor<f64>, value: Value) -> Result<Program<f64>> {
    let [rates, volatilities] = ["rates", "volatilities"].map(|name| variable(name, [RATES]));
    let specs: [InputSpec; 4] = [rates, volatilities, variable("delta", []), input("normals", normals.shape().clone())];
    Ok(Program::record(params, Mode::Train, specs, |_, [rates, volatilities, delta, normals]| {
        [value(Inputs { rates, volatilities, delta, normals })]
    })?)
}

fn sum<const N: usize>(sensitivities: [Result<Tensor<f64>, autodiff::Error>; N]) -> Result<f64> {
    let mut total = 0.0;
    for sensitivity in sensitivities {
        total += sensitivity?.data().iter().sum::<f64>();
    }
    Ok(total)
}
