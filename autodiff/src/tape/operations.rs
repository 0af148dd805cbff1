//! The operations of a recording; their memory is reused by the next recording.

use std::any::Any;

use crate::op::Op;
use crate::scalar::Real;

/// A slot is overwritten by an operation of the same type, so repeating a recording allocates nothing.
#[derive(Debug)]
pub(crate) struct Operations<T: Real> {
    boxes: Vec<Box<dyn Op<T>>>,
    live: usize,
}

impl<T: Real> Operations<T> {
    pub(super) fn new() -> Self {
        Operations { boxes: Vec::new(), live: 0 }
    }

    /// Forgets the operations and keeps their memory.
    pub(super) fn clear(&mut self) {
        self.live = 0;
    }

    /// Appends an operation and returns its index.
    pub(super) fn push<O: Op<T>>(&mut self, op: O) -> usize {
        match self.boxes.get_mut(self.live) {
            Some(slot) => match (&mut **slot as &mut dyn Any).downcast_mut::<O>() {
                Some(same) => *same = op,
                None => *slot = Box::new(op),
            },
            None => self.boxes.push(Box::new(op)),
        }
        self.live += 1;
        self.live - 1
    }

    pub(crate) fn get(&self, index: usize) -> &dyn Op<T> {
        &*self.boxes[index]
    }
}
