//! `[sampler.power-of-choice]`: the highest last losses among some candidates.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_data::Federation;
use ward_round::Sampler;
use ward_round::strategy::PowerOfChoice;

use super::size::{Size, sized_config};
use super::volume::{untold, volumes};
use super::{About, Crowd, SamplerSettings};
use crate::codes::Code;
use crate::config::check::Found;
use crate::config::types::Experiment;

/// By what candidates are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum CandidatesBy {
    /// By training rows, as in the paper.
    #[default]
    Volume,
    /// All alike.
    Uniform,
}

sized_config!(
    PowerOfChoiceConfig,
    "Settings of power-of-choice. Give `count` or `fraction`, not both.",
    /// Candidates that are drawn first, at least as many as are asked. Default twice as many.
    #[serde(skip_serializing_if = "Option::is_none")]
    candidates: Option<u32> = None,
    /// By what candidates are drawn: `volume` (default, the paper's) or `uniform`.
    candidates_by: CandidatesBy = CandidatesBy::Volume
);

impl SamplerSettings for PowerOfChoiceConfig {
    fn about(&self) -> About {
        About {
            id: "power-of-choice",
            r#use: "draws candidates and asks those whose last loss is the highest, never-asked ones \
                    first; for a model that is to serve the worst served (biased towards them)",
            learns: "the loss that came with each hospital's last update, and rows as `volume` does",
            paper: "Cho, Wang and Joshi 2020, Client Selection in Federated Learning, \
                    arXiv:2010.01243 (rpow-d)",
        }
    }

    fn condition(&self) -> Option<&str> {
        self.r#where.as_deref()
    }

    fn check(&self, found: &mut Found, path: &str, experiment: &Experiment) {
        let least = format!("{path}.candidates");
        found.at_least(&least, self.candidates.unwrap_or(1), 1);
        if self.candidates_by == CandidatesBy::Volume {
            untold(found, path, experiment, "set candidates_by = \"uniform\"");
        }
    }

    fn check_crowd(&self, found: &mut Found, path: &str, crowd: &Crowd<'_>) {
        let asks = self.target(crowd);
        if let Some(candidates) = self.candidates.map(|candidates| candidates as usize) {
            let path = format!("{path}.candidates");
            if candidates < asks {
                let message = format!("is {candidates}, fewer than the {asks} to choose from them");
                found.add(Code::Combination, &path, message);
            } else if candidates > crowd.admitted {
                let message = format!("asks for {candidates} hospitals, and {}", crowd.in_words());
                found.add(Code::TooFewHospitals, &path, message);
            }
        }
    }

    fn size(&self) -> Option<Size> {
        Some(self.sized())
    }

    fn sampler(&self, crowd: &Crowd<'_>, federation: &Federation) -> Box<dyn Sampler> {
        let count = self.target(crowd);
        let candidates = self
            .candidates
            .map_or(2 * count, |candidates| candidates as usize);
        Box::new(PowerOfChoice {
            count,
            candidates,
            volumes: match self.candidates_by {
                CandidatesBy::Volume => Some(volumes(federation)),
                CandidatesBy::Uniform => None,
            },
        })
    }
}
