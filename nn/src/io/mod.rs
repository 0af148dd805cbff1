//! Files: weights in the safetensors format, sources with a limit on memory, files replaced whole.
//!
//! [`save`] and [`load`] write and read all parameters and states of a model. They go by the names that parameters are
//! registered under; `f32` and `f64` are stored as they are, row-major, and duals by their values, without derivatives. In
//! Python the files are read by `safetensors.numpy.load_file`, or `safetensors.torch.load_file` for PyTorch.
//!
//! ```
//! use autodiff::Params;
//! use nn::{Linear, io};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("model.safetensors");
//! let mut params = Params::<f32>::new(0);
//! let model = Linear::new(params.scope("fc"), 64, 10);
//! io::save(&params, &path)?;
//! io::load(&mut params, &path)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod element;
mod fault;
mod replace;
mod safetensors;
mod source;
mod state;

pub(crate) use element::{ByteOrder, Element, IndexOrder, NumberType};
pub(crate) use fault::{Fault, NAME, header, listed, shortened};
pub(crate) use replace::write;
pub use replace::{Sink, replace, replace_all};
pub use safetensors::Safetensors;
pub use source::Source;
pub(crate) use source::{MemoryLimit, Metered};
pub use state::{Differences, load, load_matching, save};
