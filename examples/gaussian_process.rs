//! Gaussian process regression. The hyperparameters are fitted by maximizing the marginal likelihood, whose gradient goes through a
//! Cholesky factor and triangular solves; predictions have standard deviations, which grow where there are no data.
//! Rasmussen and Williams 2006, "Gaussian processes for machine learning", algorithm 2.1.

use autodiff::{Error, Mode, ParamId, Params, Recording, Tape, Tensor, Var, ops::Triangle::Lower};
use optim::Adam;
use rand::{SeedableRng, rngs::StdRng};
use rand_distr::{Distribution, StandardNormal};

const SAMPLES: usize = 40;

fn function(x: f64) -> f64 {
    (1.5 * x).sin() + 0.3 * x
}

/// Points from 0 to 3 and from 4 to 6, and the function there with noise of standard deviation 0.1.
fn observe() -> (Tensor<f64>, Tensor<f64>) {
    let at = |k: usize| 5.0 * (k as f64 + 0.5) / SAMPLES as f64;
    let x = Tensor::from_fn([SAMPLES], |k| at(k) + if at(k) > 3.0 { 1.0 } else { 0.0 });
    let mut random = StdRng::seed_from_u64(0);
    let y = x.map(|x| function(x) + 0.1 * <StandardNormal as Distribution<f64>>::sample(&StandardNormal, &mut random));
    (x, y)
}

/// The logarithms of the standard deviation of the function, of its length scale, and of the standard deviation of the noise.
struct Process(ParamId);

impl Process {
    /// The covariances `σ² exp(−(x − y)²/2ℓ²)` of the function at points `[n]` and `[m]`: `[n, m]`.
    fn covariance<'t>(&self, x: Var<'t, f64>, y: Var<'t, f64>) -> Var<'t, f64> {
        let theta = x.recording().param(self.0).exp();
        let distance = (x.unsqueeze(1) - y.unsqueeze(0)) / theta.index(0, 1);
        (distance.square() * -0.5).exp() * theta.index(0, 0).square()
    }

    /// The Cholesky factor `L` of the covariances of what is observed, and `L⁻¹ y`.
    fn factor<'t>(&self, x: Var<'t, f64>, y: Var<'t, f64>) -> (Var<'t, f64>, Var<'t, f64>) {
        let noise = x.recording().param(self.0).exp().index(0, 2).square();
        let l = (self.covariance(x, x) + noise.broadcast_to([SAMPLES]).diag()).cholesky();
        (l, l.solve_triangular(y, Lower))
    }

    /// `−ln p(y) = ½ |L⁻¹ y|² + ln |L| + ½ n ln 2π`.
    fn loss<'t>(&self, t: &'t Recording<'t, f64>, (x, y): &(Tensor<f64>, Tensor<f64>)) -> Var<'t, f64> {
        let (l, z) = self.factor(t.input(x), t.input(y));
        z.square().sum(..) * 0.5 + l.diagonal().ln().sum(..) + 0.5 * SAMPLES as f64 * std::f64::consts::TAU.ln()
    }
}

fn main() -> Result<(), Error> {
    let data = observe();
    let mut params = Params::<f64>::new(0);
    let process = Process(params.scope("process").parameter("theta", [3], |_, _| {}));
    let (mut tape, mut grads, mut adam) = (Tape::new(), params.gradients(), Adam::new(0.05));
    println!("step   −ln p(y)   deviation   length   noise");
    for step in 0..=300 {
        let t = tape.start(&params, Mode::Train);
        let loss = process.loss(&t, &data);
        if step % 60 == 0 {
            let [deviation, length, noise] = [0, 1, 2].map(|k| params.flat()[k].exp());
            println!("{step:4} {:10.3} {deviation:11.3} {length:8.3} {noise:7.3}", loss.item()?);
        }
        loss.backward(&mut grads)?;
        adam.step(&mut params, &grads)?;
    }
    let t = tape.start(&params, Mode::Eval);
    let (x, at) = (t.input(&data.0), t.input(&Tensor::from_fn([9], |k| k as f64)));
    let (l, z) = process.factor(x, t.input(&data.1));
    let v = l.solve_triangular(process.covariance(x, at), Lower);
    let (mean, variance) =
        (v.t().matmul(z).value()?, (process.covariance(at, at).diagonal() - v.square().sum(0)).value()?);
    println!("\n  x   function   predicted");
    for (k, (mean, variance)) in mean.data().iter().zip(variance.data()).enumerate() {
        println!("{k:3} {:10.3} {mean:9.3} ± {:.3}", function(k as f64), variance.sqrt());
    }
    Ok(())
}
