//! `wardround strategies`: each strategy with its use, settings, defaults and paper.

use std::process::ExitCode;

use serde::Serialize;
use ward_round::Visibility;

use super::output::{as_written, print, print_json};
use crate::cli::{Format, ListArgs};
use crate::config::types::StrategyConfig;
use crate::failure::Failure;

/// One strategy as the list shows it.
#[derive(Debug, Clone, Serialize)]
pub struct StrategyInfo {
    /// The word for it in a config: `[strategy.ID]`.
    pub id: &'static str,
    /// What it is for, in a line.
    pub r#use: &'static str,
    /// Its settings with their defaults.
    pub defaults: serde_json::Value,
    /// Where it is published.
    pub paper: &'static str,
    /// What the coordinator must see: the sum of the updates, or each of them.
    pub visibility: Visibility,
}

/// Every strategy, in the order of the list.
#[must_use]
pub fn strategies() -> Vec<StrategyInfo> {
    StrategyConfig::defaults()
        .iter()
        .map(|strategy| {
            let (r#use, paper) = about(strategy);
            let whole = as_written(strategy);
            StrategyInfo {
                id: strategy.id(),
                r#use,
                defaults: whole[strategy.id()].clone(),
                paper,
                visibility: strategy.visibility(),
            }
        })
        .collect()
}

/// Use and paper.
fn about(strategy: &StrategyConfig) -> (&'static str, &'static str) {
    const REDDI: &str = "Reddi et al. 2021, Adaptive Federated Optimization, arXiv:2003.00295";
    match strategy {
        StrategyConfig::Fedavg(_) => (
            "the weighted mean of the updates; the one to start with",
            "McMahan et al. 2017, Communication-Efficient Learning of Deep Networks from \
             Decentralized Data, arXiv:1602.05629",
        ),
        StrategyConfig::Fedavgm(_) => (
            "the mean with server momentum; steadier where hospitals' labels differ",
            "Hsu et al. 2019, Measuring the Effects of Non-Identical Data Distribution, \
             arXiv:1909.06335",
        ),
        StrategyConfig::Fedprox(_) => (
            "holds local training near the round's model; for much or uneven local work",
            "Li et al. 2020, Federated Optimization in Heterogeneous Networks, arXiv:1812.06127",
        ),
        StrategyConfig::Feddyn(_) => (
            "each hospital learns what pulls it away and corrects for it; it remembers that between \
             rounds",
            "Acar et al. 2021, Federated Learning Based on Dynamic Regularization, arXiv:2111.04263",
        ),
        StrategyConfig::Fedadam(_) => (
            "Adam on the mean update; for sparse or badly scaled gradients",
            REDDI,
        ),
        StrategyConfig::Fedyogi(_) => (
            "as FedAdam, its variance moving by bounded steps; calmer when updates vary",
            REDDI,
        ),
        StrategyConfig::Fedadagrad(_) => (
            "Adagrad on the mean update; steps only shrink, so it forgives a large rate",
            REDDI,
        ),
    }
}

/// Prints the list.
///
/// # Errors
/// When it cannot be written.
pub fn execute(args: ListArgs) -> Result<ExitCode, Failure> {
    let strategies = strategies();
    match args.format {
        Format::Json => print_json(&strategies)?,
        Format::Text => print(&text(&strategies))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn text(strategies: &[StrategyInfo]) -> String {
    let mut text = String::new();
    for info in strategies {
        let settings = info.defaults.as_object().into_iter().flatten();
        let settings: Vec<String> = settings
            .map(|(key, value)| format!("{key} = {value}"))
            .collect();
        let settings = if settings.is_empty() {
            "none".to_owned()
        } else {
            settings.join(", ")
        };
        let sees = match info.visibility {
            Visibility::SumOnly => "the sum of the updates",
            Visibility::EachUpdate => "each update",
        };
        text.push_str(&format!(
            "[strategy.{}]\n  {}\n  settings  {settings}\n  sees      {sees}\n  paper     {}\n\n",
            info.id, info.r#use, info.paper
        ));
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_shows_the_defaults_that_the_file_has() {
        let listed = serde_json::to_value(strategies()).unwrap();
        let ids: Vec<&str> = listed
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["id"].as_str().unwrap())
            .collect();
        assert_eq!(
            ids,
            [
                "fedavg",
                "fedavgm",
                "fedprox",
                "feddyn",
                "fedadam",
                "fedyogi",
                "fedadagrad"
            ]
        );
        for id in ids {
            let experiment = format!("strategy.{id} = {{}}");
            let table: std::collections::BTreeMap<String, StrategyConfig> =
                toml::from_str(&experiment).unwrap();
            assert_eq!(table["strategy"].id(), id);
            assert!(StrategyConfig::defaults().contains(&table["strategy"]));
        }
        assert_eq!(listed[4]["visibility"], "sum-only");
    }

    #[test]
    fn the_text_reads() {
        expect_test::expect![[r#"
            [strategy.fedavg]
              the weighted mean of the updates; the one to start with
              settings  none
              sees      the sum of the updates
              paper     McMahan et al. 2017, Communication-Efficient Learning of Deep Networks from Decentralized Data, arXiv:1602.05629

            [strategy.fedavgm]
              the mean with server momentum; steadier where hospitals' labels differ
              settings  learning_rate = 1.0, momentum = 0.9
              sees      the sum of the updates
              paper     Hsu et al. 2019, Measuring the Effects of Non-Identical Data Distribution, arXiv:1909.06335

            [strategy.fedprox]
              holds local training near the round's model; for much or uneven local work
              settings  mu = 0.01
              sees      the sum of the updates
              paper     Li et al. 2020, Federated Optimization in Heterogeneous Networks, arXiv:1812.06127

            [strategy.feddyn]
              each hospital learns what pulls it away and corrects for it; it remembers that between rounds
              settings  alpha = 0.01
              sees      the sum of the updates
              paper     Acar et al. 2021, Federated Learning Based on Dynamic Regularization, arXiv:2111.04263

            [strategy.fedadam]
              Adam on the mean update; for sparse or badly scaled gradients
              settings  adaptivity = 0.001, beta1 = 0.9, beta2 = 0.99, learning_rate = 0.1
              sees      the sum of the updates
              paper     Reddi et al. 2021, Adaptive Federated Optimization, arXiv:2003.00295

            [strategy.fedyogi]
              as FedAdam, its variance moving by bounded steps; calmer when updates vary
              settings  adaptivity = 0.001, beta1 = 0.9, beta2 = 0.99, learning_rate = 0.01
              sees      the sum of the updates
              paper     Reddi et al. 2021, Adaptive Federated Optimization, arXiv:2003.00295

            [strategy.fedadagrad]
              Adagrad on the mean update; steps only shrink, so it forgives a large rate
              settings  adaptivity = 0.001, beta1 = 0.0, learning_rate = 0.1
              sees      the sum of the updates
              paper     Reddi et al. 2021, Adaptive Federated Optimization, arXiv:2003.00295
        "#]].assert_eq(&text(&strategies()));
    }
}
