//! Shapes, strided layouts and views, and [`Tensor`], the owned array.

mod axis;
mod blocks;
mod cursor;
mod extents;
mod layout;
mod shape;
mod sums;
mod tensor;
mod view;

pub use axis::Axis;
pub(crate) use blocks::accumulate_or_write;
pub use blocks::{accumulate, for_each_block};
pub(crate) use cursor::{Cursor, CursorAxis};
pub use extents::Extents;
pub use layout::Layout;
pub use shape::Shape;
pub(crate) use sums::{BLOCK, FEW, Sums};
pub use tensor::Tensor;
pub use view::{View, ViewMut};
