//! `[sampler.uniform]`: a uniform sample without replacement.

use ward_data::Federation;
use ward_round::Sampler;
use ward_round::strategy::Uniform;

use super::size::{Size, sized_config};
use super::{About, Crowd, SamplerSettings};

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

    fn size(&self) -> Option<Size> {
        Some(self.sized())
    }

    fn sampler(&self, crowd: &Crowd<'_>, _: &Federation) -> Box<dyn Sampler> {
        let count = self.target(crowd);
        Box::new(Uniform { count })
    }
}
