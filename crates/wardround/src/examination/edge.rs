//! The model on a small device: how large it is, what storing it in fewer bytes costs, how long a case
//! takes.
//!
//! Sizes and scores are functions of the model and belong to it. Times are measured on this host while
//! other work may go on, differ from run to run, and are in no digest.

use std::time::Instant;

use ward_core::metric::name;
use ward_core::{Estimate, Evaluation, Layout, NodeInfo, Params, Scaling, TrainError};
use ward_data::Rows;
use ward_observe::{Examination, Model, ResultRow, text};
use ward_train::{Learner, Precision};

use super::{exact, met};
use crate::config::types::EdgeConfig;

/// Cases that are timed one by one, and passes over all of them.
const CASES: usize = 200;
const PASSES: usize = 5;

/// The scores of a model whose numbers are stored with this precision.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub precision: Precision,
    pub evaluation: Evaluation,
}

impl Stored {
    /// The scores of `params` on `rows` in every precision.
    pub(crate) fn every(
        learner: &mut Learner,
        params: &Params,
        rows: &Rows,
        scaling: Option<&Scaling>,
    ) -> Result<Vec<Self>, TrainError> {
        let layout = learner.spec().layout().clone();
        let of = |precision: Precision| {
            let params = precision.stored(params, &layout);
            let scores = learner.evaluate(&params, rows, scaling)?;
            Ok(Self {
                precision,
                evaluation: scores.evaluation,
            })
        };
        Precision::ALL.into_iter().map(of).collect()
    }
}

/// Microseconds that a case takes, as measured on one thread.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    /// Where cases come one at a time: the median.
    pub one_by_one: f64,
    /// Where they come many at a time, scoring included: the fastest pass.
    pub many: f64,
    /// Cases that were timed.
    pub cases: u64,
}

impl Timing {
    /// Of `params` on some of `rows`; `None` where there are none.
    pub(crate) fn measure(
        learner: &mut Learner,
        params: &Params,
        rows: &Rows,
        scaling: Option<&Scaling>,
    ) -> Result<Option<Self>, TrainError> {
        let count = rows.len().min(CASES);
        if count == 0 {
            return Ok(None);
        }
        let mut timed = |rows: &Rows| {
            let start = Instant::now();
            learner.evaluate(params, rows, scaling)?;
            Ok::<f64, TrainError>(1e6 * start.elapsed().as_secs_f64())
        };
        let mut many = f64::INFINITY;
        for _ in 0..PASSES {
            many = many.min(timed(rows)? / rows.len() as f64);
        }
        let mut singles = Vec::with_capacity(count);
        for index in 0..count {
            let mut one = Rows::empty(&rows.shape);
            one.push(rows.row(index), rows.labels[index]);
            singles.push(timed(&one)?);
        }
        singles.sort_by(f64::total_cmp);
        Ok(Some(Self {
            one_by_one: singles[count / 2],
            many,
            cases: count as u64,
        }))
    }
}

