//! Runs the cases of an area in a process of its own, so that one which aborts or never ends is a failure with a name, and
//! the others still run.

use std::collections::VecDeque;
use std::fmt::{Debug, Display};
use std::io::{BufRead, BufReader, Write};
use std::panic::{self, AssertUnwindSafe};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use autodiff::{Params, Real};

use crate::allocator::limit_memory;

/// How long a case may take. They take microseconds to milliseconds: on a busy machine, too, only what hangs takes longer.
const SECONDS: u64 = 30;

/// A call with something extreme in it, and what is to come of it.
pub(super) struct Case {
    /// The public function that it is for: `Type::method` or `module::function`.
    pub(super) covers: &'static str,
    pub(super) code: &'static str,
    pub(super) run: fn() -> Option<String>,
    pub(super) verdict: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Verdict {
    /// It returns, whatever it gives.
    Returns,
    /// It returns and finds nothing wrong.
    Accepts,
    /// It says what is wrong, with these words.
    Refuses(&'static str),
    /// It panics, as its documentation says, with these words.
    Panics(&'static str),
}

/// A table of cases: for a function the calls, one a row, each after its verdict.
macro_rules! cases {
    ($($covers:path { $($verdict:ident $($words:literal)?: $code:expr;)+ })+) => {
        pub(super) const CASES: &[$crate::laws::rejection::harness::Case] = &[$($($crate::laws::rejection::harness::Case {
            covers: stringify!($covers),
            code: stringify!($code),
            run: cases!(@run $verdict $code),
            verdict: cases!(@verdict $verdict $($words)?),
        },)+)+];
    };
    (@run returns $code:expr) => {
        || {
            let _ = std::hint::black_box($code);
            None
        }
    };
    (@run panics $code:expr) => { cases!(@run returns $code) };
    (@run $verdict:ident $code:expr) => { || $crate::laws::rejection::harness::Judged::mistake(&$code) };
    (@verdict returns) => { $crate::laws::rejection::harness::Verdict::Returns };
    (@verdict accepts) => { $crate::laws::rejection::harness::Verdict::Accepts };
    (@verdict refuses $words:literal) => { $crate::laws::rejection::harness::Verdict::Refuses($words) };
    (@verdict panics $words:literal) => { $crate::laws::rejection::harness::Verdict::Panics($words) };
}
pub(super) use cases;

/// What a call gives: the mistake in it, if there is one.
pub(super) trait Judged {
    fn mistake(&self) -> Option<String>;
}

impl<T, E: Display> Judged for Result<T, E> {
    fn mistake(&self) -> Option<String> {
        self.as_ref().err().map(E::to_string)
    }
}

impl<T> Judged for Option<T> {
    fn mistake(&self) -> Option<String> {
        if self.is_some() { None } else { Some("nothing".into()) }
    }
}

impl<T: Real> Judged for Params<T> {
    fn mistake(&self) -> Option<String> {
        self.check().mistake()
    }
}

impl Case {
    pub(super) fn name(&self) -> String {
        let code: String = self.code.split_whitespace().collect::<Vec<_>>().join(" ");
        format!("{}: {code}", self.covers)
    }

    /// What is wrong with what it does, in this process.
    fn failure(&self) -> Option<String> {
        let outcome = panic::catch_unwind(AssertUnwindSafe(self.run)).map_err(|_| PANIC.lock().unwrap().clone());
        match (self.verdict, outcome) {
            (Verdict::Returns, Ok(_)) | (Verdict::Accepts, Ok(None)) => None,
            (Verdict::Refuses(words), Ok(Some(message))) | (Verdict::Panics(words), Err(message))
                if message.contains(words) =>
            {
                None
            }
            (Verdict::Accepts, Ok(Some(message))) => Some(format!("refused: {message}")),
            (Verdict::Refuses(words), Ok(None)) => Some(format!("accepted in silence, without a word of {words:?}")),
            (Verdict::Refuses(words), Ok(Some(message))) => Some(format!("says {message:?}, not {words:?}")),
            (Verdict::Panics(words), Ok(_)) => Some(format!("no panic with {words:?}")),
            (_, Err(message)) => Some(format!("panics: {message}")),
        }
    }
}

/// The message and the place of the last panic.
static PANIC: Mutex<String> = Mutex::new(String::new());

/// Set for the process that runs the cases, to the first of them.
const FROM: &str = "REJECTION_FROM";

/// Runs the cases of an area, each within memory and time, and fails with those that do not what they should.
pub(super) fn run(area: &str, cases: &[Case]) {
    if let Ok(first) = std::env::var(FROM) {
        return run_here(cases, first.parse().unwrap());
    }
    let (mut failures, mut next) = (Vec::new(), 0);
    while next < cases.len() {
        next = Runner::start(area, next).watch(cases, next, &mut failures);
    }
    let line = format!("rejection: {area}: {} cases, {} failed\n", cases.len(), failures.len());
    let _ = std::io::stderr().write_all(line.as_bytes());
    assert!(failures.is_empty(), "{} of {} cases:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

/// In the process of their own: says on stdout before each case that it begins, and then what came of it.
fn run_here(cases: &[Case], first: usize) {
    limit_memory();
    panic::set_hook(Box::new(|info| *PANIC.lock().unwrap() = info.to_string().replace('\n', " ")));
    let say = |line: String| {
        let mut out = std::io::stdout();
        out.write_all(line.as_bytes()).and_then(|()| out.flush()).unwrap();
    };
    for (index, case) in cases.iter().enumerate().skip(first) {
        say(format!("\n{BEGINS}{index}\n"));
        say(format!("\n{ENDS}{}\n", case.failure().unwrap_or_default().replace('\n', " ")));
    }
}

const BEGINS: &str = "@case begins ";
const ENDS: &str = "@case ends ";

/// A process that runs cases.
struct Runner {
    process: Child,
    said: Receiver<String>,
    /// The last lines of its stderr, where an abort says why.
    complaints: std::thread::JoinHandle<VecDeque<String>>,
}

impl Runner {
    fn start(area: &str, first: usize) -> Self {
        let test = format!("laws::rejection::{area}");
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args([&test, "--exact", "--nocapture", "--test-threads=1"])
            .env(FROM, first.to_string())
            .env("RUST_BACKTRACE", "0")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdout, stderr) = (process.stdout.take().unwrap(), process.stderr.take().unwrap());
        let (sender, said) = mpsc::channel();
        std::thread::spawn(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|l| sender.send(l))
        });
        let complaints = std::thread::spawn(move || {
            let mut last = VecDeque::new();
            for line in BufReader::new(stderr).lines().map_while(Result::ok).filter(|line| !line.is_empty()) {
                last.push_back(line);
                last.drain(..last.len().saturating_sub(2));
            }
            last
        });
        Runner { process, said, complaints }
    }

    /// Notes the failures, from case `next` on; gives the case to go on with in another process.
    fn watch(mut self, cases: &[Case], mut next: usize, failures: &mut Vec<String>) -> usize {
        let mut fail = |index: usize, what: String| failures.push(format!("{}\n    {what}", cases[index].name()));
        while next < cases.len() {
            match self.said.recv_timeout(Duration::from_secs(SECONDS)) {
                Ok(line) if line.starts_with(ENDS) => {
                    let failure = &line[ENDS.len()..];
                    if !failure.is_empty() {
                        fail(next, failure.to_owned());
                    }
                    next += 1;
                }
                Ok(_) => {}
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    fail(next, format!("has not ended within {SECONDS} seconds"));
                    self.process.kill().unwrap();
                    self.process.wait().unwrap();
                    return next + 1;
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    let status = self.process.wait().unwrap();
                    let complaints = Vec::from(self.complaints.join().unwrap()).join(" ");
                    fail(next, format!("takes the process down, {status}: {complaints}"));
                    return next + 1;
                }
            }
        }
        self.process.wait().unwrap();
        next
    }
}
