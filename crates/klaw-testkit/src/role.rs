//! This test binary, started again as a process that may be killed.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// First argument of a test binary that is to play a role; the role's name follows.
pub const ROLE_FLAG: &str = "--klaw-role";

/// Until a role that says nothing counts as stuck. Against hangs; generous, because machines are shared.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a role ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this exit code.
    Exit(i32),
    /// By this signal.
    Signal(i32),
}

impl Ended {
    /// The end that a crash point brings.
    pub const KILLED: Self = Self::Signal(9);
}

/// A running role. Dropping it kills it: no test leaves a process behind.
#[derive(Debug)]
pub struct Role {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    ended: Option<Ended>,
}

impl Role {
    /// Starts `role` with arguments and additional environment.
    pub fn spawn(role: &str, args: &[&str], env: &[(&str, &str)]) -> Result<Self, String> {
        let exe = std::env::current_exe().map_err(|e| format!("current_exe: {e}"))?;
        Self::spawn_command(Command::new(exe).arg(ROLE_FLAG), role, args, env)
    }

    /// Like [`Role::spawn`], under `command`, which gets the role's arguments appended.
    pub fn spawn_command(
        command: &mut Command,
        role: &str,
        args: &[&str],
        env: &[(&str, &str)],
    ) -> Result<Self, String> {
        let mut child = command
            .arg(role)
            .args(args)
            .envs(env.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("spawn {role}: {e}"))?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().ok_or("no stdout")?;
        let (tell, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self { name: role.to_owned(), child, stdin, lines, ended: None })
    }

    /// The role's process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The next line that the role says; an error if it ends or says nothing for too long.
    pub fn line(&mut self) -> Result<String, String> {
        self.lines.recv_timeout(PATIENCE).map_err(|e| format!("{} said nothing: {e}", self.name))
    }

    /// The next line if the role has said one already.
    #[must_use]
    pub fn try_line(&mut self) -> Option<String> {
        self.lines.try_recv().ok()
    }

    /// How the role ended, if it has.
    pub fn try_end(&mut self) -> Result<Option<Ended>, String> {
        use std::os::unix::process::ExitStatusExt;
        if self.ended.is_none() {
            let status = self.child.try_wait().map_err(|e| format!("wait: {e}"))?;
            self.ended =
                status.map(|s| s.code().map_or_else(|| Ended::Signal(s.signal().unwrap_or(0)), Ended::Exit));
        }
        Ok(self.ended)
    }

    /// Reads lines until one starts with `prefix`; the rest of it.
    pub fn expect(&mut self, prefix: &str) -> Result<String, String> {
        loop {
            let line = self.line().map_err(|e| format!("{e} (waiting for {prefix:?})"))?;
            if let Some(rest) = line.strip_prefix(prefix) {
                return Ok(rest.trim().to_owned());
            }
        }
    }

    /// Says a line to the role.
    pub fn tell(&mut self, line: &str) {
        if let Some(stdin) = &mut self.stdin {
            // A dead role can't hear; its end shows in `end`.
            let _heard = writeln!(stdin, "{line}");
        }
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // The child is not reaped before `end`, so the pid is still its.
            let _sent = kill_process(pid, signal);
        }
    }

    /// SIGSTOP, and waits until it has taken effect: until then the role may go on for a while on another core.
    pub fn stop(&self) -> Result<(), String> {
        self.signal(Signal::STOP);
        let stat = format!("/proc/{}/stat", self.pid());
        crate::eventually(PATIENCE, || {
            let text = std::fs::read_to_string(&stat).map_err(|e| format!("{stat}: {e}"))?;
            let state = text.rsplit_once(')').map_or("", |(_, rest)| rest.trim_start());
            if state.starts_with('T') { Ok(()) } else { Err(format!("{} does not stop", self.name)) }
        })
    }

    /// SIGKILL, and waits for it.
    pub fn kill(&mut self) -> Result<Ended, String> {
        self.signal(Signal::KILL);
        self.end()
    }

    /// Closes the role's input and waits for its end.
    pub fn end(&mut self) -> Result<Ended, String> {
        self.stdin = None;
        let started = Instant::now();
        loop {
            if let Some(ended) = self.try_end()? {
                return Ok(ended);
            }
            if started.elapsed() > PATIENCE {
                return Err(format!("{} (pid {}) did not end", self.name, self.pid()));
            }
            std::thread::sleep(Duration::from_micros(200));
        }
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        if self.ended.is_none() {
            let _killed = self.child.kill();
            let _reaped = self.child.wait();
        }
    }
}

/// In a role: says a line to the case.
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // Nobody listens to a role whose case has failed.
    let _said = writeln!(out, "{line}");
    let _flushed = out.flush();
}

/// In a role: the next line from the case; empty once the case has closed its end.
#[must_use]
pub fn wait_for_line() -> String {
    let mut line = String::new();
    // Closed input reads as an empty line, which every role takes as "go on to the end".
    let _read = std::io::stdin().lock().read_line(&mut line);
    line.trim().to_owned()
}
