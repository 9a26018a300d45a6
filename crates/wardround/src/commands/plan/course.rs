//! A run's conversation, followed without any training.

use std::collections::BTreeMap;
use std::sync::Arc;

use ward_core::metric::name;
use ward_core::{
    Estimate, Evaluation, Instruction, NodeId, NodeInfo, Params, Personalisation, Report, RoundId,
    Scaling, Summary, TrainOrder, Upload, Weighting,
};
use ward_data::Federation;
use ward_round::strategy::{Draw, Drawn, Standings, Told};
use ward_round::{Plan, Strategy};
use ward_sim::Link;

use super::forecast::TierForecast;
use crate::config::Experiment;
use crate::config::types::SecureAggregationConfig;

/// What one hospital sends and receives.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ledger {
    pub(super) messages_down: u64,
    pub(super) messages_up: u64,
    pub(super) bytes_down: u64,
    pub(super) bytes_up: u64,
}

/// The conversation under way.
pub(super) struct Course<'a> {
    pub(super) links: Vec<Link>,
    pub(super) rows: Vec<(u64, u64)>,
    pub(super) ledgers: Vec<Ledger>,
    pub(super) plan: &'a Plan,
    pub(super) order: Arc<TrainOrder>,
    masking: Option<SecureAggregationConfig>,
    /// Sizes seen before, by (kind, bytes of the round's number, rows).
    sizes: BTreeMap<(&'static str, u32, u64), u64>,
    pub(super) deadline_ms: u64,
}

