//! What a run will cost, told before it starts.
//!
//! The conversation is followed round by round without any training: who is asked comes from the
//! sampler itself, bytes from the wire's own messages, time from the simulation's lines and
//! computers. Where nobody is silent or late, messages and bytes are exact but for the number of
//! metrics that a hospital can give; jitter counts with its mean. A sampler that goes by losses is
//! followed as though all losses were alike: it asks as many hospitals in the run, but perhaps others.

use serde::Serialize;
use ward_core::{RoundId, Weighting};
use ward_data::Federation;
use ward_privacy::secagg::Shape;
use ward_round::Plan;

use super::adoption::AdoptionForecast;
use super::affords::AffordsForecast;
use super::course::{Course, Ledger};
use crate::config::{Experiment, Opened};

/// What a run is expected to do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forecast {
    /// Rounds.
    pub rounds: u32,
    /// Rounds after which the model is scored at every hospital.
    pub evaluations: u32,
    /// Hospitals enrolled.
    pub hospitals: usize,
    /// Hospitals that may be asked to train.
    pub may_be_asked: usize,
    /// Hospitals that have joined; `null` where all are there from the start.
    pub adoption: Option<AdoptionForecast>,
    /// Hospitals that can afford to take part, by tier; empty where everybody can.
    pub affords: Vec<AffordsForecast>,
    /// Hospitals asked in a round, on average.
    pub mean_cohort: f64,
    /// The chance that a round asks nobody.
    pub chance_of_nobody: f64,
    /// Hospitals asked in a round, at most.
    pub cohort: usize,
    /// Reports that close a round before its deadline.
    pub target: usize,
    /// Reports that are enough at the deadline.
    pub quorum: usize,
    /// Names of the hospitals that misbehave.
    pub adversaries: Vec<String>,
    /// Parameters of a model.
    pub parameters: usize,
    /// Parameters of the whole model, where hospitals train its last layer alone.
    pub whole_model: Option<usize>,
    /// Models of the run.
    pub models: usize,
    /// Numbers that each hospital keeps for a model of its own.
    pub own_numbers: u64,
    /// Training rows of all hospitals.
    pub training_rows: u64,
    /// Test rows of all hospitals.
    pub test_rows: u64,
    /// Training rows that are there, also those of patients who do not consent.
    pub rows_present: u64,
    /// Training rows that are used, from round to round; one entry where they stay the same.
    pub rows_used: Vec<RowsForecast>,
    /// Messages to hospitals.
    pub messages_down: u64,
    /// Messages from hospitals.
    pub messages_up: u64,
    /// Bytes to hospitals.
    pub bytes_down: u64,
    /// Bytes from hospitals.
    pub bytes_up: u64,
    /// The same for one hospital, by tier: the mean.
    pub tiers: Vec<TierForecast>,
    /// Seconds of virtual time, without silence and lateness.
    pub simulated_s: f64,
    /// Seconds of virtual time of the longest round.
    pub longest_round_s: f64,
    /// Bytes of memory that rows, model and updates need in one process.
    pub memory_bytes: u64,
    /// The ring of sums.
    pub ring: RingForecast,
    /// What the coordinator sees where updates are hidden in sums.
    pub sums: Option<SumsForecast>,
}

/// Training rows of all hospitals from a round on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowsForecast {
    /// The first round with so many, counted from 1.
    pub from_round: u32,
    /// How many are used.
    pub rows: u64,
}

impl RowsForecast {
    fn of(federation: &Federation, rounds: u32) -> Vec<Self> {
        let roster = federation.roster();
        let used = |round: RoundId| {
            let rows = roster
                .iter()
                .map(|info| federation.rows_in(info.node, round).0);
            rows.sum()
        };
        let turns = federation.turns(rounds).into_iter();
        let mut all: Vec<Self> = turns
            .map(|round| Self {
                from_round: round.0 + 1,
                rows: used(round),
            })
            .collect();
        all.dedup_by(|later, earlier| later.rows == earlier.rows);
        all
    }
}

/// The sums of a masked round.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SumsForecast {
    /// How many a round has, one for each group.
    pub groups: usize,
    /// The fewest hospitals that are asked for one.
    pub smallest: usize,
    /// The most.
    pub largest: usize,
    /// The fewest updates that one holds.
    pub fewest_updates: usize,
}

impl SumsForecast {
    /// Of an experiment whose rounds ask `cohort` hospitals.
    fn of(experiment: &Experiment, cohort: usize) -> Option<Self> {
        let config = experiment.secure_aggregation.as_ref()?;
        let groups = experiment.sums()?;
        let smallest = cohort / groups;
        let quorum = Shape::of(smallest)?.quorum;
        Some(Self {
            groups,
            smallest,
            largest: cohort.div_ceil(groups),
            fewest_updates: quorum.max(config.min_survivors as usize),
        })
    }
}

/// One hospital of a tier, on average.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TierForecast {
    /// The tier.
    pub tier: String,
    /// Its hospitals.
    pub hospitals: u64,
    /// Training rows of all of them.
    pub training_rows: u64,
    /// Bytes to one of them.
    pub bytes_down_per_hospital: u64,
    /// Bytes from one of them.
    pub bytes_up_per_hospital: u64,
}

