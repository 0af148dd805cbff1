//! The program `depth-sweep`, run as a user runs it.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

const COLUMNS: &str = "activation,norm,residual,dropout,weight_variance,bias_variance,depth,width,batch,dtype,data,probe,\
                       seed,phase,layer,ratio,predicted_ratio,delta_norm,weight_grad_norm,activation_mean,activation_std,";
/// What every sweep leaves in its folder.
const FILES: [&str; 7] =
    ["config.toml", "gradients.csv", "gradients.svg", "report.html", "results.json", "runs.jsonl", "summary.csv"];

/// Small enough for an unoptimized build; `options` may not repeat these.
const TINY: &[&str] = &["--width", "8", "--batch", "16", "--seeds", "2"];

fn depth_sweep(folder: &Path, options: &[&str], threads: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_depth-sweep"));
    command.args(options).arg("--out").arg(folder).env("RAYON_NUM_THREADS", threads);
    command.output().expect("the program starts")
}

/// Runs what must succeed and gives what it printed.
fn swept(folder: &Path, options: &[&str], threads: &str) -> String {
    let output = depth_sweep(folder, &[TINY, options].concat(), threads);
    let stderr = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(output.status.success(), "{stderr}");
    assert_eq!(stderr, "", "nothing but a progress bar goes to stderr, and that only to a terminal");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn rows(file: &Path) -> Vec<csv::StringRecord> {
    let mut reader = csv::Reader::from_path(file).expect("a table");
    reader.records().map(|row| row.expect("a row")).collect()
}

fn column(file: &Path, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_path(file).expect("a table");
    let place = reader.headers().expect("a header").iter().position(|column| column == name).expect(name);
    rows(file).iter().map(|row| row[place].to_owned()).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect();
    names.sort();
    names
}

#[test]
fn there_is_a_row_for_each_network_phase_and_layer() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = ["--depths", "1,3", "--activations", "relu,sigmoid", "--steps", "2"];
    let printed = swept(folder.path(), &options, "2");
    let pictures: Vec<_> = names(folder.path()).into_iter().filter(|name| name != "accuracy.svg").collect();
    assert_eq!(pictures, FILES);

    let gradients = folder.path().join("gradients.csv");
    let text = fs::read_to_string(&gradients).expect("a file");
    assert!(text.starts_with(COLUMNS), "the columns that came first stay first");
    assert_eq!(rows(&gradients).len(), 2 * 2 * 2 * (1 + 3), "activations × seeds × phases × layers");
    let deep: Vec<_> = rows(&gradients).into_iter().filter(|row| &row[6] == "3" && &row[12] == "1").collect();
    let places: Vec<_> = deep.iter().map(|row| (&row[0], &row[13], &row[14], row[15].is_empty())).collect();
    let layers =
        |activation, phase| [("1", false), ("2", false), ("3", true)].map(|(l, top)| (activation, phase, l, top));
    let expected = ["relu", "sigmoid"].map(|activation| ["init", "trained"].map(|phase| layers(activation, phase)));
    assert_eq!(places, expected.as_flattened().as_flattened());
    assert!(deep.iter().all(|row| [&row[1], &row[2], &row[3]] == ["none", "off", "0"]));

    let summary = folder.path().join("summary.csv");
    assert_eq!(column(&summary, "depth"), ["1", "3", "1", "3"]);
    assert_eq!(column(&summary, "weight_variance"), ["2.0", "2.0", "1.0", "1.0"], "He for relu, Xavier for sigmoid");
    let lines: Vec<_> = printed.lines().filter(|line| line.contains("relu") || line.contains("sigmoid")).collect();
    assert_eq!(lines.len(), 4, "{printed}");
    assert!(fs::read_to_string(folder.path().join("gradients.svg")).expect("a file").contains("</svg>"));
}

#[test]
fn ratios_follow_from_the_norms() {
    let folder = tempfile::tempdir().expect("a folder");
    swept(folder.path(), &["--depths", "2", "--activations", "tanh", "--steps", "0", "--dtype", "f64"], "1");
    let gradients = folder.path().join("gradients.csv");
    let number =
        |name| -> Vec<f64> { column(&gradients, name).iter().map(|x| x.parse().unwrap_or(f64::NAN)).collect() };
    let (ratio, norm) = (number("ratio"), number("delta_norm"));
    assert_eq!([ratio[0], ratio[2]], [norm[0] / norm[1], norm[2] / norm[3]]);
}

