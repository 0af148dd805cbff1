//! Labeled data: a [`Dataset`] in memory, its [`Batches`], the embedded UCI optical digits, and readers of file formats. A
//! reader takes a path, or a [`Source`](crate::io::Source) with a limit on memory other than the default 2 GiB.
//!
//! ```
//! use nn::data::{Augmentation, Batches, Digits, Prefetch, Standardizer};
//!
//! let (train, test) = Digits::load::<f32>()?.reshaped([1, 8, 8])?.split(0.75, 0)?;
//! let standardizer = Standardizer::fit(&train)?;
//! let (train, test) = (standardizer.apply(train)?, standardizer.apply(test)?);
//! let batches = Batches::new(32).shuffled(0).augmented(Augmentation { padding: 1, flip: false }, 0);
//! for epoch in 0..2 {
//!     for (images, labels) in Prefetch::new(batches.epoch(&train, epoch)?, 2)? {
//!         // A training step: `images` are `[32, 1, 8, 8]`, `labels` `[32]`.
//!     }
//! }
//! let in_order = Batches::new(256).epoch(&test, 0)?;
//! # Ok::<(), autodiff::Error>(())
//! ```

mod augmentation;
mod batches;
mod dataset;
mod formats;
mod prefetch;
mod standardizer;

pub use augmentation::Augmentation;
pub use batches::{BatchIter, Batches};
pub use dataset::Dataset;
#[cfg(feature = "npz")]
pub use formats::npz;
pub use formats::{Digits, cifar, csv, idx, npy};
pub use prefetch::Prefetch;
pub use standardizer::Standardizer;
