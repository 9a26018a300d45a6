//! `[sampler.poisson]`: each hospital independently.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_data::Federation;
use ward_round::Sampler;
use ward_round::strategy::Poisson;

use super::{About, Crowd, SamplerSettings};
use crate::codes::Code;
use crate::config::check::Found;
use crate::config::types::Experiment;

/// Settings of a Poisson sample. A round for which nobody is drawn makes no model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
pub struct PoissonConfig {
    /// The probability of each hospital in each round, above 0 to 1. Required.
    pub rate: f64,
    /// Who may be asked, such as `tier == 'township' && name != 'north'`. Default everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#where: Option<String>,
}

impl SamplerSettings for PoissonConfig {
    fn about(&self) -> About {
        About {
            id: "poisson",
            r#use: "each hospital independently with the same probability: what privacy accounting \
                    assumes; a round may have nobody",
            learns: "nothing",
            paper: "Mironov, Talwar and Zhang 2019, Renyi Differential Privacy of the Sampled \
                    Gaussian Mechanism, arXiv:1908.10530",
        }
    }

    fn condition(&self) -> Option<&str> {
        self.r#where.as_deref()
    }

    fn check(&self, found: &mut Found, path: &str, experiment: &Experiment) {
        let path = format!("{path}.rate");
        found.number(&path, self.rate, "above 0 and up to 1", |v| {
            v > 0.0 && v <= 1.0
        });
        if experiment.round.over_selection > 1.0 {
            let message = "must be 1 with `sampler.poisson`: asking more would change the \
                           probability of each hospital";
            let problem = found.add(Code::Combination, "round.over_selection", message);
            problem.help = Some("raise sampler.poisson.rate instead".into());
        }
    }

    fn target(&self, crowd: &Crowd<'_>) -> usize {
        Poisson { rate: self.rate }.target(crowd.admitted)
    }

    fn most(&self, crowd: &Crowd<'_>, _: f64) -> usize {
        crowd.admitted
    }

    fn mean(&self, crowd: &Crowd<'_>, _: f64) -> f64 {
        self.rate * crowd.admitted as f64
    }

    fn chance_of_nobody(&self, crowd: &Crowd<'_>) -> f64 {
        (1.0 - self.rate).powf(crowd.admitted as f64)
    }

    fn sampler(&self, _: &Crowd<'_>, _: &Federation) -> Box<dyn Sampler> {
        Box::new(Poisson { rate: self.rate })
    }
}
