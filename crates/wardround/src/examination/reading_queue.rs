//! How long cases wait for a reader: in the order in which they come, by the model's score, and where
//! the model shortens the reading too.
//!
//! Each hospital's test cases come to its own readers, again and again in random order, as fast as
//! keeps readers without the model busy for `load` of their time (`ward_sim::reading`). The same cases
//! come at the same times in all three; what the model saves is read off pairs.

use rayon::prelude::*;
use ward_core::metric::auc;
use ward_core::{Estimate, NodeInfo, Purpose, Seed};
use ward_observe::{Examination, Model, ResultRow, text};
use ward_sim::reading::{
    Case, Order, Read, Room, mean_wait, play, reads_per_hour, share_before_positives,
};

use super::exact;
use crate::config::types::ReadingQueueConfig;
use crate::results::{Scored, tiers};

/// One way of reading: its word, the order, and whether reads are short.
const WAYS: [(&str, Order, bool); 3] = [
    ("without_ai", Order::Arrival, false),
    ("with_triage", Order::Score, false),
    ("with_triage_and_short_reads", Order::Score, true),
];

/// What one hospital's queue came to.
struct Queue {
    tier: String,
    /// By way: the mean waits of positives and of all, and the reads an hour.
    ways: [Option<(Estimate, Estimate, f64)>; 3],
    expected_wait: f64,
    share_before: Option<f64>,
    cases: u64,
}

pub(super) fn examine(
    config: &ReadingQueueConfig,
    federated: &[(&NodeInfo, Scored)],
    root: Seed,
) -> Examination {
    let mut answer = Examination::new("reading-queue", "Reading queue");
    let queues: Vec<Queue> = federated
        .par_iter()
        .filter_map(|(info, scored)| queue(config, info, scored, root))
        .collect();
    answer.words.push(format!(
        "Waits are minutes. Readers without the model take {} minutes a case and are busy {} of their \
         time; with it, {} minutes. Triage saves nobody's time: it moves the waiting from positives to \
         negatives.",
        config.minutes,
        text::percent(config.load),
        config.minutes_with_ai
    ));
    let mut groups = vec!["all".to_owned()];
    let tiers = tiers(federated.iter().map(|(info, _)| *info));
    groups.extend(tiers.into_iter().filter(|_| queues.len() > 1));
    for group in groups {
        let members: Vec<&Queue> = queues
            .iter()
            .filter(|queue| group == "all" || queue.tier == group)
            .collect();
        answer.rows.extend(rows(&group, &members));
    }
    if queues.is_empty() {
        let none = "No hospital has scores of both classes.";
        answer.words.push(none.to_owned());
    }
    answer
}

fn queue(
    config: &ReadingQueueConfig,
    info: &NodeInfo,
    scored: &Scored,
    root: Seed,
) -> Option<Queue> {
    let (scores, labels) = scored.cases.as_ref()?;
    let area = auc(scores, labels)?;
    let cases: Vec<Case> = scores
        .iter()
        .zip(labels)
        .map(|(&score, &label)| Case {
            score,
            positive: label > 0,
        })
        .collect();
    let readers = config.readers.get(&info.tier).copied().unwrap_or(1) as usize;
    let room = Room {
        readers,
        arrivals: config.load * readers as f64 / config.minutes,
        minutes: config.minutes,
    };
    let place = root.purpose(Purpose::READING).node(info.node);
    let ways = WAYS.map(|(_, order, short)| {
        let minutes = if short {
            config.minutes_with_ai
        } else {
            config.minutes
        };
        let reads = play(
            Room { minutes, ..room },
            order,
            &cases,
            config.cases as usize,
            place,
        );
        let positives = mean_wait(&reads, |read: &Read| read.positive)?;
        Some((
            positives,
            mean_wait(&reads, |_| true)?,
            reads_per_hour(&reads)?,
        ))
    });
    let positive = labels.iter().filter(|label| **label > 0).count() as u64;
    Some(Queue {
        tier: info.tier.clone(),
        ways,
        expected_wait: room.mean_wait(),
        share_before: share_before_positives(area.value, positive, labels.len() as u64 - positive),
        cases: labels.len() as u64,
    })
}

