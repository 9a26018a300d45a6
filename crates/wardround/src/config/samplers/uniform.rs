//! `[sampler.uniform]`: a uniform sample without replacement.

use ward_data::Federation;
use ward_round::Sampler;
use ward_round::strategy::Uniform;

use super::size::sized_config;
use super::{About, Crowd, SamplerSettings};
use crate::config::check::Found;
use crate::config::types::Experiment;

sized_config!(
    UniformConfig,
    "Settings of a uniform sample. Give `count` or `fraction`, not both."
);

impl SamplerSettings for UniformConfig {
    fn about(&self) -> About {
        About {
            id: "uniform",
            r#use: "a uniform sample without replacement; for more hospitals than a round can ask",
            learns: "nothing",
            paper: "McMahan et al. 2017, Communication-Efficient Learning of Deep Networks from \
                    Decentralized Data, arXiv:1602.05629",
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
        Box::new(Uniform { count })
    }
}
