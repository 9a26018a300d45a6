//! A made-up run for tests: deterministic, with a silent hospital, a refusal and two clusters of
//! units. Its numbers are drawn by hand to look like a real run; nothing was trained.

mod any;
mod masked;

use std::collections::BTreeMap;
use std::path::Path;

use ward_core::{
    Digest, Estimate, Evaluation, Event, NodeId, NodeInfo, Outcome, Record, Refusal, RoundId, Tick,
};

pub(crate) use any::any_record;

use crate::{Histogram, HospitalCard, Manifest, Model, ResultRow, RowsUsed, RunDir, Story};

/// Everything that a run directory holds.
pub(crate) struct Sample {
    pub(crate) manifest: Manifest,
    pub(crate) cards: Vec<HospitalCard>,
    pub(crate) records: Vec<Record>,
    pub(crate) results: Vec<ResultRow>,
    pub(crate) config: String,
}

const CEILING: f64 = 0.839;

/// A number in [-1, 1) that depends on its arguments only.
fn wobble(what: &str, a: u32, b: u32) -> f64 {
    let digest = Digest::of(format!("{what} {a} {b}").as_bytes());
    let head = u32::from_le_bytes([digest.0[0], digest.0[1], digest.0[2], digest.0[3]]);
    f64::from(head) / 2_147_483_648.0 - 1.0
}

