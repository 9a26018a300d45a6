//! How evenly a model serves hospitals, tiers and the people behind them.

use ward_core::metric::access::{
    Served, population_served, quantile, ratio, spread, worst_group, worst_hospital,
};
use ward_core::metric::calibration::Reliability;
use ward_core::metric::decision::Decisions;
use ward_core::metric::{auc, name};
use ward_core::{Estimate, NodeInfo};
use ward_observe::{Model, ResultRow, text};

use super::groups;
use crate::config::types::ClinicalConfig;
use crate::examination::{cases_of, exact};
use crate::results::Scored;

/// Something measured on the scores and labels of a group.
type Measure<'a> = &'a dyn Fn(&[f32], &[u8]) -> Option<f64>;

/// Rows for everybody, and who is served worst, in words.
pub(super) struct Access {
    pub(super) rows: Vec<ResultRow>,
    pub(super) words: Vec<String>,
}

/// How evenly a model serves.
pub(super) fn access(
    config: &ClinicalConfig,
    model: Model,
    scored: &[(&NodeInfo, Scored)],
    people: &dyn Fn(&NodeInfo) -> u64,
) -> Access {
    let of = |(info, scored): &(&NodeInfo, Scored)| {
        Some((info_of(info), *scored.evaluation.get(name::AUC)?))
    };
    let known: Vec<((String, String), Estimate)> = scored.iter().filter_map(of).collect();
    let served: Vec<Served<'_>> = known
        .iter()
        .map(|((hospital, group), auc)| Served {
            hospital,
            group,
            value: auc.value,
            cases: auc.n,
        })
        .collect();
    let with_auc = scored
        .iter()
        .filter(|(_, scored)| scored.evaluation.get(name::AUC).is_some());
    let people: Vec<u64> = with_auc.map(|(info, _)| people(info)).collect();
    let mut access = Access {
        rows: Vec::new(),
        words: Vec::new(),
    };
    let (Some(worst), Some(tier)) = (worst_hospital(&served), worst_group(&served)) else {
        return access;
    };
    let cases = served.iter().map(|served| served.cases).sum();
    let mut push = |metric: &str, value: Option<f64>| {
        let row = value.map(|value| exact("all", model, metric, value, cases));
        access.rows.extend(row);
    };
    push("worst_hospital_auc", Some(worst.value));
    push("worst_tier_auc", Some(tier.1));
    push("tenth_percentile_auc", quantile(&served, 0.1));
    push("spread_auc", spread(&served));
    push(
        "served_share",
        population_served(&served, &people, config.served_from),
    );
    for (metric, gap) in gaps(config, scored) {
        push(metric, Some(gap));
    }
    let side = |tiers: &[String]| {
        let of_side = known.iter().filter(|((_, tier), _)| tiers.contains(tier));
        Estimate::combine(of_side.map(|(_, auc)| auc))
    };
    if let (Some(rural), Some(urban)) = (side(&config.rural), side(&config.urban)) {
        let ratio = ratio(&rural, &urban);
        let row = ratio.map(|r| ResultRow::of("all", model, "rural_urban_ratio", &r));
        access.rows.extend(row);
    }
    access.words.push(format!(
        "{model}: the worst hospital is {} (AUC {}), the worst tier {} ({}).",
        worst.hospital,
        text::value(worst.value),
        tier.0,
        text::value(tier.1)
    ));
    access
}

fn info_of(info: &NodeInfo) -> (String, String) {
    (info.name.clone(), info.tier.clone())
}

/// The largest differences between tiers: of the AUC over a tier's cases, of the calibration error, and
/// of the sensitivity at the threshold that has the asked specificity over everybody's cases.
fn gaps(config: &ClinicalConfig, scored: &[(&NodeInfo, Scored)]) -> Vec<(&'static str, f64)> {
    let groups = groups(scored);
    let Some(everybody) = cases_of(scored.iter().map(|(_, scored)| scored)) else {
        return Vec::new();
    };
    let mut negative: Vec<f32> = std::iter::zip(&everybody.0, &everybody.1)
        .filter(|(_, label)| **label == 0)
        .map(|(score, _)| *score)
        .collect();
    negative.sort_by(f32::total_cmp);
    let place = (config.specificity * negative.len() as f64).ceil() as usize;
    let threshold = negative
        .get(place.max(1) - 1)
        .map(|score| f64::from(score.next_up()));
    let of_tiers = groups[1..]
        .iter()
        .filter_map(|(_, members)| cases_of(members.iter().copied()));
    let of_tiers: Vec<_> = of_tiers.collect();
    let gap = |measure: Measure<'_>| {
        let of_tiers = of_tiers
            .iter()
            .filter_map(|(scores, labels)| measure(scores, labels));
        let values: Vec<f64> = of_tiers.collect();
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        (values.len() > 1).then_some(most - least)
    };
    let sensitivity = |scores: &[f32], labels: &[u8]| {
        let counts = Decisions::at(scores, labels, threshold?);
        (counts.positive > 0).then(|| counts.found as f64 / counts.positive as f64)
    };
    let gaps = [
        ("tier_gap_auc", gap(&|s, y| Some(auc(s, y)?.value))),
        ("tier_gap_sensitivity", gap(&sensitivity)),
        (
            "tier_gap_calibration_error",
            gap(&|s, y| Reliability::of(s, y)?.error()),
        ),
    ];
    gaps.into_iter()
        .filter_map(|(metric, gap)| Some((metric, gap?)))
        .collect()
}
