//! Who is asked each round: `[sampler.*]`. One file for each sampler has its settings, their checks and
//! the engine's sampler; here is what all of them have.

mod all;
mod crowd;
mod importance;
mod poisson;
mod power_of_choice;
mod round_robin;
mod size;
#[cfg(test)]
mod tests;
mod tier;
mod uniform;
mod volume;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{NodeId, NodeInfo, Purpose};
use ward_data::{DataConfig, Federation, ScalingMode};
use ward_round::Sampler;
use ward_round::strategy::{Among, Joining};

pub use all::AllConfig;
pub(crate) use crowd::Crowd;
pub use importance::ImportanceConfig;
pub use poisson::PoissonConfig;
pub use power_of_choice::{CandidatesBy, PowerOfChoiceConfig};
pub use round_robin::RoundRobinConfig;
pub use tier::TierConfig;
pub use uniform::UniformConfig;
pub use volume::VolumeConfig;

use self::size::Size;
use super::check::Found;
use super::condition::Condition;
use super::types::Experiment;
use crate::codes::Code;

/// Who is asked each round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum SamplerConfig {
    /// Everybody who is there.
    All(AllConfig),
    /// A uniform sample without replacement.
    Uniform(UniformConfig),
    /// Each hospital independently, with the same probability.
    Poisson(PoissonConfig),
    /// A sample without replacement by training rows.
    Volume(VolumeConfig),
    /// Everybody once before anybody twice.
    RoundRobin(RoundRobinConfig),
    /// A uniform sample in each tier.
    Tier(TierConfig),
    /// The highest last losses among some candidates (Cho et al. 2020).
    PowerOfChoice(PowerOfChoiceConfig),
    /// A sample without replacement by weight times last loss (Lai et al. 2021).
    Importance(ImportanceConfig),
}

impl Default for SamplerConfig {
    fn default() -> Self {
        Self::All(AllConfig::default())
    }
}

/// What `wardround samplers` says of a sampler.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About {
    /// The word for it: `[sampler.ID]`.
    pub id: &'static str,
    /// What it is for, in a line.
    pub r#use: &'static str,
    /// What it learns from earlier rounds.
    pub learns: &'static str,
    /// Where it is published.
    pub paper: &'static str,
}

/// A sampler's table.
pub(crate) trait SamplerSettings {
    /// What it is.
    fn about(&self) -> About;

    /// The condition on those who may be asked.
    fn condition(&self) -> Option<&str>;

    /// What `count` and `fraction` say, where it has them.
    fn size(&self) -> Option<Size> {
        None
    }

    /// Finds what is wrong with its other keys; `path` is where they stand: `sampler.uniform`.
    fn check(&self, _found: &mut Found, _path: &str, _experiment: &Experiment) {}

    /// Finds what in them does not fit those who may be asked.
    fn check_crowd(&self, _found: &mut Found, _path: &str, _crowd: &Crowd<'_>) {}

    /// The reports that a round aims at; where that is drawn, its mean.
    fn target(&self, crowd: &Crowd<'_>) -> usize {
        self.size().map_or(crowd.admitted, |size| size.of(crowd))
    }

    /// The most hospitals that one round asks, where `over_selection` more are asked than needed.
    fn most(&self, crowd: &Crowd<'_>, over_selection: f64) -> usize {
        over(self.target(crowd), over_selection).min(crowd.admitted)
    }

    /// The hospitals that a round asks on average.
    fn mean(&self, crowd: &Crowd<'_>, over_selection: f64) -> f64 {
        self.most(crowd, over_selection) as f64
    }

    /// The chance that a round asks nobody.
    fn chance_of_nobody(&self, crowd: &Crowd<'_>) -> f64 {
        let _ = crowd;
        0.0
    }

    /// The engine's sampler.
    fn sampler(&self, crowd: &Crowd<'_>, federation: &Federation) -> Box<dyn Sampler>;
}

impl SamplerConfig {
    /// Its table.
    pub(crate) fn settings(&self) -> &dyn SamplerSettings {
        match self {
            Self::All(config) => config,
            Self::Uniform(config) => config,
            Self::Poisson(config) => config,
            Self::Volume(config) => config,
            Self::RoundRobin(config) => config,
            Self::Tier(config) => config,
            Self::PowerOfChoice(config) => config,
            Self::Importance(config) => config,
        }
    }

    /// Every sampler, in the order in which they are listed.
    #[must_use]
    pub fn every() -> [Self; 8] {
        [
            Self::All(AllConfig::default()),
            Self::Uniform(UniformConfig::default()),
            Self::Poisson(PoissonConfig::default()),
            Self::Volume(VolumeConfig::default()),
            Self::RoundRobin(RoundRobinConfig::default()),
            Self::Tier(TierConfig::default()),
            Self::PowerOfChoice(PowerOfChoiceConfig::default()),
            Self::Importance(ImportanceConfig::default()),
        ]
    }

    fn path(&self) -> String {
        format!("sampler.{}", self.settings().about().id)
    }

    /// The condition, as far as it can be read.
    fn condition(&self) -> Option<Condition> {
        Condition::parse(self.settings().condition()?).ok()
    }
}

impl Experiment {
    /// Those of `roster` who may be asked to train.
    pub(crate) fn crowd<'a>(&self, roster: &'a [NodeInfo]) -> Crowd<'a> {
        Crowd::of(
            roster,
            self.sampler.condition().as_ref(),
            &self.outside(roster),
        )
    }

