//! What a report is made of: a run directory read with whatever is there.

use ward_core::metric::name;

use crate::result_row::{self, Model, ResultRow};
use crate::view::UNKNOWN_TIER;
use crate::{Examination, FileError, HospitalCard, Manifest, RunDir, RunView, read_events, text};

/// One run, as far as its files tell.
#[derive(Debug, Clone, Default)]
pub struct RunData {
    /// The folder's name.
    pub folder: String,
    /// The manifest, where it can be read.
    pub manifest: Option<Manifest>,
    /// The fold of its events; empty where there are none.
    pub view: RunView,
    /// Its results; empty where there are none.
    pub results: Vec<ResultRow>,
    /// Its hospitals; empty where there are none.
    pub cards: Vec<HospitalCard>,
    /// What was asked of its model; empty where nothing was.
    pub examinations: Vec<Examination>,
    /// The resolved configuration, where it can be read.
    pub config: Option<String>,
    /// What is missing or damaged, for the reader of the report.
    pub notes: Vec<String>,
}

impl RunData {
    /// Reads a run directory. What is missing or damaged is noted, never an error: a report of a
    /// broken run is the one that is needed most.
    #[must_use]
    pub fn load(dir: &RunDir) -> Self {
        let mut run = Self {
            folder: dir.name(),
            ..Self::default()
        };
        match read_events(&dir.events_path()) {
            Ok(told) => {
                run.view = RunView::of(&told.records);
                if let Some(torn) = told.torn {
                    run.notes.push(format!(
                        "The event log ends in the middle of line {}: {} dropped.",
                        torn.line,
                        text::things(torn.bytes as u64, "byte was", "bytes were")
                    ));
                }
                if run.view.finished.is_none() {
                    run.notes.push(
                        "The run has not ended: it is still going on, or it was killed.".to_owned(),
                    );
                }
            }
            Err(error) => run.note("The events", &error),
        }
        run.manifest = run.take("The manifest", dir.manifest());
        run.results = run.take("The results", dir.results()).unwrap_or_default();
        let cards = run.take("The description of the hospitals", dir.hospitals());
        run.cards = cards.unwrap_or_default();
        let asked = run.take("What was asked of the model", dir.examinations());
        run.examinations = asked.unwrap_or_default();
        run.config = run.take("The resolved configuration", dir.config());
        run
    }

    fn take<T>(&mut self, what: &str, read: Result<T, FileError>) -> Option<T> {
        read.map_err(|error| self.note(what, &error)).ok()
    }

    fn note(&mut self, what: &str, error: &FileError) {
        let note = if error.is_missing() {
            format!("{what} cannot be shown: the run directory has no such file.")
        } else {
            format!("{what} cannot be shown: {error}.")
        };
        self.notes.push(note);
    }

    /// The experiment's name, or the folder's.
    #[must_use]
    pub fn name(&self) -> &str {
        self.manifest.as_ref().map_or(&self.folder, |m| &m.name)
    }

    /// Hospitals enrolled.
    #[must_use]
    pub fn hospitals(&self) -> usize {
        let planned = self.manifest.as_ref().map_or(0, |m| m.hospitals as usize);
        self.view.nodes.len().max(self.cards.len()).max(planned)
    }

    /// The tiers worth telling apart: none when there is only one.
    #[must_use]
    pub fn tiers(&self) -> Vec<String> {
        let mut tiers = self.view.tiers();
        for card in &self.cards {
            if !tiers.contains(&card.tier) {
                tiers.push(card.tier.clone());
            }
        }
        tiers.retain(|tier| tier != UNKNOWN_TIER);
        if tiers.len() < 2 { Vec::new() } else { tiers }
    }

    /// The metric that the report is about.
    #[must_use]
    pub fn metric(&self) -> Option<String> {
        let of_results = result_row::main_metric(&self.results).map(str::to_owned);
        of_results.or_else(|| self.view.main_metric())
    }

    /// A result.
    #[must_use]
    pub fn result(&self, group: &str, model: Model, metric: &str) -> Option<&ResultRow> {
        result_row::find(&self.results, group, model, metric)
    }

    /// The result of the federated model; where no results were written, the last evaluation.
    #[must_use]
    pub fn federated(&self, tier: Option<&str>, metric: &str) -> Option<ResultRow> {
        let group = tier.unwrap_or("all");
        self.result(group, Model::Federated, metric)
            .cloned()
            .or_else(|| {
                let (_, last) = self.view.curve(tier, metric).pop()?;
                Some(ResultRow::of(group, Model::Federated, metric, &last))
            })
    }

    /// Hospitals in the order of the roster: id, name, tier.
    #[must_use]
    pub fn roster(&self) -> Vec<(ward_core::NodeId, String, String)> {
        if self.view.nodes.is_empty() {
            let of = |c: &HospitalCard| (c.node, c.name.clone(), c.tier.clone());
            self.cards.iter().map(of).collect()
        } else {
            let nodes = self.view.nodes.values();
            nodes
                .map(|n| (n.info.node, n.info.name.clone(), n.info.tier.clone()))
                .collect()
        }
    }
}

/// A metric as people call it.
#[must_use]
pub fn metric_name(metric: &str) -> String {
    match metric {
        name::AUC => "AUC".to_owned(),
        name::SENSITIVITY => "sensitivity at specificity 0.90".to_owned(),
        other => other.replace('_', " "),
    }
}

/// Whether more of the metric is better.
#[must_use]
pub(super) fn more_is_better(metric: &str) -> bool {
    !metric.contains("loss")
}

/// The value from which bars of the metric start: chance for an AUC, else nothing.
#[must_use]
pub(super) fn bar_start(metric: &str) -> f64 {
    if metric == name::AUC { 0.5 } else { 0.0 }
}
