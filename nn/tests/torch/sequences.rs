//! Embeddings, recurrent networks, attention and transformers against `sequences.json`, with the weights of PyTorch's modules,
//! loaded by name from `sequences.safetensors`; `sequences.py` wrote both.

use std::collections::BTreeMap;

use autodiff::{Keep, Mode, Params, Scope, Tape, Var};
use nn::functional::{attention, rotary};
use nn::*;
use serde::Deserialize;

use crate::torch::{Array, cotangent};

#[derive(Deserialize)]
struct Case {
    name: String,
    kind: String,
    attributes: BTreeMap<String, f64>,
    inputs: BTreeMap<String, Array>,
    outputs: Vec<Array>,
    gradients: BTreeMap<String, Array>,
    parameters: BTreeMap<String, Array>,
}

type Inputs<'t> = BTreeMap<&'t str, Var<'t, f64>>;

/// Records the outputs of a module.
type Run = Box<dyn for<'t> Fn(&Inputs<'t>) -> Vec<Var<'t, f64>>>;

impl Case {
    fn number(&self, name: &str) -> Option<usize> {
        self.attributes.get(name).map(|&value| value as usize)
    }

    fn is(&self, name: &str) -> bool {
        self.number(name) == Some(1)
    }

    fn layers(&self, keep: Keep) -> RecurrentSettings {
        let layers = self.number("layers").unwrap();
        RecurrentSettings { layers, bidirectional: self.is("bidirectional"), keep, ..RecurrentSettings::default() }
    }

    fn transformer(&self) -> TransformerSettings {
        TransformerSettings {
            hidden: 5,
            dropout: 0.0,
            activation: if self.is("gelu") { Activation::Gelu } else { Activation::Relu },
            norm_first: self.is("norm_first"),
            final_norm: self.is("final_norm"),
            causal: self.is("causal"),
            ..TransformerSettings::new(4, 2)
        }
    }

    /// Registers the module, with the sizes that `sequences.py` gives it.
    fn module(&self, mut scope: Scope<'_, f64>, keep: Keep) -> Run {
        match self.kind.as_str() {
            "rnn" => {
                let rnn = Rnn::with(scope, 2, 3, self.layers(keep));
                let rnn = if self.is("relu") { rnn.relu() } else { rnn };
                Box::new(move |of| {
                    let (outputs, last) = rnn.run(of["x"], of.get("lengths").copied(), of.get("h").copied());
                    vec![outputs, last]
                })
            }
            "gru" => {
                let gru = Gru::with(scope, 2, 3, self.layers(keep));
                Box::new(move |of| {
                    let (outputs, last) = gru.run(of["x"], of.get("lengths").copied(), of.get("h").copied());
                    vec![outputs, last]
                })
            }
            "lstm" => {
                let lstm = Lstm::with(scope, 2, 3, self.layers(keep));
                Box::new(move |of| {
                    let initial = of.get("h").map(|&h| [h, of["c"]]);
                    let (outputs, [h, c]) = lstm.run(of["x"], of.get("lengths").copied(), initial);
                    vec![outputs, h, c]
                })
            }
            "attention" => {
                Box::new(|of| vec![attention(of["query"], of["key"], of["value"], of.get("mask").copied(), false, 0.0)])
            }
            "multi_head" => {
                let heads = MultiHeadAttention::new(scope, 4, 2);
                let heads = if self.is("causal") { heads.causal() } else { heads };
                let heads = self.attributes.get("rotary").map_or(heads, |&base| heads.rotary(base));
                Box::new(move |of| {
                    let mask = of.get("mask").copied();
                    vec![match of.get("memory") {
                        Some(&memory) => heads.cross_attention(of["x"], memory, mask),
                        None => heads.self_attention(of["x"], mask),
                    }]
                })
            }
            "rotary" => Box::new(|of| vec![rotary(of["x"], 10_000.0)]),
            "sinusoidal" => Box::new(|of| vec![SinusoidalPositions.forward(of["x"])]),
            "learned" => {
                let positions = LearnedPositions::new(scope, 5, 4);
                Box::new(move |of| vec![positions.forward(of["x"])])
            }
            "embedding" => {
                let embedding = match self.number("padding") {
                    Some(padding) => Embedding::with_padding(scope, 5, 3, padding),
                    None => Embedding::new(scope, 5, 3),
                };
                Box::new(move |of| vec![embedding.forward(of["indices"])])
            }
            "encoder_layer" => {
                let layer = TransformerEncoderLayer::new(scope, &self.transformer());
                Box::new(move |of| vec![layer.encode(of["x"], of.get("mask").copied())])
            }
            "encoder" => {
                let encoder = TransformerEncoder::new(scope, self.number("layers").unwrap(), &self.transformer());
                Box::new(move |of| vec![encoder.forward(of["x"])])
            }
            "decoder_layer" => {
                let layer = TransformerDecoderLayer::new(scope, &self.transformer());
                Box::new(move |of| {
                    let masks = ["mask", "memory_mask"].map(|name| of.get(name).copied());
                    vec![layer.decode(of["x"], of["memory"], masks)]
                })
            }
            "decoder" => {
                let decoder = TransformerDecoder::new(scope, self.number("layers").unwrap(), &self.transformer());
                Box::new(move |of| {
                    let masks = ["mask", "memory_mask"].map(|name| of.get(name).copied());
                    vec![decoder.decode(of["x"], of["memory"], masks)]
                })
            }
            "transformer" => {
                let bidirectional = TransformerSettings { causal: false, ..self.transformer() };
                let encoder = TransformerEncoder::new(scope.child("encoder"), 2, &bidirectional);
                let decoder = TransformerDecoder::new(scope.child("decoder"), 1, &self.transformer());
                Box::new(move |of| {
                    let mask = of.get("memory_mask").copied();
                    vec![decoder.decode(of["x"], encoder.encode(of["memory"], mask), [None, mask])]
                })
            }
            kind => panic!("no module is called {kind}"),
        }
    }

