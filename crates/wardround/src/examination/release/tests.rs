use super::*;
use crate::examination::tests::{hospital, scored};

/// `positive` positive and as many negative cases, of which so many are on the wrong side of a half.
fn cases(positive: usize, missed: usize, alarms: usize) -> Scored {
    let high = |i: usize| if i < missed { 0.3 } else { 0.7 };
    let low = |i: usize| if i < alarms { 0.6 } else { 0.2 };
    let scores: Vec<f32> = (0..positive)
        .map(high)
        .chain((0..positive).map(low))
        .collect();
    let labels: Vec<u8> = (0..2 * positive).map(|i| u8::from(i < positive)).collect();
    scored(&scores, &labels)
}

fn infos() -> [NodeInfo; 4] {
    [0, 1, 2, 3].map(|node| hospital(node, &format!("h{node}"), "x"))
}

fn is_outside(info: &NodeInfo) -> bool {
    info.node.0 > 0
}

fn gate(config: &ReleaseConfig, infos: &[NodeInfo], all: &[Scored]) -> Examination {
    let all: Vec<At<'_>> = infos.iter().zip(all.iter().cloned()).collect();
    examine(config, &all, &is_outside)
}

#[test]
fn an_autonomous_model_passes_by_its_lower_bounds() {
    let config = ReleaseConfig {
        class: ReleaseClass::Autonomous,
        threshold: Some(0.5),
        ..ReleaseConfig::default()
    };
    // 400 positives: 392 found is .98 with a lower bound of .961, 384 is .96 and .936.
    let good = cases(400, 8, 20);
    let all = [&good, &good, &good, &good].map(Clone::clone);
    let answer = gate(&config, &infos(), &all);
    assert_eq!(answer.passed, Some(true), "{:?}", answer.words);
    assert_eq!(answer.rows.len(), 6);
    assert!(answer.rows.iter().all(|row| row.group != "h0"));
    let worse = cases(400, 16, 20);
    let one = [&good, &good, &good, &worse].map(Clone::clone);
    let answer = gate(&config, &infos(), &one);
    assert_eq!(answer.passed, Some(false));
    let failed: Vec<&String> = answer
        .words
        .iter()
        .filter(|w| w.starts_with("not"))
        .collect();
    assert_eq!(failed.len(), 1);
    assert!(
        failed[0].contains("sensitivity at h3 is 0.940 or more: 0.960 [0.936"),
        "{failed:?}"
    );
    // The point estimate would have passed.
    assert!(answer.rows.iter().all(|row| row.value >= 0.94));
    // Two external hospitals are too few, however good they are.
    let answer = gate(&config, &infos()[..3], &all[..3]);
    assert_eq!(answer.passed, Some(false));
}

#[test]
fn the_threshold_is_frozen_on_those_who_trained() {
    let config = ReleaseConfig {
        class: ReleaseClass::Autonomous,
        ..ReleaseConfig::default()
    };
    // Inside, .7 tells the classes apart; outside everybody scores below it.
    let inside = scored(&[0.7, 0.8, 0.1, 0.2], &[1, 1, 0, 0]);
    let outside = scored(&[0.6, 0.6, 0.1, 0.2], &[1, 1, 0, 0]);
    let all = [&inside, &outside, &outside, &outside].map(Clone::clone);
    let answer = gate(&config, &infos(), &all);
    assert!(
        answer.words[0].contains("The threshold is 0.7000"),
        "{:?}",
        answer.words
    );
    assert!(
        answer
            .rows
            .iter()
            .any(|row| row.metric == "sensitivity" && row.value == 0.0)
    );
    assert_eq!(answer.passed, Some(false));
    let wilson = ReleaseConfig {
        interval: IntervalMethod::Wilson,
        ..config
    };
    assert!(gate(&wilson, &infos(), &all).words[0].contains("Wilson"));
}

#[test]
fn an_adviser_must_be_calibrated_too() {
    let config = ReleaseConfig::default();
    // Scores are what comes: of ten that score .9, nine are positive.
    let honest = |n: usize, score: f32| {
        let labels: Vec<u8> = (0..n)
            .map(|i| u8::from((i % 10) < (10.0 * score) as usize))
            .collect();
        (vec![score; n], labels)
    };
    let (mut scores, mut labels) = honest(400, 0.9);
    let (more, others) = honest(400, 0.1);
    scores.extend(more);
    labels.extend(others);
    let good = scored(&scores, &labels);
    let all = vec![good; 4];
    let answer = gate(&config, &infos(), &all);
    assert_eq!(answer.passed, Some(true), "{:?}", answer.words);
    assert!(answer.words[0].contains("of external hospitals"));
    // The same order of cases with risks half as high: the AUC stands, the calibration does not.
    let halved: Vec<f32> = scores.iter().map(|s| s / 2.0).collect();
    let answer = gate(&config, &infos(), &vec![scored(&halved, &labels); 4]);
    assert_eq!(answer.passed, Some(false));
    assert!(answer.words[0].starts_with("met:"));
    assert!(answer.words[1].starts_with("not met:"));
    let empty = gate(&config, &[], &[]);
    assert_eq!(empty.passed, Some(false));
}