/// How much room the sums have.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RingForecast {
    /// Updates are counted in steps of 2^-`fraction_bits`.
    pub fraction_bits: u32,
    /// The largest magnitude of one coordinate of an update.
    pub range: f32,
    /// The largest weight of one update.
    pub most_weight: u64,
    /// Bits of a word: sums would wrap at 2^(`word_bits` - 1).
    pub word_bits: u32,
    /// Bits between the largest possible sum and that at which it would wrap.
    pub headroom_bits: f64,
}

impl Forecast {
    /// The forecast of an experiment with its data.
    #[must_use]
    pub fn of(experiment: &Experiment, opened: &Opened) -> Self {
        let Opened {
            federation,
            model,
            ring,
            ..
        } = opened;
        let plan = experiment.plan(federation, model, *ring);
        let strategy = experiment.strategy(federation, model.layout());
        let mut course = Course::new(experiment, federation, &plan);
        let (total_ms, longest_ms, evaluations) = course.play(&strategy);
        let enrolled = plan.roster.len();
        let target = experiment.target(&plan.roster);
        let cohort = experiment.largest_cohort(&plan.roster);
        let (sampler, crowd) = (
            experiment.sampler.settings(),
            experiment.crowd(&plan.roster),
        );
        let state = plan.order.personalisation.remembers(model.layout());
        let own = state.map_or(0, |kind| kind.numbers(plan.parameters)) as u64;
        let sum = |part: fn(&Ledger) -> u64| course.ledgers.iter().map(part).sum::<u64>();
        let most_weight = match experiment.round.weight {
            Weighting::Examples => ring.most_weight,
            Weighting::Uniform => 1,
        };
        let total_weight = most_weight.saturating_mul(cohort as u64);
        Self {
            rounds: experiment.rounds,
            evaluations,
            hospitals: enrolled,
            may_be_asked: crowd.admitted,
            adoption: AdoptionForecast::of(experiment, &plan.roster),
            affords: AffordsForecast::of(experiment, &plan.roster),
            mean_cohort: sampler.mean(&crowd, experiment.round.over_selection),
            chance_of_nobody: sampler.chance_of_nobody(&crowd),
            cohort,
            target,
            quorum: plan.quorum_of(target),
            adversaries: experiment.adversaries_by_name(&plan.roster),
            parameters: plan.parameters,
            whole_model: opened.pretrained.as_ref().map(|of| of.full().parameters()),
            models: plan.models_len() / plan.parameters.max(1),
            own_numbers: own,
            training_rows: course.rows.iter().map(|(train, _)| train).sum(),
            test_rows: course.rows.iter().map(|(_, test)| test).sum(),
            rows_present: {
                let roster = federation.roster().iter();
                roster
                    .map(|info| federation.source().present(info.node))
                    .sum()
            },
            rows_used: RowsForecast::of(federation, experiment.rounds),
            messages_down: sum(|l| l.messages_down),
            messages_up: sum(|l| l.messages_up),
            bytes_down: sum(|l| l.bytes_down),
            bytes_up: sum(|l| l.bytes_up),
            tiers: course.tiers(),
            simulated_s: total_ms as f64 / 1_000.0,
            longest_round_s: longest_ms as f64 / 1_000.0,
            memory_bytes: memory(experiment, &course.rows, &plan, cohort, own),
            ring: RingForecast {
                fraction_bits: ring.fraction_bits,
                range: ring.range,
                most_weight: ring.most_weight,
                word_bits: experiment.width().bits(),
                headroom_bits: ward_privacy::ring::headroom_bits(
                    ring,
                    total_weight,
                    experiment.width(),
                ),
            },
            sums: SumsForecast::of(experiment, cohort),
        }
    }
}

/// Rows kept open (all of them where they are pooled), a working copy of the model on each thread and
/// of the `own` numbers that a hospital remembers for its own model, read and written; and for each hospital of a cohort its update and its words, and what colluders see of it; the coordinator's model, moments,
/// sum and saved state.
fn memory(
    experiment: &Experiment,
    rows: &[(u64, u64)],
    plan: &Plan,
    cohort: usize,
    own: u64,
) -> u64 {
    let row = plan.features as u64 * 4 + 1;
    let mut sizes: Vec<u64> = rows
        .iter()
        .map(|(train, test)| (train + test) * row)
        .collect();
    let all: u64 = sizes.iter().sum();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    let open: u64 = sizes
        .iter()
        .take(experiment.simulation.keep_open.max(1))
        .sum();
    let pooled = if experiment.baselines.pooled { all } else { 0 };
    let threads = match experiment.simulation.threads {
        0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        threads => threads,
    };
    let parameters = plan.parameters as u64;
    let working = threads as u64 * (parameters * 16 + own * 12);
    let upload = plan.upload_len() as u64;
    let updates = cohort as u64 * upload * 12;
    let adversaries = experiment.adversaries.as_ref();
    let seen = match adversaries.is_some_and(|config| config.attack.colludes()) {
        true => cohort as u64 * upload * 12,
        false => 0,
    };
    let models = plan.models_len() as u64;
    open + pooled + working + updates + seen + models * 20 + upload * 16
}
