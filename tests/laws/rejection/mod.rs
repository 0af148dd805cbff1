//! Whatever a public function is handed, it gives a result, or an error that names what was wrong: no panic but those
//! documented, no abort, no endless loop.
//!
//! The cases are tables, one file an area; `given.rs` has what they are made of. Each area runs in a process of its own
//! (`harness.rs`) in which memory is short. That no public function is left out, the sources say (`sources.rs`).

mod any_shapes;
mod given;
mod harness;
mod sources;

use std::collections::BTreeSet;

use self::harness::{Case, Verdict, run};

/// A test for each area's table.
macro_rules! areas {
    ($($area:ident),* $(,)?) => {
        $(
            mod $area;

            #[test]
            fn $area() {
                run(stringify!($area), $area::CASES);
            }
        )*

        fn all() -> impl Iterator<Item = &'static Case> {
            [$($area::CASES),*].into_iter().flatten()
        }
    };
}

areas! {
    tensors, recording, parameters, elementwise, pairs, operations, checking, convolutions,
    layers, sequences, losses, data, optimizers, minimizers, training,
}

/// Public functions without a case, each with the reason.
const EXEMPT: &[(&str, &str)] = &[
    ("Inputs::view", "only an operation has inputs, those that its own shape rule let in"),
    ("Inputs::broadcast", "as Inputs::view"),
    ("InputGrads::view", "as Inputs::view"),
    ("InputGrads::broadcast", "as Inputs::view"),
    ("Weight::normalized", "layers have weights; tried as Linear::weight_norm and Conv::weight_norm"),
    ("Weight::dropped", "as Weight::normalized: Linear::drop_connect and Conv::drop_connect"),
    ("AdamRule::check", "made by Adam alone; tried as Adam::epsilon and its like"),
    ("AdamRule::update", "as AdamRule::check"),
    ("RmsPropRule::check", "as AdamRule::check"),
    ("RmsPropRule::update", "as AdamRule::check"),
    ("AdaGradRule::check", "as AdamRule::check"),
    ("AdaGradRule::update", "as AdamRule::check"),
    ("LionRule::check", "as AdamRule::check"),
    ("LionRule::update", "as AdamRule::check"),
    ("MuonRule::check", "as AdamRule::check"),
    ("MuonRule::update", "as AdamRule::check"),
    ("MuonRule::is_whole", "as AdamRule::check"),
    ("MuonRule::scratch", "as AdamRule::check"),
    ("MuonRule::update_whole", "as AdamRule::check"),
    ("ParamGradient::parts", "made by an optimizer alone; tried as Optimizer::clip_norm"),
    ("SelectedGradients::iter_mut", "made by an optimizer alone; tried as Optimizer::transform"),
    ("ClipValue::check", "tried as Optimizer::clip_value"),
    ("ClipValue::apply", "as ClipValue::check"),
    ("ClipNorm::check", "tried as Optimizer::clip_norm"),
    ("ClipNorm::apply", "as ClipNorm::check"),
    ("ClipEach::check", "tried as Optimizer::clip_each"),
    ("ClipEach::apply", "as ClipEach::check"),
    ("Penalty::check", "tried as Optimizer::regularize"),
    ("Penalty::apply", "as Penalty::check"),
    ("Proximal::check", "tried as Optimizer::proximal"),
    ("Proximal::project_entries", "as Proximal::check"),
    ("MaxNorm::check", "tried as Optimizer::max_norm"),
    ("MaxNorm::check_shape", "as MaxNorm::check"),
    ("MaxNorm::project_parameter", "as MaxNorm::check"),
    ("Dual::gemm", "matrices are made by operations alone; tried as Var::matmul"),
    ("Dual::available", "the processor's vectors, which operations use; tried as Var::conv2d"),
    ("Tiled::tiles", "as Dual::available"),
    ("Pointwise::shape", "what operations hand on to; tried through the methods of Var"),
    ("Reads::inputs", "sets bits and nothing else; tried through the methods of Var"),
    ("Reads::and_output", "as Reads::inputs"),
    ("Pointwise::forward", "as Pointwise::shape"),
    ("Pointwise::backward", "as Pointwise::shape"),
    ("Select::value", "as Pointwise::shape"),
    ("Select::pull", "as Pointwise::shape"),
    ("MulAdd::value", "as Pointwise::shape"),
    ("MulAdd::pull", "as Pointwise::shape"),
    ("Gradients::check_filled", "tried as Optimizer::step"),
    ("Gradients::check_finite", "tried as Optimizer::step"),
    ("Params::check_commit", "tried as Params::commit"),
    ("Params::check_finite", "tried as TrainingState::save"),
    ("Recording::at", "takes a line and a path; tried in tests/lines.rs"),
    ("Scope::fail", "takes an error; tried through the layers that use it"),
    ("Scope::state_with", "tried as BatchNorm::new, whose running mean it registers"),
    ("Optimizer::check", "tried through the settings of every optimizer"),
    ("Schedule::check", "tried as Trainer::schedule"),
    ("Plateau::check", "tried as Trainer::plateau"),
    ("EarlyStopping::check", "tried as Trainer::early_stopping"),
    ("Source::new", "tried by every reader of files"),
    ("Source::limit", "tried by every reader of files, in nn/tests/files"),
];

/// Functions with cases that the sources do not ask for: those that a macro makes, and a getter that could run for ever.
const BESIDES: [&str; 4] = ["Activation::forward", "Box::forward", "M::forward", "Layout::offsets"];

#[test]
fn every_public_function_has_a_case() {
    let functions = sources::functions();
    let covered: BTreeSet<&str> = all().map(|case| case.covers).chain(EXEMPT.iter().map(|&(name, _)| name)).collect();
    let missing = functions.iter().filter(|(name, _)| !covered.contains(name.as_str()));
    let missing: Vec<String> =
        missing.map(|(name, function)| format!("{name} in {}", function.file.display())).collect();
    assert!(missing.is_empty(), "{} functions without a case:\n{}", missing.len(), missing.join("\n"));
    let unknown: Vec<&&str> =
        covered.iter().filter(|&&name| !functions.contains_key(name) && !BESIDES.contains(&name)).collect();
    assert!(unknown.is_empty(), "cases or exemptions of functions that are not there: {unknown:?}");
}

#[test]
fn a_refusal_is_held_to_words() {
    let silent = all().filter(|case| matches!(case.verdict, Verdict::Refuses("") | Verdict::Panics("")));
    assert_eq!(silent.map(Case::name).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn only_documented_panics_are_let_pass() {
    let functions = sources::functions();
    let documented = |case: &Case| functions.get(case.covers).is_some_and(|function| function.panics);
    let panicking = all().filter(|case| matches!(case.verdict, Verdict::Panics(_)));
    let others: Vec<String> = panicking.filter(|case| !documented(case)).map(Case::name).collect();
    assert!(others.is_empty(), "without `# Panics` in their documentation:\n{}", others.join("\n"));
}
