//! What a run will cost, told before it starts.
//!
//! The conversation is followed round by round without any training: who is asked comes from the
//! sampler itself, bytes from the wire's own messages, time from the simulation's lines and
//! computers. Where nobody is silent or late, messages and bytes are exact but for the number of
//! metrics that a hospital can give; jitter counts with its mean.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use ward_core::metric::name;
use ward_core::{
    Estimate, Evaluation, Instruction, LocalWork, NodeId, NodeInfo, Params, Report, RoundId,
    Scaling, Summary, TrainOrder, Upload, Weighting,
};
use ward_data::Federation;
use ward_round::{Plan, Strategy};
use ward_sim::Link;

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
    /// Hospitals asked in a round, at most.
    pub cohort: usize,
    /// Reports that close a round before its deadline.
    pub target: usize,
    /// Reports that are enough at the deadline.
    pub quorum: usize,
    /// Parameters of the model.
    pub parameters: usize,
    /// Training rows of all hospitals.
    pub training_rows: u64,
    /// Test rows of all hospitals.
    pub test_rows: u64,
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
    /// Bits between the largest possible sum and the 2^63 at which it would wrap.
    pub headroom_bits: f64,
}

/// What one hospital sends and receives.
#[derive(Debug, Clone, Copy, Default)]
struct Ledger {
    messages_down: u64,
    messages_up: u64,
    bytes_down: u64,
    bytes_up: u64,
}

/// The conversation under way.
struct Course<'a> {
    links: Vec<Link>,
    rows: Vec<(u64, u64)>,
    ledgers: Vec<Ledger>,
    plan: &'a Plan,
    params: Arc<Params>,
    order: Arc<TrainOrder>,
    /// Sizes seen before, by (kind, bytes of the round's number, rows).
    sizes: BTreeMap<(&'static str, u32, u64), u64>,
    deadline_ms: u64,
}

impl Forecast {
    /// The forecast of an experiment with its data.
    #[must_use]
    pub fn of(experiment: &Experiment, opened: &Opened) -> Self {
        let Opened {
            federation,
            model,
            ring,
        } = opened;
        let plan = experiment.plan(federation, model, *ring);
        let strategy = experiment.strategy(plan.roster.len());
        let mut course = Course::new(experiment, federation, &plan);
        let (total_ms, longest_ms, evaluations) = course.play(&strategy);
        let enrolled = plan.roster.len();
        let target = experiment.target(enrolled);
        let cohort = experiment.largest_cohort(enrolled);
        let sum = |part: fn(&Ledger) -> u64| course.ledgers.iter().map(part).sum::<u64>();
        let most_weight = match experiment.round.weight {
            Weighting::Examples => ring.most_weight,
            Weighting::Uniform => 1,
        };
        let largest = (most_weight as f64 * cohort as f64 * f64::from(ring.range)).log2();
        Self {
            rounds: experiment.rounds,
            evaluations,
            hospitals: enrolled,
            cohort,
            target,
            quorum: plan.quorum_of(target),
            parameters: plan.parameters,
            training_rows: course.rows.iter().map(|(train, _)| train).sum(),
            test_rows: course.rows.iter().map(|(_, test)| test).sum(),
            messages_down: sum(|l| l.messages_down),
            messages_up: sum(|l| l.messages_up),
            bytes_down: sum(|l| l.bytes_down),
            bytes_up: sum(|l| l.bytes_up),
            tiers: course.tiers(),
            simulated_s: total_ms as f64 / 1_000.0,
            longest_round_s: longest_ms as f64 / 1_000.0,
            memory_bytes: memory(experiment, &course.rows, &plan, cohort),
            ring: RingForecast {
                fraction_bits: ring.fraction_bits,
                range: ring.range,
                most_weight: ring.most_weight,
                headroom_bits: 63.0 - largest - f64::from(ring.fraction_bits),
            },
        }
    }
}

