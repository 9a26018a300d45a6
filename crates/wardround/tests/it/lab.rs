//! Experiments in a folder of their own, played by the real program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// How long anything may take before the test gives up on it.
const PATIENCE: Duration = Duration::from_secs(120);

/// Three hospitals, a few quick rounds, outcome known to be the same everywhere.
pub(crate) const SMALL: &str = r#"
name = "small"
rounds = 6

[data.emr-risk]
population = "ward-3"

[preprocessing]
scaling = "federated"

[model.logistic]

[training]
steps = 10
batches = "replacement"

[round]
evaluate_every = 2
checkpoint_every = 1

[baselines]
alone = false
pooled = false
"#;

/// As [`SMALL`], with rounds long enough to be interrupted.
pub(crate) fn slow() -> String {
    SMALL
        .replace("rounds = 6", "rounds = 60")
        .replace("steps = 10", "steps = 6000")
}

/// A folder to play in.
pub(crate) struct Lab(TempDir);

impl Lab {
    pub(crate) fn new(experiment: &str) -> Self {
        let lab = Self(tempfile::tempdir().unwrap());
        fs::write(lab.path("e.toml"), experiment).unwrap();
        lab
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The program with the words of `line` as arguments.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wardround"));
        command
            .args(line.split_whitespace())
            .current_dir(self.0.path());
        for variable in [
            "COLUMNS",
            "WARDROUND_LISTEN",
            "WARDROUND_TOKEN",
            "WARDROUND_COORDINATOR",
        ] {
            command.env_remove(variable);
        }
        command
    }

    pub(crate) fn output(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    /// The JSON summary of a command that succeeds.
    pub(crate) fn summary(&self, line: &str) -> Value {
        summary(&self.output(&format!("{line} --format json --quiet")))
    }

    /// The digest of the model that a command ends with.
    pub(crate) fn digest(&self, line: &str) -> String {
        text(&self.summary(line), "model_digest")
    }

    /// Starts a command and leaves it running.
    pub(crate) fn start(&self, line: &str) -> Running {
        Self::leave(self.command(line))
    }

    /// The same for a hospital of the coordinator at `address`.
    pub(crate) fn start_at(&self, line: &str, address: &str) -> Running {
        let mut command = self.command(line);
        command.env("WARDROUND_COORDINATOR", address);
        Self::leave(command)
    }

    fn leave(mut command: Command) -> Running {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Running(Some(command.spawn().unwrap()))
    }

    /// The only run directory there is, once it is there.
    pub(crate) fn run_dir(&self) -> PathBuf {
        let runs = self.path("runs");
        until("a run directory", || {
            let mut entries = fs::read_dir(&runs).ok()?.filter_map(Result::ok);
            entries.next().map(|entry| entry.path())
        })
    }
}

pub(crate) fn summary(output: &Output) -> Value {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

pub(crate) fn text(value: &Value, key: &str) -> String {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("no {key} in {value}"))
        .to_owned()
}

/// Waits until `found` finds something.
pub(crate) fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = found() {
            return value;
        }
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The events of the run in `dir` so far.
pub(crate) fn events(dir: &Path) -> Vec<Value> {
    let text = fs::read_to_string(dir.join("events.jsonl")).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The events of one kind.
pub(crate) fn of_kind(dir: &Path, kind: &str) -> Vec<Value> {
    let of = |record: Value| record["event"].get(kind).cloned();
    events(dir).into_iter().filter_map(of).collect()
}

/// Waits until `rounds` rounds have closed.
pub(crate) fn rounds_closed(dir: &Path, rounds: usize) {
    until(&format!("{rounds} closed rounds"), || {
        (of_kind(dir, "round_closed").len() >= rounds).then_some(())
    });
}

/// A process that does not outlive its test.
pub(crate) struct Running(Option<Child>);

impl Running {
    pub(crate) fn id(&self) -> u32 {
        self.0.as_ref().unwrap().id()
    }

    pub(crate) fn signal(&self, signal: &str) {
        send(self.id(), signal);
    }

    pub(crate) fn kill(&mut self) {
        let child = self.0.as_mut().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// What it printed, once it has ended.
    pub(crate) fn output(mut self) -> Output {
        let mut child = self.0.take().unwrap();
        until("a process to end", || child.try_wait().unwrap());
        child.wait_with_output().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            // Gone already is as good.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Sends a signal by name to any process.
pub(crate) fn send(process: u32, signal: &str) {
    let status = Command::new("sh")
        .args(["-c", &format!("kill -{signal} {process}")])
        .status()
        .unwrap();
    assert!(status.success());
}

/// The processes whose arguments hold `word`.
pub(crate) fn processes(word: &str) -> Vec<u32> {
    let entries = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    entries
        .filter_map(|entry| {
            let process = entry.file_name().to_str()?.parse().ok()?;
            let arguments = fs::read(entry.path().join("cmdline")).ok()?;
            String::from_utf8_lossy(&arguments)
                .contains(word)
                .then_some(process)
        })
        .collect()
}
