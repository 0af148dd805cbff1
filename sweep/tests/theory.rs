//! Measurement against theory, through a sweep.

use sweep::Settings;

#[test]
fn measured_factors_are_those_of_theory() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [
        ("depth", "8"),
        ("width", "128"),
        ("data", "gaussian"),
        ("probe", "random"),
        ("head", "none"),
        ("steps", "0"),
        ("activation", "relu,tanh"),
        ("norm", "none,batch,layer"),
        ("residual", "off,scaled"),
        ("dropout", "0,0.2"),
    ]
    .into_iter()
    .fold(Settings::default().out(folder.path()), |settings, (name, value)| settings.with(name, value).unwrap());
    let results = Settings { seeds: 5, ..settings }.run().unwrap();
    assert_eq!(results.summaries.len(), 24);
    for summary in &results.summaries {
        let agreement = summary.agreement.unwrap_or_else(|| panic!("{}: no theory", summary.label));
        assert!(agreement.agrees(), "{}: {agreement:?}", summary.label);
        // The band is wide; the factors are much closer.
        assert!((agreement.measured / agreement.predicted - 1.0).abs() < 0.03, "{}: {agreement:?}", summary.label);
    }
}

#[test]
fn where_no_theory_is_known_there_is_no_guess() {
    let folder = tempfile::tempdir().unwrap();
    let cases =
        [("depth", "4"), ("width", "16"), ("batch", "32"), ("steps", "0"), ("norm", "zca"), ("activation", "relu")];
    let with = |settings: Settings, (name, value): (&str, &str)| settings.with(name, value).unwrap();
    let results = cases.into_iter().fold(Settings::default().out(folder.path()), with).run().unwrap();
    let summary = &results.summaries[0];
    assert!(summary.agreement.is_none() && summary.depth_scales.is_none());
    assert!(
        summary.init.layers.iter().all(|layer| layer.predicted_delta_norm.is_none() && layer.predicted_q.is_none())
    );
}