#[test]
fn runs_repeat_bit_for_bit_with_any_number_of_threads() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = ["--depths", "1,2,5", "--activations", "sigmoid,relu", "--steps", "3"];
    let written = ["1", "2", "2"].map(|threads| {
        swept(folder.path(), &options, threads);
        ["gradients.csv", "summary.csv", "gradients.svg"]
            .map(|name| fs::read(folder.path().join(name)).expect("a file"))
    });
    assert!(written[0] == written[1] && written[1] == written[2]);
}

/// The geometric mean of `ratio` in networks that are wide enough for theory to be near.
fn factor(activation: &str, weight_variance: &str) -> f64 {
    let folder = tempfile::tempdir().expect("a folder");
    let network =
        ["--width", "128", "--depths", "10", "--activations", activation, "--weight-variance", weight_variance];
    let rest = ["--data", "gaussian", "--probe", "random", "--steps", "0", "--seeds", "2"];
    assert!(depth_sweep(folder.path(), &[&network[..], &rest].concat(), "2").status.success());
    let ratios = column(&folder.path().join("gradients.csv"), "ratio");
    let logs: Vec<f64> = ratios.iter().filter_map(|ratio| ratio.parse().ok()).map(f64::ln).collect();
    (logs.iter().sum::<f64>() / logs.len() as f64).exp()
}

#[test]
fn random_gradients_shrink_as_theory_says() {
    // √χ of THEORY.md; 18 ratios of width 128 scatter by about 0.03 in the logarithm of their mean.
    for (activation, weight_variance, expected) in [("sigmoid", "1", 0.236), ("relu", "2", 1.0), ("selu", "1", 1.035)] {
        let measured = factor(activation, weight_variance);
        assert!((measured / expected).ln().abs() < 0.1, "{activation}: {measured}, not {expected}");
    }
}

#[test]
fn gradients_below_the_range_of_f32_are_measured() {
    let measured = ["f32", "f64"].map(|dtype| {
        let folder = tempfile::tempdir().expect("a folder");
        swept(folder.path(), &["--depths", "70", "--activations", "sigmoid", "--steps", "0", "--dtype", dtype], "2");
        let shrink = column(&folder.path().join("summary.csv"), "shrink_init");
        shrink[0].parse::<f64>().expect("a number")
    });
    assert!(measured[1] < 1e-38 && (measured[0] / measured[1] - 1.0).abs() < 1e-3, "{measured:?}");
}

#[test]
fn a_training_that_diverges_is_reported_not_a_crash() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = ["--depths", "4", "--activations", "relu", "--steps", "30", "--lr", "1e30"];
    assert!(swept(folder.path(), &options, "2").contains("diverged (2 of 2)"));
    assert_eq!(column(&folder.path().join("summary.csv"), "verdict"), ["diverged"]);
}

