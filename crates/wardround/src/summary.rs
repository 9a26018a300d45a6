//! A run in one JSON object: what `--format json` prints. The keys are stable.

use schemars::JsonSchema;
use serde::Serialize;
use ward_core::NodeInfo;
use ward_core::metric::name;
use ward_observe::access::{Access, ModelAccess};
use ward_observe::reach::{Reach, ReachedBy};
use ward_observe::{Examination, HospitalCard, Manifest, ResultRow, RowsUsed, RunDir, RunView};

use crate::results;

/// What `run`, `up` and `coordinator` print with `--format json`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Summary {
    /// The run directory.
    pub run_dir: String,
    /// BLAKE3 of the final model's parameters, 64 hexadecimal characters.
    pub model_digest: String,
    /// Rounds played, abandoned ones included.
    pub rounds: u32,
    /// The word for the data: `emr-risk`, `lung-nodule`, `csv` or another scenario.
    pub scenario: String,
    /// Seed of every public random choice.
    pub seed: u64,
    /// Scores, by group, model and metric.
    pub results: Vec<SummaryResult>,
    /// Training rows that are there and rows that are used, for `all`, tiers and hospitals; empty where
    /// every row is used, and where it is not known.
    pub rows: Vec<SummaryRows>,
    /// How far those far from the hubs are reached; `null` where hospitals are not rural and urban.
    pub access: Option<SummaryAccess>,
    /// Whom the run reaches; `null` where hospitals' data are not known.
    pub reach: Option<SummaryReach>,
    /// What was asked of the model, and the answers.
    pub examinations: Vec<SummaryExamination>,
    /// The largest epsilon of a hospital, as the coordinator can tell; `null` where nothing was noised.
    pub epsilon: Option<f64>,
    /// Whose presence that epsilon hides: `patient` or `hospital`; `null` where nobody's.
    pub privacy_unit: Option<String>,
    /// Bytes that hospitals sent.
    pub bytes_up: u64,
    /// Bytes that hospitals received.
    pub bytes_down: u64,
    /// Updates that were counted, over all rounds.
    pub reporters: u64,
    /// Hospitals asked that never answered, over all rounds.
    pub silent: u64,
    /// Seconds of virtual time; in a deployment, seconds on the clock.
    pub simulated_s: f64,
    /// Seconds on the clock, baselines included.
    pub wall_s: f64,
    /// Processor seconds of hospitals' work in rounds; 0 where hospitals are other processes.
    pub train_cpu_s: f64,
}

/// A question that was asked of the model, and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SummaryExamination {
    /// `clinical`, `external`, `release`, `reading-queue`, `edge`, `membership`, `border`, `reimbursement` or
    /// `pretraining`.
    pub id: String,
    /// Whether the model passed; `null` where there is nothing to pass.
    pub passed: Option<bool>,
    /// How it was done and what follows from it, in sentences.
    pub words: Vec<String>,
    /// What was found. `group` may also be a precision, such as `int8`.
    pub results: Vec<SummaryResult>,
}

impl From<&Examination> for SummaryExamination {
    fn from(examination: &Examination) -> Self {
        Self {
            id: examination.id.clone(),
            passed: examination.passed,
            words: examination.words.clone(),
            results: examination.rows.iter().map(SummaryResult::from).collect(),
        }
    }
}

/// One score.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SummaryResult {
    /// `all`, a tier's name or a hospital's name.
    pub group: String,
    /// `alone`, `federated`, `personal`, `pooled` or `ceiling`.
    pub model: String,
    /// `auc`, `accuracy`, `loss`, `sensitivity_at_specificity_90` or another metric.
    pub metric: String,
    /// The value.
    pub value: f64,
    /// Lower end of the 95 % interval.
    pub ci_low: f64,
    /// Upper end of the 95 % interval.
    pub ci_high: f64,
    /// Test cases it rests on.
    pub n: u64,
}

/// How far those far from the hubs are reached.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SummaryAccess {
    /// Share of all patients who are rural; a hospital has as many as training rows.
    pub rural_patients: f64,
    /// Share of the patients who took part, counted once a round, who are rural.
    pub rural_participation: Option<f64>,
    /// How each model does.
    pub models: Vec<SummaryModelAccess>,
}

/// How one model does for those far from the hubs.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SummaryModelAccess {
    /// `alone`, `federated`, `personal`, `pooled` or `ceiling`.
    pub model: String,
    /// Rural AUC over urban AUC.
    pub ratio: Option<f64>,
    /// Its standard error.
    pub ratio_standard_error: Option<f64>,
    /// Share of all patients whose hospital has an AUC of 0.8 or more.
    pub served: Option<f64>,
}

impl From<&Access> for SummaryAccess {
    fn from(access: &Access) -> Self {
        let of = |of: &ModelAccess| SummaryModelAccess {
            model: of.model.word().to_owned(),
            ratio: of.ratio.as_ref().map(|ratio| ratio.value),
            ratio_standard_error: of.ratio.as_ref().map(|ratio| ratio.standard_error),
            served: of.served,
        };
        Self {
            rural_patients: access.rural_patients,
            rural_participation: access.rural_participation,
            models: access.models.iter().map(of).collect(),
        }
    }
}

/// Whom a run reaches. A hospital has as many patients as training rows.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SummaryReach {
    /// Share of hospitals that took part at least once.
    pub hospitals: f64,
    /// Share of all patients who are theirs.
    pub patients: f64,
    /// After each round whose model was scored, and after the last.
    pub by_round: Vec<SummaryReachedBy>,
}

