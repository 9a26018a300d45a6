//! The release gate: what a model must show before it advises, and before it decides alone.
//!
//! Class II, advisory: the lower bound of the AUC's 95 % interval (DeLong, over all cases) and the
//! expected calibration error. Class III, autonomous: at each external hospital, the lower bounds of
//! sensitivity and specificity at one threshold that was frozen before these hospitals were looked at.

use ward_core::NodeInfo;
use ward_core::metric::calibration::{Recalibration, Reliability};
use ward_core::metric::decision::{Decisions, threshold_for};
use ward_core::metric::interval::{clopper_pearson, wilson};
use ward_core::metric::{auc, name};
use ward_observe::{Examination, Model, ResultRow, text};

use super::{between, cases_of, exact, met};
use crate::config::types::{IntervalMethod, ReleaseClass, ReleaseConfig};
use crate::results::{AUC_ALL_CASES, Scored};

type At<'a> = (&'a NodeInfo, Scored);

pub(super) fn examine(
    config: &ReleaseConfig,
    federated: &[At<'_>],
    is_outside: &dyn Fn(&NodeInfo) -> bool,
) -> Examination {
    match config.class {
        ReleaseClass::Advisory => advisory(config, federated, is_outside),
        ReleaseClass::Autonomous => autonomous(config, federated, is_outside),
    }
}

/// Adds whether a condition holds, in words; the gate is passed where all hold.
fn judge(answer: &mut Examination, holds: bool, words: &str) {
    answer.passed = Some(answer.passed.unwrap_or(true) && holds);
    answer.words.push(format!("{}: {words}.", met(holds)));
}

fn advisory(
    config: &ReleaseConfig,
    federated: &[At<'_>],
    is_outside: &dyn Fn(&NodeInfo) -> bool,
) -> Examination {
    let mut answer = Examination::new("release", "Release gate, class II (advisory)");
    let external: Vec<&Scored> = outside(federated, is_outside).map(|(_, s)| s).collect();
    let (whose, cases) = match external.is_empty() {
        true => ("all hospitals", cases_of(federated.iter().map(|(_, s)| s))),
        false => ("external hospitals", cases_of(external.into_iter())),
    };
    let (scores, labels) = cases.unwrap_or_default();
    let n = labels.len() as u64;
    let area = auc(&scores, &labels);
    let row = area.map(|auc| ResultRow::of("all", Model::Federated, AUC_ALL_CASES, &auc));
    let low = row.as_ref().map(|row| row.ci_low);
    let told = row.as_ref().map_or("there is none".to_owned(), interval);
    judge(
        &mut answer,
        low.is_some_and(|low| low >= config.least_auc),
        &format!(
            "the lower bound of the AUC on the test cases of {whose} is {} or more: {told}",
            text::value(config.least_auc)
        ),
    );
    answer.rows.extend(row);
    let error = Reliability::of(&scores, &labels).and_then(|bins| bins.error());
    judge(
        &mut answer,
        error.is_some_and(|error| error <= config.most_calibration_error),
        &format!(
            "the expected calibration error (ten bins) is {} or less: {}",
            text::value(config.most_calibration_error),
            error.map_or("there is none".to_owned(), text::value)
        ),
    );
    let error = error.map(|e| exact("all", Model::Federated, name::CALIBRATION_ERROR, e, n));
    answer.rows.extend(error);
    let slope = Recalibration::of(&scores, &labels).map(|line| line.slope);
    let slope =
        slope.map(|slope| ResultRow::of("all", Model::Federated, name::CALIBRATION_SLOPE, &slope));
    answer.rows.extend(slope);
    answer
}

fn autonomous(
    config: &ReleaseConfig,
    federated: &[At<'_>],
    is_outside: &dyn Fn(&NodeInfo) -> bool,
) -> Examination {
    let mut answer = Examination::new("release", "Release gate, class III (autonomous)");
    let Some(threshold) = frozen(config, federated, is_outside) else {
        let words = "a threshold can be frozen on the hospitals that trained: they lack a class";
        judge(&mut answer, false, words);
        return answer;
    };
    let how = match config.threshold {
        Some(_) => "as the configuration says",
        None => "chosen on the test cases of the hospitals that trained",
    };
    let method = match config.interval {
        IntervalMethod::ClopperPearson => "Clopper-Pearson",
        IntervalMethod::Wilson => "Wilson",
    };
    answer.words.push(format!(
        "The threshold is {threshold:.4}, {how}; intervals are {method}'s, at 95 %."
    ));
    let external: Vec<&At<'_>> = outside(federated, is_outside).collect();
    judge(
        &mut answer,
        external.len() >= config.external_hospitals as usize,
        &format!(
            "there are {} external hospitals or more: {}",
            config.external_hospitals,
            external.len()
        ),
    );
    for (info, scored) in external {
        let counts = scored
            .cases
            .as_ref()
            .map_or_else(Decisions::default, |(scores, labels)| {
                Decisions::at(scores, labels, threshold)
            });
        let shares = [
            (
                "sensitivity",
                counts.found,
                counts.positive,
                config.least_sensitivity,
            ),
            (
                "specificity",
                counts.cleared,
                counts.negative,
                config.least_specificity,
            ),
        ];
        for (measure, part, whole, least) in shares {
            let row = share(config.interval, &info.name, measure, part, whole);
            judge(
                &mut answer,
                whole > 0 && row.ci_low >= least,
                &format!(
                    "the lower bound of the {measure} at {} is {} or more: {}, {part} of {whole}",
                    info.name,
                    text::value(least),
                    interval(&row)
                ),
            );
            answer.rows.push(row);
        }
    }
    answer
}

/// The threshold that nothing of the external hospitals went into.
fn frozen(
    config: &ReleaseConfig,
    federated: &[At<'_>],
    is_outside: &dyn Fn(&NodeInfo) -> bool,
) -> Option<f64> {
    let inside = federated.iter().filter(|(info, _)| !is_outside(info));
    let chosen = || {
        let (scores, labels) = cases_of(inside.map(|(_, scored)| scored))?;
        threshold_for(
            &scores,
            &labels,
            config.least_sensitivity,
            config.least_specificity,
        )
    };
    config.threshold.or_else(chosen)
}

fn outside<'a, 'b>(
    federated: &'b [At<'a>],
    is_outside: &'b dyn Fn(&NodeInfo) -> bool,
) -> impl Iterator<Item = &'b At<'a>> {
    federated.iter().filter(|(info, _)| is_outside(info))
}

fn share(method: IntervalMethod, group: &str, metric: &str, part: u64, whole: u64) -> ResultRow {
    let interval = match method {
        IntervalMethod::ClopperPearson => clopper_pearson(part, whole),
        IntervalMethod::Wilson => wilson(part, whole),
    };
    let value = part as f64 / whole.max(1) as f64;
    between(group, Model::Federated, metric, value, interval, whole)
}

fn interval(row: &ResultRow) -> String {
    let ResultRow {
        value,
        ci_low,
        ci_high,
        ..
    } = *row;
    let [value, low, high] = [value, ci_low, ci_high].map(text::value);
    format!("{value} [{low}, {high}]")
}

#[cfg(test)]
mod tests;
