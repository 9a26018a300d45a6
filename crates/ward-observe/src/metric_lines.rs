//! `metrics.jsonl`: the run's numbers as long, tidy lines that any table program melts at once.
//!
//! Everything here can be made again from `events.jsonl`; a resumed run does so.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use ward_core::{Estimate, Evaluation, Event, NodeId, Record, RoundId};

use crate::RunView;
use crate::file::{FileError, read_text, write_whole};

/// With more hospitals than this, their lines are left out; the events still have them.
pub const MOST_HOSPITALS: usize = 1000;

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Everybody.
    All,
    /// One tier.
    Tier,
    /// One hospital.
    Hospital,
}

/// One number: one line of `metrics.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricLine {
    /// Which run.
    pub run_id: String,
    /// Which round, from 0 as in the events.
    pub round: u32,
    /// What it is about.
    pub scope: Scope,
    /// `all`, the tier's or the hospital's name.
    pub group: String,
    /// The hospital's node; absent for other scopes.
    pub node: Option<NodeId>,
    /// `train_loss`, `update_norm`, `cohort`, `reporters`, `silent`, `abandoned` (1),
    /// `bytes_up_total`, `bytes_down_total` (since the run began), or a test metric such as `auc`.
    pub metric: String,
    /// The number.
    pub value: f64,
    /// Cases it rests on; for a training loss the weight it counts with.
    pub n: Option<u64>,
    /// Its standard error.
    pub standard_error: Option<f64>,
    /// Milliseconds since the run began.
    pub at_ms: u64,
}

/// The lines that `record` adds; `view` has taken it in already.
#[must_use]
pub fn metric_lines(run_id: &str, view: &RunView, record: &Record) -> Vec<MetricLine> {
    let mut lines = Lines {
        run_id,
        at_ms: record.at.0,
        lines: Vec::new(),
    };
    let by_hospital = view.nodes.len() <= MOST_HOSPITALS;
    match &record.event {
        Event::ReportAccepted {
            round,
            node,
            weight,
            loss: Some(loss),
        } if by_hospital => {
            let of = Of::hospital(view, *node);
            lines.add(*round, &of, "train_loss", *loss, Some(*weight));
        }
        Event::Evaluated {
            round,
            node,
            evaluation,
        } if by_hospital => lines.scores(*round, &Of::hospital(view, *node), evaluation),
        Event::EvaluationClosed {
            round, evaluation, ..
        } => {
            lines.scores(*round, &Of::everybody(), evaluation);
            let this = view.rounds.iter().find(|r| r.round == *round);
            for (tier, evaluation) in this.iter().flat_map(|r| &r.evaluation_by_tier) {
                lines.scores(*round, &Of::tier(tier), evaluation);
            }
        }
        Event::RoundClosed { round, .. } | Event::RoundAbandoned { round, .. } => {
            let Some(this) = view.rounds.iter().find(|r| r.round == *round) else {
                return lines.lines;
            };
            let numbers = [
                ("train_loss", this.loss),
                ("epsilon", epsilon(view, *round)),
                ("update_norm", this.update_norm),
                ("clip_norm", this.clip.map(|(norm, _)| f64::from(norm))),
                ("within_clip_norm", this.clip.map(|(_, within)| within)),
                ("cohort", Some(this.cohort.len() as f64)),
                ("reporters", Some(this.counted() as f64)),
                ("silent", Some(this.silent.len() as f64)),
                ("abandoned", this.abandoned.as_ref().map(|_| 1.0)),
                ("bytes_up_total", Some(view.sent().bytes as f64)),
                ("bytes_down_total", Some(view.received().bytes as f64)),
            ];
            for (metric, value) in numbers {
                if let Some(value) = value {
                    lines.add(*round, &Of::everybody(), metric, value, None);
                }
            }
        }
        _ => {}
    }
    lines.lines
}

/// What a line is about: scope, group and node.
struct Of {
    scope: Scope,
    group: String,
    node: Option<NodeId>,
}

impl Of {
    fn everybody() -> Self {
        Self {
            scope: Scope::All,
            group: "all".to_owned(),
            node: None,
        }
    }
    fn tier(tier: &str) -> Self {
        Self {
            scope: Scope::Tier,
            group: tier.to_owned(),
            node: None,
        }
    }
    fn hospital(view: &RunView, node: NodeId) -> Self {
        Self {
            scope: Scope::Hospital,
            group: view.name(node),
            node: Some(node),
        }
    }
}

struct Lines<'a> {
    run_id: &'a str,
    at_ms: u64,
    lines: Vec<MetricLine>,
}