#[test]
fn a_wrong_option_is_one_line_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let fresh = folder.path().join("made-by-no-one");
    for (options, named) in [
        (&["--depths", "0"][..], "--depth"),
        (&["--depths", "1,,2"], "--depth"),
        (&["--width", "0"], "--width"),
        (&["--batch", "0"], "--batch"),
        (&["--batch", "5000"], "--batch"),
        (&["--seeds", "0"], "--seeds"),
        (&["--steps", "-1"], "--steps"),
        (&["--steps", "18446744073709551615"], "--steps"),
        (&["--width", "18446744073709551615"], "--width"),
        (&["--depths", "18446744073709551615"], "--depth"),
        (&["--batch", "18446744073709551615"], "--batch"),
        (&["--seeds", "18446744073709551615"], "--seeds"),
        (&["--weight-variance", "inf"], "--weight-variance"),
        (&["--weight-variance", "1e300"], "--weight-variance 1e300: too large for f32"),
        (&["--weight-variance", "1", "--bias-variance", "1e300"], "--bias-variance"),
        (&["--lr", "-0.1"], "--learning-rate"),
        (&["--lr", "nan"], "--learning-rate"),
        (&["--weight-variance", "-1"], "--weight-variance"),
        (&["--weight-variance", "NaN"], "--weight-variance"),
        (&["--weight-variance", "1", "--bias-variance", "-1"], "--bias-variance"),
        (&["--head", "none"], "--probe must be random"),
        (&["--norm", "batch:3"], "--norm"),
        (&["--norm", "none", "--residual", "fixup,onn"], "--residual"),
        (&["--norm", "batch", "--residual", "fixup"], "--norm must be none"),
        (&["--preset", "nothing"], "vanishing-sigmoid"),
        (&["--config", "/nowhere/config.toml"], "/nowhere/config.toml"),
        (&["--data", "csv:/nowhere/data.csv"], "/nowhere/data.csv"),
        (&["--layer", "conv", "--norm", "rms"], "--norm rms"),
        (&["--resume", "--restart"], "--restart"),
        (&["--init", "he", "--weight-variance", "1"], "--weight-variance"),
        (&["--init", "zeus"], "xavier"),
        (&["--activations", "relu,sigmoidal"], "sigmoid"),
        (&["--data", "mnist"], "digits, gaussian"),
        (&["--deep", "3"], "'--depth'"),
        (&["seven"], "seven"),
    ] {
        let output = depth_sweep(&fresh, options, "1");
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(2), "{options:?}: {said}");
        assert!(
            said.starts_with("error: ") && said.lines().count() == 1 && said.contains(named),
            "{options:?}: {said}"
        );
        assert!(output.stdout.is_empty() && !fresh.exists(), "{options:?}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_a_wrong_option() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    fs::write(&file, "text").expect("a file");
    let output = depth_sweep(&file.join("inside"), TINY, "1");
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{said}");
    assert!(said.contains("--out") && names(folder.path()) == ["file"], "{said}");
}

/// Runs the program by a shell, after the command `limit`.
fn limited(limit: &str, folder: &Path, options: &[&str]) -> Output {
    let script = format!("{limit}; exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_depth-sweep")]).args(options).arg("--out").arg(folder);
    command.env("RAYON_NUM_THREADS", "2").output().expect("the shell starts")
}

#[test]
fn a_network_that_memory_cannot_hold_is_an_error_that_says_what_fits() {
    let folder = tempfile::tempdir().expect("a folder");
    let fresh = folder.path().join("made-by-no-one");
    let wide = ["--width", "16384", "--depths", "8"];
    let gaussian = ["--width", "16384", "--depths", "1", "--data", "gaussian", "--batch", "65536", "--seeds", "1000"];
    for options in [&wide[..], &gaussian] {
        let output = limited("ulimit -v 3000000", &fresh, options);
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{said}");
        assert!(said.starts_with("error: --width 16384 --depth ") && said.contains("GiB are needed"), "{said}");
        assert!(output.stdout.is_empty() && !fresh.exists());
    }
    let said = String::from_utf8(limited("ulimit -v 800000", &fresh, &wide).stderr).expect("UTF-8");
    let fitting = said.split_whitespace().rev().nth(1).expect("a width");
    let network = ["--width", fitting, "--depths", "8", "--activations", "relu", "--seeds", "1", "--steps", "0"];
    let output = limited("ulimit -v 800000", &fresh, &network);
    assert!(output.status.success(), "{fitting}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_file_that_cannot_be_written_is_named_and_the_others_stay_as_they_were() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = ["--depths", "1,64", "--activations", "tanh", "--steps", "0", "--width", "4", "--seeds", "1"];
    fs::write(folder.path().join("summary.csv"), "earlier").expect("a file");
    // Sixteen blocks of 512 bytes: the first run fits, the second does not.
    let output = limited("trap '' XFSZ; ulimit -f 16", folder.path(), &options);
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!((output.status.code(), said.lines().count()), (Some(1), 1), "{said}");
    assert!(said.contains("runs.jsonl: ") && output.stdout.is_empty(), "{said}");
    assert_eq!(fs::read_to_string(folder.path().join("summary.csv")).expect("a file"), "earlier");

    fs::create_dir(folder.path().join("gradients.svg")).expect("a folder");
    let output = depth_sweep(folder.path(), &[&options[..], &["--restart"]].concat(), "1");
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(output.status.code() == Some(1) && said.contains("gradients.svg: "), "{said}");
    assert_eq!(names(folder.path()), ["config.toml", "gradients.svg", "runs.jsonl", "summary.csv"]);
    assert_eq!(fs::read_to_string(folder.path().join("summary.csv")).expect("a file"), "earlier");
}

/// Number of runs that are on disk.
fn finished(folder: &Path) -> usize {
    fs::read(folder.join("runs.jsonl")).map_or(0, |text| text.iter().filter(|&&byte| byte == b'\n').count())
}

/// Starts a sweep, and waits until it has finished more than `runs` runs, or ended.
fn started(folder: &Path, options: &[&str], runs: usize) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_depth-sweep"));
    command.args(TINY).args(options).arg("--resume").arg("--out").arg(folder).stdout(Stdio::null());
    let mut child = command.env("RAYON_NUM_THREADS", "2").spawn().expect("the program starts");
    while finished(folder) <= runs && child.try_wait().expect("a process").is_none() {
        std::thread::yield_now();
    }
    child
}

