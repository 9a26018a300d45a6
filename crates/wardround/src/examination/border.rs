//! What crossed the border between regions, and how well each region's model does at home.

use ward_core::metric::name;
use ward_core::{Estimate, NodeInfo};
use ward_observe::{Examination, Model, ResultRow, RunView, text};

use super::exact;
use crate::config::types::BorderConfig;
use crate::results::Scored;
use crate::setup::Setup;

/// Bytes of one number of a model, and of the weight that goes with a model.
const NUMBER: u64 = 4;
const WEIGHT: u64 = 8;

pub(super) fn examine(
    setup: &Setup,
    border: &BorderConfig,
    view: &RunView,
    federated: &[(&NodeInfo, Scored)],
) -> Examination {
    let mut answer = Examination::new("border", "What crossed the border");
    let numbers = setup.model.parameters() as u64;
    let regions = border.regions.len() as u64;
    let closed = view.rounds.iter().filter(|round| round.abandoned.is_none());
    let exchanges = u64::from(border.exchanges(closed.count() as u32));
    let crossed = exchanges * regions * (regions - 1) * (NUMBER * numbers + WEIGHT);
    // With one aggregator, at home in the region that sends most, all others' messages would cross.
    let roster = setup.federation.roster();
    let region_of = setup.experiment.region_of(roster).unwrap_or_default();
    let mut by_region = vec![0; border.regions.len()];
    for (node, region) in roster.iter().zip(region_of.iter()) {
        let sent = view.nodes.get(&node.node).map_or(0, |node| {
            node.ledger.sent.total().bytes + node.ledger.received.total().bytes
        });
        by_region[*region] += sent;
    }
    let all: u64 = by_region.iter().sum();
    let most = by_region.iter().copied().max().unwrap_or(0);
    for (metric, value) in [
        ("exchanges", exchanges),
        ("bytes_crossing", crossed),
        ("bytes_crossing_with_one_aggregator", all - most),
    ] {
        let row = exact("all", Model::Federated, metric, value as f64, numbers);
        answer.rows.push(row);
    }
    let mut told = Vec::new();
    for (place, name) in border.regions.keys().enumerate() {
        let of = federated.iter().zip(region_of.iter());
        let of = of.filter(|(_, region)| **region == place);
        for metric in [name::AUC, name::ACCURACY] {
            let scores = of
                .clone()
                .filter_map(|((_, scored), _)| scored.evaluation.get(metric));
            let Some(estimate) = Estimate::combine(scores) else {
                continue;
            };
            let row = ResultRow::of(name, Model::Federated, metric, &estimate);
            answer.rows.push(row);
            if told.len() == place {
                told.push(format!("{name} {}", text::value(estimate.value)));
            }
        }
    }
    answer.words.push(format!(
        "{} of {} crossed it, {} in all, and no hospital's update; with one aggregator it would have \
         been {}.",
        text::things(exchanges, "exchange", "exchanges"),
        match border.exchange {
            crate::config::types::ExchangeConfig::Noised(_) => "noised changes of models",
            _ => "models",
        },
        text::bytes(crossed),
        text::bytes(all - most)
    ));
    if !told.is_empty() {
        answer.words.push(format!(
            "Each region by its own model: {}.",
            told.join(", ")
        ));
    }
    answer
}
