//! L-BFGS, minimization of functions, sharpness-aware minimization, Lion and Muon.

use autodiff::{Error, Gradients, Mode, Params, Tape, Tensor};
use optim::*;

use super::given::*;
use super::harness::cases;

fn at_fault() -> Error {
    Error::InvalidInput { what: "loss", reason: "at fault".into() }
}

fn loss(params: &Params<f64>, grads: &mut Gradients<f64>) -> Result<f64, Error> {
    let mut tape = Tape::new();
    let t = tape.start(params, Mode::Train);
    let loss = t.param(params.id("fc.weight")?).square().sum(..);
    loss.backward(grads)?;
    loss.item()
}

/// A loss that fills what it is handed with gradients of other parameters.
fn foreign(_: &Params<f64>, grads: &mut Gradients<f64>) -> Result<f64, Error> {
    *grads = other().0.gradients();
    grads.flat_mut().fill(1.0);
    Ok(1.0)
}

fn unfilled(_: &Params<f64>, _: &mut Gradients<f64>) -> Result<f64, Error> {
    Ok(1.0)
}

fn failing(_: &Params<f64>, _: &mut Gradients<f64>) -> Result<f64, Error> {
    Err(at_fault())
}

/// A loss of this value whose gradient is this everywhere.
fn flat(value: f64, gradient: f64) -> impl Fn(&Params<f64>, &mut Gradients<f64>) -> Result<f64, Error> {
    move |_, grads| {
        grads.flat_mut().fill(gradient);
        Ok(value)
    }
}

fn descend(
    lbfgs: Lbfgs<f64>,
    loss: impl FnMut(&Params<f64>, &mut Gradients<f64>) -> Result<f64, Error>,
) -> Result<Descent<f64>, Error> {
    lbfgs.minimize(&mut model().0, loss)
}

fn least(lbfgs: Lbfgs<f64>) -> Result<Descent<f64>, Error> {
    descend(lbfgs, loss)
}

/// Continues from a pair of these numbers, repeated.
fn resume(pair: [f64; 2], length: usize) -> Result<(), Error> {
    let [step, change] = pair.map(|x| vec![x; length]);
    Lbfgs::new().resume(&model().0, [[&step[..], &change[..]]])
}

/// Two iterations, on a model each.
fn two_models() -> Result<Descent<f64>, Error> {
    let mut lbfgs = Lbfgs::new();
    lbfgs.step(&mut model().0, loss)?;
    lbfgs.step(&mut other().0, loss)
}

fn sharp(
    rho: f64,
    loss: impl FnMut(&Params<f64>, &mut Gradients<f64>) -> Result<f64, Error>,
) -> Result<f64, Error> {
    Sam::new(rho).step(&mut Sgd::new(0.1), &mut model().0, loss)
}

/// Two steps of an optimizer.
fn steps<R: Rule<f64>>(mut optimizer: Optimizer<f64, R>) -> Result<(), Error> {
    let mut params = model().0;
    let mut grads = params.gradients();
    for _ in 0..2 {
        loss(&params, &mut grads)?;
        optimizer.step(&mut params, &grads)?;
    }
    Ok(())
}

fn muon() -> Muon<f64> {
    Muon::new(0.1)
}

const CUBIC: [f64; 3] = [1.5, -0.5, 0.0];

