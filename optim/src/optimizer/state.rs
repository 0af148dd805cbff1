//! The state of an optimizer: to be saved, and to resume from.

use std::borrow::Cow;
use std::ops::Range;

use autodiff::{Alone, Error, Params, ProcessGroup, Real};

use super::Optimizer;
use super::memory::zeros;
use super::share::Shares;
use super::workspace::Workspace;
use crate::rules::Rule;

/// Name and values of a buffer.
type Buffer<'b, T> = (&'static str, Cow<'b, [T]>);

impl<T: Real, R: Rule<T>> Optimizer<T, R> {
    /// Name and values of every buffer, in the order of [`Params::flat`]; none before the first step. After steps among several
    /// processes, they are those of [`Optimizer::share`].
    pub fn buffers(&self) -> impl Iterator<Item = (&'static str, &[T])> {
        let own = self.workspace.iter().filter(|_| self.steps > 0).flat_map(|workspace| &workspace.buffers);
        self.rule.buffers().iter().copied().zip(own.map(Vec::as_slice))
    }

    /// The entries of [`Params::flat`] that this process updates, as of its last step; all, where it is alone.
    pub fn share(&self) -> Option<Range<usize>> {
        self.workspace.as_ref().filter(|_| self.steps > 0).map(|workspace| workspace.shares.own())
    }

    /// As [`Optimizer::buffers`], of the shares of all processes, each of which calls it.
    ///
    /// # Errors
    /// Too little memory; processes that cannot be reached.
    pub fn gather_buffers(
        &self,
        group: &impl ProcessGroup<T>,
        params: &Params<T>,
    ) -> Result<Vec<Buffer<'_, T>>, Error> {
        let Some(workspace) = &self.workspace else { return Ok(Vec::new()) };
        let shares = &workspace.shares;
        if !shares.are_of(group) {
            workspace.check_whole(group.count())?;
        }
        let gather = |(name, own)| {
            if !shares.are_several() {
                return Ok((name, Cow::Borrowed(own)));
            }
            let mut all = zeros("a buffer of the optimizer", Some(params.flat().len()))?;
            shares.gather(group, own, &mut all)?;
            Ok((name, Cow::Owned(all)))
        };
        self.buffers().map(gather).collect()
    }

    /// The names of the buffers that the rule keeps from step to step.
    pub fn buffer_names(&self) -> &'static [&'static str] {
        self.rule.buffers()
    }

    /// The rule and the parts around it with their settings, but not the rate, as text. Optimizers with the same text make the
    /// same steps at the same rate.
    pub fn describe(&self) -> String {
        let rule = std::iter::once(format!("{:?}", self.rule));
        let strict = self.strict_dropout.then(|| "strict dropout".to_owned());
        rule.chain(self.chain.describe()).chain(strict).collect::<Vec<_>>().join(", ")
    }

    /// Continues as an optimizer with the same settings would after `steps` steps with these buffers, each given by its name in
    /// the order of [`Params::flat`].
    ///
    /// # Errors
    /// A buffer that is missing or has another length than the parameters; too little memory. The optimizer is then unchanged.
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
            (self.steps, self.workspace) = (0, None);
            return Ok(());
        }
        let mut workspace = Workspace::new(params, &self.rule, Shares::new(params, &self.rule, &Alone))?;
        for (name, own) in self.rule.buffers().iter().zip(&mut workspace.buffers) {
            let reason = match buffer(name) {
                Some(values) if values.len() == own.len() => {
                    own.copy_from_slice(values);
                    continue;
                }
                Some(values) => format!("buffer {name} has {} values, the parameters {}", values.len(), own.len()),
                None => format!("there is no buffer {name}"),
            };
            return Err(Error::InvalidInput { what: "optimizer", reason });
        }
        (self.steps, self.workspace) = (steps, Some(workspace));
        Ok(())
    }
}
