//! Whether each input receives a gradient.

use crate::check::columns::Column;
use crate::check::examiner::Examiner;
use crate::check::report::{Diagnosis, Probe};
use crate::check::tensors::{is_finite, unstructured};
use crate::error::Error;

impl Examiner<'_> {
    /// Whether the result changes, to first order, when the elements of an input do, each by another amount.
    fn depends_on(&self, input: usize) -> bool {
        let mut v = self.unit(input, 0..0);
        v[input] = unstructured(v[input].shape());
        let moves = |column: Column| {
            let moved = column.value.data().iter().zip(column.error.data()).any(|(&t, &e)| t.abs() > 10.0 * e);
            is_finite(&column.value) && moved
        };
        self.column(&self.inputs, &v).is_ok_and(moves)
    }

    /// Whether every input that the result depends on receives a gradient. An input that claims to have none is noted if it has
    /// a derivative.
    pub(super) fn received(&mut self) -> Result<(), Error> {
        for input in (0..self.inputs.len()).filter(|&input| !self.wanted[input]).collect::<Vec<_>>() {
            if self.depends_on(input) {
                let name = self.name(input);
                self.report
                    .notes
                    .push(format!("{name} claims to have no derivative, and the result depends on it smoothly"));
            }
        }
        let answer = self.answer(&self.inputs, None)?;
        for (input, gradient) in answer.gradients.iter().enumerate() {
            let (true, Err(error)) = (self.wanted[input] && !self.inputs[input].data().is_empty(), gradient) else {
                continue;
            };
            let name = self.name(input);
            if self.depends_on(input) {
                let setting = format!("{name}: {error}");
                self.note(Probe::Received, &setting, Some(Diagnosis::NoGradient), Vec::new());
            } else {
                self.report.undecided.push(format!("{name} receives no gradient: the result does not depend on it"));
            }
        }
        Ok(())
    }
}
