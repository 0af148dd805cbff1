//! The command line: an option for each axis, and those for the whole sweep.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, RangedU64ValueParser};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use clap_complete::Shell;
use nn::{Activation, Initial};
use sweep::results::THRESHOLD;
use sweep::{AxisEntry, Settings, Shard, Spectrum, axes};

/// What the program does.
pub(crate) enum Task {
    Sweep(Sweeps),
    Merge(Merge),
    /// Completions or the manual page.
    Print(String),
}

/// Sweeps, and the file of their common report if there are several.
pub(crate) struct Sweeps {
    pub(crate) each: Vec<Settings>,
    pub(crate) together: Option<PathBuf>,
}

/// Parts of a sweep that are joined.
pub(crate) struct Merge {
    pub(crate) folders: Vec<PathBuf>,
    pub(crate) out: PathBuf,
    pub(crate) restart: bool,
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
    if let Some(("merge", matches)) = matches.subcommand() {
        let folders = matches.get_many::<PathBuf>("folder").into_iter().flatten().cloned().collect();
        return Ok(Task::Merge(Merge { folders, out: out(matches), restart: matches.get_flag("restart") }));
    }
    let sweeps = sweeps(&matches).map_err(|error| command().error(ErrorKind::ValueValidation, error))?;
    Ok(Task::Sweep(sweeps))
}

fn sweeps(matches: &ArgMatches) -> Result<Sweeps, sweep::Error> {
    let out = out(matches);
    let names: Vec<&str> = matches.get_many::<String>("preset").into_iter().flatten().map(String::as_str).collect();
    let names: Vec<&str> = if names == [ALL] { Settings::presets().collect() } else { names };
    let single = |settings| Ok(Sweeps { each: vec![changed(settings, matches, out.clone())?], together: None });
    match (matches.get_one::<PathBuf>("config"), names.as_slice()) {
        (Some(file), _) => single(Settings::read(file)?),
        (None, []) => single(default(matches)?),
        (None, [name]) => single(Settings::preset(name)?),
        (None, names) => {
            let each = names.iter().map(|name| changed(Settings::preset(name)?, matches, out.join(name)));
            Ok(Sweeps { each: each.collect::<Result<_, _>>()?, together: Some(out.join("report.html")) })
        }
    }
}

fn out(matches: &ArgMatches) -> PathBuf {
    matches.get_one::<PathBuf>("out").cloned().unwrap_or(Settings::default().out)
}

/// The first preset; without its groups if an option is given that they have values for, as the cures of the default are not
/// for what the user asks for.
fn default(matches: &ArgMatches) -> Result<Settings, sweep::Error> {
    let preset = Settings::preset(Settings::presets().next().unwrap_or_default())?;
    let given = |axis: &&&AxisEntry| matches.contains_id(axis.name);
    let own = |axis: &AxisEntry| preset.group.iter().any(|group| group.axes.get(axis.name).is_some());
    let asked = axes().iter().filter(given).any(|axis| own(axis));
    Ok(if asked { Settings::default() } else { preset })
}

/// The settings with what the options say.
fn changed(mut settings: Settings, matches: &ArgMatches, out: PathBuf) -> Result<Settings, sweep::Error> {
    for axis in axes() {
        if let Some(values) = matches.get_many::<String>(axis.name) {
            settings = settings.with(axis.name, &values.map(String::as_str).collect::<Vec<_>>().join(","))?;
        }
    }
    if let Some(&seeds) = matches.get_one::<usize>("seeds") {
        settings.seeds = seeds;
    }
    if let Some(&shard) = matches.get_one::<Shard>("shard") {
        settings.shard = Some(shard);
    }
    if let Some(names) = matches.get_many::<String>("spectra") {
        let named = |name: &String| Spectrum::NAMED.iter().find(|(known, _)| known == name).map(|&(_, one)| one);
        settings.spectra = names.filter_map(named).collect();
    }
    settings.out = out;
    settings.jobs = matches.get_one::<usize>("jobs").copied();
    (settings.resume, settings.restart) = (matches.get_flag("resume"), matches.get_flag("restart"));
    Ok(settings)
}

