//! The eigenvalues of a small trained network's Hessian: a few large ones, a bulk near zero.

use autodiff::transform::model_hessian;
use autodiff::{Dual, Error, Mode, Params, Real, Tape, Tensor, Var};
use nalgebra::DMatrix;
use nn::{Linear, Module, Tanh, data::Digits, loss::cross_entropy};
use optim::Sgd;

type Model = (Linear, Tanh, Linear);

fn loss<'t, T: Real>(model: &Model, x: Var<'t, T>, labels: &Tensor<T>) -> Var<'t, T> {
    cross_entropy(model.forward(x), x.recording().input(labels))
}

fn main() -> Result<(), Error> {
    let (train, _) = Digits::load::<f64>()?.standardized().split(0.25, 0)?;
    let mut params = Params::new(3);
    let model = (Linear::new(params.scope("hidden"), 64, 6), Tanh, Linear::new(params.scope("readout"), 6, 10));
    let mut sgd = Sgd::new(0.2).momentum(0.9);
    let (mut tape, mut grads) = (Tape::new(), params.gradients());
    for step in 0..=300 {
        let t = tape.start(&params, Mode::Train);
        let loss = loss(&model, t.input(train.features()), train.labels());
        if step % 100 == 0 {
            println!("step {step:3}: loss {:.4}", loss.item()?);
        }
        loss.backward(&mut grads)?;
        sgd.step(&mut params, &grads)?;
    }
    let (features, labels) = (train.features().cast::<Dual<f64>>(), train.labels().cast());
    let hessian = model_hessian(&params, |t| loss(&model, t.input(&features), &labels))?;
    let count = params.flat().len();
    let mut eigenvalues: Vec<f64> =
        DMatrix::from_row_slice(count, count, hessian.data()).symmetric_eigenvalues().iter().copied().collect();
    eigenvalues.sort_by(|a, b| b.total_cmp(a));
    println!("{count} parameters; the largest eigenvalues of the Hessian:");
    for value in &eigenvalues[..10] {
        println!("  {value:.5}");
    }
    let share = |keep: fn(&f64) -> bool| 100.0 * eigenvalues.iter().filter(|x| keep(x)).count() as f64 / count as f64;
    println!("{:.1} % are within ±0.001, {:.1} % below −0.001", share(|x| x.abs() < 1e-3), share(|x| *x < -1e-3));
    Ok(())
}
