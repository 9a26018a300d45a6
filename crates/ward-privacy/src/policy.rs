//! What a hospital does not do, whoever asks: its own rules, which a coordinator can only be stricter
//! than. What they cannot tell is refused.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{LocalWork, Protection, TrainOrder};

use crate::dp::PrivacyUnit;

/// A hospital's rules. By default nothing is forbidden.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Whether updates leave under masks only. Default false.
    pub require_secure_aggregation: bool,
    /// The fewest hospitals in whose sum its update may be: above 1 asks for secure aggregation.
    /// Default 1.
    pub min_cohort: u32,
    /// The fewest training rows with which it takes part. Default 1.
    pub min_records: u64,
    /// Whether it trains only where the rows of patients who do not consent are left out: its data must say
    /// who does. Default false.
    pub require_consent: bool,
    /// What hospitals may do beside plain training, by the names in `wardround strategies`: `plain`,
    /// `feddyn`, `scaffold`, `fednova`, `fedexp`, `qfedavg`, `ifca`. Default: anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithms: Option<Vec<String>>,
    /// The most rounds of one run in which it trains. Default: any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_rounds: Option<u32>,
    /// The most passes over its rows in one round. Default: any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_local_epochs: Option<u32>,
    /// The largest Euclidean norm of an update that leaves. Default: any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_update_norm: Option<f64>,
    /// What it tells of its test rows and of sums of its training rows, which no noise on updates covers:
    /// `plain` (default), `noised` or `none`.
    pub metrics: Metrics,
    /// What one evaluation may cost a patient among the test rows under `metrics = "noised"`, as an
    /// epsilon above 0 at the budget's delta, or at 1e-5 where there is no budget. It is charged to the
    /// privacy ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_epsilon: Option<f64>,
    /// Whether a person must approve each run before the hospital trains or scores for it; sums for federated
    /// scaling, which come before there is anything to approve, are not told. Default false.
    pub approval: bool,
    /// Whether anything may leave for a coordinator in another region: `allow` (default) or `deny`.
    pub cross_border: CrossBorder,
    /// Whose presence the noise in an update must hide: `patient` or `hospital`. Default: none needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_noise: Option<PrivacyUnit>,
    /// When it takes part, in UTC: `"22:00-06:00"`. Default: at any time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
}

/// Whether a hospital works for coordinators elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum CrossBorder {
    /// It does.
    #[default]
    Allow,
    /// It does not, nor for those that do not say where they are.
    Deny,
}

/// What a hospital tells beside updates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Metrics {
    /// Scores on its test rows, and sums for federated scaling.
    #[default]
    Plain,
    /// Of its test rows, the share that a model gets right, with noise that hides one patient. No sums.
    Noised,
    /// Nothing.
    None,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            require_secure_aggregation: false,
            min_cohort: 1,
            min_records: 1,
            require_consent: false,
            algorithms: None,
            max_rounds: None,
            max_local_epochs: None,
            max_update_norm: None,
            metrics: Metrics::Plain,
            metrics_epsilon: None,
            approval: false,
            cross_border: CrossBorder::Allow,
            require_noise: None,
            hours: None,
        }
    }
}

/// What an instruction to train asks for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// How to train.
    pub order: &'a TrainOrder,
    /// The fewest updates that its sum will hold; `None` where the update is sent in the clear.
    pub masked: Option<u32>,
    /// The hospital's training rows.
    pub rows: u64,
    /// Whether rows of patients who do not consent are left out.
    pub consented: bool,
    /// Rounds of this run that it trained in already.
    pub rounds: usize,
    /// Minutes since midnight, UTC.
    pub minute: u16,
}

/// Why a hospital's policy forbids something.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("this hospital's policy: {rule} {why}")]
pub struct Forbidden {
    /// Which rule.
    pub rule: &'static str,
    /// How it is broken.
    pub why: String,
    /// Whether every later round of the run will break it too.
    pub is_final: bool,
}

