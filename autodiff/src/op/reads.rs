//! What the pullback of an operation reads.

/// What [`Op::backward`](super::Op::backward) reads of inputs and output. What it does not read may be overwritten before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reads {
    /// A bit for each input; the last one stands for all further inputs too.
    inputs: u64,
    output: bool,
}

impl Reads {
    /// All inputs and the output.
    pub const ALL: Reads = Reads { inputs: u64::MAX, output: true };
    /// Neither inputs nor output: the pullback depends on the cotangent, on shapes and on what was saved.
    pub const NOTHING: Reads = Reads { inputs: 0, output: false };
    /// The output and no input.
    pub const OUTPUT: Reads = Reads { inputs: 0, output: true };

    /// These inputs, counted from 0, and not the output.
    pub fn inputs(which: impl IntoIterator<Item = usize>) -> Reads {
        let inputs = which.into_iter().fold(0, |inputs, input| inputs | Reads::bit(input));
        Reads { inputs, output: false }
    }

    /// What these expressions mention of the inputs and the output with these names: the reads of an operation that a macro
    /// defines.
    pub fn of_expressions(expressions: &[&str], inputs: &[&str], output: &str) -> Reads {
        let mentioned = |name: &str| expressions.iter().any(|expression| identifiers(expression).any(|it| it == name));
        let reads = Reads::inputs((0..inputs.len()).filter(|&input| mentioned(inputs[input])));
        if mentioned(output) { reads.and_output() } else { reads }
    }

    /// The same inputs and the output.
    #[must_use]
    pub fn and_output(self) -> Reads {
        Reads { output: true, ..self }
    }

    /// Whether the values of this input are read.
    pub(crate) fn has_input(self, input: usize) -> bool {
        self.inputs & Reads::bit(input) != 0
    }

    /// Whether the output is read.
    pub(crate) fn has_output(self) -> bool {
        self.output
    }

    fn bit(input: usize) -> u64 {
        1 << input.min(63)
    }
}

/// The parts of an expression that may be identifiers.
fn identifiers(expression: &str) -> impl Iterator<Item = &str> {
    expression.split(|character: char| !character.is_alphanumeric() && character != '_')
}

#[cfg(test)]
mod tests {
    use super::Reads;

    #[test]
    fn an_expression_mentions_whole_identifiers() {
        let reads = |slopes: &[&str]| Reads::of_expressions(slopes, &["x", "y"], "z");
        assert_eq!(reads(&["x.exp()", "max - xy"]), Reads::inputs([0]));
        assert_eq!(reads(&["(z+y)", "T::ONE"]), Reads::inputs([1]).and_output());
        assert_eq!(reads(&["two(1.0)"]), Reads::NOTHING);
    }
}
