//! `[sampler.round-robin]`: in turn.

use ward_data::Federation;
use ward_round::Sampler;
use ward_round::strategy::RoundRobin;

use super::size::sized_config;
use super::{About, Crowd, SamplerSettings};
use crate::config::check::Found;
use crate::config::types::Experiment;

sized_config!(
    RoundRobinConfig,
    "Settings of asking in turn. Give `count` or `fraction`, not both."
);

impl SamplerSettings for RoundRobinConfig {
    fn about(&self) -> About {
        About {
            id: "round-robin",
            r#use: "everybody once before anybody twice, each lap in a random order",
            learns: "how often each hospital was asked",
            paper: "none",
        }
    }

    fn condition(&self) -> Option<&str> {
        self.r#where.as_deref()
    }

    fn check(&self, found: &mut Found, path: &str, _: &Experiment) {
        self.size().check(found, path);
    }

    fn check_crowd(&self, found: &mut Found, path: &str, crowd: &Crowd<'_>) {
        self.size().check_crowd(found, path, crowd);
    }

    fn target(&self, crowd: &Crowd<'_>) -> usize {
        self.size().of(crowd)
    }

    fn sampler(&self, crowd: &Crowd<'_>, _: &Federation) -> Box<dyn Sampler> {
        let count = self.target(crowd);
        Box::new(RoundRobin { count })
    }
}
