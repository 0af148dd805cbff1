//! [`Var`]: the handle to a value on a tape. `views.rs` adds views, the files of `ops/` add operations.

use std::fmt;
use std::panic::Location;

use smallvec::SmallVec;

use crate::array::{Shape, Tensor};
use crate::error::Error;
use crate::op::Op;
use crate::scalar::Real;
use crate::tape::{Gradients, Graph, Label, Recording};

/// A value on a recording. Operators and methods record further operations and never fail: the first mistake is stored
/// on the tape and returned by every method that returns a `Result`, such as [`Var::value`] and [`Var::backward`].
#[derive(Clone, Copy)]
pub struct Var<'t, T: Real> {
    pub(crate) recording: &'t Recording<'t, T>,
    pub(crate) id: u32,
}

impl<T: Real> fmt::Debug for Var<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.shape() {
            Ok(shape) => write!(f, "Var({shape})"),
            Err(error) => write!(f, "Var({error})"),
        }
    }
}

/// # Value, shape and gradients
impl<'t, T: Real> Var<'t, T> {
    pub(crate) fn new(recording: &'t Recording<'t, T>, id: u32) -> Self {
        Var { recording, id }
    }

    /// The recording that the value is on.
    pub fn recording(self) -> &'t Recording<'t, T> {
        self.recording
    }

    /// Applies an operation with one input: see [`Recording::apply`].
    #[track_caller]
    pub fn apply(self, op: impl Op<T>) -> Var<'t, T> {
        self.recording.apply(op, [self])
    }

    /// Calls `read` with this value's node, or returns the mistake if one was made on the recording.
    pub(crate) fn with_node<R>(self, read: impl FnOnce(&Graph<T>, usize) -> Result<R, Error>) -> Result<R, Error> {
        let graph = self.recording.graph.borrow();
        match &graph.error {
            Some(error) => Err(error.clone()),
            None => read(&graph, self.id as usize),
        }
    }

    /// The shape.
    ///
    /// # Errors
    /// The first mistake made on the recording.
    pub fn shape(self) -> Result<Shape, Error> {
        self.with_node(|graph, k| Ok(graph.nodes.shape(k).clone()))
    }

    /// The shape as an array, for a value with `N` axes.
    ///
    /// # Errors
    /// If the rank is not `N`; the first mistake made on the recording.
    #[track_caller]
    pub fn dims<const N: usize>(self) -> Result<[usize; N], Error> {
        let location = Location::caller();
        let shape = self.shape()?;
        <[usize; N]>::try_from(&shape[..]).map_err(|_| Error::Operation {
            op: "dims",
            reason: format!("{N} axes asked for, it has {}", shape.rank()),
            inputs: shape.to_string(),
            location,
        })
    }

    /// A copy of the value.
    ///
    /// # Errors
    /// The first mistake made on the recording. While a [`Program`](crate::Program) is recorded there are no values, so this
    /// is always an error.
    #[track_caller]
    pub fn value(self) -> Result<Tensor<T>, Error> {
        let location = Location::caller();
        self.with_node(|graph, k| {
            let shape = graph.nodes.shape(k);
            if graph.is_deferred() {
                let reason = "a program records shapes; a value read here would be frozen".into();
                let inputs = shape.to_string();
                return Err(Error::Operation { op: "value", reason, inputs, location });
            }
            let mut value = Tensor::try_from_fn(shape, |_| T::ZERO)?;
            graph.read(k, self.recording.params).copy_to(value.data_mut());
            Ok(value)
        })
    }

    /// The value of a tensor with exactly one element.
    ///
    /// # Errors
    /// If there is not exactly one element; otherwise as [`Var::value`].
    #[track_caller]
    pub fn item(self) -> Result<T, Error> {
        let location = Location::caller();
        let value = self.value()?;
        match value.data() {
            [item] => Ok(*item),
            _ => Err(Error::Operation {
                op: "item",
                reason: "only a value of one element has an item".into(),
                inputs: value.shape().to_string(),
                location,
            }),
        }
    }

    /// Fills `grads` with the gradients of this scalar. Replaces the previous contents.
    ///
    /// # Errors
    /// The first mistake made on the recording; a value with more than one element; a value that depends on nothing with a
    /// gradient; an operation on the way that has no derivative; gradients of other parameters.
    #[track_caller]
    pub fn backward(self, grads: &mut Gradients<T>) -> Result<(), Error> {
        self.backward_from(None, grads, Location::caller())
    }

    /// As [`Var::backward`], for a value y of any shape: the gradients of Σ `cotangent` · y.
    ///
    /// # Errors
    /// As [`Var::backward`], or if the cotangent has another shape than the value.
    #[track_caller]
    pub fn backward_with(self, cotangent: &Tensor<T>, grads: &mut Gradients<T>) -> Result<(), Error> {
        self.backward_from(Some((cotangent.shape(), cotangent.data())), grads, Location::caller())
    }

    fn backward_from(
        self,
        cotangent: Option<(&Shape, &[T])>,
        grads: &mut Gradients<T>,
        location: &'static Location<'static>,
    ) -> Result<(), Error> {
        self.recording.check()?;
        let graph = self.recording.graph.borrow();
        if graph.is_deferred() {
            let reason = "a program records shapes; call backward() on what its forward() returns".into();
            return Err(Error::Operation { op: "backward", reason, inputs: String::new(), location });
        }
        graph.backward(self.id, cotangent, self.recording.params, grads, location)
    }

    /// The nodes of values.
    pub(super) fn ids(vars: &[Var<'t, T>]) -> SmallVec<[u32; 4]> {
        vars.iter().map(|var| var.id).collect()
    }

    /// Names the value, for error messages, profiles and graphs.
    #[must_use]
    pub fn named(self, name: &'static str) -> Var<'t, T> {
        if let Some(node) = self.recording.graph.borrow_mut().nodes.get_mut(self.id as usize) {
            // A parameter keeps its registered name.
            if !matches!(node.label, Label::Parameter(_)) {
                node.label = Label::Name(name);
            }
        }
        self
    }
}