impl Lines<'_> {
    fn add(&mut self, round: RoundId, of: &Of, metric: &str, value: f64, n: Option<u64>) {
        self.lines.push(MetricLine {
            run_id: self.run_id.to_owned(),
            round: round.0,
            scope: of.scope,
            group: of.group.clone(),
            node: of.node,
            metric: metric.to_owned(),
            value,
            n,
            standard_error: None,
            at_ms: self.at_ms,
        });
    }

    fn scores(&mut self, round: RoundId, of: &Of, evaluation: &Evaluation) {
        for (metric, estimate) in &evaluation.0 {
            let Estimate {
                value,
                n,
                standard_error,
            } = *estimate;
            self.add(round, of, metric, value, Some(n));
            if let Some(line) = self.lines.last_mut() {
                line.standard_error = Some(standard_error);
            }
        }
    }
}

/// The writer of `metrics.jsonl`.
#[derive(Debug)]
pub struct MetricLog {
    path: PathBuf,
    run_id: String,
    file: BufWriter<File>,
}

impl MetricLog {
    /// Starts the file; an old one is replaced.
    ///
    /// # Errors
    /// [`FileError::Io`].
    pub fn create(path: &Path, run_id: &str) -> Result<Self, FileError> {
        let file = File::create(path).map_err(FileError::io("create", path))?;
        Ok(Self {
            path: path.to_owned(),
            run_id: run_id.to_owned(),
            file: BufWriter::new(file),
        })
    }

    /// Writes the lines of one record; `view` has taken it in already. A start at a later round
    /// first drops the lines of the rounds that will be played again.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn write(&mut self, view: &RunView, record: &Record) -> Result<(), FileError> {
        if let Event::RunStarted { round, .. } = &record.event
            && view.starts > 1
        {
            self.drop_from(*round)?;
        }
        for line in metric_lines(&self.run_id, view, record) {
            let written = serde_json::to_writer(&mut self.file, &line)
                .map_err(std::io::Error::from)
                .and_then(|()| self.file.write_all(b"\n"));
            written.map_err(FileError::io("write", &self.path))?;
        }
        match record.event {
            Event::RoundClosed { .. }
            | Event::RoundAbandoned { .. }
            | Event::EvaluationClosed { .. }
            | Event::RunFinished { .. } => self.flush(),
            _ => Ok(()),
        }
    }

    /// Hands everything to the operating system.
    ///
    /// # Errors
    /// [`FileError::Io`].
    pub fn flush(&mut self) -> Result<(), FileError> {
        self.file
            .flush()
            .map_err(FileError::io("write", &self.path))
    }

    fn drop_from(&mut self, round: RoundId) -> Result<(), FileError> {
        self.flush()?;
        let mut kept = String::new();
        for line in read_text(&self.path)?.split_inclusive('\n') {
            let is_earlier = |line: MetricLine| line.round < round.0;
            if serde_json::from_str(line).is_ok_and(is_earlier) {
                kept.push_str(line);
            }
        }
        write_whole(&self.path, kept.as_bytes())?;
        let file = OpenOptions::new().append(true).open(&self.path);
        self.file = BufWriter::new(file.map_err(FileError::io("open", &self.path))?);
        Ok(())
    }
}

/// The largest epsilon by the end of a round, where updates are noised.
fn epsilon(view: &RunView, last: RoundId) -> Option<f64> {
    let (epsilon, _) = view.privacy.is_some().then(|| view.epsilon(last))?;
    epsilon.is_finite().then_some(epsilon)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    #[test]
    fn the_columns_of_a_line_are_stable() {
        let sample = Sample::new(3, 1);
        let mut view = RunView::default();
        let mut lines = Vec::new();
        for record in &sample.records {
            view.apply(record);
            lines.extend(metric_lines("run-1", &view, record));
        }
        let text = |line: &MetricLine| serde_json::to_string(line).unwrap();
        let first = |scope| lines.iter().find(|l| l.scope == scope && l.metric == "auc");
        expect_test::expect![[r#"{"run_id":"run-1","round":0,"scope":"hospital","group":"tertiary-01","node":0,"metric":"auc","value":0.537,"n":4000,"standard_error":0.007905694150420948,"at_ms":588}"#]]
            .assert_eq(&text(first(Scope::Hospital).unwrap()));
        let all: Vec<_> = lines.iter().filter(|l| l.scope == Scope::All).collect();
        let names: Vec<_> = all.iter().map(|l| l.metric.as_str()).collect();
        assert_eq!(
            names,
            [
                "train_loss",
                "update_norm",
                "cohort",
                "reporters",
                "silent",
                "bytes_up_total",
                "bytes_down_total",
                "auc",
                "loss"
            ]
        );
        assert_eq!(
            lines.iter().filter(|l| l.scope == Scope::Tier).count(),
            3 * 2
        );
    }
}
