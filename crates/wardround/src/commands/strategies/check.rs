//! `wardround strategies check`: what a strategy's aggregation rule claims, and whether it holds.

use std::process::ExitCode;

use serde::Serialize;
use ward_robust::card::Finding;
use ward_robust::{Card, Robust};
use ward_round::Aggregator;

use crate::cli::Format;
use crate::codes::Code;
use crate::commands::output::{print, print_json, table};
use crate::config::suggest::closest;
use crate::failure::Failure;
use crate::strategies::StrategyConfig;

/// A card, and whose it is.
#[derive(Debug, Serialize)]
struct Checked<'a> {
    id: &'a str,
    /// Whether everything that is claimed holds.
    holds: bool,
    findings: &'a [Finding],
}

/// Prints the card of the strategy called `name`, with its default settings.
///
/// # Errors
/// When there is none of that name, or a claim does not hold.
pub(super) fn execute(name: &str, format: Format) -> Result<ExitCode, Failure> {
    let all = StrategyConfig::defaults();
    let strategy = all.iter().find(|strategy| strategy.id() == name);
    let strategy = strategy.ok_or_else(|| unknown(name, &all))?;
    let card = card(strategy);
    let findings = &card.findings;
    match format {
        Format::Text => print(&text(name, findings))?,
        Format::Json => print_json(&Checked {
            id: name,
            holds: card.holds(),
            findings,
        })?,
    }
    match card.holds() {
        true => Ok(ExitCode::SUCCESS),
        false => Err(broken(name, findings)),
    }
}

fn unknown(name: &str, all: &[StrategyConfig]) -> Failure {
    let message = format!("there is no strategy `{name}`");
    let near = closest(name, all.iter().map(StrategyConfig::id));
    Failure::new(Code::UnknownName, message).help(match near {
        Some(near) => format!("did you mean `{near}`? `wardround strategies` lists all"),
        None => "`wardround strategies` lists all".to_owned(),
    })
}

fn broken(name: &str, findings: &[Finding]) -> Failure {
    let broken = findings.iter().filter(|f| f.claimed && !f.holds);
    let broken: Vec<&str> = broken.map(|finding| finding.property).collect();
    let message = format!(
        "`{name}` does not keep what it claims: {}",
        broken.join(", ")
    );
    Failure::new(Code::BrokenClaim, message)
}

/// What holds of the strategy's aggregator. Its f is that of the round tried, and its bound on norms
/// is out of the way.
fn card(strategy: &StrategyConfig) -> Card {
    let subject = |n: usize, f: usize| -> Option<Box<dyn Aggregator>> {
        let Some(robust) = strategy.robust(n) else {
            return Some(strategy.aggregator(n));
        };
        let robust = Robust {
            f,
            norm_bound: f64::INFINITY,
            ..robust
        };
        robust.check(n).ok()?;
        Some(Box::new(robust))
    };
    Card::of(&subject, strategy.aggregator(0).claims())
}

fn text(name: &str, findings: &[Finding]) -> String {
    let verdict = |finding: &Finding| match (finding.claimed, finding.holds) {
        (true, true) => "holds",
        (true, false) => "BROKEN",
        (false, true) => "not claimed; held",
        (false, false) => "not claimed; fails",
    };
    let mut rows = Vec::new();
    for finding in findings {
        let [property, means] = [finding.property, &finding.means].map(str::to_owned);
        rows.push(vec![
            format!("  {property}"),
            verdict(finding).to_owned(),
            means,
        ]);
        if let Some(shown) = &finding.counterexample {
            rows.push(vec![String::new(), String::new(), format!("  {shown}")]);
        }
    }
    format!("[strategy.{name}]\n{}", table(&rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_strategy_keeps_what_it_claims() {
        for strategy in StrategyConfig::defaults() {
            let card = card(&strategy);
            assert!(card.holds(), "{}", text(strategy.id(), &card.findings));
        }
    }

    #[test]
    fn a_card_reads() {
        let card = |name: &str| {
            let all = StrategyConfig::defaults();
            let strategy = all.iter().find(|strategy| strategy.id() == name).unwrap();
            text(name, &super::card(strategy).findings)
        };
        let cards = card("fedavg") + &card("krum") + &card("norm-bounding");
        expect_test::expect![[r#"
            [strategy.fedavg]
              permutation  holds               who sends which update does not matter
              translation  holds               moving all updates moves the result as far
              scale        holds               a larger unit gives the same result in that unit
              breakdown    not claimed; fails  the result stays near the honest updates
                                                 draw 0 of n = 3, f = 1, 1 parameters: bad updates at 1000 and 1000 move the result by 333.340, and not 5.308
              finite       holds               NaN and infinity never enter, and never come out
              alone        holds               one update alone is the result, or too few
              weights      holds               who claims w rows counts as w hospitals that send the same
              determinism  holds               the same bits on 1 and 2 threads, and again
            [strategy.krum]
              permutation  holds  who sends which update does not matter
              translation  holds  moving all updates moves the result as far
              scale        holds  a larger unit gives the same result in that unit
              breakdown    holds  f bad updates cannot take the result far from the honest ones
              finite       holds  NaN and infinity never enter, and never come out
              alone        holds  one update alone is the result, or too few
              weights      holds  claiming more rows changes no bit
              determinism  holds  the same bits on 1 and 2 threads, and again
            [strategy.norm-bounding]
              permutation  holds               who sends which update does not matter
              translation  not claimed; fails  moving all updates moves the result as far
                                                 draw 0 of n = 3, f = 1, 1 parameters: the results are 6.021 apart
              scale        not claimed; fails  a larger unit gives the same result in that unit
                                                 draw 0 of n = 3, f = 1, 1 parameters: the results are 0.016 apart
              breakdown    holds               f bad updates of n move the result by f / n x 2 at most
              finite       holds               NaN and infinity never enter, and never come out
              alone        not claimed; fails  one update alone is the result, or too few
                                                 (3, -4) alone gives (0.6, -0.8)
              weights      holds               claiming more rows changes no bit
              determinism  holds               the same bits on 1 and 2 threads, and again
        "#]].assert_eq(&cards);
    }
}
