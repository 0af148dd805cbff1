//! The source line that an operation is attributed to.
//!
//! `#[track_caller]` carries the caller's line through functions, but not through closures and trait objects: there an
//! operation would be recorded with a line of the library that records it. A library that knows its caller's line sets it
//! for the duration of the call with [`Recording::at`].

use std::panic::Location;

use crate::scalar::Real;
use crate::tape::{Graph, Recording};

/// A source line outside the library whose sources have this path prefix.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    location: &'static Location<'static>,
    library: &'static str,
}

impl<T: Real> Graph<T> {
    /// `location`, or the library's caller if `location` lies in the library.
    pub(crate) fn attribute(&self, location: &'static Location<'static>) -> &'static Location<'static> {
        match self.caller {
            Some(caller) if location.file().starts_with(caller.library) => caller.location,
            _ => location,
        }
    }
}

impl<T: Real> Recording<'_, T> {
    /// Runs `record`; operations recorded there by sources under the path `library` are attributed to the line `caller`
    /// in errors, profiles and graphs. Operations recorded by other sources keep their own line. If `caller` lies in the
    /// library itself (a nested call), the outer caller is kept.
    ///
    /// For libraries of modules, because `#[track_caller]` does not work through trait objects and closures:
    ///
    /// ```
    /// use std::panic::Location;
    ///
    /// use autodiff::{Mode, Params, Tape, Var};
    ///
    /// /// Stands for a library: this file.
    /// #[track_caller]
    /// fn library<'t>(x: Var<'t, f64>, layer: &dyn Fn(Var<'t, f64>) -> Var<'t, f64>) -> Var<'t, f64> {
    ///     x.recording().at(Location::caller(), file!(), || layer(x))
    /// }
    ///
    /// fn layer<'t>(x: Var<'t, f64>) -> Var<'t, f64> {
    ///     x.softmax(5)
    /// }
    ///
    /// let params = Params::default();
    /// let mut tape = Tape::new();
    /// let t = tape.start(&params, Mode::Train);
    /// let x = t.input(&[1.0, 2.0].into());
    /// let line = line!() + 1;
    /// let y = library(x, &layer);
    /// assert!(y.value().unwrap_err().to_string().contains(&format!(":{line}:")));
    /// ```
    pub fn at<R>(&self, caller: &'static Location<'static>, library: &'static str, record: impl FnOnce() -> R) -> R {
        let mut graph = self.graph.borrow_mut();
        let inner = Caller { location: graph.attribute(caller), library };
        let outer = graph.caller.replace(inner);
        drop(graph);
        let result = record();
        self.graph.borrow_mut().caller = outer;
        result
    }
}
