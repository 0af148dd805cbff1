//! Layers for sequences: shapes, lengths, masks and settings that do not fit are refused where they are registered or where
//! they run.

use autodiff::Var;
use nn::functional::*;
use nn::*;

use super::given::*;
use super::harness::cases;

/// A function as a module: for layers that take more than one value.
struct Called<F>(F);

impl<F: for<'t> Fn(Var<'t, f64>) -> Var<'t, f64>> Module<f64> for Called<F> {
    fn forward<'t>(&self, x: Var<'t, f64>) -> Var<'t, f64> {
        (self.0)(x)
    }
}

fn called<F: for<'t> Fn(Var<'t, f64>) -> Var<'t, f64>>(function: F) -> Called<F> {
    Called(function)
}

fn layers(layers: usize) -> RecurrentSettings {
    RecurrentSettings { layers, ..RecurrentSettings::default() }
}

fn small() -> TransformerSettings {
    TransformerSettings::new(4, 2)
}

/// Numbers of this value, on the tape of `x`.
fn filled<'t>(x: Var<'t, f64>, shape: &[usize], value: f64) -> Var<'t, f64> {
    x.recording().constant(&value.into()).broadcast_to(shape)
}

cases! {
    Embedding::new {
        refuses "e.weight of shape [35184372088832, 1]": registered(|p| Embedding::new(p.scope("e"), HUGE, 1));
        refuses "e.weight": registered(|p| Embedding::new(p.scope("e"), MAX, MAX));
        returns: module([0], |p| Embedding::new(p.scope("e"), 0, 0));
    }
    Embedding::with_padding {
        refuses "e.padding: padding is 3: must be below 3, the number of rows": registered(|p| Embedding::with_padding(p.scope("e"), 3, 2, 3));
        refuses "e.padding": registered(|p| Embedding::with_padding(p.scope("e"), 3, 2, MAX));
        refuses "e.weight": registered(|p| Embedding::with_padding(p.scope("e"), HUGE, 1, 0));
        accepts: registered(|p| Embedding::with_padding(p.scope("e"), 3, 0, 1)).check();
    }
    Embedding::forward {
        refuses "index -1.25 at position 0 is not one of 0..3": module([2, 2], |p| Embedding::new(p.scope("e"), 3, 2));
        refuses "is not one of 0..3": module([], |p| Embedding::with_padding(p.scope("e"), 3, 2, 0));
        refuses "memory": module([HUGE], |p| Embedding::new(p.scope("e"), 3, 2));
        accepts: module([0, 3], |p| Embedding::new(p.scope("e"), 3, 2));
    }
    embedding::embedding {
        refuses "the weight is [2]: must be [count, features]": of_two([&[2], &[2]], |x, w| embedding(x, w, None));
        refuses "on two tapes": across(|x, w| embedding(x, w, Some(0)));
        accepts: of_two([&[0], &[2, 3]], |x, w| embedding(x, w, Some(MAX)));
    }
    lengths::length_mask {
        refuses "length_mask: the lengths must be [samples]": of([2, 2], |x| length_mask(x, 3));
        refuses "index -1.25 at position 0 is not one of 0..4": of([2], |x| length_mask(x, 3));
        refuses "does not fit into memory": of([2], |x| length_mask(x, MAX));
        refuses "memory": of([2], |x| length_mask(x, HUGE));
        accepts: of([0], |x| length_mask(x, 0));
    }
    SinusoidalPositions::forward {
        refuses "the input must be [.., steps, features]": module([3], |_| SinusoidalPositions);
        refuses "memory": module([HUGE, 2], |_| SinusoidalPositions);
        accepts: module([2, 0], |_| SinusoidalPositions);
    }
    LearnedPositions::new { refuses "p.weight of shape [35184372088832, 1]": registered(|p| LearnedPositions::new(p.scope("p"), HUGE, 1)); }
    LearnedPositions::forward {
        refuses "the number of steps is 4: must be at most 3": module([4, 2], |p| LearnedPositions::new(p.scope("p"), 3, 2));
        refuses "[2, 3]": module([2, 3], |p| LearnedPositions::new(p.scope("p"), 3, 2));
        refuses "the input must be": module([], |p| LearnedPositions::new(p.scope("p"), 3, 2));
        accepts: module([0, 2], |p| LearnedPositions::new(p.scope("p"), 3, 2));
    }
    rotary::rotary {
        refuses "base is NaN": of([2, 2], |x| rotary(x, NAN));
        refuses "base is 0: must be a positive number": of([2, 2], |x| rotary(x, 0.0));
        refuses "the number of features is 3: must be even": of([2, 3], |x| rotary(x, 10.0));
        refuses "the input must be": of([2], |x| rotary(x, 10.0));
        refuses "memory": of([HUGE, 2], |x| rotary(x, 10.0));
        accepts: of([2, 0], |x| rotary(x, 10.0));
    }
    attention::attention {
        refuses "dropout is 1: must": of([2, 2], |x| attention(x, x, x, None, false, 1.0));
        refuses "queries and keys must be [.., steps, features]": of([2], |x| attention(x, x, x, None, false, 0.0));
        refuses "[2, 3] × [2, 2]": of_two([&[2, 3], &[2, 2]], |x, k| attention(x, k, k, None, true, 0.0));
        refuses "[2, 2] × [3, 2]": of_two([&[2, 2], &[3, 2]], |x, v| attention(x, x, v, None, true, 0.0));
        refuses "the mask is [3]: must broadcast to [2, 2]": of_two([&[2, 2], &[3]], |x, m| attention(x, x, x, Some(m), false, 0.0));
        refuses "the mask is [1, 2, 2]: must broadcast to [2, 2]": of_two([&[2, 2], &[1, 2, 2]], |x, m| attention(x, x, x, Some(m), true, 0.0));
        refuses "on two tapes": across(|x, k| attention(x, k, k, None, false, 0.0));
        refuses "memory": of([HUGE, 2], |x| attention(x, x, x, None, true, 0.0));
        accepts: of([0, 0, 0], |x| attention(x, x, x, None, true, 0.5));
        accepts: of([2, 0], |x| attention(x, x, x, None, true, 0.5));
    }
    MultiHeadAttention::new {
        refuses "a.in_proj_weight": registered(|p| MultiHeadAttention::new(p.scope("a"), HUGE, 1));
        refuses "a.in_proj_weight": registered(|p| MultiHeadAttention::new(p.scope("a"), MAX, MAX));
        refuses "heads is 0: must be a divisor of 4": module([2, 3, 4], |p| MultiHeadAttention::new(p.scope("a"), 4, 0));
        refuses "heads is 18446744073709551615": module([2, 3, 4], |p| MultiHeadAttention::new(p.scope("a"), 4, MAX));
        returns: module([2, 3, 0], |p| MultiHeadAttention::new(p.scope("a"), 0, 2));
    }
    MultiHeadAttention::causal { accepts: module([0, 3, 4], |p| MultiHeadAttention::new(p.scope("a"), 4, 2).causal()); }
    MultiHeadAttention::dropout {
        refuses "dropout is NaN": module([2, 3, 4], |p| MultiHeadAttention::new(p.scope("a"), 4, 2).dropout(NAN));
        refuses "dropout is -1": module([2, 3, 4], |p| MultiHeadAttention::new(p.scope("a"), 4, 2).dropout(-1.0));
    }
    MultiHeadAttention::rotary {
        refuses "base is -1": module([2, 3, 4], |p| MultiHeadAttention::new(p.scope("a"), 4, 2).rotary(-1.0));
        refuses "must be even": module([2, 3, 6], |p| MultiHeadAttention::new(p.scope("a"), 6, 2).rotary(10.0));
    }
    MultiHeadAttention::self_attention {
        refuses "the mask is [2, 4]: must be [2, 3] or [2, 3, 3]": module([2, 3, 4], |p| {
            let a = MultiHeadAttention::new(p.scope("a"), 4, 2);
            called(move |x| a.self_attention(x, Some(filled(x, &[2, 4], 1.0))))
        });
        accepts: module([2, 3, 4], |p| {
            let a = MultiHeadAttention::new(p.scope("a"), 4, 2);
            called(move |x| a.self_attention(x, Some(filled(x, &[2, 3, 3], 0.0))))
        });
        refuses "other Params": { let mut a = None; registered(|p| a = Some(MultiHeadAttention::new(p.scope("a"), 4, 2))); module([2, 3, 4], |_| a.unwrap()) };
    }
    MultiHeadAttention::cross_attention {
        refuses "queries and keys must be of the same samples": module([2, 3, 4], |p| {
            let a = MultiHeadAttention::new(p.scope("a"), 4, 2);
            called(move |x| a.cross_attention(x, filled(x, &[1, 3, 4], 1.0), None))
        });
        refuses "the input must be [samples, steps, 4]": module([2, 3, 4], |p| {
            let a = MultiHeadAttention::new(p.scope("a"), 4, 2);
            called(move |x| a.cross_attention(x, filled(x, &[2, 3, 5], 1.0), None))
        });
        accepts: module([2, 3, 4], |p| {
            let a = MultiHeadAttention::new(p.scope("a"), 4, 2);
            called(move |x| a.cross_attention(x, filled(x, &[2, 0, 4], 1.0), Some(filled(x, &[2, 0], 1.0))))
        });
    }
    MultiHeadAttention::forward {
        refuses "multi_head_attention: the input must be [samples, steps, 4]: [3, 4]": module([3, 4], |p| MultiHeadAttention::new(p.scope("a"), 4, 2));
        refuses "memory": module([HUGE, 3, 4], |p| MultiHeadAttention::new(p.scope("a"), 4, 2));
        accepts: module([2, 0, 4], |p| MultiHeadAttention::new(p.scope("a"), 4, 2));
    }

    Rnn::new {
        refuses "r.weight_ih_l0": registered(|p| Rnn::new(p.scope("r"), HUGE, 1));
        refuses "r.weight_ih_l0": registered(|p| Rnn::new(p.scope("r"), MAX, MAX));
        returns: module([2, 3, 0], |p| Rnn::new(p.scope("r"), 0, 0));
    }
    Rnn::with {
        refuses "r.layers: layers is 0: must be from 1 to 4096": registered(|p| Rnn::with(p.scope("r"), 2, 3, layers(0)));
        refuses "r.layers": registered(|p| Rnn::with(p.scope("r"), 2, 3, layers(MAX)));
        refuses "dropout is NaN": module([2, 3, 2], |p| Rnn::with(p.scope("r"), 2, 3, RecurrentSettings { dropout: NAN, ..layers(1) }));
    }
    Rnn::relu { refuses "rnn: the input must be": module([2, 3], |p| Rnn::new(p.scope("r"), 2, 3).relu()); }
    Rnn::run {
        refuses "the shape of the lengths is [3]: must be [2]": module([2, 3, 2], |p| {
            let r = Rnn::new(p.scope("r"), 2, 3);
            called(move |x| r.run(x, Some(filled(x, &[3], 1.0)), None).0)
        });
        refuses "index 4 at position 0 is not one of 0..4": module([2, 3, 2], |p| {
            let r = Rnn::new(p.scope("r"), 2, 3);
            called(move |x| r.run(x, Some(filled(x, &[2], 4.0)), None).1)
        });
        refuses "the shape of an initial state is [2, 3]: must be [1, 2, 3]": module([2, 3, 2], |p| {
            let r = Rnn::new(p.scope("r"), 2, 3);
            called(move |x| r.run(x, None, Some(filled(x, &[2, 3], 1.0))).0)
        });
    }
    Rnn::forward {
        refuses "rnn: the input must be [samples, steps, 2]": module([2, 3, 3], |p| Rnn::new(p.scope("r"), 2, 3));
        refuses "memory": module([HUGE, 3, 2], |p| Rnn::new(p.scope("r"), 2, 3));
        accepts: module([0, 3, 2], |p| Rnn::new(p.scope("r"), 2, 3));
        returns: module([2, 0, 2], |p| Rnn::new(p.scope("r"), 2, 3));
    }
    Gru::new { refuses "g.weight_ih_l0": registered(|p| Gru::new(p.scope("g"), 1, HUGE)); }
    Gru::with { refuses "g.layers: layers is 18446744073709551615": registered(|p| Gru::with(p.scope("g"), 1, 1, layers(MAX))); }
    Gru::run {
        refuses "the shape of an initial state is [1, 3, 3]: must be [2, 2, 3]": module([2, 3, 2], |p| {
            let g = Gru::with(p.scope("g"), 2, 3, layers(2));
            called(move |x| g.run(x, None, Some(filled(x, &[1, 3, 3], 1.0))).0)
        });
        accepts: module([2, 3, 2], |p| {
            let g = Gru::new(p.scope("g"), 2, 3);
            called(move |x| g.run(x, Some(filled(x, &[2], 0.0)), None).0)
        });
    }
    Gru::forward { refuses "gru: the input must be [samples, steps, 2]": module([2], |p| Gru::new(p.scope("g"), 2, 3)); }
    Lstm::new { refuses "l.weight_ih_l0": registered(|p| Lstm::new(p.scope("l"), 1, MAX)); }
    Lstm::with { refuses "l.layers: layers is 0": registered(|p| Lstm::with(p.scope("l"), 1, 1, layers(0))); }
    Lstm::run {
        refuses "the shape of an initial state is [1, 2, 4]: must be [1, 2, 3]": module([2, 3, 2], |p| {
            let l = Lstm::new(p.scope("l"), 2, 3);
            called(move |x| l.run(x, None, Some([filled(x, &[1, 2, 3], 1.0), filled(x, &[1, 2, 4], 1.0)])).0)
        });
        refuses "index 0.5 at position 0": module([2, 3, 2], |p| {
            let l = Lstm::new(p.scope("l"), 2, 3);
            called(move |x| l.run(x, Some(filled(x, &[2], 0.5)), None).1[1])
        });
    }
    Lstm::forward { refuses "lstm: the input must be [samples, steps, 2]": module([], |p| Lstm::new(p.scope("l"), 2, 3)); }

    TransformerSettings::new {
        refuses "self_attn.in_proj_weight": registered(|p| TransformerEncoderLayer::new(p.scope("t"), &TransformerSettings::new(MAX, 1)));
        refuses "heads is 3: must": module([2, 3, 4], |p| TransformerEncoderLayer::new(p.scope("t"), &TransformerSettings::new(4, 3)));
    }
    TransformerEncoderLayer::new {
        refuses "t.linear1.weight": registered(|p| TransformerEncoderLayer::new(p.scope("t"), &TransformerSettings { hidden: HUGE, ..small() }));
        refuses "dropout is 2": module([2, 3, 4], |p| TransformerEncoderLayer::new(p.scope("t"), &TransformerSettings { dropout: 2.0, ..small() }));
        refuses "base is 0": module([2, 3, 4], |p| TransformerEncoderLayer::new(p.scope("t"), &TransformerSettings { rotary: Some(0.0), ..small() }));
    }
    TransformerEncoderLayer::encode {
        refuses "the mask is [2]: must be [2, 3] or [2, 3, 3]": module([2, 3, 4], |p| {
            let t = TransformerEncoderLayer::new(p.scope("t"), &small());
            called(move |x| t.encode(x, Some(filled(x, &[2], 1.0))))
        });
    }
    TransformerEncoderLayer::forward { refuses "the input must be [samples, steps, 4]": module([2, 4], |p| TransformerEncoderLayer::new(p.scope("t"), &small())); }
    TransformerEncoder::new {
        refuses "t.layers: the number of layers is 18446744073709551615: must be at most 4096": registered(|p| TransformerEncoder::new(p.scope("t"), MAX, &small()));
        accepts: module([2, 3, 4], |p| TransformerEncoder::new(p.scope("t"), 0, &small()));
    }
    TransformerEncoder::encode {
        refuses "the mask is [2, 4]": module([2, 3, 4], |p| {
            let t = TransformerEncoder::new(p.scope("t"), 1, &small());
            called(move |x| t.encode(x, Some(filled(x, &[2, 4], 1.0))))
        });
    }
    TransformerEncoder::forward { refuses "memory": module([HUGE, 3, 4], |p| TransformerEncoder::new(p.scope("t"), 1, &small())); }
    TransformerDecoderLayer::new { refuses "t.linear1.weight": registered(|p| TransformerDecoderLayer::new(p.scope("t"), &TransformerSettings { hidden: MAX, ..small() })); }
    TransformerDecoderLayer::decode {
        refuses "queries and keys must be of the same samples": module([2, 3, 4], |p| {
            let t = TransformerDecoderLayer::new(p.scope("t"), &small());
            called(move |x| t.decode(x, filled(x, &[3, 3, 4], 1.0), [None, None]))
        });
        refuses "the mask is [2, 2]: must be [2, 5] or [2, 3, 5]": module([2, 3, 4], |p| {
            let t = TransformerDecoderLayer::new(p.scope("t"), &small());
            called(move |x| t.decode(x, filled(x, &[2, 5, 4], 1.0), [None, Some(filled(x, &[2, 2], 1.0))]))
        });
    }
    TransformerDecoder::new { refuses "t.layers": registered(|p| TransformerDecoder::new(p.scope("t"), 4097, &small())); }
    TransformerDecoder::decode {
        refuses "the input must be [samples, steps, 4]": module([2, 3, 4], |p| {
            let t = TransformerDecoder::new(p.scope("t"), 2, &small());
            called(move |x| t.decode(x, filled(x, &[2, 3], 1.0), [None, None]))
        });
    }
}
