//! The result table: each model's scores by hospital, by tier and for all.
//!
//! A group's value is the mean of its hospitals' values weighted by test cases: it can be made
//! from what hospitals report, and no case's score leaves one. Where a process may see all cases
//! anyway (a simulation), three more metrics are told for groups of several hospitals:
//! `auc_all_cases` (one ROC curve over all cases of the group), and the plain means over hospitals
//! `auc_mean_of_hospitals` and `accuracy_mean_of_hospitals`.

use std::collections::HashMap;

use ward_core::metric::{self, name};
use ward_core::{Estimate, Evaluation, NodeInfo};
use ward_observe::{Model, ResultRow, RunView};

/// The AUC over all cases of a group, whatever hospital they are from.
pub const AUC_ALL_CASES: &str = "auc_all_cases";
/// The plain mean of hospitals' AUCs.
pub const AUC_MEAN: &str = "auc_mean_of_hospitals";
/// The plain mean of hospitals' accuracies.
pub const ACCURACY_MEAN: &str = "accuracy_mean_of_hospitals";

/// One model's scores at one hospital.
#[derive(Debug, Clone, Default)]
pub struct Scored {
    /// The metrics.
    pub evaluation: Evaluation,
    /// Positive-class score and label of each test case, where the process may see them.
    pub cases: Option<(Vec<f32>, Vec<u8>)>,
}

/// The groups that results are told for, in order: `all`, tiers as they first appear, hospitals.
#[must_use]
pub fn groups(roster: &[NodeInfo]) -> Vec<String> {
    members(roster.iter())
        .into_iter()
        .map(|(group, _)| group)
        .collect()
}

/// The tiers, as they first appear.
#[must_use]
pub fn tiers<'a>(roster: impl Iterator<Item = &'a NodeInfo>) -> Vec<String> {
    let mut tiers: Vec<String> = Vec::new();
    for info in roster {
        if !tiers.contains(&info.tier) {
            tiers.push(info.tier.clone());
        }
    }
    tiers
}

/// Each group and the places of its hospitals.
pub(crate) fn members<'a>(
    roster: impl Iterator<Item = &'a NodeInfo> + Clone,
) -> Vec<(String, Vec<usize>)> {
    let everybody = (0..roster.clone().count()).collect();
    let mut groups = vec![("all".to_owned(), everybody)];
    let mut place_of: HashMap<&str, usize> = HashMap::new();
    let tiers = roster.clone().map(|info| info.tier.as_str());
    let names = roster.map(|info| info.name.as_str());
    for (hospital, word) in tiers.enumerate().chain(names.enumerate()) {
        let place = *place_of.entry(word).or_insert_with(|| {
            groups.push((word.to_owned(), Vec::new()));
            groups.len() - 1
        });
        // A hospital named like its tier is there once.
        if groups[place].1.last() != Some(&hospital) {
            groups[place].1.push(hospital);
        }
    }
    groups
}

/// The rows of one model, for every group of [`groups`] that has a value.
#[must_use]
pub fn rows(model: Model, scored: &[(&NodeInfo, Scored)]) -> Vec<ResultRow> {
    let mut rows = Vec::new();
    for (group, places) in members(scored.iter().map(|(info, _)| *info)) {
        let of_group: Vec<&Scored> = places.iter().map(|&place| &scored[place].1).collect();
        let mut evaluation = Evaluation::combine(of_group.iter().map(|s| &s.evaluation));
        if of_group.len() > 1 {
            evaluation.0.extend(of_several(&of_group));
        }
        let row = |(metric, estimate): (&String, &Estimate)| {
            ResultRow::of(&group, model, metric, estimate)
        };
        rows.extend(evaluation.0.iter().map(row));
    }
    rows
}

/// What the hospitals reported last: of the federated model, and of their own.
#[must_use]
pub fn reported(roster: &[NodeInfo], view: &RunView) -> [Vec<ResultRow>; 2] {
    let (mut federated, mut personal) = (Vec::new(), Vec::new());
    for info in roster {
        let last = view.nodes.get(&info.node);
        let Some((_, evaluation)) = last.and_then(|node| node.evaluation.as_ref()) else {
            continue;
        };
        let (common, own) = evaluation.apart();
        for (scored, evaluation) in [(&mut federated, common), (&mut personal, own)] {
            let cases = None;
            scored.push((info, Scored { evaluation, cases }));
        }
    }
    [
        rows(Model::Federated, &federated),
        rows(Model::Personal, &personal),
    ]
}