/// The name for all presets.
const ALL: &str = "all";
fn command() -> Command {
    Command::new("depth-sweep")
        .version(env!("CARGO_PKG_VERSION"))
        .about(
            "Builds networks of growing depth and measures how the gradient fares on its way from the top layer to the \
             bottom, at initialization and after training, beside what theory predicts.",
        )
        .after_help(explanation())
        .allow_negative_numbers(true)
        .args(settings_options())
        .next_help_heading("Axes: lists of values separated by commas, whose product is run")
        .args(axes().iter().map(|axis| option(axis)))
        .next_help_heading("The sweep")
        .args(sweep_options())
        .subcommand(merge())
        .args_conflicts_with_subcommands(true)
        .disable_help_subcommand(true)
        .next_help_heading("The program")
        .args([
            Arg::new("completions")
                .long("completions")
                .value_name("SHELL")
                .value_parser(value_parser!(Shell))
                .exclusive(true)
                .help("Print completions for a shell."),
            Arg::new("man").long("man").action(ArgAction::SetTrue).exclusive(true).help("Print the manual page."),
        ])
}

/// Joining parts.
fn merge() -> Command {
    let folder = Arg::new("folder").value_name("DIR").value_parser(value_parser!(PathBuf)).num_args(1..).required(true);
    Command::new("merge")
        .about("Joins the parts of a sweep that were run with --shard, and writes the files of the whole.")
        .args([folder.help("Folders with the parts."), out_option(), restart_option()])
}

/// Where the settings come from that other options change.
fn settings_options() -> [Arg; 2] {
    let presets: Vec<_> = Settings::presets().collect();
    let first = presets.first().copied().unwrap_or_default();
    [
        Arg::new("preset").long("preset").value_name("NAME,…").value_delimiter(',').help(format!(
            "Sweeps that other options change: {}, or {ALL}. Several have a folder each and a report together. \
             [default: {first}]",
            presets.join(", ")
        )),
        Arg::new("config")
            .long("config")
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .conflicts_with("preset")
            .help("Read the settings from a TOML file, such as config.toml in a folder of results."),
    ]
}

/// What concerns the sweep as a whole.
fn sweep_options() -> [Arg; 7] {
    let count = || RangedU64ValueParser::<usize>::new().range(1..=1000);
    [
        Arg::new("seeds")
            .long("seeds")
            .value_name("N")
            .value_parser(count())
            .help("Networks of each kind, differing in weights and in the order of the data. [default: 3]"),
        Arg::new("spectra")
            .long("spectra")
            .value_name("NAME,…")
            .value_delimiter(',')
            .value_parser(PossibleValuesParser::new(Spectrum::NAMED.map(|(name, _)| name)))
            .help("Spectra to measure at initialization."),
        out_option(),
        Arg::new("shard")
            .long("shard")
            .value_name("I/N")
            .value_parser(value_parser!(Shard))
            .help("The part of the sweep to run, of N that are merged later; each needs a folder of its own."),
        Arg::new("jobs")
            .long("jobs")
            .value_name("N")
            .value_parser(count())
            .help("Networks that are run at the same time. [default: one for each core]"),
        Arg::new("resume")
            .long("resume")
            .action(ArgAction::SetTrue)
            .help("Continue the unfinished sweep in the folder."),
        restart_option().conflicts_with("resume"),
    ]
}

fn out_option() -> Arg {
    Arg::new("out")
        .long("out")
        .value_name("DIR")
        .value_parser(value_parser!(PathBuf))
        .help("Folder for the results; made where there is none. [default: depth-sweep-out]")
}

fn restart_option() -> Arg {
    Arg::new("restart").long("restart").action(ArgAction::SetTrue).help("Drop the unfinished sweep in the folder.")
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