    /// Holds the module to the case: outputs, gradients of inputs and of parameters.
    fn check(&self, params: &Params<f64>, module: &Run) {
        let (mut tape, mut grads) = (Tape::new(), params.gradients());
        let t = tape.start(params, Mode::Train);
        let input = |(name, array): (&'_ String, &Array)| {
            let data = array.tensor();
            let var = if self.gradients.contains_key(name) { t.variable(&data) } else { t.input(&data) };
            (name.clone(), var)
        };
        let inputs: Vec<(String, Var<'_, f64>)> = self.inputs.iter().map(input).collect();
        let outputs = module(&inputs.iter().map(|(name, var)| (name.as_str(), *var)).collect());
        assert_eq!(outputs.len(), self.outputs.len(), "{}", self.name);
        let mut loss = t.constant(&0.0.into());
        for (k, (output, expected)) in outputs.iter().zip(&self.outputs).enumerate() {
            expected.assert_equals(&output.value().unwrap(), &format!("output {k} of {}", self.name));
            loss = loss + (*output * t.constant(&cotangent(&expected.shape))).sum(..);
        }
        loss.backward(&mut grads).unwrap();
        for (name, var) in &inputs {
            if let Some(expected) = self.gradients.get(name) {
                expected.assert_equals(&grads.of(*var).unwrap(), &format!("gradient of {name} of {}", self.name));
            }
        }
        for (name, expected) in &self.parameters {
            let id = params.id(&format!("{}.{name}", self.name)).unwrap();
            let found = grads.parameter(params, id).unwrap();
            expected.assert_equals(&found, &format!("gradient of {name} of {}", self.name));
        }
    }
}

#[test]
fn sequence_models_with_pytorchs_weights_agree_with_pytorch() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("sequences.json")).unwrap();
    for keep in [Keep::All, Keep::Segments] {
        let mut params = Params::new(0);
        let modules: Vec<Run> = cases.iter().map(|case| case.module(params.scope(&case.name), keep)).collect();
        // An error where a name or a shape differs from PyTorch's, on either side.
        io::load(&mut params, concat!(env!("CARGO_MANIFEST_DIR"), "/tests/torch/sequences.safetensors")).unwrap();
        for (case, module) in cases.iter().zip(&modules) {
            case.check(&params, module);
        }
    }
}
