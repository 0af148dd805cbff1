//! Layers for sequences: embeddings, positions, recurrent networks, attention, transformers.
//!
//! Sequences are `[samples, steps, features]`: PyTorch's `batch_first=True`. The first axis is that of the samples, as in all
//! layers here, so batches divide among [`Shards`](autodiff::Shards).

mod attention;
mod embedding;
mod lengths;
mod positions;
mod recurrent;
mod transformer;

/// The most layers of a recurrent network or a transformer.
const MOST_LAYERS: usize = 4096;

pub use attention::{MultiHeadAttention, attention, rotary};
pub use embedding::{Embedding, embedding};
pub use lengths::length_mask;
pub use positions::{LearnedPositions, SinusoidalPositions};
pub use recurrent::{Gru, Lstm, RecurrentSettings, Rnn};
pub use transformer::{
    TransformerDecoder, TransformerDecoderLayer, TransformerEncoder, TransformerEncoderLayer, TransformerSettings,
};
