//! Who the adversaries are and what they are aimed at, from the config.

use std::collections::BTreeSet;
use std::sync::Arc;

use ward_core::{NodeId, NodeInfo, RoundId, Seed};
use ward_robust::Updates;
use ward_sim::adversary::{Adversaries, Rule};

use super::types::{AdversariesConfig, Experiment};
use crate::strategies::StrategyConfig;

impl Experiment {
    /// The adversaries among `roster`; `None` where all are honest.
    #[must_use]
    pub fn adversaries(&self, roster: &[NodeInfo]) -> Option<Adversaries> {
        let config = self.adversaries.as_ref()?;
        Some(Adversaries {
            nodes: config.nodes(roster, self.root()),
            attack: config.attack.clone(),
            from_round: RoundId(config.from_round),
            rule: self.strategy.rule(self.target(roster), self.root()),
            seed: self.root(),
        })
    }

    /// The names of the adversaries among `roster`, in its order.
    #[must_use]
    pub fn adversaries_by_name(&self, roster: &[NodeInfo]) -> Vec<String> {
        let nodes = self
            .adversaries(roster)
            .map(|adversaries| adversaries.nodes);
        let nodes = nodes.unwrap_or_default();
        let adversaries = roster.iter().filter(|info| nodes.contains(&info.node));
        adversaries.map(|info| info.name.clone()).collect()
    }
}

impl AdversariesConfig {
    /// How many there are among `enrolled` hospitals.
    #[must_use]
    pub fn number(&self, enrolled: usize) -> usize {
        match (&self.hospitals, self.count, self.share) {
            (Some(names), ..) => names.len(),
            (None, Some(count), _) => count as usize,
            (None, None, share) => {
                let exact = share.unwrap_or_default() * enrolled as f64;
                (exact.round() as usize).clamp(1, enrolled.max(1))
            }
        }
    }

    fn nodes(&self, roster: &[NodeInfo], root: Seed) -> BTreeSet<NodeId> {
        match &self.hospitals {
            Some(names) => roster
                .iter()
                .filter(|info| names.contains(&info.name))
                .map(|info| info.node)
                .collect(),
            None => Adversaries::draw(self.number(roster.len()), roster.len() as u32, root),
        }
    }
}

impl StrategyConfig {
    /// How updates are combined, as optimal attacks reckon with it. Colluders do not know what each
    /// update will weigh.
    fn rule(&self, target: usize, seed: Seed) -> Arc<Rule<'static>> {
        let robust = match self.robust(target) {
            // What the coordinator trusts, colluders do not know.
            Some(robust) if self.root().is_none() => robust,
            _ => return Arc::new(mean),
        };
        Arc::new(move |updates: &[&[f64]]| {
            let mut all = Updates::new(updates.first().map_or(0, |update| update.len()));
            for (node, update) in updates.iter().enumerate() {
                // What the coordinator would refuse does not count here either.
                let _ = all.insert(NodeId(node as u32), update.to_vec(), 1);
            }
            robust.combine(&all, seed).unwrap_or_else(|_| mean(updates))
        })
    }
}

/// The plain mean of `updates`.
fn mean(updates: &[&[f64]]) -> Vec<f64> {
    let count = updates.len() as f64;
    let mut sum = vec![0.0; updates.first().map_or(0, |update| update.len())];
    for update in updates {
        for (s, x) in sum.iter_mut().zip(*update) {
            *s += x / count;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roster() -> Vec<NodeInfo> {
        let info = |n: u32| NodeInfo {
            node: NodeId(n),
            name: format!("h{n}"),
            tier: "all".into(),
            ..NodeInfo::default()
        };
        (0..21).map(info).collect()
    }

    fn config(text: &str) -> AdversariesConfig {
        toml::from_str(&format!("{text}\n[attack.straggler]\n")).unwrap()
    }

    #[test]
    fn a_count_and_a_share_are_drawn_by_the_seed() {
        let drawn = |text: &str, seed| config(text).nodes(&roster(), Seed::run(seed));
        assert_eq!(drawn("count = 4", 1).len(), 4);
        assert_eq!(drawn("share = 0.2", 1), drawn("count = 4", 1));
        assert_ne!(drawn("count = 4", 1), drawn("count = 4", 2));
        // A share too small for one hospital is one hospital.
        assert_eq!(drawn("share = 0.001", 1).len(), 1);
    }

    #[test]
    fn hospitals_are_taken_by_name() {
        let nodes = config("hospitals = [\"h7\", \"h2\"]").nodes(&roster(), Seed::run(1));
        assert_eq!(
            nodes.into_iter().collect::<Vec<_>>(),
            [NodeId(2), NodeId(7)]
        );
    }

    #[test]
    fn the_mean_is_the_mean() {
        assert_eq!(mean(&[&[1.0, 2.0], &[3.0, -2.0]]), [2.0, 0.0]);
        assert!(mean(&[]).is_empty());
    }
}
