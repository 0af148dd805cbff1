//! Time and memory of a recording by source line.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::Location;
use std::time::{Duration, Instant};

use crate::error::{Error, Mismatch};
use crate::scalar::Real;
use crate::tape::{Recording, Step, Var};

/// The cost of one source line in one forward and backward pass.
#[derive(Clone, Debug)]
pub struct ProfileLine {
    /// File and line.
    pub location: String,
    /// The names of the operations recorded there, sorted, without duplicates.
    pub operations: Vec<&'static str>,
    /// Number of operations recorded there.
    pub calls: usize,
    /// Time of forward: for each operation the shortest of the repeats.
    pub forward: Duration,
    /// Time of backward: for each operation the shortest of the repeats.
    pub backward: Duration,
    /// Bytes of values, saved intermediate results and gradients.
    pub bytes: usize,
}

/// Time and memory of a recording by source line.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The lines, most expensive first.
    pub lines: Vec<ProfileLine>,
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>10} {:>10} {:>6} {:>12}  line", "forward", "backward", "calls", "bytes")?;
        for line in &self.lines {
            let micros = |time: Duration| format!("{:.1} µs", time.as_secs_f64() * 1e6);
            let (forward, backward) = (micros(line.forward), micros(line.backward));
            write!(f, "\n{forward:>10} {backward:>10} {:>6} {:>12}  ", line.calls, line.bytes)?;
            write!(f, "{} {}", line.location, line.operations.join(", "))?;
        }
        Ok(())
    }
}

impl<'t, T: Real> Recording<'t, T> {
    /// Runs every operation `repeats` times again, forward and backward from `loss`, and sums the times by source line.
    ///
    /// ```
    /// use autodiff::{Mode, Params, Tape};
    ///
    /// let params = Params::<f32>::default();
    /// let mut tape = Tape::new();
    /// let t = tape.start(&params, Mode::Train);
    /// let loss = t.variable(&vec![0.5; 1000].into()).tanh().sum(..);
    /// let profile = t.profile(loss, 3)?;
    /// assert_eq!(profile.lines[0].operations, ["sum", "tanh"]);
    /// println!("{profile}");
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    ///
    /// # Errors
    /// The first mistake made on the recording; a loss on another tape; otherwise as [`Var::backward`].
    #[track_caller]
    pub fn profile(&self, loss: Var<'_, T>, repeats: usize) -> Result<Profile, Error> {
        if !self.holds(loss) {
            let mismatch = Mismatch::new("the loss is on another tape");
            self.refuse("profile", mismatch, &[], Location::caller());
        }
        self.check()?;
        let mut grads = self.params.try_gradients()?;
        loss.backward(&mut grads)?;
        let mut graph = self.graph.borrow_mut();
        let mut lines: BTreeMap<(&str, u32), ProfileLine> = BTreeMap::new();
        for k in (0..graph.nodes.len()).filter(|&k| matches!(graph.nodes[k].step, Step::Op(_))).collect::<Vec<_>>() {
            let (mut forward, mut backward) = (Duration::MAX, Duration::MAX);
            for _ in 0..repeats.max(1) {
                let start = Instant::now();
                graph.run(k, self.params)?;
                forward = forward.min(start.elapsed());
                let start = Instant::now();
                graph.pull(k, self.params, &mut grads).map_err(|mismatch| graph.refusal(k, mismatch, self.params))?;
                backward = backward.min(start.elapsed());
            }
            let (node, name) = (&graph.nodes[k], graph.kind(k));
            let location: &'static Location<'static> = node.location;
            let line = lines.entry((location.file(), location.line())).or_insert_with(|| ProfileLine {
                location: format!("{}:{}", location.file(), location.line()),
                operations: Vec::new(),
                calls: 0,
                forward: Duration::ZERO,
                backward: Duration::ZERO,
                bytes: 0,
            });
            if let Err(position) = line.operations.binary_search(&name) {
                line.operations.insert(position, name);
            }
            line.calls += 1;
            line.forward += forward;
            line.backward += backward;
            line.bytes += node.bytes::<T>();
        }
        let mut lines: Vec<ProfileLine> = lines.into_values().collect();
        lines.sort_by_key(|line| std::cmp::Reverse(line.forward + line.backward));
        Ok(Profile { lines })
    }
}
