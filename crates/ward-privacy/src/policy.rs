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
mod tests {
    use super::*;
    use ward_core::{
        Algorithm, Draws, HospitalNoise, NoisePlacement, OptimizerSpec, PatientNoise, RingSpec,
        Seed,
    };

    fn order() -> TrainOrder {
        let optimizer = OptimizerSpec::Sgd {
            learning_rate: 0.1,
            momentum: 0.0,
        };
        let ring = RingSpec {
            fraction_bits: 20,
            range: 4.0,
            most_weight: 1,
        };
        TrainOrder::new(LocalWork::Epochs(3), 10, optimizer, ring, Seed::run(1))
    }

    /// The rule that `policy` finds broken in an order changed so, asked in the clear of 50 rows at noon, after four
    /// rounds.
    fn broken(
        policy: &Policy,
        change: impl FnOnce(&mut TrainOrder),
    ) -> Option<(&'static str, bool)> {
        let mut order = order();
        change(&mut order);
        asked(policy, &order, None, 12 * 60)
    }

    fn asked(
        policy: &Policy,
        order: &TrainOrder,
        masked: Option<u32>,
        minute: u16,
    ) -> Option<(&'static str, bool)> {
        let asked = Asked {
            order,
            masked,
            rows: 50,
            consented: false,
            rounds: 4,
            minute,
        };
        let forbidden = policy.training(&asked).err()?;
        Some((forbidden.rule, forbidden.is_final))
    }

    /// The default policy with one rule changed.
    fn policy(rule: impl FnOnce(&mut Policy)) -> Policy {
        let mut policy = Policy::default();
        rule(&mut policy);
        policy
    }

    #[test]
    fn each_rule_holds_at_its_limit_and_breaks_beyond() {
        let rows = |n| broken(&policy(|p| p.min_records = n), |_| ());
        let rounds = |n| broken(&policy(|p| p.max_rounds = Some(n)), |_| ());
        let passes = |n| broken(&policy(|p| p.max_local_epochs = Some(n)), |_| ());
        assert_eq!(broken(&Policy::default(), |_| ()), None);
        assert_eq!((rows(50), rows(51)), (None, Some(("min_records", true))));
        assert_eq!((rounds(5), rounds(4)), (None, Some(("max_rounds", true))));
        assert_eq!(
            (passes(3), passes(2)),
            (None, Some(("max_local_epochs", true)))
        );
        // Sixteen steps of ten rows are more than three passes over fifty.
        let three = policy(|p| p.max_local_epochs = Some(3));
        let steps = |n| broken(&three, |order| order.work = LocalWork::Steps(n));
        assert_eq!(
            (steps(15), steps(16)),
            (None, Some(("max_local_epochs", true)))
        );
    }

    #[test]
    fn consent_is_asked_of_the_data() {
        let policy = policy(|p| p.require_consent = true);
        let order = order();
        let broken = |consented| {
            let asked = Asked {
                order: &order,
                masked: None,
                rows: 50,
                consented,
                rounds: 0,
                minute: 0,
            };
            policy
                .training(&asked)
                .err()
                .map(|broken| (broken.rule, broken.is_final))
        };
        assert_eq!(broken(true), None);
        assert_eq!(broken(false), Some(("require_consent", true)));
    }

    #[test]
    fn an_update_in_the_clear_has_a_cohort_of_one() {
        let few = policy(|p| p.min_cohort = 4);
        let masks = policy(|p| p.require_secure_aggregation = true);
        let rule = |policy, masked| asked(policy, &order(), masked, 0).map(|(rule, _)| rule);
        assert_eq!(rule(&few, None), Some("min_cohort"));
        assert_eq!(
            (rule(&few, Some(3)), rule(&few, Some(4))),
            (Some("min_cohort"), None)
        );
        assert_eq!(rule(&masks, None), Some("require_secure_aggregation"));
        assert_eq!(rule(&masks, Some(3)), None);
    }

