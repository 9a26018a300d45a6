//! Rows that become others while a run goes on, and what does not go with that.

use super::found::Found;
use crate::codes::Code;
use crate::config::types::Experiment;

/// What can be told from the file alone.
pub(super) fn settings(found: &mut Found, experiment: &Experiment) {
    let data = &experiment.data;
    let path = |key: &str| format!("data.{}.{key}", data.id());
    if let Some(withdrawal) = data.withdrawal() {
        let rounds = experiment.rounds;
        if let Some(late) = withdrawal.rounds.iter().find(|round| **round >= rounds) {
            let message = format!(
                "names round {late}, and the run has {rounds}: rows that leave after its last round \
                 change nothing"
            );
            let last = rounds.saturating_sub(1);
            let help = format!("name rounds from 1 to {last}, or play more");
            let path = path("withdrawal.rounds");
            found.add(Code::Combination, &path, message).help = Some(help);
        }
        let privacy = experiment.privacy.as_ref();
        if privacy.is_some_and(|privacy| privacy.patient.is_some()) {
            let message = "changes how many rows a hospital draws its batches from, and epsilons are \
                           worked out for as many as there are at first";
            let help = "leave `withdrawal` out, or hide hospitals: [privacy.hospital]";
            let path = path("withdrawal");
            found.add(Code::Combination, &path, message).help = Some(help.into());
        }
    }
    let changing = [
        ("withdrawal", data.withdrawal().is_some()),
        ("drift", data.drift().is_some()),
    ];
    let adversaries = experiment.adversaries.as_ref();
    let poisoned = adversaries.is_some_and(|adversaries| adversaries.attack.poisons());
    for (key, _) in changing.into_iter().filter(|(_, on)| *on && poisoned) {
        let message = "gives hospitals other rows in later rounds, and the attack poisons those of \
                       the first alone";
        let help = format!("leave `{key}` out, or choose an attack on updates: sign-flip");
        let path = path(key);
        found.add(Code::Combination, &path, message).help = Some(help);
    }
}

#[cfg(test)]
mod tests {
    use crate::config::check::said_of;

    const SMALL: &str = "rounds = 10\n[data.emr-risk]\npopulation = \"ward-3\"\n[model.logistic]\n\
                         [training]\nepochs = 1\n";

    fn said(sets: &[&str]) -> String {
        said_of(SMALL, sets)
    }

    #[test]
    fn rows_may_leave_while_the_run_goes_on() {
        let withdrawal = |rounds: &str| {
            let set = format!("data.emr-risk.withdrawal={{share=0.1,rounds={rounds}}}");
            said(&[&set])
        };
        assert_eq!(withdrawal("[5, 9]"), "");
        assert!(withdrawal("[5, 10]").contains("names round 10"));
        assert!(withdrawal("[]").contains("names no round"));
    }

    #[test]
    fn what_does_not_go_with_other_rows_is_refused() {
        let withdrawal = "data.emr-risk.withdrawal={share=0.1,rounds=[5]}";
        let drift = "data.emr-risk.drift={prevalence=0.1}";
        let flip = "adversaries={count=1,attack={label-flip={}}}";
        for changing in [withdrawal, drift] {
            assert_eq!(said(&[changing]), "");
            assert!(said(&[changing, flip]).contains("poisons"), "{changing}");
        }
        let sign = "adversaries={count=1,attack={sign-flip={}}}";
        assert_eq!(said(&[drift, sign]), "");
    }

    #[test]
    fn consent_and_misdiagnosis_are_told_what_is_wrong_with_them() {
        assert_eq!(said(&["data.emr-risk.consent=0.8"]), "");
        assert_eq!(said(&["data.emr-risk.consent=true"]), "");
        assert!(said(&["data.emr-risk.consent=1.8"]).contains("between 0 and 1"));
        let unknown = said(&["data.emr-risk.consent={village=0.5}"]);
        assert!(
            unknown.contains("no hospital is of tier `village`"),
            "{unknown}"
        );
        let rates = "data.emr-risk.misdiagnosis={rates={township={miss=0.4,false_alarm=0.2}}}";
        assert_eq!(said(&[rates]), "");
        let many = SMALL.replace("emr-risk", "dental");
        let said = said_of(&many, &[&rates.replace("emr-risk", "dental")]);
        assert!(
            said.contains("two classes have, and there are 31"),
            "{said}"
        );
    }
}