cases! {
    Lbfgs::new { accepts: least(Lbfgs::new()); }
    Lbfgs::history { refuses "history is 0": least(Lbfgs::new().history(0)); accepts: least(Lbfgs::new().history(MAX)); }
    Lbfgs::max_iterations {
        refuses "max_iterations is 0": least(Lbfgs::new().max_iterations(0));
        accepts: least(Lbfgs::new().max_iterations(MAX));
        accepts: descend(Lbfgs::new().max_iterations(MAX), flat(1.0, 1.0));
    }
    Lbfgs::gradient_tolerance {
        refuses "gradient_tolerance is NaN": least(Lbfgs::new().gradient_tolerance(NAN));
        refuses "gradient_tolerance is -1": least(Lbfgs::new().gradient_tolerance(-1.0));
        refuses "gradient_tolerance is inf": least(Lbfgs::new().gradient_tolerance(INF));
        accepts: least(Lbfgs::new().gradient_tolerance(0.0));
    }
    Lbfgs::value_tolerance {
        refuses "value_tolerance is NaN": least(Lbfgs::new().value_tolerance(NAN));
        refuses "value_tolerance is -1": least(Lbfgs::new().value_tolerance(-1.0));
        accepts: least(Lbfgs::new().value_tolerance(0.0).gradient_tolerance(0.0));
    }
    Lbfgs::check { refuses "history is 0": Lbfgs::<f64>::new().history(0).check(); }
    Lbfgs::minimize {
        refuses "at fault": descend(Lbfgs::new(), failing);
        refuses "other Params": descend(Lbfgs::new(), foreign);
        refuses "no backward pass": descend(Lbfgs::new(), unfilled);
        refuses "the function is NaN": descend(Lbfgs::new(), flat(NAN, 1.0));
        refuses "the function is -inf": descend(Lbfgs::new(), flat(-INF, 1.0));
        refuses "fc.weight": descend(Lbfgs::new(), flat(1.0, NAN));
        accepts: descend(Lbfgs::new(), flat(f64::MAX, f64::MAX));
        accepts: descend(Lbfgs::new(), flat(0.0, f64::MIN_POSITIVE));
        accepts: Lbfgs::new().minimize(&mut Params::default(), flat(1.0, 1.0));
        refuses "fc.weight": { let mut p = model().0; p.flat_mut()[0] = NAN; Lbfgs::new().minimize(&mut p, loss) };
    }
    Lbfgs::step {
        refuses "other Params": two_models();
        refuses "at fault": Lbfgs::new().step(&mut model().0, failing);
        refuses "history is 0": Lbfgs::new().history(0).step(&mut model().0, loss);
    }
    Lbfgs::resume {
        refuses "pair 0 has 7 values, the parameters 8": resume([1.0, 1.0], 7);
        refuses "pair 0 has no positive curvature": resume([1.0, -1.0], 8);
        refuses "pair 0 has no positive curvature": resume([NAN, 1.0], 8);
        refuses "pair 0 has no positive curvature": resume([0.0, INF], 8);
        accepts: resume([1.0, 1.0], 8);
    }
    Lbfgs::minimize_function {
        refuses "history is 0": Lbfgs::new().history(0).minimize_function(|x| x.square().sum(..), &ramp([3]));
        refuses "[3]": Lbfgs::new().minimize_function(|x| x.square(), &ramp([3]));
    }
    Ended::is_converged { returns: Ended::NoDecrease.is_converged(); }
    minimize::minimize {
        refuses "element 0 of the start is NaN": minimize(|x| x.sum(..), &Tensor::full([2], NAN));
        refuses "element 0 of the start is inf": minimize(|x| x.sum(..), &Tensor::full([], INF));
        refuses "[2, 2]": minimize(|x| x.matmul(x), &ramp([2, 2]));
        refuses "inner dimensions differ": minimize(|x| x.matmul(x).sum(..), &ramp([2, 3]));
        refuses "ln first produced NaN in forward": minimize(|x| x.ln().sum(..), &Tensor::full([2], -1.0));
        refuses "gradient": minimize(|x| x.detach().sum(..), &ramp([2]));
        refuses "sqrt first produced inf in backward": minimize(|x| x.sqrt().sum(..), &Tensor::full([2], 0.0));
        accepts: minimize(|x| x.square().sum(..), &ramp([0]));
        accepts: minimize(|x| x.sum(..), &ramp([2]));
        accepts: minimize(|x| x.square().sum(..), &Tensor::full([2], 1e150));
    }
    Sam::new { refuses "rho is NaN": sharp(NAN, loss); refuses "rho is -1": sharp(-1.0, loss); refuses "rho is inf": sharp(INF, loss); accepts: sharp(0.0, loss); }
    Sam::check { refuses "rho is NaN": Sam::<f64>::new(NAN).check(); }
    Sam::step {
        refuses "at fault": sharp(0.1, failing);
        refuses "other Params": sharp(0.1, foreign);
        refuses "no backward pass": sharp(0.1, unfilled);
        refuses "fc.weight": sharp(0.1, flat(1.0, NAN));
        refuses "rate is NaN": Sam::new(0.1).step(&mut Sgd::new(NAN), &mut model().0, loss);
        returns: sharp(f64::MAX, loss);
        accepts: sharp(0.1, flat(NAN, 0.0));
    }

    Lion::new { refuses "rate is NaN": steps(Lion::new(NAN)); refuses "rate is -1": steps(Lion::new(-1.0)); accepts: steps(Lion::new(1e100)); }
    Lion::betas { refuses "beta1 is NaN": steps(Lion::new(0.1).betas(NAN, 0.9)); refuses "beta2 is 1": steps(Lion::new(0.1).betas(0.9, 1.0)); refuses "beta1 is -0.1": steps(Lion::new(0.1).betas(-0.1, 0.9)); }
    Muon::new { refuses "rate is NaN": steps(Muon::new(NAN)); refuses "rate is -1": steps(Muon::new(-1.0)); accepts: steps(Muon::new(0.0)); }
    Muon::momentum { refuses "momentum is NaN": steps(muon().momentum(NAN)); refuses "momentum is 1": steps(muon().momentum(1.0)); accepts: steps(muon().momentum(0.0)); }
    Muon::without_nesterov { accepts: steps(muon().without_nesterov()); }
    Muon::scale { accepts: steps(muon().scale(MuonScale::MatchRms)); accepts: steps(muon().scale(MuonScale::Spectral)); }
    Muon::newton_schulz {
        refuses "newton_schulz steps is 0": steps(muon().newton_schulz(0, CUBIC));
        refuses "newton_schulz steps is 18446744073709551615": steps(muon().newton_schulz(MAX, CUBIC));
        refuses "newton_schulz coefficient is NaN": steps(muon().newton_schulz(5, [1.0, NAN, 0.0]));
        refuses "newton_schulz coefficient is inf": steps(muon().newton_schulz(5, [INF, 1.0, 0.0]));
        accepts: steps(muon().newton_schulz(99, CUBIC));
    }
    Muon::epsilon { refuses "epsilon is NaN": steps(muon().epsilon(NAN)); refuses "epsilon is 0": steps(muon().epsilon(0.0)); accepts: steps(muon().epsilon(f64::MAX)); }
    Muon::betas { refuses "beta1 is NaN": steps(muon().betas(NAN, 0.9)); refuses "beta2 is 1": steps(muon().betas(0.9, 1.0)); }
}
