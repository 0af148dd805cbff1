//! Programs on the processes of MPI, run as a user runs them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const FILES: [&str; 2] = ["checkpoint.safetensors", "losses.csv"];

/// An example of this crate, which cargo builds with the tests.
fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().and_then(Path::parent).unwrap().join("examples").join(name)
}

fn mpiexec(processes: usize, program: &str, argument: &Path) -> Command {
    let mut command = Command::new("mpiexec");
    command.args(["-n", &processes.to_string()]).arg(example(program)).arg(argument);
    // As many threads as there are cores would be several in each process.
    command.env("RAYON_NUM_THREADS", "1");
    command
}

fn run(processes: usize, program: &str, argument: &Path) -> Output {
    mpiexec(processes, program, argument).output().expect("mpiexec starts")
}

fn trained(processes: usize, folder: &Path) -> [Vec<u8>; 2] {
    let output = run(processes, "digits", folder);
    assert!(output.status.success(), "{processes}: {}", String::from_utf8_lossy(&output.stderr));
    FILES.map(|name| fs::read(folder.join(name)).expect(name))
}

#[test]
fn any_number_of_processes_writes_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let of = |processes: usize| trained(processes, &folder.path().join(processes.to_string()));
    let one = of(1);
    assert!(String::from_utf8_lossy(&one[1]).lines().count() > 6, "some epochs, ended by early stopping");
    for processes in [2, 3, 4] {
        assert!(of(processes) == one, "{processes} processes");
    }
}

/// The processes that run the program, of all that are on this machine.
fn processes_of(program: &Path, folder: &Path) -> Vec<u32> {
    let is_one = |pid: &u32| {
        let of = |name: &str| PathBuf::from(format!("/proc/{pid}/{name}"));
        let arguments = fs::read(of("cmdline")).unwrap_or_default();
        let folder = folder.to_str().unwrap().as_bytes();
        fs::read_link(of("exe")).is_ok_and(|exe| exe == program)
            && arguments.windows(folder.len()).any(|part| part == folder)
    };
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(is_one).collect()
}

fn ended(child: &mut Child) -> std::process::ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "the other processes wait for the one that died");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_run_of_which_processes_die_goes_on_with_any_number_and_ends_with_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let expected = trained(1, &folder.path().join("whole"));
    let parts = folder.path().join("parts");
    let program = fs::canonicalize(example("digits")).unwrap();
    let mut random = StdRng::seed_from_u64(1);
    let mut killed = 0;
    for _ in 0..20 {
        let processes = random.random_range(1..=4);
        let mut child =
            mpiexec(processes, "digits", &parts).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        let start = Instant::now();
        let running = loop {
            let running = processes_of(&program, &parts);
            let is_over = child.try_wait().unwrap().is_some() || start.elapsed() > Duration::from_secs(20);
            if running.len() == processes || is_over {
                break running;
            }
        };
        std::thread::sleep(Duration::from_millis(random.random_range(20..250)));
        let victim = random.random_range(0..processes);
        let status = running.get(victim).map(|victim| {
            Command::new("kill").args(["-KILL", &victim.to_string()]).stderr(Stdio::null()).status().unwrap()
        });
        killed += usize::from(!ended(&mut child).success() && status.is_some_and(|status| status.success()));
    }
    assert!(killed >= 5, "{killed} of 20 were killed before they ended");
    assert!(trained(2, &parts) == expected, "after {killed} deaths");
    let _ = fs::remove_file(parts.join(FILES[0]));
}

#[test]
fn what_a_process_has_different_is_named_in_one_line() {
    for (what, expected) in [
        ("data", "process 1 differs from process 0 in its data"),
        ("settings", "process 1 differs from process 0 in its settings"),
        ("state", "process 1 differs from process 0 in its state"),
        ("panic", "panicked at"),
    ] {
        let output = run(3, "different", Path::new(what));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(expected), "{what}: {said}");
        assert!(said.lines().filter(|line| line.starts_with("error: process")).count() <= 1, "{said}");
    }
    let output = run(3, "different", Path::new("nothing"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A sweep that a test can wait for.
const SWEEP: [&str; 12] =
    ["--activation", "tanh,relu", "--depth", "1,2,5", "--steps", "9", "--width", "8", "--batch", "16", "--seeds", "2"];

fn sweep(processes: usize, options: &[&str], folder: &Path) -> Output {
    let mut command = Command::new("mpiexec");
    command.args(["-n", &processes.to_string(), env!("CARGO_BIN_EXE_cluster-sweep")]).args(SWEEP).args(options);
    command.arg("--out").arg(folder).env("RAYON_NUM_THREADS", "1").output().expect("mpiexec starts")
}

#[test]
fn a_sweep_on_any_number_of_processes_writes_the_same_files() {
    let folder = tempfile::tempdir().unwrap();
    let of = |processes: usize| {
        let own = folder.path().join(processes.to_string());
        let output = sweep(processes, &[], &own);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stdout).starts_with("12 of 12 runs: "));
        ["config.toml", "gradients.csv", "summary.csv", "results.json", "report.html", "gradients.svg"]
            .map(|name| fs::read(own.join(name)).expect(name))
    };
    let one = of(1);
    for processes in [2, 4] {
        assert!(of(processes) == one, "{processes} processes");
    }
    // What is left is run; of a finished sweep, nothing is.
    let own = folder.path().join("2");
    let runs = own.join("runs.jsonl");
    let text = fs::read_to_string(&runs).unwrap();
    let cut: String = text.lines().take(7).map(|line| format!("{line}\n")).collect();
    fs::write(&runs, &cut).unwrap();
    assert!(sweep(3, &["--resume"], &own).status.success());
    let resumed = fs::read_to_string(&runs).unwrap();
    assert!(resumed.starts_with(&cut) && resumed.lines().count() == 12, "{resumed}");
    assert!(fs::read(own.join("results.json")).unwrap() == one[3]);
    let output = sweep(3, &["--depth", "0"], &folder.path().join("wrong"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("error: process 0: "), "{said}");
}

#[test]
fn sweeps_after_each_other_lose_no_run_to_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let of = |processes: usize| {
        let own = folder.path().join(processes.to_string());
        let mut command = Command::new("mpiexec");
        command.args(["-n", &processes.to_string(), env!("CARGO_BIN_EXE_cluster-sweep")]);
        command.args(["--preset", "he-2015,glorot-2010", "--width", "8", "--depth", "2", "--steps", "1"]);
        command.args(["--seeds", "1", "--batch", "16", "--out"]).arg(&own).env("RAYON_NUM_THREADS", "1");
        let output = command.output().expect("mpiexec starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        ["he-2015/results.json", "glorot-2010/results.json", "report.html"]
            .map(|name| fs::read(own.join(name)).expect(name))
    };
    let one = of(1);
    for processes in [3, 4, 4, 4] {
        assert!(of(processes) == one, "{processes} processes");
    }
}