    #[test]
    fn noise_for_a_hospital_hides_its_patients_and_not_the_other_way_round() {
        let patient = Protection::Patient(PatientNoise {
            draws: Draws::Full,
            noise_multiplier: 1.0,
            sizes_are_public: false,
        });
        let hospital = Protection::Hospital(HospitalNoise {
            clip_norm: 1.0,
            noise_multiplier: 1.0,
            bit_deviation: None,
            bands: 1,
            placement: NoisePlacement::Node,
        });
        for (required, protection, holds) in [
            (PrivacyUnit::Patient, Protection::None, false),
            (PrivacyUnit::Patient, patient, true),
            (PrivacyUnit::Patient, hospital, true),
            (PrivacyUnit::Hospital, patient, false),
            (PrivacyUnit::Hospital, hospital, true),
        ] {
            let policy = policy(|p| p.require_noise = Some(required));
            let found = broken(&policy, |order| order.protection = protection);
            assert_eq!(found.is_none(), holds, "{required:?} {protection:?}");
        }
    }

    #[test]
    fn algorithms_are_allowed_by_name_and_names_must_be_known() {
        let allowing = |names: &[&str]| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            policy(|p| p.algorithms = Some(names))
        };
        let scaffold = |order: &mut TrainOrder| order.algorithm = Algorithm::Scaffold;
        assert_eq!(broken(&allowing(&["plain", "scaffold"]), scaffold), None);
        assert_eq!(
            broken(&allowing(&["plain"]), scaffold),
            Some(("algorithms", true))
        );
        assert!(allowing(&["plain", "ifca"]).problems().is_empty());
        assert_eq!(allowing(&["scafold"]).problems()[0].0, "algorithms");
    }

    #[test]
    fn nothing_crosses_a_border_and_an_unknown_place_is_abroad() {
        let deny = policy(|p| p.cross_border = CrossBorder::Deny);
        let broken = |policy: &Policy, own, theirs| policy.border(own, theirs).err();
        assert_eq!(broken(&deny, "cn-51", "cn-51"), None);
        for (own, theirs) in [("cn-51", "cn-31"), ("cn-51", ""), ("", "")] {
            let broken = broken(&deny, own, theirs).unwrap();
            assert_eq!((broken.rule, broken.is_final), ("cross_border", true));
        }
        assert_eq!(broken(&Policy::default(), "cn-51", ""), None);
    }

    #[test]
    fn noised_metrics_need_an_epsilon_of_their_own() {
        let noised = |epsilon| {
            policy(|p| (p.metrics, p.metrics_epsilon) = (Metrics::Noised, epsilon)).problems()
        };
        assert!(noised(Some(0.1)).is_empty());
        assert_eq!(noised(None)[0].0, "metrics");
        assert_eq!(noised(Some(0.0))[0].0, "metrics_epsilon");
        let unused = policy(|p| p.metrics_epsilon = Some(0.1)).problems();
        assert_eq!(unused[0].0, "metrics_epsilon");
    }

    #[test]
    fn hours_may_reach_past_midnight_and_are_not_for_good() {
        let at = |hours: &str, minute| {
            let hours = Some(Hours::try_from(hours.to_owned()).unwrap());
            asked(&policy(|p| p.hours = hours), &order(), None, minute)
        };
        let closed = Some(("hours", false));
        assert_eq!(
            [at("08:00-18:00", 479), at("08:00-18:00", 480)],
            [closed, None]
        );
        assert_eq!(
            [at("08:00-18:00", 1_079), at("08:00-18:00", 1_080)],
            [None, closed]
        );
        assert_eq!(
            [at("22:00-06:00", 0), at("22:00-06:00", 360)],
            [None, closed]
        );
        assert_eq!(
            [at("22:00-06:00", 1_319), at("22:00-06:00", 1_320)],
            [closed, None]
        );
        for text in [
            "",
            "8-18",
            "08:00",
            "24:00-06:00",
            "08:60-09:00",
            "08:00-08:00",
        ] {
            assert!(Hours::try_from(text.to_owned()).is_err(), "{text}");
        }
        assert_eq!(
            String::from(Hours::try_from("08:05-18:00".to_owned()).unwrap()),
            "08:05-18:00"
        );
    }
}