impl<'a> Course<'a> {
    fn new(experiment: &Experiment, federation: &Federation, plan: &'a Plan) -> Self {
        let scaling = plan.federated_scaling.then(|| {
            // The size does not depend on the values.
            let ones = vec![1.0; plan.features];
            Arc::new(Scaling {
                means: ones.clone(),
                deviations: ones,
            })
        });
        Self {
            links: plan
                .roster
                .iter()
                .map(|info| experiment.simulation.link(info))
                .collect(),
            rows: plan.nodes().map(|node| federation.rows(node)).collect(),
            ledgers: vec![Ledger::default(); plan.roster.len()],
            params: Arc::new(Params(vec![0.0; plan.parameters])),
            order: Arc::new(TrainOrder {
                scaling,
                ..plan.order.clone()
            }),
            sizes: BTreeMap::new(),
            deadline_ms: plan.deadline_ms,
            plan,
        }
    }

    /// Follows the run: virtual milliseconds in all, of the longest round, and evaluations.
    fn play(&mut self, strategy: &Strategy) -> (u64, u64, u32) {
        let everybody: Vec<NodeId> = self.plan.nodes().collect();
        let target = strategy.sampler.target(everybody.len());
        let count = (target as f64 * self.plan.over_selection).ceil() as usize;
        let (mut total, mut longest, mut evaluations) = (0_u64, 0, 0);
        if self.plan.federated_scaling {
            total += self.phase("summarise", RoundId(0), false, &everybody, everybody.len());
        }
        let mut held = false;
        for round in (0..self.plan.rounds).map(RoundId) {
            let cohort = strategy
                .sampler
                .cohort(round, &everybody, count, self.plan.seed);
            let mut took = self.phase("train", round, held, &cohort, target.min(cohort.len()));
            let every = self.plan.evaluate_every;
            let number = round.0 + 1;
            held = every > 0 && (number.is_multiple_of(every) || number == self.plan.rounds);
            if held {
                evaluations += 1;
                took += self.phase("evaluate", round, false, &everybody, everybody.len());
            }
            total += took;
            longest = longest.max(took);
        }
        let rest = ward_wire::instruction_bytes(&Instruction::Rest, true);
        for ledger in &mut self.ledgers {
            ledger.messages_down += 1;
            ledger.bytes_down += rest;
        }
        (total, longest, evaluations)
    }

    /// One question to each of `asked`, and their answers. Milliseconds until `enough` are in.
    fn phase(
        &mut self,
        kind: &'static str,
        round: RoundId,
        held: bool,
        asked: &[NodeId],
        enough: usize,
    ) -> u64 {
        let down = self.down(kind, round, held);
        let mut times = Vec::with_capacity(asked.len());
        for node in asked {
            let index = node.0 as usize;
            let (train, test) = self.rows[index];
            let up = self.up(kind, round, train, test);
            let link = self.links[index];
            let work = match kind {
                "train" => work_ms(
                    &link,
                    6.0 * visits(&self.order, train),
                    self.plan.parameters,
                ),
                "evaluate" => work_ms(&link, 2.0 * test as f64, self.plan.parameters),
                _ => 0,
            };
            times.push(transit_ms(&link, down) + work + transit_ms(&link, up));
            let ledger = &mut self.ledgers[index];
            ledger.messages_down += 1;
            ledger.messages_up += 1;
            ledger.bytes_down += down;
            ledger.bytes_up += up;
        }
        times.sort_unstable();
        times
            .get(enough.saturating_sub(1))
            .map_or(0, |time| (*time).min(self.deadline_ms))
    }

    /// Bytes of a question.
    fn down(&mut self, kind: &'static str, round: RoundId, held: bool) -> u64 {
        let key = (kind, bytes_of(round), u64::from(held));
        let (params, order) = (&self.params, &self.order);
        *self.sizes.entry(key).or_insert_with(|| {
            let params = params.clone();
            let instruction = match kind {
                "summarise" => Instruction::Summarise { round },
                "train" => Instruction::Train {
                    round,
                    params,
                    order: order.clone(),
                },
                _ => Instruction::Evaluate {
                    round,
                    params,
                    scaling: order.scaling.clone(),
                },
            };
            ward_wire::instruction_bytes(&instruction, held)
        })
    }

