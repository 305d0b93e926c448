//! Cases, in the manner of cargo's harness.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// What a case found: nothing wrong, or what is wrong.
pub type Outcome = Result<(), String>;

/// A test: name and body.
pub struct Case {
    /// As shown in the report, and matched by the filter argument.
    pub name: String,
    /// Runs in the parent process.
    pub body: Box<dyn FnOnce() -> Outcome>,
}

impl Case {
    /// A case with a body.
    pub fn new(name: impl Into<String>, body: impl FnOnce() -> Outcome + 'static) -> Self {
        Self { name: name.into(), body: Box::new(body) }
    }
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Case").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A role: its name and what it does with its arguments.
pub type RoleMain = (&'static str, fn(&[String]));

/// Runs a role if this process was started as one, else every case whose name contains the first argument.
pub fn main(roles: &[RoleMain], cases: impl FnOnce() -> Vec<Case>) -> ExitCode {
    let mut args = std::env::args().skip(1);
    let first = args.next();
    if first.as_deref() == Some(crate::role::ROLE_FLAG) {
        let name = args.next().unwrap_or_default();
        let rest: Vec<_> = args.collect();
        let role = roles.iter().find(|(role, _)| *role == name);
        let (_, run) = role.unwrap_or_else(|| panic!("no role {name:?} in this binary"));
        run(&rest);
        return ExitCode::SUCCESS;
    }
    // Flags of cargo's own harness (--nocapture and the like) mean nothing here.
    let filter = first.filter(|arg| !arg.starts_with('-')).unwrap_or_default();
    run_cases(cases().into_iter().filter(|case| case.name.contains(&filter)).collect())
}

fn run_cases(cases: Vec<Case>) -> ExitCode {
    let started = Instant::now();
    let mut out = std::io::stdout().lock();
    let mut failures = Vec::new();
    let count = cases.len();
    print(&mut out, &format!("\nrunning {count} tests\n"));
    for case in cases {
        print(&mut out, &format!("test {} ... ", case.name));
        let outcome = catch_unwind(AssertUnwindSafe(case.body))
            .unwrap_or_else(|_| Err("it panicked, see above".to_owned()));
        print(&mut out, if outcome.is_ok() { "ok\n" } else { "FAILED\n" });
        if let Err(why) = outcome {
            failures.push(format!("---- {} ----\n{why}\n", case.name));
        }
    }
    for failure in &failures {
        print(&mut out, &format!("\n{failure}"));
    }
    let (passed, failed) = (count - failures.len(), failures.len());
    let word = if failed == 0 { "ok" } else { "FAILED" };
    let seconds = started.elapsed().as_secs_f64();
    print(
        &mut out,
        &format!(
            "\ntest result: {word}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out; finished in {seconds:.2}s\n\n"
        ),
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn print(out: &mut impl Write, text: &str) {
    // A closed stdout must not fail a test.
    let _written = out.write_all(text.as_bytes());
    let _flushed = out.flush();
}

/// Looks again and again until `look` finds nothing wrong, or `patience` is over: then that is what is wrong.
///
/// For states that other processes bring about. The bound is against hangs; no test may be about how long it took.
pub fn eventually(patience: Duration, mut look: impl FnMut() -> Outcome) -> Outcome {
    let started = Instant::now();
    loop {
        match look() {
            Ok(()) => return Ok(()),
            Err(why) if started.elapsed() > patience => return Err(why),
            Err(_) => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}