pub(super) fn examine(
    config: &EdgeConfig,
    layout: &Layout,
    stored: &[(&NodeInfo, Vec<Stored>)],
    timing: Option<Timing>,
) -> Examination {
    let mut answer = Examination::new("edge", "The model at the edge");
    let of = |precision: Precision, metric: &str| {
        let of_all = stored.iter().flat_map(|(_, stored)| stored);
        let of_all = of_all.filter(|stored| stored.precision == precision);
        Estimate::combine(of_all.filter_map(|stored| stored.evaluation.get(metric)))
    };
    let metrics = [name::AUC, name::ACCURACY, name::BALANCED_ACCURACY];
    let mut fits = true;
    for precision in Precision::ALL {
        let group = precision.word();
        let bytes = precision.bytes(layout);
        fits &= bytes <= u64::from(config.most_bytes);
        let numbers = layout.len() as u64;
        let row = exact(group, Model::Federated, "bytes", bytes as f64, numbers);
        answer.rows.push(row);
        for metric in metrics {
            let (Some(found), Some(full)) = (of(precision, metric), of(Precision::F32, metric))
            else {
                continue;
            };
            answer
                .rows
                .push(ResultRow::of(group, Model::Federated, metric, &found));
            if precision == Precision::F32 {
                continue;
            }
            let drop = full.value - found.value;
            let metric_of = format!("{metric}_drop");
            answer
                .rows
                .push(exact(group, Model::Federated, &metric_of, drop, found.n));
            if metric == name::ACCURACY {
                let words = format!(
                    "{}: stored as {group}, accuracy falls by {} (allowed: {}).",
                    met(drop <= config.most_drop),
                    text::value(drop),
                    text::value(config.most_drop)
                );
                answer.words.push(words);
            }
        }
    }
    let size = format!(
        "{}: {} numbers are {} bytes or less in every precision.",
        met(fits),
        text::count(layout.len() as u64),
        text::count(config.most_bytes.into())
    );
    answer.words.insert(0, size);
    if let Some(timing) = timing {
        for (metric, micros) in [
            ("measured_micros_a_case_alone", timing.one_by_one),
            ("measured_micros_a_case_among_many", timing.many),
        ] {
            let row = exact("f32", Model::Federated, metric, micros, timing.cases);
            answer.rows.push(row);
        }
        answer.words.push(format!(
            "{}: a case takes {:.1} microseconds by itself and {:.2} among many, measured on one thread \
             of this host (allowed: {}).",
            met(timing.one_by_one <= config.most_micros),
            timing.one_by_one,
            timing.many,
            config.most_micros
        ));
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::super::tests::hospital;
    use super::*;
    use ward_core::TensorSpec;
    use ward_observe::result_row::find;

    fn stored(precision: Precision, accuracy: f64) -> Stored {
        let estimate = Estimate {
            value: accuracy,
            n: 100,
            standard_error: 0.01,
        };
        let evaluation = Evaluation([(name::ACCURACY.to_owned(), estimate)].into());
        Stored {
            precision,
            evaluation,
        }
    }

    #[test]
    fn sizes_and_drops_are_told_and_judged() {
        let layout = Layout {
            tensors: vec![TensorSpec {
                name: "w".into(),
                shape: vec![250, 100],
            }],
        };
        let info = hospital(0, "a", "x");
        let of = |f16, int8| {
            vec![
                stored(Precision::F32, 0.9),
                stored(Precision::F16, f16),
                stored(Precision::Int8, int8),
            ]
        };
        let answers = [(&info, of(0.9, 0.89)), (&info, of(0.898, 0.89))];
        let answer = examine(&EdgeConfig::default(), &layout, &answers, None);
        let value = |group: &str, metric: &str| {
            find(&answer.rows, group, Model::Federated, metric)
                .unwrap()
                .value
        };
        assert_eq!(value("f32", "bytes"), 100_000.0);
        assert_eq!(value("int8", "bytes"), 25_004.0);
        assert!((value("f16", "accuracy_drop") - 0.001).abs() < 1e-12);
        assert!((value("int8", "accuracy_drop") - 0.01).abs() < 1e-12);
        let marks: Vec<&str> = answer
            .words
            .iter()
            .filter_map(|w| w.split(':').next())
            .collect();
        assert_eq!(marks, ["met", "met", "not met"]);
        let small = EdgeConfig {
            most_bytes: 99_999,
            ..EdgeConfig::default()
        };
        let answer = examine(&small, &layout, &answers, None);
        assert!(answer.words[0].starts_with("not met: 25,000 numbers"));
        let better = examine(&small, &layout, &[(&info, of(0.9, 0.91))], None);
        let row = find(&better.rows, "int8", Model::Federated, "accuracy_drop").unwrap();
        assert!(row.value < 0.0 && row.ci_low == row.value && row.ci_high == row.value);
    }
}
