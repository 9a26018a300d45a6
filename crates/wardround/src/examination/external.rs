//! Hospitals that never trained, against those that did.

use ward_core::metric::name;
use ward_core::{Estimate, NodeInfo};
use ward_observe::{Examination, Model, ResultRow, text};

use super::ScoredBy;
use crate::results::Scored;

/// Most external hospitals that are told one by one.
const MOST_NAMED: usize = 9;

pub(super) fn examine(
    scored: &[ScoredBy<'_>],
    is_outside: &dyn Fn(&NodeInfo) -> bool,
) -> Examination {
    let mut answer = Examination::new("external", "External validation");
    for model in [Model::Federated, Model::Pooled] {
        let Some((_, scored)) = scored.iter().find(|(of, _)| *of == model) else {
            continue;
        };
        let [inside, outside] = [false, true].map(|wanted| mean(scored, wanted, is_outside));
        let (Some(inside), Some(outside)) = (inside, outside) else {
            continue;
        };
        let apart = difference(&outside, &inside);
        for (metric, estimate) in [
            ("external_auc", outside),
            ("internal_auc", inside),
            ("external_minus_internal_auc", apart),
        ] {
            answer
                .rows
                .push(ResultRow::of("all", model, metric, &estimate));
        }
        if model == Model::Federated {
            answer.words.push(words(scored, &apart, is_outside));
            let outside = scored.iter().filter(|(info, _)| is_outside(info));
            let each = outside.filter_map(|(info, scored)| {
                let auc = scored.evaluation.get(name::AUC)?;
                Some(ResultRow::of(&info.name, model, "external_auc", auc))
            });
            answer.rows.extend(each.take(MOST_NAMED));
        }
    }
    if answer.rows.is_empty() {
        let none = "There is no AUC to compare on both sides.";
        answer.words.push(none.to_owned());
    }
    answer
}

/// The mean of hospitals' AUCs on one side, weighted by their cases.
fn mean(
    scored: &[(&NodeInfo, Scored)],
    outside: bool,
    is_outside: &dyn Fn(&NodeInfo) -> bool,
) -> Option<Estimate> {
    let side = scored
        .iter()
        .filter(|(info, _)| is_outside(info) == outside);
    Estimate::combine(side.filter_map(|(_, scored)| scored.evaluation.get(name::AUC)))
}

/// The difference of two that rest on different cases.
fn difference(of: &Estimate, to: &Estimate) -> Estimate {
    Estimate {
        value: of.value - to.value,
        n: of.n + to.n,
        standard_error: of.standard_error.hypot(to.standard_error),
    }
}

fn words(
    scored: &[(&NodeInfo, Scored)],
    apart: &Estimate,
    is_outside: &dyn Fn(&NodeInfo) -> bool,
) -> String {
    let outside = scored.iter().filter(|(info, _)| is_outside(info));
    let names: Vec<String> = outside.map(|(info, _)| info.name.clone()).collect();
    let (low, high) = apart.interval();
    let told = match (low > 0.0, high < 0.0) {
        (true, _) => "the model does better there",
        (_, true) => "the model does worse there",
        _ => "that may be chance",
    };
    format!(
        "{} trained nothing and gave no sums: {}. External minus internal AUC {} [{}, {}]: {told}. \
         The interval is for these hospitals' cases, not for hospitals drawn anew.",
        text::things(names.len() as u64, "hospital", "hospitals"),
        text::names(&names, MOST_NAMED),
        text::value(apart.value),
        text::value(low),
        text::value(high),
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::hospital;
    use super::*;
    use ward_core::Evaluation;
    use ward_observe::result_row::find;

    fn scored(auc: f64, n: u64, standard_error: f64) -> Scored {
        let estimate = Estimate {
            value: auc,
            n,
            standard_error,
        };
        Scored {
            evaluation: Evaluation([(name::AUC.to_owned(), estimate)].into()),
            cases: None,
        }
    }

    #[test]
    fn the_difference_is_between_those_who_trained_and_those_who_did_not() {
        let infos = [
            hospital(0, "a", "x"),
            hospital(1, "b", "x"),
            hospital(2, "c", "x"),
        ];
        let scores = [
            scored(0.9, 100, 0.03),
            scored(0.8, 300, 0.0),
            scored(0.7, 50, 0.04),
        ];
        let all: Vec<(&NodeInfo, Scored)> = infos.iter().zip(scores).collect();
        let outside = |info: &NodeInfo| info.name == "c";
        let answer = examine(&[(Model::Federated, all.clone())], &outside);
        let row = |group, metric| find(&answer.rows, group, Model::Federated, metric).unwrap();
        assert!((row("all", "internal_auc").value - 0.825).abs() < 1e-12);
        assert_eq!(row("c", "external_auc").value, 0.7);
        let apart = row("all", "external_minus_internal_auc");
        assert!((apart.value + 0.125).abs() < 1e-12);
        // .04 and 100 · .03 / 400.
        let half = 1.959_963_984_540_054 * 0.04_f64.hypot(0.0075);
        assert!((apart.ci_high - apart.value - half).abs() < 1e-12);
        assert!(answer.words[0].contains("1 hospital trained nothing and gave no sums: c"));
        assert!(answer.words[0].contains("does worse there"));
        let none = examine(&[(Model::Federated, all)], &|_| false);
        assert!(none.rows.is_empty() && none.words[0].contains("no AUC"));
    }
}