/// What only a group of several hospitals has.
fn of_several(members: &[&Scored]) -> Vec<(String, Estimate)> {
    let mut found = Vec::new();
    let cases: Option<Vec<_>> = members.iter().map(|s| s.cases.as_ref()).collect();
    if let Some(cases) = cases {
        let scores: Vec<f32> = cases
            .iter()
            .flat_map(|(scores, _)| scores)
            .copied()
            .collect();
        let labels: Vec<u8> = cases
            .iter()
            .flat_map(|(_, labels)| labels)
            .copied()
            .collect();
        found.extend(metric::auc(&scores, &labels).map(|e| (AUC_ALL_CASES.to_owned(), e)));
    }
    for (metric, mean) in [(name::AUC, AUC_MEAN), (name::ACCURACY, ACCURACY_MEAN)] {
        let parts: Vec<&Estimate> = members
            .iter()
            .filter_map(|s| s.evaluation.get(metric))
            .collect();
        found.extend(plain_mean(&parts).map(|estimate| (mean.to_owned(), estimate)));
    }
    found
}

/// The mean of estimates that count the same; their errors add in quadrature.
fn plain_mean(parts: &[&Estimate]) -> Option<Estimate> {
    let count = parts.len() as f64;
    (!parts.is_empty()).then(|| Estimate {
        value: parts.iter().map(|e| e.value).sum::<f64>() / count,
        n: parts.iter().map(|e| e.n).sum(),
        standard_error: parts
            .iter()
            .map(|e| e.standard_error.powi(2))
            .sum::<f64>()
            .sqrt()
            / count,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ward_core::{Event, NodeId, Record, RoundId, Tick};
    use ward_observe::result_row::find;

    fn hospital(node: u32, name: &str, tier: &str) -> NodeInfo {
        NodeInfo {
            node: NodeId(node),
            name: name.into(),
            tier: tier.into(),
            ..NodeInfo::default()
        }
    }

    fn scored(accuracy: f64, n: u64, cases: Option<(Vec<f32>, Vec<u8>)>) -> Scored {
        let estimate = Estimate {
            value: accuracy,
            n,
            standard_error: 0.1,
        };
        Scored {
            evaluation: Evaluation([(name::ACCURACY.to_owned(), estimate)].into()),
            cases,
        }
    }

    #[test]
    fn groups_are_all_then_tiers_then_hospitals() {
        let roster = [
            hospital(0, "a", "county"),
            hospital(1, "b", "township"),
            hospital(2, "c", "county"),
        ];
        assert_eq!(
            groups(&roster),
            ["all", "county", "township", "a", "b", "c"]
        );
    }

    #[test]
    fn a_group_weighs_its_hospitals_by_cases_and_also_plainly() {
        let (a, b) = (hospital(0, "a", "county"), hospital(1, "b", "county"));
        let one = (vec![0.9, 0.1], vec![1, 0]);
        let other = (vec![0.2, 0.3], vec![1, 0]);
        let rows = rows(
            Model::Federated,
            &[
                (&a, scored(0.5, 100, Some(one))),
                (&b, scored(0.9, 300, Some(other))),
            ],
        );
        let value = |group: &str, metric: &str| {
            find(&rows, group, Model::Federated, metric).map(|row| row.value)
        };
        assert!((value("all", name::ACCURACY).unwrap() - 0.8).abs() < 1e-12);
        assert!((value("all", ACCURACY_MEAN).unwrap() - 0.7).abs() < 1e-12);
        // Positives .9 and .2 against negatives .1 and .3: three of four pairs.
        assert!((value("county", AUC_ALL_CASES).unwrap() - 0.75).abs() < 1e-12);
        assert_eq!(value("a", ACCURACY_MEAN), None);
    }

    #[test]
    fn what_was_reported_of_two_models_is_told_of_each() {
        let hospital = hospital(0, "a", "x");
        let estimate = |value| Estimate {
            value,
            n: 10,
            standard_error: 0.1,
        };
        let of = |value| Evaluation([(name::ACCURACY.to_owned(), estimate(value))].into());
        let mut evaluation = of(0.7);
        evaluation.0.extend(of(0.9).as_personal().0);
        let records = [
            Event::RunStarted {
                round: RoundId(0),
                nodes: vec![hospital.clone()],
                rounds: 1,
                parameters: 3,
            },
            Event::Evaluated {
                round: RoundId(0),
                node: NodeId(0),
                evaluation,
            },
        ]
        .map(|event| Record { at: Tick(0), event });
        let rows = reported(&[hospital], &RunView::of(&records)).concat();
        let value = |model| find(&rows, "a", model, name::ACCURACY).map(|row| row.value);
        assert_eq!(value(Model::Federated), Some(0.7));
        assert_eq!(value(Model::Personal), Some(0.9));
        assert!(rows.iter().all(|row| row.metric == name::ACCURACY));
    }

    #[test]
    fn without_all_cases_there_is_no_common_curve() {
        let (a, b) = (hospital(0, "a", "x"), hospital(1, "b", "x"));
        let cases = Some((vec![0.9, 0.1], vec![1, 0]));
        let rows = rows(
            Model::Alone,
            &[(&a, scored(0.5, 1, None)), (&b, scored(0.9, 1, cases))],
        );
        assert!(find(&rows, "all", Model::Alone, AUC_ALL_CASES).is_none());
    }
}