#[cfg(unix)]
#[test]
fn a_sweep_that_is_interrupted_leaves_a_report_of_what_is_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = ["--activation", "tanh", "--depth", "1", "--steps", "300", "--learning-rate", "1,2,3,4,5,6,7,8,9"];
    let mut child = started(folder.path(), &options, 1);
    let interrupt = Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status();
    assert!(interrupt.expect("the shell starts").success());
    assert_eq!(child.wait().expect("its end").code(), Some(130));
    let runs = finished(folder.path());
    assert!((2..18).contains(&runs), "{runs}");
    let report = fs::read_to_string(folder.path().join("report.html")).expect("a report");
    assert!(report.contains(&format!("{runs} of 18 runs")));
}

#[test]
fn a_sweep_that_is_killed_five_times_ends_with_the_same_files() {
    let options =
        ["--activation", "tanh,relu", "--depth", "1,2", "--steps", "9", "--learning-rate", "0.1,0.2,0.3,0.4,0.5"];
    let (whole, parts) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    swept(whole.path(), &options, "2");
    for runs in [1, 5, 9, 15, 21] {
        let mut child = started(parts.path(), &options, runs);
        child.kill().expect("a process");
        child.wait().expect("its end");
    }
    assert!((22..40).contains(&finished(parts.path())), "{}", finished(parts.path()));
    swept(parts.path(), &[&options[..], &["--resume"]].concat(), "1");
    assert_eq!(finished(parts.path()), 40, "nothing is lost or repeated");
    for name in ["gradients.csv", "summary.csv", "gradients.svg", "config.toml"] {
        assert!(
            fs::read(parts.path().join(name)).expect(name) == fs::read(whole.path().join(name)).expect(name),
            "{name}"
        );
    }
}

/// A sweep in three parts, and the folders with them.
const PARTED: [&str; 8] =
    ["--activation", "tanh,relu", "--depth", "1,2,5", "--steps", "9", "--learning-rate", "0.1,0.2"];

fn merge(folders: &[&Path], out: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_depth-sweep"));
    command.arg("merge").args(folders).arg("--out").arg(out).output().expect("the program starts")
}

#[test]
fn parts_that_are_merged_are_the_files_of_one_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let [whole, merged] = ["whole", "merged"].map(|name| folder.path().join(name));
    let parts = ["1/3", "2/3", "3/3"].map(|shard| folder.path().join(shard.replace('/', " of ")));
    let parts = parts.each_ref().map(|part| part.as_path());
    let printed = swept(&whole, &PARTED, "2");
    for (part, shard) in parts.iter().zip(["1/3", "2/3", "3/3"]) {
        swept(part, &[&PARTED[..], &["--shard", shard]].concat(), "2");
    }
    assert_eq!(parts.iter().map(|part| finished(part)).sum::<usize>(), 24);
    assert!(parts.iter().all(|part| finished(part) >= 4), "each has as much to compute");
    let output = merge(&parts, &merged);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(said.lines().rev().skip(1).collect::<Vec<_>>(), printed.lines().rev().skip(1).collect::<Vec<_>>());
    assert_eq!(names(&merged), names(&whole));
    for name in names(&whole).iter().filter(|name| *name != "runs.jsonl") {
        assert!(fs::read(whole.join(name)).expect(name) == fs::read(merged.join(name)).expect(name), "{name}");
    }
    // A run that two folders have counts once, and a part that is merged again gives the same.
    let again = folder.path().join("again");
    assert!(merge(&[parts[2], &merged, parts[0]], &again).status.success());
    assert!(
        fs::read(whole.join("results.json")).expect("a file") == fs::read(again.join("results.json")).expect("a file")
    );
}

