//! The model beside each hospital's human reader, in balanced accuracy.
//!
//! Readers are known by formula: what they score on cases without end. So the difference is as uncertain
//! as the model's own score.

use ward_core::metric::name;
use ward_core::{Estimate, NodeInfo};
use ward_observe::{Examination, Model, ResultRow, text};

use super::{ScoredBy, exact};
use crate::results::{Scored, tiers};

/// Most hospitals that are told one by one.
const MOST_NAMED: usize = 60;

pub(super) fn examine(
    scored: &[ScoredBy<'_>],
    reader: &dyn Fn(&NodeInfo) -> Option<f64>,
) -> Examination {
    let mut answer = Examination::new("readers", "The model beside the hospital's own reader");
    for model in [Model::Federated, Model::Alone] {
        let Some((_, scored)) = scored.iter().find(|(of, _)| *of == model) else {
            continue;
        };
        let sides: Vec<Side<'_>> = scored
            .iter()
            .filter_map(|(info, scored)| Side::of(info, scored, reader(info)?))
            .collect();
        let mut groups = vec!["all".to_owned()];
        groups.extend(tiers(sides.iter().map(|side| side.info)));
        for group in groups {
            let within = |side: &&Side<'_>| group == "all" || side.info.tier == group;
            let sides: Vec<&Side<'_>> = sides.iter().filter(within).collect();
            told(&mut answer, &group, model, &sides);
        }
        if model == Model::Federated {
            for side in sides.iter().take(MOST_NAMED) {
                told(&mut answer, &side.info.name, model, &[side]);
            }
        }
    }
    answer
}

/// A model and a reader at one hospital.
struct Side<'a> {
    info: &'a NodeInfo,
    reader: Estimate,
    apart: Estimate,
}

impl<'a> Side<'a> {
    fn of(info: &'a NodeInfo, scored: &Scored, reader: f64) -> Option<Self> {
        let model = *scored.evaluation.get(name::BALANCED_ACCURACY)?;
        Some(Self {
            info,
            reader: Estimate {
                value: reader,
                standard_error: 0.0,
                ..model
            },
            apart: Estimate {
                value: model.value - reader,
                ..model
            },
        })
    }
}

/// A group's rows; for everybody and the tiers also a sentence of the federated model.
fn told(answer: &mut Examination, group: &str, model: Model, sides: &[&Side<'_>]) {
    let reader = Estimate::combine(sides.iter().map(|side| &side.reader));
    let apart = Estimate::combine(sides.iter().map(|side| &side.apart));
    let (Some(reader), Some(apart)) = (reader, apart) else {
        return;
    };
    let row = ResultRow::of(group, model, "balanced_accuracy_minus_reader", &apart);
    if model == Model::Federated {
        let metric = "reader_balanced_accuracy";
        answer
            .rows
            .push(exact(group, model, metric, reader.value, reader.n));
        if sides.len() > 1 {
            answer.words.push(format!(
                "{group}: readers alone {}, the federated model {} {} [{}, {}].",
                text::value(reader.value),
                if apart.value < 0.0 {
                    "worse by"
                } else {
                    "better by"
                },
                text::value(apart.value.abs()),
                text::value(row.ci_low),
                text::value(row.ci_high),
            ));
        }
    }
    answer.rows.push(row);
}

#[cfg(test)]
mod tests {
    use super::super::tests::hospital;
    use super::*;
    use ward_core::Evaluation;
    use ward_observe::result_row::find;

    fn scored(balanced: f64, n: u64) -> Scored {
        let estimate = Estimate {
            value: balanced,
            n,
            standard_error: 0.01,
        };
        let metrics = [(name::BALANCED_ACCURACY.to_owned(), estimate)];
        Scored {
            evaluation: Evaluation(metrics.into()),
            cases: None,
        }
    }

    #[test]
    fn a_group_is_its_hospitals_by_their_cases() {
        let infos = [hospital(0, "a", "tertiary"), hospital(1, "b", "township")];
        let values = [scored(0.85, 300), scored(0.80, 100)];
        let federated = infos.iter().zip(values).collect();
        let readers = |info: &NodeInfo| match info.tier.as_str() {
            "tertiary" => Some(0.80),
            _ => Some(0.70),
        };
        let answer = examine(&[(Model::Federated, federated)], &readers);
        let minus = |group: &str| {
            let metric = "balanced_accuracy_minus_reader";
            find(&answer.rows, group, Model::Federated, metric).unwrap()
        };
        assert!((minus("tertiary").value - 0.05).abs() < 1e-12);
        assert!((minus("b").value - 0.10).abs() < 1e-12);
        assert!((minus("all").value - (0.05 * 300.0 + 0.10 * 100.0) / 400.0).abs() < 1e-12);
        assert!(minus("all").ci_low > 0.0 && minus("all").n == 400);
        let reader = find(
            &answer.rows,
            "all",
            Model::Federated,
            "reader_balanced_accuracy",
        );
        assert!((reader.unwrap().value - 0.775).abs() < 1e-12);
        assert!(
            answer.words[0].starts_with("all: readers alone"),
            "{:?}",
            answer.words
        );
    }

    #[test]
    fn hospitals_without_a_reader_are_left_out() {
        let info = hospital(0, "a", "");
        let federated = vec![(&info, scored(0.85, 300))];
        assert!(
            examine(&[(Model::Federated, federated)], &|_| None)
                .rows
                .is_empty()
        );
    }
}
