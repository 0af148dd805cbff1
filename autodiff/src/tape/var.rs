//! [`Var`]: the handle that users compute with. Views of it live here, operations add methods in `ops/`.

use std::fmt;
use std::ops::Range;
use std::panic::Location;

use crate::array::{Layout, Shape, Tensor};
use crate::error::{Error, Mismatch};
use crate::op::Op;
use crate::scalar::Real;
use crate::tape::{Gradients, Graph, Label, POISON, Recording};

/// A value on a recording. Operators and methods record further operations and never fail: the first mistake is
/// kept on the tape and given by [`Var::value`], [`Var::backward`], [`Var::dims`] and the like.
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

impl<'t, T: Real> Var<'t, T> {
    pub(crate) fn new(recording: &'t Recording<'t, T>, id: u32) -> Self {
        Var { recording, id }
    }

    /// The recording it is on.
    pub fn recording(self) -> &'t Recording<'t, T> {
        self.recording
    }

    /// Applies an operation of one input.
    #[track_caller]
    pub fn apply(self, op: impl Op<T>) -> Var<'t, T> {
        self.recording.apply(op, [self])
    }

    /// Runs `read` on this value's node, unless a mistake was made on the recording: what comes after one may be wrong.
    pub(crate) fn with_node<R>(self, read: impl FnOnce(&Graph<T>, usize) -> Result<R, Error>) -> Result<R, Error> {
        let graph = self.recording.graph.borrow();
        match &graph.error {
            Some(error) => Err(error.clone()),
            None => read(&graph, self.id as usize),
        }
    }

    /// The extents.
    pub fn shape(self) -> Result<Shape, Error> {
        self.with_node(|graph, k| Ok(graph.nodes[k].layout.shape().clone()))
    }

    /// The extents, where the rank must be `N`.
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
    /// The first mistake made on the recording; in a [`Program`](crate::Program), which records shapes only, always.
    #[track_caller]
    pub fn value(self) -> Result<Tensor<T>, Error> {
        let location = Location::caller();
        self.with_node(|graph, k| {
            let node = &graph.nodes[k];
            let shape = node.layout.shape();
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

    /// The value of a scalar, or of the only element.
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

    /// Fills `grads` with the gradients of this scalar; what was in it is replaced.
    #[track_caller]
    pub fn backward(self, grads: &mut Gradients<T>) -> Result<(), Error> {
        self.backward_from(None, grads, Location::caller())
    }

    /// As [`Var::backward`], for a value of any shape: the gradients of the sum of `cotangent` times this value.
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

    /// Gives the value a name for errors and tables.
    #[must_use]
    pub fn named(self, name: &'static str) -> Var<'t, T> {
        if let Some(node) = self.recording.graph.borrow_mut().nodes.get_mut(self.id as usize) {
            // A parameter keeps the name that it was registered under.
            if !matches!(node.label, Label::Parameter(_)) {
                node.label = Label::Name(name);
            }
        }
        self
    }

    /// The same value, through which no gradient flows.
    #[track_caller]
    #[must_use]
    pub fn detach(self) -> Var<'t, T> {
        self.view("detach", false, |layout| Ok(layout.clone()))
    }

    /// Axes reordered: axis `i` of the result is axis `axes[i]` of this value.
    #[track_caller]
    #[must_use]
    pub fn permute(self, axes: &[usize]) -> Var<'t, T> {
        self.view("permute", true, |layout| layout.permute(axes))
    }

    /// Two axes swapped.
    #[track_caller]
    #[must_use]
    pub fn transpose(self, first: usize, second: usize) -> Var<'t, T> {
        self.view("transpose", true, |layout| layout.transpose(first, second))
    }

    /// The matrix transposed: the last two axes swapped.
    #[track_caller]
    #[must_use]
    pub fn t(self) -> Var<'t, T> {
        self.view("t", true, |layout| match layout.shape().rank() {
            rank if rank >= 2 => layout.transpose(rank - 2, rank - 1),
            _ => Err(Mismatch::new("a matrix has two axes")),
        })
    }

    /// Stretched to `shape` by numpy's rule; the gradient is summed over the stretched axes.
    #[track_caller]
    #[must_use]
    pub fn broadcast_to(self, shape: impl Into<Shape>) -> Var<'t, T> {
        let shape = shape.into();
        self.view("broadcast_to", true, |layout| layout.broadcast_to(&shape))
    }

    /// The places `range` along `axis`.
    #[track_caller]
    #[must_use]
    pub fn narrow(self, axis: usize, range: Range<usize>) -> Var<'t, T> {
        self.view("narrow", true, |layout| layout.narrow(axis, range.start, range.end, 1))
    }

    /// Every `step`-th of the places `range` along `axis`.
    #[track_caller]
    #[must_use]
    pub fn narrow_by(self, axis: usize, range: Range<usize>, step: usize) -> Var<'t, T> {
        self.view("narrow_by", true, |layout| layout.narrow(axis, range.start, range.end, step))
    }

    /// Place `index` along `axis`, which is removed.
    #[track_caller]
    #[must_use]
    pub fn index(self, axis: usize, index: usize) -> Var<'t, T> {
        self.view("index", true, |layout| layout.index(axis, index))
    }

    /// Windows of `size` places along `axis`, which may overlap: the axis counts them, a new last axis counts their places.
    /// Windows start `stride` apart, their places are `dilation` apart. Reduced over the new axis, this is pooling.
    #[track_caller]
    #[must_use]
    pub fn unfold(self, axis: usize, size: usize, stride: usize, dilation: usize) -> Var<'t, T> {
        self.view("unfold", true, |layout| layout.unfold(axis, size, stride, dilation))
    }

    /// An axis of extent 1 inserted before `axis`.
    #[track_caller]
    #[must_use]
    pub fn unsqueeze(self, axis: usize) -> Var<'t, T> {
        self.view("unsqueeze", true, |layout| layout.unsqueeze(axis))
    }

    /// `axis`, of extent 1, removed.
    #[track_caller]
    #[must_use]
    pub fn squeeze(self, axis: usize) -> Var<'t, T> {
        self.view("squeeze", true, |layout| layout.squeeze(axis))
    }

    /// The same elements in row-major order under another shape: a view where the layout allows, else a copy.
    #[track_caller]
    #[must_use]
    pub fn reshape(self, shape: impl Into<Shape>) -> Var<'t, T> {
        let shape = shape.into();
        let layout = self.with_node(|graph, k| Ok(graph.nodes[k].layout.reshape(&shape)));
        let source = if matches!(layout, Ok(Ok(None))) { self.contiguous() } else { self };
        source.view("reshape", true, |layout| {
            layout.reshape(&shape)?.ok_or_else(|| Mismatch::new("a dense value has every shape"))
        })
    }

    /// A part of what this value's operation kept for backward, from `start`, through which no gradient flows.
    #[track_caller]
    pub(crate) fn saved(self, start: usize, shape: Shape) -> Var<'t, T> {
        if self.id == POISON {
            return self;
        }
        let pushed = self.recording.graph.borrow_mut().push_saved(self.id, start, shape, Location::caller());
        self.recording.pushed("saved", pushed, Location::caller())
    }

    #[track_caller]
    fn view(
        self,
        name: &'static str,
        keeps_gradient: bool,
        derive: impl FnOnce(&Layout) -> Result<Layout, Mismatch>,
    ) -> Var<'t, T> {
        let location = Location::caller();
        if self.id == POISON {
            return self;
        }
        let derived = derive(&self.recording.graph.borrow().nodes[self.id as usize].layout);
        match derived {
            Ok(layout) => {
                let pushed = self.recording.graph.borrow_mut().push_view(self.id, layout, keeps_gradient, location);
                self.recording.pushed(name, pushed, location)
            }
            Err(mismatch) => self.recording.refuse(name, mismatch, &[self.id], location),
        }
    }
}
