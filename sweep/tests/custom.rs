//! Layers of the user's.

use nn::{Linear, Tanh};
use sweep::Settings;

fn tiny(folder: &std::path::Path) -> Settings {
    let settings = Settings::default().out(folder).with("depth", "1,3").unwrap().with("width", "8").unwrap();
    let settings = settings.with("batch", "16").unwrap().with("steps", "3").unwrap();
    Settings { seeds: 2, ..settings }
}

#[test]
fn a_layer_of_ones_own_has_every_measure_and_file() {
    let folder = tempfile::tempdir().unwrap();
    let layer =
        |mut scope: autodiff::Scope<'_, f32>, _depth, width| (Linear::new(scope.child("fc"), width, width), Tanh);
    let results = sweep::run(&tiny(folder.path()), layer).unwrap();
    assert_eq!((results.finished, results.summaries.len()), (4, 2));
    let deep = &results.summaries[1];
    assert_eq!((deep.depth, deep.init.layers.len()), (3, 3));
    assert!(deep.init.layers.iter().all(|layer| layer.delta_norm > 0.0 && layer.weight_grad_norm > 0.0));
    assert!(deep.values.contains(&("activation", "custom".to_owned())), "{:?}", deep.values);
    assert!(deep.trained.as_ref().unwrap().layers.iter().all(|layer| layer.change > Some(0.0)));
    let report = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(report.contains("</html>"));
}

#[test]
fn what_has_no_effect_on_a_layer_of_ones_own_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let run = |settings: Settings| sweep::run(&settings, |scope, _, width| Linear::new(scope, width, width));
    let refused = |name, value| run(tiny(folder.path()).with(name, value).unwrap()).unwrap_err().to_string();
    assert!(refused("activation", "relu").contains("--activation: has no effect"));
    assert!(refused("dtype", "f64").contains("--dtype f64"));
    let wrong = sweep::run(&tiny(folder.path()), |scope, _, width| Linear::new(scope, width, width + 1));
    let message = wrong.unwrap_err().to_string();
    assert!(message.contains("matmul: inner dimensions differ"), "{message}");
    assert_eq!(std::fs::read_dir(folder.path()).map_or(0, Iterator::count), 0, "nothing is left");
}
