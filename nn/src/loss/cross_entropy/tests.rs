use autodiff::{Mode, Params, Tape, check};

use super::*;
use crate::loss::testing::{check_gradients, error_of, mean};

#[test]
fn values_and_gradients_are_those_of_the_formulas() {
    let (value, gradient) = mean(&CrossEntropy::new(), [[0.0, 0.0], [0.0, 0.0]].into(), [1.0, 0.0].into());
    assert!((value - 2.0_f64.ln()).abs() < 1e-15);
    assert_eq!(gradient, [[0.25, -0.25], [-0.25, 0.25]].into());
    let logs = [[-1.0, -2.0], [-3.0, -4.0]].into();
    let (value, gradient) = mean(&CrossEntropy::from_log_probabilities(), logs, [1.0, 0.0].into());
    assert_eq!((value, gradient), (2.5, [[0.0, -0.5], [-0.5, 0.0]].into()));
}

fn all_options() -> CrossEntropy {
    CrossEntropy::new().label_smoothing(0.2).class_weights([0.5, 2.0, 1.0]).ignore_index(-100)
}

#[test]
fn gradients_agree_with_the_checker() {
    let scores = Tensor::from_fn([2, 3, 2], |k| ((k * 7) % 12) as f64 / 3.0 - 1.9);
    let labels = [[0.0, 2.0], [-100.0, 1.0]].into();
    check_gradients(&all_options(), &scores, &labels);
    let weighted = CrossEntropy::from_log_probabilities().class_weights([0.5, 2.0, 1.0]).ignore_index(-100);
    check_gradients(&weighted, &scores, &labels);
    let soft = CrossEntropy::new().label_smoothing(0.2).class_weights([0.5, 2.0, 1.0]);
    let inputs = [[[0.3, -1.0, 2.0], [0.0, 0.5, -0.7]].into(), [[0.2, -0.3, 0.5], [0.9, 0.6, 0.4]].into()];
    check::function(|[z, q]| soft.reduced(z, q.softmax(1), Reduction::Mean), inputs).unwrap().assert();
}

#[test]
fn extreme_logits_give_finite_losses_and_gradients() {
    let logits = || [[1e4, -1e4]].into();
    let expected = (2e4, [[1.0, -1.0]].into());
    assert_eq!(mean::<f32>(&CrossEntropy::new(), logits(), [1.0].into()), expected);
    assert_eq!(mean::<f32>(&CrossEntropy::new(), logits(), [[0.0, 1.0]].into()), expected);
    let smoothed = CrossEntropy::new().label_smoothing(0.5);
    assert_eq!(mean::<f32>(&smoothed, logits(), [1.0].into()), (1.5e4, [[0.75, -0.75]].into()));
}

#[test]
fn an_ignored_sample_has_no_effect_whatever_its_scores() {
    let logits = || [[0.0, 0.0], [f64::NAN, f64::INFINITY]].into();
    let (value, gradient) = mean(&CrossEntropy::new().ignore_index(9), logits(), [1.0, 9.0].into());
    assert!((value - 2.0_f64.ln()).abs() < 1e-15);
    assert_eq!(gradient, [[0.5, -0.5], [0.0, 0.0]].into());
    for loss in [CrossEntropy::new(), all_options(), CrossEntropy::from_log_probabilities()] {
        let nothing = mean(&loss.ignore_index(9), Tensor::full([2, 3], f64::NAN), [9.0, 9.0].into());
        assert_eq!(nothing, (0.0, Tensor::full([2, 3], 0.0)));
    }
}

#[test]
fn a_class_of_probability_zero_adds_nothing_even_if_its_logit_is_infinite() {
    let (value, gradient) = mean(&CrossEntropy::new(), [[0.0, f64::NEG_INFINITY]].into(), [[1.0, 0.0]].into());
    assert_eq!((value, gradient), (0.0, [[0.0, 0.0]].into()));
}

#[test]
fn labels_that_are_neither_a_class_nor_ignored_are_rejected() {
    for label in [-1.0, 3.0, 0.5, f64::NAN] {
        let message = error_of(&all_options(), Tensor::full([1, 3], 0.0), [label].into());
        let due = "must be a class, an integer in 0..3, or -100, which is ignored: [1, 3] × [1] at nn";
        assert!(message.starts_with(&format!("cross_entropy: the label of sample 0 is {label}: {due}")), "{message}");
    }
}

#[test]
fn a_wrong_label_names_the_line_of_the_caller() {
    let params = Params::<f64>::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let (logits, labels) = (t.input(&[[0.0, 0.0]].into()), t.input(&[2.0].into()));
    let line = line!() + 1;
    let message = CrossEntropy::new().reduced(logits, labels, Reduction::Sum).value().unwrap_err().to_string();
    assert!(message.contains(&format!("at {}:{line}:", file!())), "{message}");
}

#[test]
fn settings_that_do_not_match_the_scores_are_rejected() {
    let message = |loss: CrossEntropy| error_of(&loss, Tensor::full([1, 2], 0.0), [[0.5, 0.5]].into());
    let smoothed = message(CrossEntropy::new().label_smoothing(1.5));
    assert!(smoothed.starts_with("cross_entropy: label_smoothing is 1.5: must be from 0 to 1: [1, 2] at nn"));
    let weighted = message(all_options());
    assert!(weighted.contains("3 class weights for 2 classes: must be one for each"), "{weighted}");
    let negative = message(CrossEntropy::new().class_weights([1.0, -2.0]));
    assert!(negative.contains("class weight -2 at index 1: must be a number from 0 up"), "{negative}");
    let ignored = message(CrossEntropy::from_log_probabilities().ignore_index(0));
    assert!(ignored.starts_with("negative_log_likelihood: ignore_index is set, but the targets are probabilities"));
}
