//! `[strategy.sign-majority]`: each coordinate moves by the sign that most updates have.

use ward_core::Layout;
use ward_robust::Robust;
use ward_robust::rule::SignMajority;
use ward_round::ServerOptimizer;
use ward_round::strategy::ServerSgd;

use super::keys::robust_table;
use super::schedule::{self, rate};
use super::{About, StrategyTable};
use crate::config::check::Settings;
use crate::config::types::ScheduleConfig;

robust_table!(
    SignMajorityConfig,
    "Settings of the majority vote on signs.",
    /// How far a round moves each parameter, above 0. Default 0.01.
    learning_rate: f32 = 0.01,
    /// How the step size changes from round to round. Default: it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule: Option<ScheduleConfig> = None
);

impl StrategyTable for SignMajorityConfig {
    fn about(&self) -> About {
        About {
            r#use: "each parameter moves by one step, the way that most updates point",
            bears: "f where n > 2f, of hospitals that agree",
            paper: "Bernstein et al. 2019, signSGD with Majority Vote is Communication Efficient and \
                    Fault Tolerant, arXiv:1810.05291",
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        self.keys().check(settings);
        schedule::check(settings, self.learning_rate, self.schedule);
    }

    fn robust(&self, target: usize) -> Option<Robust> {
        Some(self.keys().around(SignMajority, target))
    }

    fn server_optimizer(&self, _layout: &Layout) -> Box<dyn ServerOptimizer> {
        Box::new(ServerSgd {
            learning_rate: rate(self.learning_rate, self.schedule),
            momentum: 0.0,
        })
    }
}
