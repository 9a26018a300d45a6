//! The results of a run: how good which model is for whom.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text;

/// Which of the models that every comparison shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Model {
    /// Trained by one hospital on its own rows.
    Alone,
    /// Trained by all hospitals together, the rows staying where they are.
    Federated,
    /// Each hospital's own, made beside or of the federated one.
    Personal,
    /// Trained on all rows in one place: possible only because somebody may see them all.
    Pooled,
    /// The best that any model could do, known where the data are made by a formula.
    Ceiling,
}

impl Model {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 5] = [
        Self::Alone,
        Self::Federated,
        Self::Personal,
        Self::Pooled,
        Self::Ceiling,
    ];

    /// The word for it in files and on screens.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Alone => "alone",
            Self::Federated => "federated",
            Self::Personal => "personal",
            Self::Pooled => "pooled",
            Self::Ceiling => "ceiling",
        }
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// One result: an entry of `results.json` and of `--format json`. The keys are stable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResultRow {
    /// `all`, a tier's name or a hospital's name.
    pub group: String,
    /// Which model.
    pub model: Model,
    /// The metric's name: `auc`, `accuracy` and so on.
    pub metric: String,
    /// The value.
    pub value: f64,
    /// Lower end of the 95 % interval; equal to `value` where it is known exactly.
    pub ci_low: f64,
    /// Upper end of the 95 % interval.
    pub ci_high: f64,
    /// Test cases it rests on; 0 where it is known exactly.
    pub n: u64,
}

impl ResultRow {
    /// The row of an estimate, with its 95 % normal interval, cut where the metric ends.
    #[must_use]
    pub fn of(group: &str, model: Model, metric: &str, estimate: &ward_core::Estimate) -> Self {
        let (mut ci_low, mut ci_high) = estimate.interval();
        if ward_core::metric::is_share(metric) {
            (ci_low, ci_high) = (ci_low.max(0.0), ci_high.min(1.0));
        }
        Self {
            group: group.to_owned(),
            model,
            metric: metric.to_owned(),
            value: estimate.value,
            ci_low,
            ci_high,
            n: estimate.n,
        }
    }

    /// The value, with its interval where it is not known exactly: `0.836 [0.829, 0.844]`.
    #[must_use]
    pub fn with_interval(&self) -> String {
        let value = text::value(self.value);
        if self.ci_low == self.ci_high {
            return value;
        }
        let [low, high] = [self.ci_low, self.ci_high].map(text::value);
        format!("{value} [{low}, {high}]")
    }
}

/// The row of `group`, `model` and `metric`.
#[must_use]
pub fn find<'a>(
    rows: &'a [ResultRow],
    group: &str,
    model: Model,
    metric: &str,
) -> Option<&'a ResultRow> {
    rows.iter()
        .find(|row| row.model == model && row.group == group && row.metric == metric)
}

/// The metric to show first: `auc`, else `accuracy`, else the first there is.
#[must_use]
pub fn main_metric(rows: &[ResultRow]) -> Option<&str> {
    use ward_core::metric::name::{ACCURACY, AUC};
    [AUC, ACCURACY]
        .into_iter()
        .find(|name| rows.iter().any(|row| row.metric == *name))
        .or_else(|| rows.first().map(|row| row.metric.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ward_core::Estimate;

    #[test]
    fn the_keys_of_a_result_are_stable() {
        let estimate = Estimate {
            value: 0.8,
            n: 400,
            standard_error: 0.0,
        };
        let row = ResultRow::of("all", Model::Federated, "auc", &estimate);
        expect_test::expect![[
            r#"{"group":"all","model":"federated","metric":"auc","value":0.8,"ci_low":0.8,"ci_high":0.8,"n":400}"#
        ]]
        .assert_eq(&serde_json::to_string(&row).unwrap());
    }

    #[test]
    fn auc_is_shown_first_whatever_the_order() {
        let row = |metric: &str| ResultRow {
            group: "all".into(),
            model: Model::Alone,
            metric: metric.into(),
            value: 0.5,
            ci_low: 0.4,
            ci_high: 0.6,
            n: 10,
        };
        let named = |names: &[&str]| names.iter().map(|n| row(n)).collect::<Vec<_>>();
        assert_eq!(
            main_metric(&named(&["loss", "accuracy", "auc"])),
            Some("auc")
        );
        assert_eq!(main_metric(&named(&["loss", "accuracy"])), Some("accuracy"));
        assert_eq!(main_metric(&named(&["loss"])), Some("loss"));
        assert_eq!(main_metric(&[]), None);
    }
}
