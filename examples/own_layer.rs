//! A sweep of a layer of one's own, in ten lines: a gated layer at growing depth, with every measure, file and report.

use autodiff::{Real, Scope, Var};
use nn::{Linear, Module};
use sweep::Settings;

/// `h + gate(h) · tanh(W h + b)`, the gate being a sigmoid (Srivastava 2015).
struct Highway {
    value: Linear,
    gate: Linear,
}

impl Highway {
    fn new<T: Real>(mut scope: Scope<'_, T>, width: usize) -> Self {
        Highway {
            value: Linear::new(scope.child("value"), width, width),
            gate: Linear::new(scope.child("gate"), width, width),
        }
    }
}

impl<T: Real> Module<T> for Highway {
    fn forward<'t>(&self, h: Var<'t, T>) -> Var<'t, T> {
        h + self.gate.forward(h).sigmoid() * self.value.forward(h).tanh()
    }
}

fn main() -> Result<(), sweep::Error> {
    let settings = Settings::default().with("depth", "2,8,32")?.with("steps", "100")?.out("target/own-layer");
    let results = sweep::run(&settings, |scope, _depth, width| Highway::new(scope, width))?;
    for summary in results.summaries {
        let accuracy = summary.trained.and_then(|phase| phase.scores).map_or(f64::NAN, |scores| scores.test.accuracy);
        let [depth, shrink] = [summary.depth as f64, summary.init.shrink];
        println!("depth {depth:2}: bottom/top {shrink:7.3}, {}, accuracy {:.1} %", summary.verdict, 100.0 * accuracy);
    }
    Ok(())
}
