//! A neural ordinary differential equation (Chen et al. 2018): a network learns the field of a spiral from its orbits.
//!
//! The solution is 1,000 Runge–Kutta steps, a scan that keeps what is carried into every 31st of them: backward goes through all
//! steps exactly, in memory that hardly grows with their number.

use autodiff::{Keep, Mode, Params, Real, Scope, Tape, Tensor, Var};
use nn::{Linear, Module, Tanh};
use optim::Adam;

const STEPS: usize = 1_000;
const TIME: f64 = 5.0;
const ORBITS: usize = 16;

/// du/dt = f(u), with a field f that is a network.
struct Field {
    hidden: Linear,
    readout: Linear,
}

impl Field {
    fn new<T: Real>(mut scope: Scope<'_, T>) -> Self {
        Field { hidden: Linear::new(scope.child("hidden"), 2, 16), readout: Linear::new(scope.child("readout"), 16, 2) }
    }

    fn at<'t, T: Real>(&self, u: Var<'t, T>) -> Var<'t, T> {
        self.readout.forward(Tanh.forward(self.hidden.forward(u)))
    }

    /// The classical Runge–Kutta step of fourth order.
    fn step<'t, T: Real>(&self, u: Var<'t, T>, h: Var<'t, T>) -> Var<'t, T> {
        let k1 = self.at(u);
        let k2 = self.at(u + k1 * h * 0.5);
        let k3 = self.at(u + k2 * h * 0.5);
        let k4 = self.at(u + k3 * h);
        u + (k1 + (k2 + k3) * 2.0 + k4) * h / 6.0
    }
}

/// The orbits of du/dt = (−0.1 u − v, u − 0.1 v) after each of these steps, from points on circles.
fn spiral(steps: std::ops::Range<usize>) -> Tensor<f64> {
    Tensor::from_fn([steps.len(), ORBITS, 2], |k| {
        let (step, orbit, component) = (k / (2 * ORBITS), k / 2 % ORBITS, k % 2);
        let time = (steps.start + step) as f64 * TIME / STEPS as f64;
        let (radius, angle) = (0.5 + (orbit % 4) as f64 / 4.0, orbit as f64 * 0.7 + time);
        radius * (-0.1 * time).exp() * if component == 0 { angle.cos() } else { angle.sin() }
    })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut params = Params::<f64>::new(1);
    let field = Field::new(params.scope("field"));
    let (start, orbits) = (spiral(0..1), spiral(1..STEPS + 1));
    let steps = Tensor::full([STEPS], TIME / STEPS as f64);
    let (mut tape, mut grads, mut adam) = (Tape::new(), params.gradients(), Adam::new(0.03));
    for iteration in 0..=120 {
        let t = tape.start(&params, Mode::Train);
        let start = t.input(&start).index(0, 0);
        let (_, solution) = t.scan([start], [t.input(&steps)], Keep::Segments, |_, [u], [h]| {
            let next = field.step(u, h);
            ([next], next)
        });
        let loss = (solution - t.input(&orbits)).square().mean(..);
        loss.backward(&mut grads)?;
        if iteration % 30 == 0 {
            println!("iteration {iteration:3}: mean squared error {:.6}", loss.item()?);
        }
        adam.step(&mut params, &grads)?;
    }
    Ok(())
}
