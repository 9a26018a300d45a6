//! `[sampler.importance]`: by weight times last loss.

use ward_data::Federation;
use ward_round::Sampler;
use ward_round::strategy::Importance;

use super::size::{Size, sized_config};
use super::{About, Crowd, SamplerSettings};
use crate::config::check::Found;
use crate::config::types::Experiment;

/// The share kept for those never asked: Oort's lowest.
const EXPLORE: f64 = 0.2;

sized_config!(
    ImportanceConfig,
    "Settings of a sample by importance. Give `count` or `fraction`, not both.",
    /// Share of the cohort kept for hospitals never asked, as long as there are any, 0 to 1.
    /// Default 0.2.
    explore: f64 = EXPLORE
);

impl SamplerSettings for ImportanceConfig {
    fn about(&self) -> About {
        About {
            id: "importance",
            r#use: "each next hospital with probability proportional to the weight times the loss of \
                    its last update, a share kept for those never asked; the mean is not \
                    reweighted, so it leans towards them",
            learns: "weight and loss that came with each hospital's last update",
            paper: "Lai et al. 2021, Oort: Efficient Federated Learning via Guided Participant \
                    Selection, arXiv:2010.06081, after Chen, Horvath and Richtarik 2020, \
                    arXiv:2010.13723",
        }
    }

    fn condition(&self) -> Option<&str> {
        self.r#where.as_deref()
    }

    fn check(&self, found: &mut Found, path: &str, _: &Experiment) {
        let share = |v| (0.0..=1.0).contains(&v);
        found.number(
            &format!("{path}.explore"),
            self.explore,
            "between 0 and 1",
            share,
        );
    }

    fn size(&self) -> Option<Size> {
        Some(self.sized())
    }

    fn sampler(&self, crowd: &Crowd<'_>, _: &Federation) -> Box<dyn Sampler> {
        Box::new(Importance {
            count: self.target(crowd),
            explore: self.explore,
        })
    }
}
