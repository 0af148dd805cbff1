//! The operations of a recording; their memory is reused by the next recording.

use std::any::Any;
use std::sync::Arc;

use crate::op::Op;
use crate::scalar::Real;

/// A slot is overwritten by an operation of the same type, so repeating a recording allocates nothing.
#[derive(Debug)]
pub(crate) struct Operations<T: Real> {
    slots: Slots<T>,
    live: usize,
}

#[derive(Debug)]
enum Slots<T: Real> {
    Own(Vec<Box<dyn Op<T>>>),
    /// Of a program, all copies of which have the same operations.
    Shared(Arc<[Box<dyn Op<T>>]>),
}

impl<T: Real> Operations<T> {
    pub(super) fn new() -> Self {
        Operations { slots: Slots::Own(Vec::new()), live: 0 }
    }

    /// Forgets the operations and keeps their memory.
    pub(super) fn clear(&mut self) {
        self.live = 0;
    }

    /// Appends an operation and returns its index.
    pub(super) fn push<O: Op<T>>(&mut self, op: O) -> usize {
        if let Slots::Own(boxes) = &mut self.slots {
            match boxes.get_mut(self.live) {
                Some(slot) => match (&mut **slot as &mut dyn Any).downcast_mut::<O>() {
                    Some(same) => *same = op,
                    None => *slot = Box::new(op),
                },
                None => boxes.push(Box::new(op)),
            }
        }
        self.live += 1;
        self.live - 1
    }

    pub(crate) fn get(&self, index: usize) -> &dyn Op<T> {
        match &self.slots {
            Slots::Own(boxes) => &*boxes[index],
            Slots::Shared(boxes) => &*boxes[index],
        }
    }

    /// The same operations once more, for another arena. Nothing can be appended any more.
    pub(super) fn share(&mut self) -> Self {
        if let Slots::Own(boxes) = &mut self.slots {
            self.slots = Slots::Shared(std::mem::take(boxes).into());
        }
        self.shared()
    }

    pub(super) fn shared(&self) -> Self {
        let slots = match &self.slots {
            Slots::Own(_) => Slots::Own(Vec::new()),
            Slots::Shared(boxes) => Slots::Shared(boxes.clone()),
        };
        Operations { slots, live: self.live }
    }
}