impl Policy {
    /// Whether the hospital trains as it is asked to.
    ///
    /// # Errors
    /// [`Forbidden`] names the first rule that is broken.
    pub fn training(&self, asked: &Asked<'_>) -> Result<(), Forbidden> {
        let broken = |rule, why: String| Err(Forbidden::for_good(rule, why));
        if let Some(hours) = self.hours
            && !hours.hold(asked.minute)
        {
            return Err(Forbidden {
                is_final: false,
                ..Forbidden::for_good("hours", format!("are {hours} UTC"))
            });
        }
        if asked.masked.is_none() && self.require_secure_aggregation {
            let why = "is set, and the round asks for an update in the clear";
            return broken("require_secure_aggregation", why.to_owned());
        }
        let cohort = asked.masked.unwrap_or(1);
        if cohort < self.min_cohort {
            let why = format!("is {}, and the sum may hold {cohort}", self.min_cohort);
            return broken("min_cohort", why);
        }
        if asked.rows < self.min_records {
            let why = format!("is {}, and there are {} rows", self.min_records, asked.rows);
            return broken("min_records", why);
        }
        self.consent(asked.consented)?;
        let algorithm = asked.order.algorithm.name();
        if let Some(allowed) = &self.algorithms
            && !allowed.iter().any(|name| name == algorithm)
        {
            return broken("algorithms", format!("are {allowed:?}, not `{algorithm}`"));
        }
        if let Some(most) = self.max_rounds
            && asked.rounds >= most as usize
        {
            return broken("max_rounds", format!("is {most}, and so many are over"));
        }
        if let Some(most) = self.max_local_epochs {
            self.passes(asked, most)?;
        }
        self.noise(asked.order)
    }

    /// Whether rows are used, `consented` being whether those of patients who do not consent are left out.
    ///
    /// # Errors
    /// [`Forbidden`] where they must be and are not.
    pub fn consent(&self, consented: bool) -> Result<(), Forbidden> {
        if self.require_consent && !consented {
            let why = "is set, and the data do not say whose rows may be used";
            return Err(Forbidden::for_good("require_consent", why.to_owned()));
        }
        Ok(())
    }

    fn passes(&self, asked: &Asked<'_>, most: u32) -> Result<(), Forbidden> {
        let visits = match asked.order.work {
            LocalWork::Epochs(epochs) => u64::from(epochs).saturating_mul(asked.rows),
            LocalWork::Steps(_) => asked.order.visits(asked.rows),
        };
        if visits > u64::from(most).saturating_mul(asked.rows) {
            let why = format!(
                "is {most}, and the round asks for {:.1} passes",
                visits as f64 / asked.rows.max(1) as f64
            );
            return Err(Forbidden::for_good("max_local_epochs", why));
        }
        Ok(())
    }

    fn noise(&self, order: &TrainOrder) -> Result<(), Forbidden> {
        let hides = match order.protection {
            Protection::None => None,
            Protection::Patient(_) => Some(PrivacyUnit::Patient),
            Protection::Hospital(_) => Some(PrivacyUnit::Hospital),
        };
        match (self.require_noise, hides) {
            (None, _) => Ok(()),
            // Whoever hides the hospital hides each of its patients.
            (Some(PrivacyUnit::Patient), Some(_))
            | (Some(PrivacyUnit::Hospital), Some(PrivacyUnit::Hospital)) => Ok(()),
            (Some(unit), None) => {
                let why = format!("is `{unit}`, and the round asks for an update without noise");
                Err(Forbidden::for_good("require_noise", why))
            }
            (Some(unit), Some(other)) => {
                let why = format!("is `{unit}`, and the round's noise hides a {other}");
                Err(Forbidden::for_good("require_noise", why))
            }
        }
    }

    /// Whether a hospital of region `own` works for a coordinator that says it is in `theirs`; either is
    /// empty where nobody said.
    ///
    /// # Errors
    /// [`Forbidden`] where it does not.
    pub fn border(&self, own: &str, theirs: &str) -> Result<(), Forbidden> {
        if self.cross_border == CrossBorder::Allow || (own == theirs && !own.is_empty()) {
            return Ok(());
        }
        let why = match theirs {
            "" => format!(
                "is `deny`: this hospital is in `{own}`, and the coordinator does not say where it is"
            ),
            _ => {
                format!("is `deny`: this hospital is in `{own}`, and the coordinator in `{theirs}`")
            }
        };
        Err(Forbidden::for_good("cross_border", why))
    }

