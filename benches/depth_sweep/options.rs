//! The command line: an option for each axis, and those for the whole sweep.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, RangedU64ValueParser};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use clap_complete::Shell;
use nn::{Activation, Initial};
use sweep::results::THRESHOLD;
use sweep::{AxisEntry, Settings, Spectrum, axes};

/// What the program is to do.
pub(crate) enum Task {
    Sweep(Box<Settings>),
    /// Completions or the manual page.
    Print(String),
}

/// Reads the command line.
///
/// # Errors
/// What clap says of a wrong option, and what `--help` and `--version` print.
pub(crate) fn read() -> Result<Task, clap::Error> {
    let matches = command().try_get_matches()?;
    if let Some(&shell) = matches.get_one::<Shell>("completions") {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut command(), "depth-sweep", &mut text);
        return Ok(Task::Print(String::from_utf8_lossy(&text).into_owned()));
    }
    if matches.get_flag("man") {
        let mut text = Vec::new();
        clap_mangen::Man::new(command()).render(&mut text)?;
        return Ok(Task::Print(String::from_utf8_lossy(&text).into_owned()));
    }
    let settings = settings(&matches).map_err(|error| command().error(ErrorKind::ValueValidation, error))?;
    Ok(Task::Sweep(Box::new(settings)))
}

fn settings(matches: &ArgMatches) -> Result<Settings, sweep::Error> {
    let mut settings = match (matches.get_one::<PathBuf>("config"), matches.get_one::<String>("preset")) {
        (Some(file), _) => Settings::read(file)?,
        (None, Some(name)) => Settings::preset(name)?,
        (None, None) => Settings::preset(Settings::presets().next().unwrap_or_default())?,
    };
    let given = |axis: &&&AxisEntry| matches.contains_id(axis.name);
    let own = |axis: &AxisEntry| settings.group.iter().any(|group| group.axes.get(axis.name).is_some());
    // The cures of the default are not for what the user asks for.
    if !matches.contains_id("config")
        && !matches.contains_id("preset")
        && axes().iter().filter(given).any(|axis| own(axis))
    {
        settings = Settings::default();
    }
    for axis in axes() {
        if let Some(values) = matches.get_many::<String>(axis.name) {
            settings = settings.with(axis.name, &values.map(String::as_str).collect::<Vec<_>>().join(","))?;
        }
    }
    if let Some(&seeds) = matches.get_one::<usize>("seeds") {
        settings.seeds = seeds;
    }
    if let Some(names) = matches.get_many::<String>("spectra") {
        settings.spectra = names.filter_map(|name| spectrum(name)).collect();
    }
    if let Some(folder) = matches.get_one::<PathBuf>("out") {
        settings.out.clone_from(folder);
    }
    settings.jobs = matches.get_one::<usize>("jobs").copied();
    (settings.resume, settings.restart) = (matches.get_flag("resume"), matches.get_flag("restart"));
    Ok(settings)
}

const SPECTRA: [&str; 3] = ["jacobian", "hessian", "tangent-kernel"];

fn spectrum(name: &str) -> Option<Spectrum> {
    let known = [Spectrum::Jacobian, Spectrum::Hessian, Spectrum::TangentKernel];
    SPECTRA.iter().zip(known).find(|(known, _)| **known == name).map(|(_, spectrum)| spectrum)
}

fn command() -> Command {
    let presets: Vec<_> = Settings::presets().collect();
    Command::new("depth-sweep")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Builds networks of growing depth and measures how the gradient fares on its way from the top layer to the bottom, at initialization and after training, beside what theory predicts.")
        .after_help(explanation())
        .allow_negative_numbers(true)
        .args([
            Arg::new("preset").long("preset").value_name("NAME").help(format!("The sweep that other options change: {} [default: {}].", presets.join(", "), presets.first().unwrap_or(&""))),
            Arg::new("config").long("config").value_name("FILE").value_parser(value_parser!(PathBuf)).conflicts_with("preset").help("Read the settings from a TOML file, such as config.toml in a folder of results."),
        ])
        .next_help_heading("Axes: lists of values separated by commas, whose product is run")
        .args(axes().iter().map(|axis| option(axis)))
        .next_help_heading("The sweep")
        .args([
            Arg::new("seeds").long("seeds").value_name("N").value_parser(RangedU64ValueParser::<usize>::new().range(1..=1000)).help("Networks of each kind, differing in weights and in the order of the data [default: 3]."),
            Arg::new("spectra").long("spectra").value_name("NAME,…").value_delimiter(',').value_parser(PossibleValuesParser::new(SPECTRA)).help("Spectra to measure at initialization."),
            Arg::new("out").long("out").value_name("DIR").value_parser(value_parser!(PathBuf)).help("Folder for the results; made where there is none [default: depth-sweep-out]."),
            Arg::new("jobs").long("jobs").value_name("N").value_parser(RangedU64ValueParser::<usize>::new().range(1..=1024)).help("Networks that are run at the same time [default: one for each core]."),
            Arg::new("resume").long("resume").action(ArgAction::SetTrue).help("Continue the unfinished sweep in the folder."),
            Arg::new("restart").long("restart").action(ArgAction::SetTrue).conflicts_with("resume").help("Drop the unfinished sweep in the folder."),
            Arg::new("completions").long("completions").value_name("SHELL").value_parser(value_parser!(Shell)).exclusive(true).help("Print completions for a shell."),
            Arg::new("man").long("man").action(ArgAction::SetTrue).exclusive(true).help("Print the manual page."),
        ])
}

/// The option of an axis.
fn option(axis: &'static AxisEntry) -> Arg {
    let check = |value: &str| axis.check(value).map(|()| value.to_owned());
    Arg::new(axis.name)
        .long(axis.name.replace('_', "-"))
        .visible_aliases(axis.aliases.iter().copied())
        .value_name("VALUE,…")
        .value_delimiter(',')
        .value_parser(check)
        .help(format!("{} [default: {}]", axis.help, axis.default))
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
    let initializers: Vec<_> = Initial::NAMED.iter().map(|(name, _)| *name).collect();
    format!(
        "The norm of a layer's gradient is the root mean square over the batch of ‖∂L/∂z‖, where z = W h + b (of a residual \
         layer its output) and L is the loss of the sample alone. A gradient is vanishing where the bottom layer gets less \
         than 1/{THRESHOLD} of what the top layer gets before training, exploding where it gets more than {THRESHOLD} times \
         as much, else healthy. A network whose loss becomes infinite or undefined in training has diverged.\n\n\
         Activations: {}.\nInitializers: auto, {}.",
        activations.join(", "),
        initializers.join(", "),
    )
}