/// Whom a run has reached by a round.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SummaryReachedBy {
    /// The round, counted from 1.
    pub round: u32,
    /// Share of hospitals that have joined, and may be asked.
    pub joined_hospitals: f64,
    /// Share of all patients who are theirs.
    pub joined_patients: f64,
    /// Share of hospitals that took part so far.
    pub hospitals: f64,
    /// Share of all patients who are theirs.
    pub patients: f64,
    /// The model's accuracy over all hospitals, where it was scored.
    pub accuracy: Option<f64>,
    /// Its AUC, where it was scored and has one.
    pub auc: Option<f64>,
}

impl From<&Reach> for SummaryReach {
    fn from(reach: &Reach) -> Self {
        let of = |by: &ReachedBy| {
            let score = |metric| Some(by.scores.as_ref()?.get(metric)?.value);
            SummaryReachedBy {
                round: by.round.0 + 1,
                joined_hospitals: by.joined.hospitals,
                joined_patients: by.joined.patients,
                hospitals: by.took_part.hospitals,
                patients: by.took_part.patients,
                accuracy: score(name::ACCURACY),
                auc: score(name::AUC),
            }
        };
        Self {
            hospitals: reach.took_part.hospitals,
            patients: reach.took_part.patients,
            by_round: reach.by_round.iter().map(of).collect(),
        }
    }
}

/// Training rows of a group of hospitals.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SummaryRows {
    /// `all`, a tier's name or a hospital's name.
    pub group: String,
    /// Rows that are there, also those of patients who did not consent.
    pub present: u64,
    /// Rows that are used, from round to round; the first round first.
    pub used: Vec<SummaryRowsUsed>,
}

/// Training rows used from a round on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SummaryRowsUsed {
    /// The first round with so many, counted from 1.
    pub from_round: u32,
    /// How many.
    pub rows: u64,
}

impl SummaryRows {
    /// What the cards say of every group.
    fn of(cards: &[HospitalCard]) -> Vec<Self> {
        if !cards.iter().any(HospitalCard::leaves_rows) {
            return Vec::new();
        }
        let infos: Vec<NodeInfo> = cards
            .iter()
            .map(|card| NodeInfo {
                node: card.node,
                name: card.name.clone(),
                tier: card.tier.clone(),
                ..NodeInfo::default()
            })
            .collect();
        let groups = results::members(infos.iter());
        let of = |(group, places): (String, Vec<usize>)| {
            let cards: Vec<&HospitalCard> = places.iter().map(|&place| &cards[place]).collect();
            let turns = cards.first().map_or(&[][..], |card| &card.rows_used);
            let used = |turn: &RowsUsed| SummaryRowsUsed {
                from_round: turn.round.0 + 1,
                rows: cards
                    .iter()
                    .filter_map(|card| card.used_in(turn.round))
                    .sum(),
            };
            Self {
                group,
                present: cards.iter().filter_map(|card| card.rows_present).sum(),
                used: turns.iter().map(used).collect(),
            }
        };
        groups.into_iter().map(of).collect()
    }
}

impl From<&ResultRow> for SummaryResult {
    fn from(row: &ResultRow) -> Self {
        Self {
            group: row.group.clone(),
            model: row.model.word().to_owned(),
            metric: row.metric.clone(),
            value: row.value,
            ci_low: row.ci_low,
            ci_high: row.ci_high,
            n: row.n,
        }
    }
}

impl Summary {
    /// The summary of a finished run.
    #[must_use]
    pub fn of(
        dir: &RunDir,
        manifest: &Manifest,
        view: &RunView,
        results: &[ResultRow],
        examinations: &[Examination],
    ) -> Self {
        let count = |of: fn(&ward_observe::view::RoundView) -> usize| -> u64 {
            view.rounds.iter().map(|round| of(round) as u64).sum()
        };
        // A coordinator alone knows no hospital's data.
        let cards = dir.hospitals().unwrap_or_default();
        Self {
            run_dir: dir.path().display().to_string(),
            model_digest: manifest
                .model_digest
                .map(|d| d.to_string())
                .unwrap_or_default(),
            rounds: view.finished.as_ref().map_or(0, |finished| finished.rounds),
            scenario: manifest.scenario.clone(),
            seed: manifest.seed,
            results: results.iter().map(SummaryResult::from).collect(),
            rows: SummaryRows::of(&cards),
            access: Access::of(&cards, view, results)
                .as_ref()
                .map(SummaryAccess::from),
            reach: Reach::of(&cards, view).as_ref().map(SummaryReach::from),
            examinations: examinations.iter().map(SummaryExamination::from).collect(),
            epsilon: view
                .privacy
                .is_some()
                .then(|| view.epsilon(view.newest()).0),
            privacy_unit: view.privacy.as_ref().map(|terms| terms.unit.clone()),
            bytes_up: view.sent().bytes,
            bytes_down: view.received().bytes,
            reporters: count(|round| round.reporters.len()),
            silent: count(|round| round.silent.len()),
            simulated_s: view.now.0 as f64 / 1_000.0,
            wall_s: manifest.wall_s.unwrap_or_default(),
            train_cpu_s: manifest.train_cpu_s.unwrap_or_default(),
        }
    }
}
