//! Every value of every axis runs, and settings come back from their files.

use sweep::results::Summary;
use sweep::{Group, Settings, Spectrum, axes};

fn tiny(folder: &std::path::Path) -> Settings {
    let settings = [("depth", "2"), ("width", "16"), ("batch", "32"), ("steps", "2"), ("activation", "tanh")]
        .into_iter()
        .fold(Settings::default().out(folder), |settings, (name, value)| settings.with(name, value).unwrap());
    Settings { seeds: 1, ..settings }
}

fn swept(change: &[(&str, &str)]) -> Vec<Summary> {
    let folder = tempfile::tempdir().unwrap();
    let with = |settings: Settings, (name, value): &(&str, &str)| settings.with(name, value).unwrap();
    change.iter().fold(tiny(folder.path()), with).run().unwrap_or_else(|error| panic!("{change:?}: {error}")).summaries
}

/// An axis, values of it, and what they need of other axes.
type Together = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Further values, of axes that go together.
const TOGETHER: [Together; 5] = [
    ("norm", "none,batch,layer,group,zca:4", &[("layer", "conv")]),
    ("residual", "on,fixup", &[("layer", "conv")]),
    ("data", "digits,gaussian", &[("layer", "conv")]),
    ("parametrization", "mup,complete-p", &[("residual", "on"), ("norm", "none,batch"), ("depth", "4")]),
    ("members", "1,2", &[("norm", "batch"), ("dropout", "0.2")]),
];

/// Runs all of these values, and checks that each makes another network or another training.
fn check(name: &str, values: &str, needed: &[(&str, &str)]) {
    let summaries = swept(&[needed, &[(name, values)]].concat());
    assert_eq!(summaries.len() % values.split(',').count(), 0, "{name}");
    for (index, one) in summaries.iter().enumerate() {
        for other in &summaries[..index] {
            let same = one.init == other.init && one.trained == other.trained;
            assert!(one.values != other.values && !same, "{name} {values}: {:?} {:?}", one.label, other.label);
        }
        assert!(one.init.layers.iter().all(|layer| layer.delta_norm.is_finite()), "{name}: {}", one.label);
    }
}

#[test]
fn every_value_makes_another_network_or_training() {
    for axis in axes() {
        check(axis.name, axis.examples, axis.with);
    }
    for (name, values, needed) in TOGETHER {
        check(name, values, needed);
    }
}

#[test]
fn a_name_or_value_of_no_axis_is_an_error_that_says_what_there_is() {
    let said = |name, value| Settings::default().with(name, value).unwrap_err().to_string();
    assert!(said("deepness", "1").contains("depth, width"), "{}", said("deepness", "1"));
    assert!(said("dropout", "1").contains("--dropout 1: must be a number from 0 to below 1"));
    let ill = |name, value| {
        let folder = tempfile::tempdir().unwrap();
        let muon = tiny(&folder.path().join("new")).with("optimizer", "muon").unwrap();
        muon.with(name, value).unwrap().run().unwrap_err().to_string()
    };
    assert!(ill("parametrization", "complete-p").contains("--residual must be on"));
    assert!(ill("parametrization", "mup").contains("--optimizer muon: --parametrization must be standard"));
    assert!(Settings::from_toml("sedes = 3").unwrap_err().to_string().contains("sedes"));
    assert!(Settings::from_toml("[axes]\nnorm = 'btach'").unwrap_err().to_string().contains("batch"));
}

#[test]
fn settings_come_back_from_their_file() {
    let group = |name: &str, norm: &str| {
        let mut group = Group { name: name.to_owned(), ..Group::default() };
        group.axes.set("norm", [norm.to_owned()]).unwrap();
        group
    };
    let settings = Settings {
        title: "a \"title\"".into(),
        spectra: vec![Spectrum::TangentKernel],
        group: vec![group("one", "batch"), group("two", "zca:8")],
        ..Settings::default().with("learning_rate", "1e-3,0.5").unwrap()
    };
    let text = settings.to_toml().unwrap();
    assert_eq!(Settings::from_toml(&text).unwrap(), settings, "{text}");
    assert!(text.contains("0.5"), "{text}");
    let replaced = settings.with("norm", "layer").unwrap();
    assert!(replaced.group.iter().all(|group| group.axes.get("norm").is_none()), "an option replaces values of groups");
    let said = Settings::preset("vanishing-sigmoid").unwrap().with("activation", "relu").unwrap_err().to_string();
    assert!(said.contains("the group \"sigmoid\" is named after its sigmoid"), "{said}");
}

#[test]
fn spectra_are_measured_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let settings = tiny(folder.path()).with("steps", "0").unwrap().with("init", "orthogonal").unwrap();
    let settings = settings.with("activation", "identity").unwrap();
    let spectra = vec![Spectrum::Jacobian, Spectrum::Hessian, Spectrum::TangentKernel];
    let results = Settings { spectra, ..settings }.run().unwrap();
    let spectra = results.summaries[0].spectra.as_ref().unwrap();
    assert_eq!((spectra.jacobian.len(), spectra.hessian.len(), spectra.tangent_kernel.len()), (16, 10, 32));
    assert!(spectra.jacobian.iter().all(|value| (value - 1.0).abs() < 1e-9), "{:?}", spectra.jacobian);
    assert!(spectra.hessian[0] > 0.0 && spectra.tangent_kernel.iter().all(|&value| value > -1e-6));
}
