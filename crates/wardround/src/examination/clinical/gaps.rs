//! How unevenly a model serves hospitals and tiers. Who is rural, and who is served, `access` tells of every
//! run.

use ward_core::NodeInfo;
use ward_core::metric::access::{Served, quantile, spread, worst_group, worst_hospital};
use ward_core::metric::calibration::Reliability;
use ward_core::metric::decision::Decisions;
use ward_core::metric::{auc, name, threshold_at};
use ward_observe::{Model, ResultRow, text};

use super::groups;
use crate::config::types::ClinicalConfig;
use crate::examination::{cases_of, exact};
use crate::results::Scored;

/// Something measured on the scores and labels of a group.
type Measure<'a> = &'a dyn Fn(&[f32], &[u8]) -> Option<f64>;

/// Rows for everybody, and who is served worst, in words.
pub(super) struct Gaps {
    pub(super) rows: Vec<ResultRow>,
    pub(super) words: Option<String>,
}

/// How unevenly a model serves.
pub(super) fn gaps(config: &ClinicalConfig, model: Model, scored: &[(&NodeInfo, Scored)]) -> Gaps {
    let of = |(info, scored): &'_ (&NodeInfo, Scored)| {
        let auc = scored.evaluation.get(name::AUC)?;
        Some((info.name.clone(), info.tier.clone(), auc.value, auc.n))
    };
    let known: Vec<(String, String, f64, u64)> = scored.iter().filter_map(of).collect();
    let served = known.iter().map(|(hospital, group, value, cases)| Served {
        hospital,
        group,
        value: *value,
        cases: *cases,
    });
    let served: Vec<Served<'_>> = served.collect();
    let (Some(worst), Some(tier)) = (worst_hospital(&served), worst_group(&served)) else {
        return Gaps {
            rows: Vec::new(),
            words: None,
        };
    };
    let cases = served.iter().map(|served| served.cases).sum();
    let mut found = vec![
        ("worst_hospital_auc", Some(worst.value)),
        ("worst_tier_auc", Some(tier.1)),
        ("tenth_percentile_auc", quantile(&served, 0.1)),
        ("spread_auc", spread(&served)),
    ];
    found.extend(between_tiers(config, scored));
    let row = |(metric, value): (&str, Option<f64>)| {
        value.map(|value| exact("all", model, metric, value, cases))
    };
    Gaps {
        rows: found.into_iter().filter_map(row).collect(),
        words: Some(format!(
            "{model}: the worst hospital is {} (AUC {}), the worst tier {} ({}).",
            worst.hospital,
            text::value(worst.value),
            tier.0,
            text::value(tier.1)
        )),
    }
}

/// The largest differences between tiers: of the AUC over a tier's cases, of the calibration error, and
/// of the sensitivity at the threshold that has the asked specificity over everybody's cases.
fn between_tiers(
    config: &ClinicalConfig,
    scored: &[(&NodeInfo, Scored)],
) -> Vec<(&'static str, Option<f64>)> {
    let groups = groups(scored);
    let Some(everybody) = cases_of(scored.iter().map(|(_, scored)| scored)) else {
        return Vec::new();
    };
    let threshold = threshold_at(&everybody.0, &everybody.1, config.specificity);
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
    vec![
        ("tier_gap_auc", gap(&|s, y| Some(auc(s, y)?.value))),
        ("tier_gap_sensitivity", gap(&sensitivity)),
        (
            "tier_gap_calibration_error",
            gap(&|s, y| Reliability::of(s, y)?.error()),
        ),
    ]
}
