//! Shapes, layouts over memory, views through them, and [`Tensor`], the data that enters and leaves.

mod axis;
mod cursor;
mod extents;
mod layout;
mod shape;
mod sums;
mod tensor;
mod view;

pub use axis::Axis;
pub(crate) use cursor::{Cursor, CursorAxis};
pub use extents::Extents;
pub use layout::Layout;
pub use shape::Shape;
pub(crate) use sums::{BLOCK, FEW, Sums};
pub use tensor::Tensor;
pub use view::{View, ViewMut, accumulate, for_each_block};
