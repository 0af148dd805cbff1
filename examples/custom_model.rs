//! A model of one's own: two layers with a shortcut around the second, trained on the digits.

use autodiff::{Error, Mode, Params, Real, Scope, Tape, Var};
use nn::{Linear, Module, data::Digits, loss::cross_entropy, metrics::accuracy};
use optim::Sgd;

struct Shortcut {
    first: Linear,
    second: Linear,
    readout: Linear,
}

impl Shortcut {
    fn new<T: Real>(mut scope: Scope<'_, T>) -> Self {
        let first = Linear::new(scope.child("first"), 64, 32);
        let second = Linear::new(scope.child("second"), 32, 32);
        Shortcut { first, second, readout: Linear::new(scope.child("readout"), 32, 10) }
    }
}

impl<T: Real> Module<T> for Shortcut {
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let h = self.first.forward(x).tanh();
        self.readout.forward(h + self.second.forward(h).tanh())
    }
}

fn main() -> Result<(), Error> {
    let (train, test) = Digits::load::<f32>()?.standardized().split(0.75, 0)?;
    let mut params = Params::new(7);
    let model = Shortcut::new(params.scope("model"));
    let mut sgd = Sgd::new(0.05).momentum(0.9);
    let (mut tape, mut grads) = (Tape::new(), params.gradients());
    for epoch in 0..20 {
        for (images, labels) in train.batches(32, epoch)? {
            let t = tape.start(&params, Mode::Train);
            let loss = cross_entropy(model.forward(t.input(&images)), t.input(&labels));
            loss.backward(&mut grads)?; // the first mistake made on the tape, if any, is returned here
            sgd.step(&mut params, &grads)?;
        }
    }
    let t = tape.start(&params, Mode::Eval);
    let scores = model.forward(t.input(test.features())).value()?;
    println!("test accuracy {:.1} %", 100.0 * accuracy(&scores, test.labels())?);
    Ok(())
}
