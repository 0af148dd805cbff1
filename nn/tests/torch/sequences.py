"""Writes sequences.json and sequences.safetensors: PyTorch's embeddings, recurrent networks, attention and transformers, and
their gradients, in float64.

Made and run as losses.py; needs the package safetensors too. The weights of all cases are in sequences.safetensors, each as
PyTorch names it after the name of its case. Gradients are those of the outputs' sums, each weighted 1, 2, 3 ... in row-major
order. Masks are 1 where a step may be attended to: the opposite of PyTorch's.
"""

import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tensors import tensor, values, write

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)

WEIGHTS = {}


class Function(nn.Module):
    """Without parameters."""


def case(name, kind, module, inputs, run, **attributes):
    for parameter in module.parameters():
        nn.init.uniform_(parameter, -0.6, 0.6)
    WEIGHTS.update({f"{name}.{key}": value.clone() for key, value in module.state_dict().items()})
    fixed = {"indices", "lengths", "mask", "memory_mask"}
    leaves = {key: x.clone().requires_grad_(key not in fixed) for key, x in inputs.items()}
    outputs = run(module, **leaves)
    outputs = list(outputs) if isinstance(outputs, tuple) else [outputs]
    weighted = [(y * torch.arange(1.0, y.numel() + 1).reshape(y.shape)).sum() for y in outputs]
    sum(weighted).backward()
    return {
        "name": name, "kind": kind, "attributes": attributes, "inputs": inputs,
        "outputs": [y.detach() for y in outputs],
        "gradients": {key: x.grad for key, x in leaves.items() if x.requires_grad},
        "parameters": {key: parameter.grad for key, parameter in module.named_parameters()},
    }


def embed(module, indices):
    return module(indices.long())


X = values(3, 4, 2)
LENGTHS = tensor([2.0, 4.0, 1.0])


def recurrent(kind, name, inputs=(), **settings):
    """Inputs 2, hidden 3; with lengths by way of packed sequences."""

    def run(module, x, lengths=None, h=None, c=None):
        start = h if c is None else (h, c)
        if lengths is None:
            outputs, last = module(x, start)
        else:
            packed = pack_padded_sequence(x, lengths.long(), batch_first=True, enforce_sorted=False)
            outputs, last = module(packed, start)
            outputs = pad_packed_sequence(outputs, batch_first=True, total_length=x.shape[1])[0]
        return (outputs, *last) if kind == "lstm" else (outputs, last)

    states = settings.get("num_layers", 1) * (2 if settings.get("bidirectional") else 1)
    given = {"x": X, "lengths": LENGTHS, "h": values(states, 3, 3, seed=1) / 4, "c": values(states, 3, 3, seed=2) / 4}
    module = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[kind](2, 3, batch_first=True, **settings)
    attributes = {
        "layers": settings.get("num_layers", 1), "bidirectional": int(settings.get("bidirectional", False)),
        "relu": int(settings.get("nonlinearity") == "relu"),
    }
    return case(name, kind, module, {key: given[key] for key in ["x", *inputs]}, run, **attributes)


BOTH = {"num_layers": 2, "bidirectional": True}

RECURRENT = [
    recurrent("rnn", "rnn"),
    recurrent("rnn", "rnn_relu", ["h"], num_layers=2, nonlinearity="relu"),
    recurrent("rnn", "rnn_packed", ["lengths", "h"], **BOTH),
    recurrent("gru", "gru"),
    recurrent("gru", "gru_reverse", ["lengths"], bidirectional=True),
    recurrent("gru", "gru_packed", ["lengths", "h"], **BOTH),
    recurrent("lstm", "lstm"),
    recurrent("lstm", "lstm_layers", ["h", "c"], num_layers=3),
    recurrent("lstm", "lstm_packed", ["lengths", "h", "c"], **BOTH),
]

