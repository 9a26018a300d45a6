//! `[strategy.fltrust]`: updates count as far as they agree with the coordinator's own.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_data::DataConfig;
use ward_robust::Robust;
use ward_robust::rule::FlTrust;

use super::keys::{Keys, NORM_BOUND};
use super::{About, Root, StrategyTable};
use crate::codes::Code;
use crate::config::check::Settings;

/// Settings of FLTrust. The coordinator then holds rows: a root set, clean and like the hospitals'.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FlTrustConfig {
    /// Rows of the root set where rows are made by a formula, at least 1: drawn at the coordinator's
    /// own address, with true labels. Default 100 (the paper's).
    pub root_rows: u32,
    /// The file of the root set where hospitals' rows come from files; relative to `data.csv.folder`,
    /// with the same columns. All its rows are trained on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root_file: Option<PathBuf>,
    /// The largest Euclidean norm of an update, above 0; a larger one is refused. Default 10: several
    /// times what hospitals send in the experiments here.
    pub norm_bound: f64,
}

impl Default for FlTrustConfig {
    fn default() -> Self {
        Self {
            root_rows: 100,
            root_file: None,
            norm_bound: NORM_BOUND,
        }
    }
}

impl FlTrustConfig {
    fn keys(&self) -> Keys<'_> {
        Keys {
            f: None,
            before: &[],
            norm_bound: self.norm_bound,
            claimed_weights: false,
        }
    }
}

impl StrategyTable for FlTrustConfig {
    fn about(&self) -> About {
        About {
            r#use: "updates count as far as they agree with one that the coordinator trains on rows of \
                    its own",
            bears: "any number, as far as those rows are clean and like the hospitals'",
            paper: "Cao et al. 2021, FLTrust: Byzantine-robust Federated Learning via Trust \
                    Bootstrapping, arXiv:2012.13995",
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        self.keys().check(settings);
        settings.at_least("root_rows", self.root_rows, 1);
        if settings.experiment.personalisation.is_some() {
            let message = "trains on rows of the coordinator's, which has no model of its own: it \
                           does not go with `personalisation`";
            settings.add(Code::Combination, "root_rows", message);
        }
        let files = matches!(settings.experiment.data, DataConfig::Csv(_));
        let message = match (files, &self.root_file) {
            (true, None) => {
                "must name a file of rows that the coordinator holds: the data come from \
                             files"
            }
            (false, Some(_)) => {
                "is for data from files; these are made by a formula, and `root_rows` \
                                 says how many the coordinator has"
            }
            _ => return,
        };
        settings.add(Code::Combination, "root_file", message);
    }

    fn robust(&self, target: usize) -> Option<Robust> {
        Some(self.keys().around(FlTrust, target))
    }

    fn root(&self) -> Option<Root<'_>> {
        Some(Root {
            rows: u64::from(self.root_rows),
            file: self.root_file.as_deref(),
        })
    }
}