    /// Bytes of the answer to it.
    fn up(&mut self, kind: &'static str, round: RoundId, train: u64, test: u64) -> u64 {
        let (answer, rows) = match kind {
            "summarise" => ("summary", train),
            "train" => ("upload", train),
            _ => ("evaluation", test),
        };
        let ring = self.order.ring;
        let plan = self.plan;
        *self
            .sizes
            .entry((answer, bytes_of(round), rows))
            .or_insert_with(|| {
                let report = match answer {
                    "summary" => {
                        let sums = vec![0; plan.features];
                        let summary = Summary {
                            rows,
                            sums: sums.clone(),
                            squares: sums,
                        };
                        Report::Summary { round, summary }
                    }
                    "upload" => {
                        let weight = match plan.order.weighting {
                            Weighting::Examples => rows.clamp(1, ring.most_weight),
                            Weighting::Uniform => 1,
                        };
                        let words = vec![0; plan.parameters];
                        Report::Upload {
                            round,
                            upload: Upload {
                                words,
                                weight,
                                loss: 1.0,
                            },
                        }
                    }
                    _ => Report::Evaluation {
                        round,
                        evaluation: scores(rows),
                    },
                };
                ward_wire::wire_bytes(&report)
            })
    }

    fn tiers(&self) -> Vec<TierForecast> {
        let mut tiers: Vec<TierForecast> = Vec::new();
        for (index, NodeInfo { tier, .. }) in self.plan.roster.iter().enumerate() {
            let at = tiers
                .iter()
                .position(|known| known.tier == *tier)
                .unwrap_or_else(|| {
                    tiers.push(TierForecast {
                        tier: tier.clone(),
                        hospitals: 0,
                        training_rows: 0,
                        bytes_down_per_hospital: 0,
                        bytes_up_per_hospital: 0,
                    });
                    tiers.len() - 1
                });
            tiers[at].hospitals += 1;
            tiers[at].training_rows += self.rows[index].0;
            tiers[at].bytes_down_per_hospital += self.ledgers[index].bytes_down;
            tiers[at].bytes_up_per_hospital += self.ledgers[index].bytes_up;
        }
        for tier in &mut tiers {
            tier.bytes_down_per_hospital /= tier.hospitals;
            tier.bytes_up_per_hospital /= tier.hospitals;
        }
        tiers
    }
}

/// The scores that a hospital of `rows` test rows sends of a binary task.
pub(super) fn scores(rows: u64) -> Evaluation {
    let estimate = Estimate {
        value: 0.5,
        n: rows,
        standard_error: 0.1,
    };
    let names = [name::LOSS, name::ACCURACY, name::AUC, name::SENSITIVITY];
    Evaluation(names.map(|name| (name.to_owned(), estimate)).into())
}

/// Protobuf leaves a 0 out and writes seven bits a byte.
fn bytes_of(round: RoundId) -> u32 {
    (u32::BITS - round.0.leading_zeros()).div_ceil(7)
}

/// Rows that one round of training reads, one as often as it is read.
fn visits(order: &TrainOrder, rows: u64) -> f64 {
    match order.work {
        LocalWork::Epochs(epochs) => rows as f64 * f64::from(epochs),
        LocalWork::Steps(steps) => {
            let batch = if order.batch_size == 0 {
                rows
            } else {
                rows.min(order.batch_size.into())
            };
            batch as f64 * f64::from(steps)
        }
    }
}

fn work_ms(link: &Link, operations_per_parameter: f64, parameters: usize) -> u64 {
    let operations = operations_per_parameter * parameters as f64;
    (operations / (Link::FLOPS_PER_MS * link.compute_speed)).round() as u64
}

fn transit_ms(link: &Link, bytes: u64) -> u64 {
    let transfer = bytes as f64 * 8.0 / (link.megabits_per_s * 1e3);
    (link.latency_ms + link.jitter_ms / 2.0 + transfer).round() as u64
}

/// Rows kept open (all of them where they are pooled), a working copy of the model on each thread,
/// and for each hospital of a cohort its update and its words; the coordinator's model, moments,
/// sum and saved state.
fn memory(experiment: &Experiment, rows: &[(u64, u64)], plan: &Plan, cohort: usize) -> u64 {
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
    let working = threads as u64 * parameters * 16;
    let updates = cohort as u64 * parameters * 12;
    open + pooled + working + updates + parameters * 36
}
