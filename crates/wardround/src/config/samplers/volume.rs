//! `[sampler.volume]`: by training rows.

use ward_data::Federation;
use ward_round::Sampler;
use ward_round::strategy::{Volume, Volumes};

use super::size::{Size, sized_config};
use super::{About, Crowd, SamplerSettings};
use crate::codes::Code;
use crate::config::check::Found;
use crate::config::types::Experiment;

sized_config!(
    VolumeConfig,
    "Settings of a sample by training rows. Give `count` or `fraction`, not both."
);

impl SamplerSettings for VolumeConfig {
    fn about(&self) -> About {
        About {
            id: "volume",
            r#use: "each next hospital with probability proportional to its training rows, without \
                    replacement; for hospitals of unequal size",
            learns: "training rows, from the sums for federated scaling; nothing where rows are \
                     made by a formula",
            paper: "Efraimidis and Spirakis 2006, Weighted Random Sampling with a Reservoir, \
                    Information Processing Letters 97(5)",
        }
    }

    fn condition(&self) -> Option<&str> {
        self.r#where.as_deref()
    }

    fn check(&self, found: &mut Found, path: &str, experiment: &Experiment) {
        untold(found, path, experiment, "choose `sampler.uniform`");
    }

    fn size(&self) -> Option<Size> {
        Some(self.sized())
    }

    fn sampler(&self, crowd: &Crowd<'_>, federation: &Federation) -> Box<dyn Sampler> {
        Box::new(Volume {
            count: self.target(crowd),
            volumes: volumes(federation),
        })
    }
}

/// Refuses to draw by rows that nothing tells; something else can be done instead.
pub(super) fn untold(found: &mut Found, path: &str, experiment: &Experiment, instead: &str) {
    if !experiment.tells_rows() {
        let message = "draws by training rows, and nothing tells the coordinator how many a hospital \
                       has";
        found.add(Code::Combination, path, message).help = Some(format!(
            "set preprocessing.scaling = \"federated\", whose sums tell how many rows were summed; \
             or {instead}"
        ));
    }
}

/// How the coordinator knows hospitals' rows: in every driver the same.
pub(super) fn volumes(federation: &Federation) -> Volumes {
    let roster = federation.roster().iter();
    match federation.source().synthetic() {
        true => Volumes::Known(roster.map(|info| federation.rows(info.node).0).collect()),
        false => Volumes::Told,
    }
}