    /// Whether an update of Euclidean norm `norm` may leave.
    ///
    /// # Errors
    /// [`Forbidden`] where it is too large. That it is tells something of it: the norm is not told.
    pub fn update(&self, norm: f64) -> Result<(), Forbidden> {
        match self.max_update_norm {
            Some(most) if norm > most => Err(Forbidden {
                is_final: false,
                ..Forbidden::for_good(
                    "max_update_norm",
                    format!("is {most}, and the update is larger"),
                )
            }),
            _ => Ok(()),
        }
    }

    /// Whether the hospital tells sums of training rows, which no noise covers.
    ///
    /// # Errors
    /// [`Forbidden`] where it does not.
    pub fn sums(&self) -> Result<(), Forbidden> {
        let why = match self.metrics {
            Metrics::Plain => return Ok(()),
            Metrics::Noised => "are `noised`, and sums of rows would not be",
            Metrics::None => "are `none`",
        };
        Err(Forbidden::for_good("metrics", why.to_owned()))
    }

    /// The epsilon at which the hospital tells scores on test rows; `None` where it tells them without
    /// noise.
    ///
    /// # Errors
    /// [`Forbidden`] where it tells none.
    pub fn scores(&self) -> Result<Option<f64>, Forbidden> {
        match self.metrics {
            Metrics::Plain => Ok(None),
            // Checked rules have an epsilon; without one nothing is told.
            Metrics::Noised => Ok(Some(self.metrics_epsilon.unwrap_or(0.0))),
            Metrics::None => Err(Forbidden::for_good("metrics", "are `none`".to_owned())),
        }
    }

    /// What is wrong with the rules themselves: a field, and what would be right.
    #[must_use]
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let names = ward_core::Algorithm::NAMES;
        let unknown = |name: &&String| !names.contains(&name.as_str());
        if let Some(name) = self.algorithms.iter().flatten().find(unknown) {
            let message = format!("`{name}` is none of {}", names.join(", "));
            problems.push(("algorithms", message));
        }
        if self
            .max_update_norm
            .is_some_and(|norm| !(norm > 0.0 && norm.is_finite()))
        {
            problems.push(("max_update_norm", "must be a number above 0".to_owned()));
        }
        let noised = self.metrics == Metrics::Noised;
        match self.metrics_epsilon {
            None if noised => {
                let message = "are noised: say how much with `metrics_epsilon`, such as 0.1";
                problems.push(("metrics", message.to_owned()));
            }
            Some(epsilon) if !(epsilon > 0.0 && epsilon.is_finite()) => {
                problems.push(("metrics_epsilon", "must be a number above 0".to_owned()));
            }
            Some(_) if !noised => {
                let message = "is for metrics = \"noised\" alone";
                problems.push(("metrics_epsilon", message.to_owned()));
            }
            _ => {}
        }
        problems
    }
}

impl Forbidden {
    pub(crate) fn for_good(rule: &'static str, why: String) -> Self {
        Self {
            rule,
            why,
            is_final: true,
        }
    }
}

/// A time of day from which, and one to which, a hospital takes part; past midnight where the second is
/// earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Hours {
    from: u16,
    to: u16,
}

impl Hours {
    fn hold(self, minute: u16) -> bool {
        match self.from <= self.to {
            true => (self.from..self.to).contains(&minute),
            false => minute >= self.from || minute < self.to,
        }
    }
}

impl TryFrom<String> for Hours {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let minute = |text: &str| {
            let (hour, minute) = text.split_once(':')?;
            let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
            (hour < 24 && minute < 60).then_some(hour * 60 + minute)
        };
        let read = text
            .split_once('-')
            .and_then(|(from, to)| Some((minute(from)?, minute(to)?)));
        match read {
            Some((from, to)) if from != to => Ok(Self { from, to }),
            _ => Err(format!(
                "`{text}` is not two different times such as 22:00-06:00"
            )),
        }
    }
}

impl From<Hours> for String {
    fn from(hours: Hours) -> Self {
        hours.to_string()
    }
}

impl std::fmt::Display for Hours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { from, to } = self;
        let (a, b, c, d) = (from / 60, from % 60, to / 60, to % 60);
        write!(f, "{a:02}:{b:02}-{c:02}:{d:02}")
    }
}

#[cfg(test)]
mod tests;
