//! The processes of a federation: started together, watched, and gone when their owner is.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::codes::Code;
use crate::config::{COORDINATOR_VARIABLE, LISTEN_VARIABLE, TOKEN_VARIABLE};
use crate::failure::Failure;

/// How often the processes are looked at.
const GLANCE: Duration = Duration::from_millis(20);

/// A process that has ended.
#[derive(Debug)]
pub struct Ended {
    /// Its name.
    pub name: String,
    /// How it ended.
    pub status: ExitStatus,
}

/// Running processes by name. Dropping them kills what still runs.
#[derive(Debug, Default)]
pub struct Children(BTreeMap<String, Child>);

impl Children {
    /// Starts `wardround ARGS...` under `name`, with `token` as the join token in its environment:
    /// arguments can be read by every user of the host. Its standard input is the tie to this
    /// process; its standard error goes to the end of `log`, or to this process's where there is
    /// none.
    ///
    /// # Errors
    /// When the process or its log cannot be made.
    pub fn start(
        &mut self,
        name: &str,
        args: &[&OsStr],
        token: &str,
        log: Option<&Path>,
    ) -> Result<(), Failure> {
        let refuse = |error: io::Error| {
            Failure::new(Code::Internal, format!("cannot start a process for {name}"))
                .caused_by(error)
        };
        let stderr = match log {
            Some(path) => {
                let file = OpenOptions::new().create(true).append(true).open(path);
                Stdio::from(file.map_err(refuse)?)
            }
            None => Stdio::inherit(),
        };
        let mut command = Command::new(std::env::current_exe().map_err(refuse)?);
        command
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(stderr);
        command
            .env(TOKEN_VARIABLE, token)
            .env_remove(COORDINATOR_VARIABLE);
        command.env(LISTEN_VARIABLE, "127.0.0.1:0");
        // A group of its own: a Ctrl-C at the terminal reaches the parent, which decides.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        self.0
            .insert(name.to_owned(), command.spawn().map_err(refuse)?);
        Ok(())
    }

    /// The process id of a child that still runs.
    #[must_use]
    pub fn id(&self, name: &str) -> Option<u32> {
        self.0.get(name).map(Child::id)
    }

    /// Asks one process to finish its round and stop.
    pub fn stop(&mut self, name: &str) {
        if let Some(stdin) = self.0.get_mut(name).and_then(|child| child.stdin.as_mut()) {
            // A child that has just gone does not need asking.
            let _ = stdin.write_all(b"stop\n").and_then(|()| stdin.flush());
        }
    }

    /// Those that have ended since the last look.
    ///
    /// # Errors
    /// When the system cannot say.
    pub fn ended(&mut self) -> Result<Vec<Ended>, Failure> {
        let mut ended = Vec::new();
        for (name, child) in &mut self.0 {
            if let Some(status) = child.try_wait().map_err(|error| {
                let message = format!("cannot tell whether {name} still runs");
                Failure::new(Code::Internal, message).caused_by(error)
            })? {
                ended.push(Ended {
                    name: name.clone(),
                    status,
                });
            }
        }
        ended.iter().for_each(|e| drop(self.0.remove(&e.name)));
        Ok(ended)
    }

    /// Looks every few milliseconds until `done` says so or `patience` is over; says which.
    ///
    /// # Errors
    /// When the system cannot say, or `done` fails.
    pub fn watch(
        &mut self,
        patience: Option<Duration>,
        mut done: impl FnMut(&mut Self, Vec<Ended>) -> Result<bool, Failure>,
    ) -> Result<bool, Failure> {
        let start = Instant::now();
        loop {
            let ended = self.ended()?;
            if done(self, ended)? {
                return Ok(true);
            }
            if patience.is_some_and(|patience| start.elapsed() >= patience) {
                return Ok(false);
            }
            std::thread::sleep(GLANCE);
        }
    }

    /// How many still run.
    #[must_use]
    pub fn running(&self) -> usize {
        self.0.len()
    }

    /// Ends all at once.
    pub fn kill_all(&mut self) {
        for child in self.0.values_mut() {
            // Already gone is as good.
            let _ = child.kill();
            let _ = child.wait();
        }
        self.0.clear();
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        self.kill_all();
    }
}
