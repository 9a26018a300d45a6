//! `[sampler.round-robin]`: in turn.

use ward_data::Federation;
use ward_round::Sampler;
use ward_round::strategy::RoundRobin;

use super::size::{Size, sized_config};
use super::{About, Crowd, SamplerSettings};

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

    fn size(&self) -> Option<Size> {
        Some(self.sized())
    }

    fn sampler(&self, crowd: &Crowd<'_>, _: &Federation) -> Box<dyn Sampler> {
        let count = self.target(crowd);
        Box::new(RoundRobin { count })
    }
}
