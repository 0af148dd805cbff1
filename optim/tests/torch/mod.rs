//! Twenty steps of every optimizer against PyTorch's, which `optimizers.py` wrote down.

mod muon;
mod sam;

use std::collections::BTreeMap;
use std::io::Write;

use autodiff::Params;
use optim::{AdaGrad, Adam, L2, Lion, Optimizer, ParamFilter, RmsProp, Rule, Sgd};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    rate: f64,
    settings: BTreeMap<String, f64>,
    steps: Vec<Vec<f64>>,
}

impl Case {
    fn has(&self, name: &str) -> bool {
        self.settings.contains_key(name)
    }

    fn or(&self, name: &str, default: f64) -> f64 {
        self.settings.get(name).copied().unwrap_or(default)
    }

    /// The largest relative difference over the steps.
    fn follow<R: Rule<f64>>(&self, optimizer: Optimizer<f64, R>) -> f64 {
        let mut optimizer = match (self.settings.get("l2"), self.settings.get("decay")) {
            (Some(&l2), _) => optimizer.regularize(L2(l2)),
            (_, Some(&decay)) => optimizer.decay(decay, ParamFilter::all()),
            _ => optimizer,
        };
        let mut params = Params::new(0);
        params.scope("").parameter("p", [5], |values, _| values.copy_from_slice(&[1.5, -0.7, 0.2, -2.0, 0.9]));
        let mut grads = params.gradients();
        let mut worst = 0.0_f64;
        for (t, expected) in self.steps.iter().enumerate() {
            for (k, (g, p)) in grads.flat_mut().iter_mut().zip(params.flat()).enumerate() {
                *g = p * p * p - p + 0.3 * (k as f64 - 2.0) + 0.05 * t as f64;
            }
            optimizer.step(&mut params, &grads).unwrap();
            let differences = params.flat().iter().zip(expected).map(|(found, e)| (found - e).abs() / e.abs().max(1.0));
            worst = differences.fold(worst, f64::max);
        }
        worst
    }
}

#[test]
fn optimizers_agree_with_pytorch_step_by_step() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("optimizers.json")).unwrap();
    for case in &cases {
        let (rate, beta1, beta2) = (case.rate, case.or("beta1", 0.9), case.or("beta2", 0.999));
        let worst = match case.name.as_str() {
            "sgd" => {
                let sgd = Sgd::new(rate).momentum(case.or("momentum", 0.0)).dampening(case.or("dampening", 0.0));
                case.follow(if case.has("nesterov") { sgd.nesterov() } else { sgd })
            }
            "adam" => {
                let adam = Adam::new(rate).betas(beta1, beta2).epsilon(case.or("epsilon", 1e-8));
                case.follow(if case.has("amsgrad") { adam.amsgrad() } else { adam })
            }
            "rmsprop" => {
                let rmsprop = RmsProp::new(rate).alpha(case.or("alpha", 0.99)).epsilon(case.or("epsilon", 1e-8));
                let rmsprop = rmsprop.momentum(case.or("momentum", 0.0));
                case.follow(if case.has("centered") { rmsprop.centered() } else { rmsprop })
            }
            "adagrad" => case.follow(AdaGrad::new(rate).rate_decay(case.or("rate_decay", 0.0))),
            "lion" => case.follow(Lion::new(rate).betas(beta1, case.or("beta2", 0.99))),
            name => panic!("no optimizer is called {name}"),
        };
        let line = format!("{} {:?}: 20 steps, largest difference {worst:.1e}\n", case.name, case.settings);
        let _ = std::io::stderr().write_all(line.as_bytes());
        assert!(worst < 1e-12, "{line}");
    }
}
