//! Accounts that cannot be kept, and fees that nobody can take part for.

use ward_data::Federation;

use super::found::Found;
use crate::codes::Code;
use crate::config::types::Experiment;
use crate::results::tiers;

/// What can be told from the file alone.
pub(super) fn settings(found: &mut Found, experiment: &Experiment) {
    let Some(config) = &experiment.reimbursement else {
        return;
    };
    found.not_negative("reimbursement.fee", config.fee);
    found.not_negative("reimbursement.spread", config.spread);
    for (tier, account) in &config.tiers {
        for (key, value) in account.said() {
            let path = format!("reimbursement.tiers.{tier}.{key}");
            match (key, value) {
                (_, None) => {}
                ("gain", Some(gain)) => {
                    let good = |v: f64| (-1.0..=1.0).contains(&v);
                    found.number(&path, gain, "-1 to 1", good);
                }
                (_, Some(value)) => found.not_negative(&path, value),
            }
        }
    }
    if !experiment.baselines.alone {
        let message = "is needed: a hospital that does not join keeps the model of its own rows";
        found
            .add(Code::Combination, "baselines.alone", message)
            .help = Some("set it to true, or leave [reimbursement] out".into());
    }
}

/// What can be told once the data are open.
pub(super) fn with_data(found: &mut Found, experiment: &Experiment, federation: &Federation) {
    let Some(config) = &experiment.reimbursement else {
        return;
    };
    let classes = federation.source().classes();
    if classes != 2 {
        let message = format!("pays for a rise in AUC, and the data have {classes} classes");
        found.add(Code::Combination, "reimbursement", message);
    }
    let roster = federation.roster();
    let known = tiers(roster.iter());
    for tier in config.tiers.keys().filter(|tier| !known.contains(tier)) {
        let message = format!("is for a tier that no hospital has: `{tier}`");
        let path = format!("reimbursement.tiers.{tier}");
        found.add(Code::UnknownChoice, &path, message);
    }
    for tier in &known {
        if let Err(key) = config.account(tier) {
            let message = format!("does not say `{key}` of the tier `{tier}`");
            let help = format!("add [reimbursement.tiers.{tier}] with {key} = ...");
            found.add(Code::MissingKey, "reimbursement", message).help = Some(help);
            return;
        }
    }
    let nobody = experiment.stays_out(roster).len() == roster.len();
    if nobody && !roster.is_empty() {
        let message = "pays too little for any hospital to join";
        let help = "raise it, or some tier's `means`";
        found
            .add(Code::TooFewHospitals, "reimbursement.fee", message)
            .help = Some(help.into());
    }
}

#[cfg(test)]
mod tests {
    use crate::config::check::said_of;

    const SMALL: &str = "rounds = 9\n[data.emr-risk]\n[model.logistic]\n[training]\nepochs = 1\n";

    #[test]
    fn accounts_that_cannot_be_kept_are_refused_where_they_stand() {
        for (set, expected) in [
            ("reimbursement={fee=0}", ""),
            (
                "reimbursement={fee=-1}",
                "`reimbursement.fee` must be 0 or more",
            ),
            ("reimbursement={}", "`fee` is missing"),
            (
                "reimbursement={fee=1,tiers={county={gain=2.0}}}",
                "`reimbursement.tiers.county.gain` must be -1 to 1",
            ),
            (
                "reimbursement={fee=1,tiers={village={gain=0.1}}}",
                "no hospital has: `village`",
            ),
            (
                "reimbursement={fee=0,tiers={tertiary={means=0}}}",
                "too little for any hospital",
            ),
        ] {
            let said = said_of(SMALL, &[set]);
            let right = match expected {
                "" => said.is_empty(),
                words => said.contains(words),
            };
            assert!(right, "{set}: {said}");
        }
        let said = said_of(SMALL, &["reimbursement={fee=1}", "baselines.alone=false"]);
        assert!(said.contains("`baselines.alone` is needed"), "{said}");
        let many = SMALL.replace("emr-risk", "dental");
        let said = said_of(&many, &["reimbursement={fee=1}"]);
        assert!(said.contains("31 classes"), "{said}");
        let watches = SMALL.replace("emr-risk", "wearables");
        let said = said_of(&watches, &["reimbursement={fee=1}"]);
        assert!(said.contains("`visits` of the tier `wearer`"), "{said}");
    }
}
