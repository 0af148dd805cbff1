//! What an optimizer carries from step to step, to be stored and taken up again.

use autodiff::{Error, Params, Real};

use super::{Memory, Optimizer};
use crate::rules::Rule;

impl<T: Real, R: Rule<T>> Optimizer<T, R> {
    /// Name and values of every buffer, in the order of [`Params::flat`]; none before the first step.
    pub fn buffers(&self) -> impl Iterator<Item = (&'static str, &[T])> {
        let kept = self.memory.iter().filter(|_| self.steps > 0).flat_map(|memory| &memory.buffers);
        self.rule.buffers().iter().copied().zip(kept.map(|buffer| buffer.flat()))
    }

    /// The names of the buffers that a step keeps.
    pub fn buffer_names(&self) -> &'static [&'static str] {
        self.rule.buffers()
    }

    /// The rule and the chain with their settings, as text that is the same for optimizers which make the same steps at the same
    /// rate.
    pub fn describe(&self) -> String {
        let mut parts = vec![format!("{:?}", self.rule)];
        parts.extend(self.changes.iter().map(|(change, names)| format!("{change:?} for {names}")));
        parts.extend(self.behind.iter().map(|(behind, names)| format!("{behind:?} for {names}")));
        parts.extend(self.groups.iter().map(|(group, names)| format!("{group:?} for {names}")));
        parts.extend(self.strict.then(|| "strict".to_owned()));
        parts.join(", ")
    }

    /// Goes on where an optimizer with the same settings stood after so many steps, with these buffers.
    ///
    /// # Errors
    /// A buffer that is missing, or of another length than `params`. Nothing is changed then.
    pub fn resume<'b>(
        &mut self,
        params: &Params<T>,
        steps: u64,
        buffer: impl Fn(&str) -> Option<&'b [T]>,
    ) -> Result<(), Error>
    where
        T: 'b,
    {
        if steps == 0 {
            (self.steps, self.memory) = (0, None);
            return Ok(());
        }
        let mut memory = Memory::new(params, &self.rule);
        for (name, own) in self.rule.buffers().iter().zip(&mut memory.buffers) {
            match buffer(name) {
                Some(values) if values.len() == own.flat().len() => own.flat_mut().copy_from_slice(values),
                Some(values) => {
                    let reason =
                        format!("buffer {name} has {} values, the parameters {}", values.len(), own.flat().len());
                    return Err(Error::InvalidInput { what: "optimizer", reason });
                }
                None => {
                    return Err(Error::InvalidInput {
                        what: "optimizer",
                        reason: format!("there is no buffer {name}"),
                    });
                }
            }
        }
        (self.steps, self.memory) = (steps, Some(memory));
        Ok(())
    }
}