#[test]
fn what_is_missing_or_different_in_parts_is_named_and_nothing_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let [first, second, other, merged] = ["first", "second", "other", "merged"].map(|name| folder.path().join(name));
    swept(&first, &[&PARTED[..], &["--shard", "1/2"]].concat(), "2");
    swept(&second, &[&PARTED[..], &["--shard", "2/2"]].concat(), "2");
    swept(&other, &["--activation", "tanh", "--depth", "1", "--steps", "9"], "2");
    let refused = |folders: &[&Path], out: &Path, expected: &[&str]| {
        let output = merge(folders, out);
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{said}");
        assert!(expected.iter().all(|part| said.contains(part)), "{said}");
        assert!(!merged.exists() && output.stdout.is_empty(), "{said}");
    };
    refused(
        &[&first],
        &merged,
        &["12 of 24 runs are missing, the first of ", "seed 0; shard 2/2 is in none of the folders"],
    );
    refused(&[&first, &other], &merged, &["other and ", "first hold different sweeps: their settings have `"]);
    refused(&[&first, &second], &second, &["--out ", "second: is one of the parts"]);

    let journal = second.join("runs.jsonl");
    let text = fs::read_to_string(&journal).expect("a file");
    let cut: String = text.lines().take(9).map(|line| format!("{line}\n")).collect();
    fs::write(&journal, cut + "{\"half of a line").expect("a file");
    refused(&[&first, &second], &merged, &["3 of 24 runs are missing", "second has 9 of its 12"]);

    let copy = folder.path().join("copy");
    fs::create_dir(&copy).expect("a folder");
    fs::copy(second.join("config.toml"), copy.join("config.toml")).expect("a file");
    let at = text.find("\"delta_norm\":").expect("a number") + "\"delta_norm\":".len();
    fs::write(copy.join("runs.jsonl"), [&text[..at], "1", &text[at..]].concat()).expect("a file");
    refused(&[&first, &second, &copy], &merged, &["copy have different results of ", "seed "]);
    let said = String::from_utf8(merge(&[&folder.path().join("nothing")], &merged).stderr).expect("UTF-8");
    assert!(said.starts_with("error: ") && said.contains("nothing/config.toml: "), "{said}");
}

#[test]
fn the_folder_of_a_sweep_holds_the_settings_that_made_it() {
    let (first, second) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    swept(first.path(), &["--activation", "gelu", "--depth", "1,2", "--steps", "2", "--norm", "none,batch"], "2");
    let config = first.path().join("config.toml");
    let output = depth_sweep(second.path(), &["--config", config.to_str().expect("UTF-8")], "2");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for name in ["gradients.csv", "config.toml"] {
        assert!(
            fs::read(first.path().join(name)).expect(name) == fs::read(second.path().join(name)).expect(name),
            "{name}"
        );
    }
}

#[test]
fn the_table_fits_a_hundred_columns_without_color() {
    let folder = tempfile::tempdir().expect("a folder");
    let printed =
        swept(folder.path(), &["--norm", "none,batch", "--residual", "off,on", "--depth", "2", "--steps", "2"], "2");
    assert!(printed.lines().all(|line| line.chars().count() <= 100), "{printed}");
    assert!(!printed.contains('\u{1b}'));
}

#[test]
fn completions_and_a_manual_page_are_printed() {
    for (options, part) in [(&["--completions", "bash"][..], "--learning-rate"), (&["--man"], "vanishing")] {
        let output =
            Command::new(env!("CARGO_BIN_EXE_depth-sweep")).args(options).output().expect("the program starts");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(output.status.success() && text.contains(part), "{text}");
    }
}

#[test]
fn help_goes_to_stdout_and_succeeds() {
    let output = Command::new(env!("CARGO_BIN_EXE_depth-sweep")).arg("--help").output().expect("the program starts");
    assert!(output.status.success() && output.stderr.is_empty());
    let help = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(help.contains("--weight-variance") && help.contains("vanishing") && help.contains("softplus"), "{help}");
}
