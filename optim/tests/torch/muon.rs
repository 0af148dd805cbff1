//! Steps of Muon against PyTorch's, which `muon.py` wrote down, and which parameters it takes for matrices.

use std::collections::BTreeMap;
use std::io::Write;

use autodiff::Params;
use optim::{Adam, Muon, MuonScale, ParamFilter, ParamGroup};
use serde::Deserialize;

#[derive(Deserialize)]
struct Table {
    shapes: Vec<(String, Vec<usize>)>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    rate: f64,
    settings: Settings,
    steps: BTreeMap<usize, Vec<f64>>,
}

#[derive(Debug, Deserialize)]
#[serde(default)]
struct Settings {
    decay: f64,
    momentum: f64,
    plain: u8,
    steps: usize,
    coefficients: [f64; 3],
    epsilon: f64,
    scale: String,
    beta1: f64,
    beta2: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            decay: 0.0,
            momentum: 0.95,
            plain: 0,
            steps: 5,
            coefficients: [3.4445, -4.775, 2.0315],
            epsilon: 1e-7,
            scale: String::new(),
            beta1: 0.9,
            beta2: 0.999,
        }
    }
}

impl Case {
    fn optimizer(&self) -> Muon<f64> {
        let own = &self.settings;
        let scale = match own.scale.as_str() {
            "match_rms_adamw" => MuonScale::MatchRms,
            "spectral_unclamped" => MuonScale::Spectral,
            _ => MuonScale::Original,
        };
        let muon = Muon::new(self.rate).scale(scale).momentum(own.momentum).betas(own.beta1, own.beta2);
        let muon = if own.plain == 1 { muon.without_nesterov() } else { muon };
        muon.newton_schulz(own.steps, own.coefficients).epsilon(own.epsilon).decay(own.decay, ParamFilter::all())
    }
}

fn model(shapes: &[(String, Vec<usize>)]) -> Params<f64> {
    let mut params = Params::new(0);
    for (name, shape) in shapes {
        params.scope("").parameter(name, shape.as_slice(), |values, _| {
            values.iter_mut().enumerate().for_each(|(k, value)| *value = ((7 * k + 3) % 11) as f64 / 4.0 - 1.25);
        });
    }
    params
}

#[test]
fn muon_agrees_with_pytorch() {
    let Table { shapes, cases } = serde_json::from_str(include_str!("muon.json")).unwrap();
    for case in &cases {
        let (mut params, mut muon) = (model(&shapes), case.optimizer());
        let mut grads = params.gradients();
        let mut worst = 0.0_f64;
        for t in 0..20 {
            let entries = params.iter().flat_map(|(_, _, values)| values.iter().enumerate());
            for ((k, p), g) in entries.zip(grads.flat_mut()) {
                *g = p * p * p - p + 0.3 * (k as f64 - 2.0) + 0.05 * t as f64;
            }
            muon.step(&mut params, &grads).unwrap();
            let expected = case.steps.get(&(t + 1)).into_iter().flatten();
            worst =
                params.flat().iter().zip(expected).map(|(p, e)| (p - e).abs() / e.abs().max(1.0)).fold(worst, f64::max);
        }
        let line = format!("muon {:?}: 20 steps, largest difference {worst:.1e}\n", case.settings);
        let _ = std::io::stderr().write_all(line.as_bytes());
        assert!(case.steps.len() == 3 && worst < 1e-12, "{line}");
    }
}

fn shapes(rows: &[(&str, &[usize])]) -> Vec<(String, Vec<usize>)> {
    rows.iter().map(|&(name, shape)| (name.to_owned(), shape.to_vec())).collect()
}

#[test]
fn an_entrywise_group_is_stepped_by_adam_at_its_own_rate() {
    let shapes = shapes(&[("embedding", &[7, 3]), ("weight", &[4, 4]), ("bias", &[4])]);
    let [mut by_muon, mut by_adam] = [model(&shapes), model(&shapes)];
    let mut muon = Muon::new(0.1).group("embedding", ParamGroup::rate_factor(0.5).entrywise());
    let mut adam = Adam::new(0.1).group("embedding", ParamGroup::rate_factor(0.5));
    let mut grads = [by_muon.gradients(), by_adam.gradients()];
    for t in 0..3 {
        for grads in &mut grads {
            grads.flat_mut().iter_mut().enumerate().for_each(|(k, g)| *g = (k as f64 + t as f64).cos());
        }
        muon.step(&mut by_muon, &grads[0]).unwrap();
        adam.step(&mut by_adam, &grads[1]).unwrap();
    }
    let is_same = |name: &str| {
        let of =
            |params: &Params<f64>| params.iter().find(|(own, ..)| *own == name).map(|(.., values)| values.to_vec());
        of(&by_muon) == of(&by_adam)
    };
    assert_eq!(["embedding", "weight", "bias"].map(is_same), [true, false, true]);
}

#[test]
fn a_direction_of_muon_is_nearly_orthogonal_and_without_gradient_there_is_none() {
    let shapes = shapes(&[("tall", &[6, 4]), ("zero", &[3, 3]), ("empty", &[0, 4])]);
    let mut params = model(&shapes);
    let mut grads = params.gradients();
    let slots = grads.flat_mut().iter_mut().take(24);
    slots.enumerate().for_each(|(k, g)| *g = 1e30 * (k as f64 * k as f64).sin());
    let before = params.flat().to_vec();
    Muon::new(1.0).scale(MuonScale::Spectral).step(&mut params, &grads).unwrap();
    let step: Vec<f64> = before.iter().zip(params.flat()).map(|(before, after)| before - after).collect();
    assert_eq!(step[24..], [0.0; 9]);
    // Of the scale √(6/4), every column has a norm within 0.7 and 1.2.
    for column in 0..4 {
        let norm = (0..6).map(|row| step[4 * row + column].powi(2)).sum::<f64>().sqrt() / 1.5_f64.sqrt();
        assert!((0.65..1.25).contains(&norm), "column {column}: {norm}");
    }
}

/// Entries without a gradient stay where they are, and so they do under decay.
#[test]
fn under_strict_dropout_muon_steps_the_entries_with_a_gradient() {
    let mut params = model(&shapes(&[("weight", &[4, 4])]));
    let mut grads = params.gradients();
    let mut muon = Muon::new(0.1).decay(0.5, ParamFilter::all()).strict_dropout();
    for dropped in [None, Some(2)] {
        grads.flat_mut().iter_mut().enumerate().for_each(|(k, g)| *g = (k as f64).cos());
        dropped.into_iter().for_each(|row| grads.flat_mut()[4 * row..][..4].fill(0.0));
        let before = params.flat().to_vec();
        muon.step(&mut params, &grads).unwrap();
        let moved = |row: usize| before[4 * row..][..4] != params.flat()[4 * row..][..4];
        assert_eq!([0, 1, 2, 3].map(moved), [0, 1, 2, 3].map(|row| dropped != Some(row)));
    }
}