impl<'a> Course<'a> {
    pub(super) fn new(experiment: &Experiment, federation: &Federation, plan: &'a Plan) -> Self {
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
            order: Arc::new(TrainOrder {
                scaling,
                ..plan.order.clone()
            }),
            sizes: BTreeMap::new(),
            deadline_ms: plan.deadline_ms,
            masking: experiment.secure_aggregation.clone(),
            plan,
        }
    }

    /// Follows the run: virtual milliseconds in all, of the longest round, and evaluations.
    pub(super) fn play(&mut self, strategy: &Strategy) -> (u64, u64, u32) {
        let everybody: Vec<NodeId> = self.plan.nodes().collect();
        let sampler = &strategy.sampler;
        let admitted = everybody.iter().filter(|node| sampler.admits(**node));
        let candidates: Vec<NodeId> = admitted.copied().collect();
        let mut standings = Standings::default();
        let (mut total, mut longest, mut evaluations) = (0_u64, 0, 0);
        if self.plan.federated_scaling {
            let give = everybody.iter().filter(|node| sampler.sums_rows_of(**node));
            let give: Vec<NodeId> = give.copied().collect();
            total += self.phase("summarise", RoundId(0), false, &give, give.len());
            for &node in &give {
                standings.learn_rows(node, self.rows[node.0 as usize].0);
            }
        }
        let (mut held, mut unscored) = (false, None);
        for round in (0..self.plan.rounds).map(RoundId) {
            let Drawn { cohort, aims_at } = sampler.draw(&Draw {
                round,
                candidates: &candidates,
                enrolled: candidates.len(),
                over_selection: self.plan.over_selection,
                seed: self.plan.seed,
                standings: &standings,
            });
            if aims_at == 0 {
                // Over at once, and not scored.
                continue;
            }
            if sampler.learns() {
                let told = cohort.iter().map(|&node| (node, self.told(node)));
                standings.learn(&cohort.iter().copied().collect(), &told.collect());
            }
            let goal = aims_at.min(cohort.len());
            let mut took = match self.masking.clone() {
                Some(config) => self.masked(&config, round, held, &cohort, goal),
                None => self.phase("train", round, held, &cohort, goal),
            };
            let every = self.plan.evaluate_every;
            let number = round.0 + 1;
            let evaluates =
                every > 0 && (number.is_multiple_of(every) || number == self.plan.rounds);
            // With extras behind it, the model is not the one that was scored.
            held = evaluates && self.plan.instruction_len() == self.plan.scored_len();
            unscored = (every > 0 && !evaluates).then_some(round);
            if evaluates {
                evaluations += 1;
                took += self.phase("evaluate", round, false, &everybody, everybody.len());
            }
            total += took;
            longest = longest.max(took);
        }
        // The last rounds had nobody.
        if let Some(round) = unscored {
            evaluations += 1;
            total += self.phase("evaluate", round, false, &everybody, everybody.len());
        }
        let rest = ward_wire::instruction_bytes(&Instruction::Rest, true);
        for ledger in &mut self.ledgers {
            ledger.messages_down += 1;
            ledger.bytes_down += rest;
        }
        (total, longest, evaluations)
    }

    /// What comes with a hospital's update: all losses are taken to be alike.
    fn told(&self, node: NodeId) -> Told {
        Told {
            weight: self.weight(self.rows[node.0 as usize].0),
            loss: 1.0,
        }
    }

    /// What an update of so many rows counts.
    fn weight(&self, rows: u64) -> u64 {
        match self.plan.order.weighting {
            Weighting::Examples => rows.clamp(1, self.order.ring.most_weight),
            Weighting::Uniform => 1,
        }
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
                "train" => self.training_ms(*node),
                "evaluate" => {
                    let training = 6.0 * self.order.visits_before_scoring(train) as f64;
                    let models = self.order.models_scored();
                    let scored = models * test + self.order.scored_to_choose(train);
                    let scoring = 2.0 * scored as f64;
                    work_ms(&link, training + scoring, self.plan.parameters)
                }
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

    /// Milliseconds that `node` trains.
    pub(super) fn training_ms(&self, node: NodeId) -> u64 {
        let index = node.0 as usize;
        let rows = self.rows[index].0;
        let training = 6.0 * self.order.visits(rows) as f64;
        let choosing = 2.0 * self.order.scored_to_choose(rows) as f64;
        work_ms(
            &self.links[index],
            training + choosing,
            self.plan.parameters,
        )
    }

    /// Bytes of a question.
    fn down(&mut self, kind: &'static str, round: RoundId, held: bool) -> u64 {
        let key = (kind, bytes_of(round), u64::from(held));
        let (plan, order) = (self.plan, &self.order);
        *self.sizes.entry(key).or_insert_with(|| {
            let params = |numbers| Arc::new(Params(vec![0.0; numbers]));
            let instruction = match kind {
                "summarise" => Instruction::Summarise { round },
                "train" => Instruction::Train {
                    round,
                    params: params(plan.instruction_len()),
                    order: order.clone(),
                    masking: None,
                },
                _ => Instruction::Evaluate {
                    round,
                    params: params(plan.scored_len()),
                    order: order.clone(),
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
        let (plan, weight) = (self.plan, self.weight(rows));
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
                        let words = vec![0; plan.upload_len()];
                        Report::Upload {
                            round,
                            upload: Upload {
                                words: words.into(),
                                weight,
                                loss: 1.0,
                            },
                        }
                    }
                    _ => Report::Evaluation {
                        round,
                        evaluation: scores(rows, &plan.order.personalisation),
                    },
                };
                ward_wire::wire_bytes(&report)
            })
    }

    pub(super) fn tiers(&self) -> Vec<TierForecast> {
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

/// The scores that a hospital of `rows` test rows sends of a binary task: of the common model, and
/// of its own where it has one.
pub(super) fn scores(rows: u64, personalisation: &Personalisation) -> Evaluation {
    let estimate = Estimate {
        value: 0.5,
        n: rows,
        standard_error: 0.1,
    };
    let names = [
        name::LOSS,
        name::ACCURACY,
        name::BALANCED_ACCURACY,
        name::AUC,
        name::SENSITIVITY,
    ];
    let mut scores = Evaluation(names.map(|name| (name.to_owned(), estimate)).into());
    if *personalisation != Personalisation::None {
        let own = scores.as_personal();
        scores.0.extend(own.0);
    }
    scores
}

/// Protobuf leaves a 0 out and writes seven bits a byte.
fn bytes_of(round: RoundId) -> u32 {
    (u32::BITS - round.0.leading_zeros()).div_ceil(7)
}

fn work_ms(link: &Link, operations_per_parameter: f64, parameters: usize) -> u64 {
    let operations = operations_per_parameter * parameters as f64;
    (operations / (Link::FLOPS_PER_MS * link.compute_speed)).round() as u64
}

pub(super) fn transit_ms(link: &Link, bytes: u64) -> u64 {
    let transfer = bytes as f64 * 8.0 / (link.megabits_per_s * 1e3);
    (link.latency_ms + link.jitter_ms / 2.0 + transfer).round() as u64
}
