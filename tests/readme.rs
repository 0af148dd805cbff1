//! The README tells the truth: its code is that of the examples that compile, its test command that of the gate.

const README: &str = include_str!("../README.md");
const EXAMPLES: [&str; 6] = [
    include_str!("../examples/custom_model.rs"),
    include_str!("../examples/custom_op.rs"),
    include_str!("../examples/gradient_penalty.rs"),
    include_str!("../examples/neural_ode.rs"),
    include_str!("../examples/own_layer.rs"),
    include_str!("../examples/pinn.rs"),
];
const GATE: &str = include_str!("../.ci/run");

/// The lines of a text without indentation, as one string: code moved into a text keeps its words, not its margin.
fn unindented(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_code_in_the_readme_is_that_of_the_examples() {
    let blocks: Vec<&str> = README.split("```rust\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        let found = EXAMPLES.iter().any(|example| unindented(example).contains(&unindented(block)));
        assert!(found, "in no example:\n{block}");
    }
}

#[test]
fn the_gate_ends_with_the_test_command_of_the_readme() {
    let commands = README.lines().filter_map(|line| line.strip_prefix("$ "));
    let test = commands.map(|line| line.split(" #").next().unwrap().trim()).find(|line| line.starts_with("cargo test"));
    assert_eq!(GATE.trim_end().lines().last(), test);
}
