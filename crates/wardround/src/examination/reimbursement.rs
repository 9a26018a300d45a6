//! Who could afford to take part, what it gave them, and which model patients meet.
//!
//! A hospital that joined uses the federated model, another one the model of its own rows. Gains are
//! federated minus alone, by the mean of a tier's test cases: a hospital has too few for its own.

use std::collections::BTreeSet;

use ward_core::metric::name;
use ward_core::{Estimate, NodeId, NodeInfo, Seed};
use ward_observe::{Examination, Model, ResultRow, text};

use super::{ScoredBy, exact};
use crate::config::types::ReimbursementConfig;
use crate::results::{Scored, tiers};

/// Most tiers that are told one by one in words.
const MOST_NAMED: usize = 6;

pub(super) fn examine(
    config: &ReimbursementConfig,
    scored: &[ScoredBy<'_>],
    stays_out: &BTreeSet<NodeId>,
    root: Seed,
) -> Examination {
    let mut answer = Examination::new("reimbursement", "Who can afford to take part");
    let of = |model: Model| {
        let found = scored.iter().find(|(of, _)| *of == model);
        found.map_or(&[][..], |(_, scored)| scored.as_slice())
    };
    let (alone, federated) = (of(Model::Alone), of(Model::Federated));
    let roster: Vec<&NodeInfo> = federated.iter().map(|(info, _)| *info).collect();
    let mut words = Vec::new();
    let mut would_leave = 0;
    let everybody = Group::of("all", roster.iter().copied(), stays_out);
    let mut groups = vec![everybody];
    for tier in tiers(roster.iter().copied()) {
        let members = roster.iter().copied().filter(|info| info.tier == tier);
        groups.push(Group::of(&tier, members, stays_out));
    }
    for group in &groups {
        let hospitals = group.members.len() as u64;
        let mut row = |metric, value| {
            let row = exact(&group.name, Model::Federated, metric, value, hospitals);
            answer.rows.push(row);
        };
        row(
            "joined",
            group.joined.len() as f64 / hospitals.max(1) as f64,
        );
        let surplus = |info: &&NodeInfo| config.surplus(info, root, None);
        let surpluses: f64 = group.members.iter().filter_map(surplus).sum();
        row("expected_surplus", surpluses / hospitals.max(1) as f64);
        let account = config.account(&group.name).ok();
        if let Some(account) = account {
            row("expected_gain", account.gain);
        }
        let [own, common] = [alone, federated].map(|scored| group.auc(scored, |_| true));
        if let (Some(own), Some(common)) = (&own, &common) {
            row("found_gain", common.value - own.value);
            if account.is_some() {
                let gain = Some(common.value - own.value);
                let loses = |info: &&&NodeInfo| {
                    config
                        .surplus(info, root, gain)
                        .is_some_and(|yuan| yuan <= 0.0)
                };
                would_leave += group.joined.iter().filter(loses).count() as u64;
            }
        }
        let joined = |info: &NodeInfo| !stays_out.contains(&info.node);
        let used = [
            group.auc(federated, joined),
            group.auc(alone, |info| !joined(info)),
        ];
        if let Some(used) = Estimate::combine(used.iter().flatten()) {
            let row = ResultRow::of(&group.name, Model::Federated, "auc_in_use", &used);
            answer.rows.push(row);
        }
        let of_tier = format!("{} {} of {hospitals}", group.name, group.joined.len());
        words.push(of_tier);
    }
    let all = words.remove(0);
    words.truncate(MOST_NAMED);
    let joined = text::things(groups[0].joined.len() as u64, "hospital", "hospitals");
    answer.words.push(format!(
        "At a fee of {} yuan, {joined} joined ({all}): {}. The others keep the model of their own rows.",
        config.fee,
        words.join(", ")
    ));
    answer.words.push(format!(
        "Hospitals decide by the gain that they expect. By the gain that was found, {would_leave} of \
         those that joined would leave again. Surpluses are yuan a year."
    ));
    answer
}

/// Some hospitals.
struct Group<'a> {
    name: String,
    members: Vec<&'a NodeInfo>,
    joined: Vec<&'a NodeInfo>,
}

impl<'a> Group<'a> {
    fn of(
        name: &str,
        members: impl Iterator<Item = &'a NodeInfo>,
        stays_out: &BTreeSet<NodeId>,
    ) -> Self {
        let members: Vec<&NodeInfo> = members.collect();
        let joined = members.iter().copied();
        Self {
            name: name.to_owned(),
            joined: joined
                .filter(|info| !stays_out.contains(&info.node))
                .collect(),
            members,
        }
    }

    /// The mean AUC of its hospitals for which `holds`, weighted by test cases.
    fn auc(
        &self,
        scored: &[(&NodeInfo, Scored)],
        holds: impl Fn(&NodeInfo) -> bool,
    ) -> Option<Estimate> {
        let is_member = |info: &NodeInfo| self.name == "all" || info.tier == self.name;
        let of = scored
            .iter()
            .filter(|(info, _)| is_member(info) && holds(info));
        Estimate::combine(of.filter_map(|(_, scored)| scored.evaluation.get(name::AUC)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::hospital;
    use super::*;
    use ward_core::Evaluation;
    use ward_observe::result_row::find;

    fn scored(auc: f64) -> Scored {
        let estimate = Estimate {
            value: auc,
            n: 100,
            standard_error: 0.01,
        };
        Scored {
            evaluation: Evaluation([(name::AUC.to_owned(), estimate)].into()),
            cases: None,
        }
    }

    #[test]
    fn who_stays_out_is_served_by_its_own_model() {
        let infos = [
            hospital(0, "a", "tertiary"),
            hospital(1, "b", "township"),
            hospital(2, "c", "township"),
        ];
        let of = |aucs: [f64; 3]| infos.iter().zip(aucs.map(scored)).collect::<Vec<_>>();
        let all = [
            (Model::Alone, of([0.84, 0.6, 0.7])),
            (Model::Federated, of([0.83, 0.8, 0.82])),
        ];
        let config: ReimbursementConfig = toml::from_str("fee = 3.0\nspread = 0.0").unwrap();
        let answer = examine(&config, &all, &[NodeId(2)].into(), Seed::run(1));
        let value = |group, metric| {
            find(&answer.rows, group, Model::Federated, metric).map(|row| row.value)
        };
        let about = |group, metric, expected: f64| {
            let found = value(group, metric).unwrap();
            assert!((found - expected).abs() < 1e-9, "{group} {metric} {found}");
        };
        about("township", "joined", 0.5);
        about("all", "joined", 2.0 / 3.0);
        // Joined at .8, alone at .7.
        about("township", "auc_in_use", 0.75);
        about("all", "auc_in_use", (0.83 + 0.8 + 0.7) / 3.0);
        about("township", "found_gain", 0.16);
        about("tertiary", "found_gain", -0.01);
        about("township", "expected_gain", 0.188);
        assert_eq!(value("all", "expected_gain"), None);
        // 3 x 38,800 x .188 - 46,000.
        about("township", "expected_surplus", -24_116.8);
        assert!(answer.words[0].contains("2 hospitals joined (all 2 of 3): tertiary 1 of 1"));
        // b joined and gains .16 for 3 yuan a visit, which is too little.
        assert!(answer.words[1].contains("1 of those that joined would leave"));
    }
}
