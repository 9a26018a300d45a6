//! Calibration, decisions, and gaps: for everybody and by tier.
//!
//! A group's figures are over all its cases, whatever hospital they are from, at one threshold for
//! all of them: what a doctor would meet who gets one model and no more. `results.json` has the means
//! over hospitals.

mod gaps;

use ward_core::metric::calibration::{Recalibration, Reliability, brier};
use ward_core::metric::decision::{net_benefit, net_benefit_of_all, specificity_at};
use ward_core::metric::{auc, name, sensitivity_at};
use ward_core::{Estimate, NodeInfo};
use ward_observe::{Examination, Model, ResultRow};

use super::{ScoredBy, cases_of, exact};
use crate::config::types::ClinicalConfig;
use crate::results::{AUC_ALL_CASES, Scored, tiers};

/// The models whose cases a comparison scores itself.
const MODELS: [Model; 3] = [Model::Federated, Model::Alone, Model::Pooled];

pub(super) fn examine(config: &ClinicalConfig, scored: &[ScoredBy<'_>]) -> Examination {
    let mut answer = Examination::new("clinical", "Clinical measures by group");
    answer.words.push(
        "Each group's figures are over all its cases, with 95 % intervals where a formula is known \
         (DeLong for the AUC); a calibration slope below 1 says that predictions are too extreme, one \
         above 1 that they are too cautious. \
         Net benefit is in true positives a case."
            .to_owned(),
    );
    for model in MODELS {
        let Some((_, scored)) = scored.iter().find(|(of, _)| *of == model) else {
            continue;
        };
        let gaps = gaps::gaps(config, model, scored);
        for (group, members) in groups(scored) {
            if let Some((scores, labels)) = cases_of(members.into_iter()) {
                answer
                    .rows
                    .extend(measures(config, &group, model, &scores, &labels));
            }
            if group == "all" {
                answer.rows.extend(gaps.rows.iter().cloned());
            }
        }
        answer.words.extend(gaps.words);
    }
    answer
}

/// Everybody and the tiers, where there are several.
fn groups<'a>(scored: &'a [(&NodeInfo, Scored)]) -> Vec<(String, Vec<&'a Scored>)> {
    let mut groups = vec![("all".to_owned(), scored.iter().map(|(_, s)| s).collect())];
    for tier in tiers(scored.iter().map(|(info, _)| *info)) {
        let of_tier = scored.iter().filter(|(info, _)| info.tier == tier);
        let of_tier = of_tier.map(|(_, s)| s).collect();
        groups.push((tier, of_tier));
    }
    if groups.len() == 2 {
        groups.truncate(1);
    }
    groups
}

/// What scores and labels of one group tell.
fn measures(
    config: &ClinicalConfig,
    group: &str,
    model: Model,
    scores: &[f32],
    labels: &[u8],
) -> Vec<ResultRow> {
    let percent = |share: f64| format!("{:02}", (100.0 * share).round());
    let mut found: Vec<(String, Option<Estimate>)> = vec![
        (AUC_ALL_CASES.to_owned(), auc(scores, labels)),
        (
            format!("sensitivity_at_specificity_{}", percent(config.specificity)),
            sensitivity_at(scores, labels, config.specificity),
        ),
        (
            format!("specificity_at_sensitivity_{}", percent(config.sensitivity)),
            specificity_at(scores, labels, config.sensitivity),
        ),
        (name::BRIER.to_owned(), brier(scores, labels)),
    ];
    let line = Recalibration::of(scores, labels);
    found.push((
        name::CALIBRATION_SLOPE.to_owned(),
        line.map(|line| line.slope),
    ));
    found.push((
        name::CALIBRATION_INTERCEPT.to_owned(),
        line.map(|line| line.intercept),
    ));
    for &threshold in &config.thresholds {
        let at = percent(threshold);
        found.push((
            format!("net_benefit_at_{at}"),
            net_benefit(scores, labels, threshold),
        ));
        found.push((
            format!("net_benefit_of_all_at_{at}"),
            net_benefit_of_all(labels, threshold),
        ));
    }
    let mut rows: Vec<ResultRow> = found
        .into_iter()
        .filter_map(|(metric, found)| Some(ResultRow::of(group, model, &metric, &found?)))
        .collect();
    let error = Reliability::of(scores, labels).and_then(|bins| bins.error());
    let error = error.map(|error| {
        exact(
            group,
            model,
            name::CALIBRATION_ERROR,
            error,
            labels.len() as u64,
        )
    });
    rows.extend(error);
    rows
}

#[cfg(test)]
mod tests;