fn rows(group: &str, members: &[&Queue]) -> Vec<ResultRow> {
    let row = |metric: &str, estimate: &Estimate| {
        ResultRow::of(group, Model::Federated, metric, estimate)
    };
    let mut rows = Vec::new();
    for (place, (way, ..)) in WAYS.iter().enumerate() {
        let found = members
            .iter()
            .filter_map(|queue| queue.ways[place].as_ref());
        let found: Vec<_> = found.collect();
        let positives = Estimate::combine(found.iter().map(|(positives, ..)| positives));
        let everybody = Estimate::combine(found.iter().map(|(_, all, _)| all));
        let named = [("wait_of_positives", positives), ("wait", everybody)];
        for (metric, estimate) in named {
            rows.extend(estimate.map(|e| row(&format!("{metric}_{way}"), &e)));
        }
        let hourly: f64 = found.iter().map(|(.., hourly)| hourly).sum();
        if !found.is_empty() {
            let mean = hourly / found.len() as f64;
            let metric = format!("reads_an_hour_{way}");
            rows.push(exact(
                group,
                Model::Federated,
                &metric,
                mean,
                found.len() as u64,
            ));
        }
    }
    let cases: u64 = members.iter().map(|queue| queue.cases).sum();
    let weighted = |of: &dyn Fn(&Queue) -> Option<f64>| {
        let known = members
            .iter()
            .filter_map(|queue| Some((of(queue)?, queue.cases as f64)));
        let (sum, weight) = known.fold((0.0, 0.0), |(s, w), (v, n)| (s + v * n, w + n));
        (weight > 0.0).then(|| sum / weight)
    };
    for (metric, value) in [
        (
            "wait_by_formula_without_ai",
            weighted(&|queue| Some(queue.expected_wait)),
        ),
        (
            "share_read_before_a_positive_with_triage",
            weighted(&|queue| queue.share_before),
        ),
    ] {
        rows.extend(value.map(|v| exact(group, Model::Federated, metric, v, cases)));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::super::tests::{hospital, scored};
    use super::*;
    use ward_observe::result_row::find;

    #[test]
    fn positives_wait_less_and_the_rest_wait_for_them() {
        let infos = [hospital(0, "a", "county"), hospital(1, "b", "township")];
        let perfect = scored(&[0.9, 0.1, 0.2, 0.3], &[1, 0, 0, 0]);
        let all: Vec<(&NodeInfo, Scored)> =
            infos.iter().map(|info| (info, perfect.clone())).collect();
        let config = ReadingQueueConfig {
            cases: 100_000,
            load: 0.8,
            ..ReadingQueueConfig::default()
        };
        let answer = examine(&config, &all, Seed::run(1));
        let value = |group: &str, metric: &str| {
            let row = find(&answer.rows, group, Model::Federated, metric);
            row.unwrap_or_else(|| panic!("no {metric}")).value
        };
        // One reader at .8: 40 minutes by Erlang; with a quarter first, 10 by Cobham.
        assert!((value("township", "wait_by_formula_without_ai") - 40.0).abs() < 1e-9);
        assert!((value("township", "wait_without_ai") - 40.0).abs() < 4.0);
        assert!((value("township", "wait_of_positives_without_ai") - 40.0).abs() < 4.0);
        assert!((value("township", "wait_of_positives_with_triage") - 10.0).abs() < 1.0);
        // Two readers: s load² / (1 − load²).
        let two = 10.0 * 0.64 / 0.36;
        assert!((value("county", "wait_by_formula_without_ai") - two).abs() < 1e-9);
        assert!((value("all", "reads_an_hour_without_ai") - 6.0).abs() < 0.1);
        assert!((value("all", "reads_an_hour_with_triage_and_short_reads") - 120.0).abs() < 2.0);
        assert!(value("all", "wait_of_positives_with_triage_and_short_reads") < 0.1);
        assert_eq!(
            value("all", "share_read_before_a_positive_with_triage"),
            0.0
        );
        let again = examine(&config, &all, Seed::run(1));
        assert_eq!(answer, again);
        assert!(examine(&config, &[], Seed::run(1)).words[1].starts_with("No hospital"));
    }
}