STEPS = values(2, 3, 4)
MEMORY = values(2, 5, 4, seed=1)
KEYS = tensor([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]])
MEMORY_KEYS = tensor([[1.0, 0.0, 1.0, 1.0, 0.0], [1.0, 1.0, 1.0, 0.0, 0.0]])
PAIRS = tensor([[[1.0, 0.0, 1.0], [1.0, 1.0, 1.0], [0.0, 0.0, 1.0]], [[1.0, 1.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]])
FUTURE = torch.triu(torch.ones(3, 3), 1).bool()


def ignored(mask):
    return None if mask is None else mask == 0


def attend(module, x, mask=None, memory=None, causal=False):
    """Masks of single queries as PyTorch wants them: one for each head."""
    keys = x if memory is None else memory
    pairs = FUTURE if causal else None
    if mask is not None and mask.dim() == 3:
        mask, pairs = None, ignored(mask).repeat_interleave(module.num_heads, 0)
    return module(x, keys, keys, key_padding_mask=ignored(mask), attn_mask=pairs, need_weights=False)[0]


def rotate(x, base):
    """Written out, by complex numbers: PyTorch has no rotary positions."""
    half = x.shape[-1] // 2
    angles = torch.arange(x.shape[-2])[:, None] * base ** (-torch.arange(half) / half)
    turned = torch.complex(x[..., :half], x[..., half:]) * torch.polar(torch.ones_like(angles), angles)
    return torch.cat([turned.real, turned.imag], -1)


def attend_rotary(module, x):
    samples, steps, features = x.shape
    parts = F.linear(x, module.in_proj_weight, module.in_proj_bias).reshape(samples, steps, 3, 2, features // 2)
    query, key, value = parts.permute(2, 0, 3, 1, 4)
    heads = F.scaled_dot_product_attention(rotate(query, 100.0), rotate(key, 100.0), value)
    return module.out_proj(heads.transpose(1, 2).reshape(x.shape))


def sinusoidal(_, x):
    """Written out, a feature at a time."""
    waves = torch.zeros(x.shape[-2:])
    for step in range(x.shape[-2]):
        for feature in range(x.shape[-1]):
            angle = tensor(step / 10_000 ** ((feature - feature % 2) / x.shape[-1]))
            waves[step, feature] = angle.cos() if feature % 2 else angle.sin()
    return x + waves


def product(_, query, key, value, mask=None):
    bias = None if mask is None else mask != 0
    # A row without keys is 0 here; PyTorch's own value has been NaN in some of its kernels.
    seen = 1.0 if mask is None else (mask.sum(-1, keepdim=True) > 0).double()
    rows = F.scaled_dot_product_attention(query, key, value, bias if mask is None else bias | (bias.sum(-1, True) == 0))
    return rows * seen


def heads():
    return nn.MultiheadAttention(4, 2, batch_first=True)


EMPTY_ROW = tensor([[1.0, 1.0, 0.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0, 0.0]])
QKV = {"query": STEPS, "key": MEMORY, "value": values(2, 5, 3, seed=2)}

ATTENTION = [
    case("attention", "attention", Function(), QKV, product),
    case("attention_masked", "attention", Function(), {**QKV, "mask": EMPTY_ROW}, product),
    case("self_attention", "multi_head", heads(), {"x": STEPS}, attend),
    case("self_attention_keys", "multi_head", heads(), {"x": STEPS, "mask": KEYS}, attend),
    case("self_attention_pairs", "multi_head", heads(), {"x": STEPS, "mask": PAIRS}, attend),
    case("self_attention_causal", "multi_head", heads(), {"x": STEPS}, lambda m, x: attend(m, x, causal=True), causal=1),
    case("self_attention_rotary", "multi_head", heads(), {"x": STEPS}, attend_rotary, rotary=100),
    case("cross_attention", "multi_head", heads(), {"x": STEPS, "memory": MEMORY}, attend),
    case("cross_attention_keys", "multi_head", heads(), {"x": STEPS, "memory": MEMORY, "mask": MEMORY_KEYS}, attend),
    case("rotary", "rotary", Function(), {"x": values(2, 3, 6)}, lambda _, x: rotate(x, 10_000.0)),
    case("sinusoidal", "sinusoidal", Function(), {"x": values(2, 3, 5)}, sinusoidal),
    case("learned", "learned", nn.Embedding(5, 4), {"x": STEPS}, lambda m, x: x + m(torch.arange(3))),
    case("embedding", "embedding", nn.Embedding(5, 3), {"indices": tensor([[3.0, 0.0], [3.0, 4.0]])}, embed),
    case("embedding_padded", "embedding", nn.Embedding(5, 3, padding_idx=1), {"indices": tensor([[1.0, 0.0], [3.0, 1.0]])},
         embed, padding=1),
]


def settings(norm_first, activation="relu"):
    return {"dim_feedforward": 5, "dropout": 0.0, "activation": activation, "norm_first": norm_first, "batch_first": True}


def encoder_layer(*of):
    return nn.TransformerEncoderLayer(4, 2, **settings(*of))


def decoder_layer(*of):
    return nn.TransformerDecoderLayer(4, 2, **settings(*of))


def encode(module, x, mask=None):
    return module(x, src_key_padding_mask=ignored(mask))


def encode_causal(module, x):
    return module(x, FUTURE.double().masked_fill(FUTURE, -torch.inf))


def decode(module, x, memory, mask=None, memory_mask=None):
    return module(x, memory, tgt_key_padding_mask=ignored(mask), memory_key_padding_mask=ignored(memory_mask))


def decode_causal(module, x, memory):
    return module(x, memory, FUTURE)


def transform(module, x, memory, memory_mask):
    """An encoder on the memory and a causal decoder on x."""
    mask = ignored(memory_mask)
    return module(memory, x, tgt_mask=FUTURE, src_key_padding_mask=mask, memory_key_padding_mask=mask)


def stack(norm):
    return nn.TransformerEncoder(encoder_layer(True, "gelu"), 2, nn.LayerNorm(4) if norm else None, enable_nested_tensor=False)


BOTH_MASKS = {"x": STEPS, "memory": MEMORY, "mask": KEYS, "memory_mask": MEMORY_KEYS}

TRANSFORMERS = [
    case("encoder_layer", "encoder_layer", encoder_layer(False), {"x": STEPS, "mask": KEYS}, encode),
    case("encoder_layer_first", "encoder_layer", encoder_layer(True, "gelu"), {"x": STEPS, "mask": KEYS}, encode,
         norm_first=1, gelu=1),
    case("encoder", "encoder", stack(True), {"x": STEPS}, encode_causal, norm_first=1, gelu=1, final_norm=1, causal=1, layers=2),
    case("decoder_layer", "decoder_layer", decoder_layer(False, "gelu"), BOTH_MASKS, decode, gelu=1),
    case("decoder_layer_first", "decoder_layer", decoder_layer(True), {"x": STEPS, "memory": MEMORY}, decode_causal,
         norm_first=1, causal=1),
    case("decoder", "decoder", nn.TransformerDecoder(decoder_layer(False), 2), BOTH_MASKS, decode, layers=2),
    case("transformer", "transformer", nn.Transformer(4, 2, 2, 1, **settings(False)),
         {"x": STEPS, "memory": MEMORY, "memory_mask": MEMORY_KEYS}, transform, final_norm=1, layers=2, causal=1),
]

write("sequences.json", RECURRENT + ATTENTION + TRANSFORMERS)
save_file(WEIGHTS, pathlib.Path(__file__).with_name("sequences.safetensors"))