    /// The hospitals that never train and score the model from outside.
    pub(crate) fn external(&self, roster: &[NodeInfo]) -> BTreeSet<NodeId> {
        let Some(config) = &self.evaluation.external else {
            return BTreeSet::new();
        };
        if let Some(names) = &config.hospitals {
            let named = roster.iter().filter(|info| names.contains(&info.name));
            return named.map(|info| info.node).collect();
        }
        let count = (config.share.unwrap_or(0.0) * roster.len() as f64).round() as usize;
        let place = self.root().purpose(Purpose::EXTERNAL);
        // A place is as random as anything that is drawn there.
        let draw = |info: &NodeInfo| (place.node(info.node).to_bytes(), info.node);
        let mut drawn: Vec<([u8; 32], NodeId)> = roster.iter().map(draw).collect();
        drawn.sort_unstable();
        drawn
            .into_iter()
            .take(count)
            .map(|(_, node)| node)
            .collect()
    }

    /// Whether anything tells a coordinator how many training rows a hospital has: a formula that
    /// makes them, or the sums for federated scaling.
    pub(super) fn tells_rows(&self) -> bool {
        let formula = !matches!(self.data, DataConfig::Csv(_));
        formula || self.preprocessing.scaling == ScalingMode::Federated
    }

    /// The most hospitals that one round can ask.
    #[must_use]
    pub fn largest_cohort(&self, roster: &[NodeInfo]) -> usize {
        let settings = self.sampler.settings();
        let most = settings.most(&self.crowd(roster), self.round.over_selection);
        most.clamp(1, roster.len().max(1))
    }

    /// The reports that a round aims at; where that is drawn, their mean.
    #[must_use]
    pub fn target(&self, roster: &[NodeInfo]) -> usize {
        self.sampler.settings().target(&self.crowd(roster))
    }

    /// The engine's sampler.
    #[must_use]
    pub fn engine_sampler(&self, federation: &Federation) -> Box<dyn Sampler> {
        let crowd = self.crowd(federation.roster());
        let settings = self.sampler.settings();
        let sampler = settings.sampler(&crowd, federation);
        let outside = self.outside(federation.roster());
        let sampler: Box<dyn Sampler> = match settings.condition() {
            None if outside.is_empty() => sampler,
            _ => Box::new(Among {
                sampler,
                admitted: crowd.admits,
                outside,
            }),
        };
        match self.joins(federation.roster()) {
            None => sampler,
            Some(joins) => Box::new(Joining { sampler, joins }),
        }
    }
}

/// What can be told of the sampler from the file alone.
pub(super) fn check(found: &mut Found, experiment: &Experiment) {
    let sampler = &experiment.sampler;
    let (settings, path) = (sampler.settings(), sampler.path());
    if let Some(size) = settings.size() {
        size.check(found, &path);
    }
    settings.check(found, &path, experiment);
    if let Some(text) = settings.condition()
        && let Err(mistake) = Condition::parse(text)
    {
        found.mistake(&format!("{path}.where"), text, mistake);
    }
}

/// What can be told once it is known who takes part.
pub(super) fn check_with_data(found: &mut Found, experiment: &Experiment, roster: &[NodeInfo]) {
    let (settings, path) = (experiment.sampler.settings(), experiment.sampler.path());
    let crowd = experiment.crowd(roster);
    if let Some(text) = settings.condition()
        && let Ok(condition) = Condition::parse(text)
    {
        let place = format!("{path}.where");
        let unknown = condition.unknown(roster);
        if unknown.is_empty() && crowd.admitted == 0 {
            let message = format!("matches 0 of {} hospitals", roster.len());
            let problem = found.add(Code::TooFewHospitals, &place, message);
            problem.help = Some("loosen it: no hospital is left to train".into());
        }
        for mistake in unknown {
            found.mistake(&place, text, mistake);
        }
    }
    if crowd.admitted > 0 {
        if let Some(size) = settings.size() {
            size.check_crowd(found, &path, &crowd);
        }
        settings.check_crowd(found, &path, &crowd);
    }
}

/// How many are asked for `reports`.
fn over(reports: usize, over_selection: f64) -> usize {
    (reports as f64 * over_selection).ceil() as usize
}
