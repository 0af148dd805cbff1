//! The command line: every option, its default and what it accepts.

use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::RangedU64ValueParser;
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use nn::Activation;

use crate::types::{DataSource, Dtype, GradientSource, THRESHOLD};
use crate::weights::{Init, Weights};

/// Builds fully connected networks of growing depth and measures how the gradient fares on its way from the top layer
/// to the bottom, at initialization and after training.
///
/// Prints a table and writes gradients.csv, summary.csv and gradients.svg.
#[derive(Debug, Parser)]
#[command(name = "depth-sweep", version, allow_negative_numbers = true, after_help = explanation())]
pub(crate) struct Options {
    /// Numbers of hidden layers.
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = count(4096))]
    #[arg(default_value = "1,2,4,8,16,32,64")]
    pub(crate) depths: Vec<usize>,
    /// Activation functions of the hidden layers.
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', value_parser = activation)]
    #[arg(default_value = "sigmoid,tanh,relu")]
    pub(crate) activations: Vec<Activation>,
    /// Units of a hidden layer; with --data gaussian also the number of features.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = count(16384))]
    pub(crate) width: usize,
    /// Samples in the batch that is measured, and in each batch of the training.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = count(65536))]
    pub(crate) batch: usize,
    /// Networks of each kind, differing in weights and in the order of the data.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = count(1000))]
    pub(crate) seeds: usize,
    /// Initializer of the weights, biases being 0; `auto` takes He for the ReLU family, LeCun for SELU, else Xavier.
    #[arg(long, value_name = "NAME", default_value = "auto", conflicts_with_all = ["weight_variance", "bias_variance"])]
    pub(crate) init: Init,
    /// Draw weights from N(0, σw²/fan_in) with this σw², instead of --init.
    #[arg(long, value_name = "σw²", value_parser = positive)]
    pub(crate) weight_variance: Option<f64>,
    /// Draw biases from N(0, σb²) with this σb²; 0 where it is not given.
    #[arg(long, value_name = "σb²", requires = "weight_variance", value_parser = not_negative)]
    pub(crate) bias_variance: Option<f64>,
    /// What the networks are fed.
    #[arg(long, value_enum, default_value_t = DataSource::Digits)]
    pub(crate) data: DataSource,
    /// Where the gradient that is measured comes from.
    #[arg(long, value_enum, default_value_t = GradientSource::Loss)]
    pub(crate) probe: GradientSource,
    /// The scalar that networks compute in.
    #[arg(long, value_enum, default_value_t = Dtype::F32)]
    pub(crate) dtype: Dtype,
    /// Training steps: stochastic gradient descent with momentum 0.9. With 0, networks are measured untrained only.
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = steps())]
    pub(crate) steps: usize,
    /// Learning rate.
    #[arg(long, value_name = "RATE", default_value_t = 0.005, value_parser = positive)]
    pub(crate) lr: f64,
    /// Folder that the results are written to when all are there; made where there is none. A run that is stopped before,
    /// with Ctrl-C for example, leaves nothing.
    #[arg(long, value_name = "DIR", default_value = "depth-sweep-out")]
    pub(crate) out: PathBuf,
}

impl Options {
    /// Reads the command line.
    ///
    /// # Errors
    /// What clap says of a wrong option, and what `--help` and `--version` print.
    pub(crate) fn read() -> Result<Self, clap::Error> {
        let mut options = Options::try_parse()?;
        keep_first(&mut options.depths);
        keep_first(&mut options.activations);
        options.check_variances()?;
        Ok(options)
    }

    /// The initial weights of layers with this activation.
    pub(crate) fn weights(&self, activation: Activation) -> Weights {
        match self.weight_variance {
            Some(variance) => Weights::with_variances(variance, self.bias_variance.unwrap_or(0.0)),
            None => Weights::new(self.init, activation),
        }
    }

    /// Whether weights and biases are numbers in the scalar that is computed in.
    fn check_variances(&self) -> Result<(), clap::Error> {
        let largest = if self.dtype == Dtype::F32 { f64::from(f32::MAX) } else { f64::MAX };
        let variances = [("--weight-variance", self.weight_variance), ("--bias-variance", self.bias_variance)];
        for (name, variance) in variances {
            // No normal number is drawn that is a hundred deviations from its mean.
            if let Some(variance) = variance.filter(|variance| variance.sqrt() > largest / 100.0) {
                let message = format!("{name} {variance:e}: too large for {}", self.dtype);
                return Err(Options::command().error(ErrorKind::ValueValidation, message));
            }
        }
        Ok(())
    }
}

/// What clap says of a wrong option, on one line: its paragraphs up to the usage and the hint at `--help`.
pub(crate) fn in_one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let message = text.strip_prefix("error: ").unwrap_or(&text).split("\n\n");
    let told = message.take_while(|part| !part.starts_with("Usage") && !part.starts_with("For more"));
    told.map(|part| part.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join("; ")
}

fn explanation() -> String {
    let activations: Vec<_> = Activation::ALL.iter().map(|activation| activation.name()).collect();
    format!(
        "The norm of a layer's gradient is the root mean square over the batch of ‖∂L/∂z‖, where z = W h + b and L is \
         the loss of the sample alone. A gradient is vanishing where the bottom layer gets less than 1/{THRESHOLD} of \
         what the top layer gets before training, exploding where it gets more than {THRESHOLD} times as much, else \
         healthy. A network whose loss becomes infinite or undefined in training has diverged.\n\n\
         Activations: {}.\nInitializers: {}.",
        activations.join(", "),
        Init::names().collect::<Vec<_>>().join(", "),
    )
}

fn keep_first<V: PartialEq + Clone>(values: &mut Vec<V>) {
    let mut kept: Vec<V> = Vec::with_capacity(values.len());
    for value in values.iter() {
        if !kept.contains(value) {
            kept.push(value.clone());
        }
    }
    *values = kept;
}

fn count(most: u64) -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=most)
}

fn steps() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(0..=1_000_000_000)
}

fn activation(name: &str) -> Result<Activation, String> {
    Activation::from_str(name).map_err(|error| error.to_string())
}

fn positive(text: &str) -> Result<f64, String> {
    number(text).and_then(|x| if x > 0.0 { Ok(x) } else { Err("must be above 0".into()) })
}

fn not_negative(text: &str) -> Result<f64, String> {
    number(text).and_then(|x| if x >= 0.0 { Ok(x) } else { Err("must be 0 or above".into()) })
}

fn number(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|x: &f64| x.is_finite());
    number.ok_or_else(|| "must be a finite number".into())
}