fn round3(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn tier(node: u32, hospitals: u32) -> (&'static str, u32) {
    let (tertiary, county) = (hospitals.div_ceil(7), (2 * hospitals).div_ceil(7));
    if node < tertiary {
        ("tertiary", node)
    } else if node < tertiary + county {
        ("county", node - tertiary)
    } else {
        ("township", node - tertiary - county)
    }
}

fn estimate(value: f64, n: u64) -> Estimate {
    Estimate {
        value,
        n,
        standard_error: 0.5 / (n as f64).sqrt(),
    }
}

impl Sample {
    pub(crate) fn new(hospitals: u32, rounds: u32) -> Self {
        Self::seeded(hospitals, rounds, 1)
    }

    pub(crate) fn seeded(hospitals: u32, rounds: u32, seed: u64) -> Self {
        let nodes: Vec<NodeInfo> = (0..hospitals)
            .map(|node| {
                let (tier, place) = tier(node, hospitals);
                NodeInfo {
                    node: NodeId(node),
                    name: format!("{tier}-{:02}", place + 1),
                    tier: tier.to_owned(),
                    ..NodeInfo::default()
                }
            })
            .collect();
        let cards: Vec<_> = nodes.iter().map(card).collect();
        let config = format!("name = \"quickstart\"\nseed = {seed}\nrounds = {rounds}\n");
        let run_id = format!("sample-{seed}");
        let mut manifest = Manifest::new(&run_id, "quickstart", "emr-risk", seed, &config);
        manifest.rounds = rounds;
        manifest.hospitals = hospitals;
        manifest.engine = "fused".into();
        manifest.strategy = "fedavg, all hospitals, weighted by rows".into();
        manifest.synthetic = true;
        manifest.started = "2026-11-24T14:00:00Z".into();
        manifest.finished = Some("2026-11-24T14:00:21Z".into());
        manifest.wall_s = Some(20.6);
        manifest.simulated_s = Some(1871.0);
        manifest.train_cpu_s = Some(31.2);
        manifest.outcome = Some(Outcome::Completed);
        manifest.model_digest = Some(Digest::of(config.as_bytes()));
        let results = results(&cards, seed);
        let records = records(&nodes, &cards, rounds, seed, manifest.model_digest);
        Self {
            manifest,
            cards,
            records,
            results,
            config,
        }
    }

    /// Writes it as a run directory.
    pub(crate) fn write(&self, root: &Path) -> RunDir {
        let slug = crate::slug(&self.manifest.started, "quickstart", &self.manifest.run_id);
        let dir = RunDir::create(root, &slug).unwrap();
        dir.write_config(&self.config).unwrap();
        dir.write_manifest(&self.manifest).unwrap();
        dir.write_hospitals(&self.cards).unwrap();
        dir.write_results(&self.results).unwrap();
        let mut story = Story::create(&dir, &self.manifest.run_id).unwrap();
        self.records.iter().for_each(|r| story.tell(r).unwrap());
        story.close().unwrap();
        dir
    }
}

fn card(info: &NodeInfo) -> HospitalCard {
    let id = info.node.0;
    let (median, flips, other_units): (f64, &str, f64) = match info.tier.as_str() {
        "tertiary" => (1500.0, "5 %", 0.1),
        "county" => (400.0, "15 %", 0.35),
        _ => (80.0, "35 %", 0.5),
    };
    let rows = (median * (0.4 * wobble("rows", id, 0)).exp()) as u64;
    let mut differing = 0;
    let histograms = (0..6)
        .map(|lab| {
            let other = wobble("unit", id, lab) * 0.5 + 0.5 < other_units && lab < 4;
            differing += u32::from(other);
            let centre = if other { 3.2 } else { 0.0 } + 0.3 * wobble("shift", id, lab);
            let edges: Vec<f64> = (0..=24).map(|i| -4.0 + 0.5 * f64::from(i)).collect();
            let density = |x: f64| (-(x - centre).powi(2) / 2.0).exp() * rows as f64 / 5.0;
            Histogram {
                name: format!("lab{}", lab + 1),
                counts: edges
                    .windows(2)
                    .map(|e| density((e[0] + e[1]) / 2.0) as u64)
                    .collect(),
                edges,
            }
        })
        .collect();
    HospitalCard {
        node: info.node,
        name: info.name.clone(),
        tier: info.tier.clone(),
        train_rows: rows,
        train_positive_share: Some(round3(0.3 + 0.08 * wobble("share", id, 0))),
        test_rows: 1333,
        facts: vec![
            ("misdiagnosis".into(), flips.into()),
            ("labs in other units".into(), format!("{differing} of 4")),
            (
                "assay shift".into(),
                format!("{:.2}", 0.3 * wobble("assay", id, 0)),
            ),
        ],
        histograms,
        rural: Some(info.tier == "township"),
        rows_present: Some(rows),
        rows_used: vec![RowsUsed {
            round: RoundId(0),
            rows,
        }],
        joins: None,
    }
}

fn alone(tier: &str) -> f64 {
    match tier {
        "tertiary" => 0.793,
        "county" => 0.742,
        _ => 0.641,
    }
}

fn results(cards: &[HospitalCard], seed: u64) -> Vec<ResultRow> {
    let salt = seed as u32;
    let mut rows = Vec::new();
    let mut add = |group: &str, n: u64, alone: f64, id: u32| {
        let jitter = |what: &str| 0.006 * wobble(what, id, salt);
        for (model, value) in [
            (Model::Alone, alone + jitter("alone")),
            (Model::Federated, 0.826 + jitter("federated")),
            (Model::Personal, 0.829 + jitter("personal")),
            (Model::Pooled, 0.83 + jitter("pooled")),
        ] {
            rows.push(ResultRow::of(
                group,
                model,
                "auc",
                &estimate(round3(value), n),
            ));
        }
        rows.push(ResultRow {
            group: group.to_owned(),
            model: Model::Ceiling,
            metric: "auc".into(),
            value: CEILING,
            ci_low: CEILING,
            ci_high: CEILING,
            n: 0,
        });
    };
    add("all", 12_000, 0.692, 9000);
    for (i, tier) in ["tertiary", "county", "township"].into_iter().enumerate() {
        if cards.iter().any(|card| card.tier == tier) {
            add(tier, 4000, alone(tier), 9001 + i as u32);
        }
    }
    for card in cards {
        let spread = 0.03 * wobble("alone", card.node.0, 0);
        add(&card.name, 333, alone(&card.tier) + spread, card.node.0);
    }
    rows
}

fn records(
    nodes: &[NodeInfo],
    cards: &[HospitalCard],
    rounds: u32,
    seed: u64,
    model: Option<Digest>,
) -> Vec<Record> {
    let model_digest = model.unwrap_or(Digest([0; 32]));
    let mut now = 0;
    let mut records = Vec::new();
    let mut say = |ms: u64, event: Event| {
        now += ms;
        records.push(Record {
            at: Tick(now),
            event,
        });
    };
    say(
        0,
        Event::RunStarted {
            round: RoundId(0),
            rounds,
            nodes: nodes.to_vec(),
            parameters: 13,
        },
    );
    for info in nodes {
        say(5, Event::NodeJoined { node: info.node });
    }
    let everybody: Vec<NodeId> = nodes.iter().map(|info| info.node).collect();
    let last = NodeId(nodes.len() as u32 - 1);
    let mut sent = vec![(0, 0); nodes.len()];
    for round in (0..rounds).map(RoundId) {
        // The last hospital is silent in rounds 2 and 3 of every ten; others now and then.
        let is_silent = |node: NodeId| {
            nodes.len() > 1
                && ((node == last && matches!(round.0 % 10, 2 | 3))
                    || wobble("silent", node.0, round.0) > 0.97 && node.0 > 3)
        };
        let (silent, reporters): (Vec<_>, Vec<_>) = everybody.iter().partition(|n| is_silent(**n));
        say(
            10,
            Event::RoundOpened {
                round,
                cohort: everybody.clone(),
                quorum: nodes.len() as u32 / 2,
                deadline: Tick(30_000 * u64::from(round.0 + 1)),
            },
        );
        let progress = 1.0 - (-f64::from(round.0 + 1) / 8.0).exp();
        let train_loss = round3(0.69 - 0.22 * progress);
        for node in &everybody {
            say(
                1,
                Event::InstructionSent {
                    node: *node,
                    kind: "train".into(),
                    bytes: 412,
                },
            );
        }
        for node in &reporters {
            let report = |kind: &str, bytes, tensors| Event::ReportReceived {
                node: *node,
                kind: kind.into(),
                bytes,
                tensors,
            };
            say(20, report("upload", 236, 1));
            say(0, report("evaluation", 142, 0));
            sent[node.0 as usize].0 += 2;
            sent[node.0 as usize].1 += 236 + 142;
            say(
                0,
                Event::ReportAccepted {
                    round,
                    node: *node,
                    weight: cards[node.0 as usize].train_rows,
                    loss: Some(train_loss + 0.02 * round3(wobble("loss", node.0, round.0))),
                },
            );
        }
        if round.0 == 1 && nodes.len() > 2 {
            say(
                1,
                Event::ReportRefused {
                    round,
                    node: NodeId(1),
                    refusal: Refusal::Duplicate,
                },
            );
        }
        say(
            500,
            Event::RoundClosed {
                round,
                reporters: reporters.clone(),
                silent: silent.clone(),
                loss: Some(train_loss),
                update_norm: 1.0 / f64::from(round.0 + 1),
                model_digest,
            },
        );
        let mut parts = Vec::new();
        for node in &reporters {
            let value = 0.5 + (0.326 + 0.006 * wobble("auc", node.0, seed as u32)) * progress;
            let n = 4000
                / nodes
                    .iter()
                    .filter(|i| i.tier == nodes[node.0 as usize].tier)
                    .count() as u64;
            let value = round3(value + 0.004 * wobble("step", node.0, round.0));
            let evaluation = Evaluation(BTreeMap::from([
                ("auc".into(), estimate(value, n)),
                ("loss".into(), estimate(round3(0.7 - 0.22 * progress), n)),
            ]));
            parts.push(evaluation.clone());
            say(
                0,
                Event::Evaluated {
                    round,
                    node: *node,
                    evaluation,
                },
            );
        }
        say(
            40,
            Event::EvaluationClosed {
                round,
                evaluation: Evaluation::combine(&parts),
                silent,
            },
        );
        if round.0 % 10 == 9 {
            say(
                0,
                Event::Checkpointed {
                    round: round.next(),
                },
            );
        }
    }
    for (card, (messages, bytes)) in cards.iter().zip(sent) {
        say(
            0,
            Event::EgressAudited {
                node: card.node,
                messages,
                bytes,
                rows: card.train_rows,
                found: 0,
            },
        );
    }
    say(
        1,
        Event::RunFinished {
            rounds,
            outcome: Outcome::Completed,
            model_digest,
        },
    );
    records
}
