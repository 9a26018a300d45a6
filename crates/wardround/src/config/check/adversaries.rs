//! Adversaries that cannot be played: settings out of range, hospitals that are not there.

use std::collections::BTreeSet;

use ward_data::Federation;
use ward_sim::adversary::{Attack, Trigger};

use super::found::Found;
use crate::codes::Code;
use crate::config::problem::Problem;
use crate::config::suggest::closest;
use crate::config::types::{AdversariesConfig, ExchangeConfig, Experiment};

/// The longest delay, in seconds: a year.
const LONGEST_S: f64 = 31_536_000.0;

/// What can be told from the file alone.
pub(super) fn settings(found: &mut Found, adversaries: &AdversariesConfig, rounds: u32) {
    who(found, adversaries);
    if adversaries.from_round >= rounds {
        let message = format!(
            "is {}, and the last of {rounds} rounds is {}: nobody would ever misbehave",
            adversaries.from_round,
            rounds.saturating_sub(1)
        );
        found.add(Code::OutOfRange, "adversaries.from_round", message);
    }
    attack(found, &adversaries.attack);
}

fn who(found: &mut Found, adversaries: &AdversariesConfig) {
    let given = [
        ("count", adversaries.count.is_some()),
        ("share", adversaries.share.is_some()),
        ("hospitals", adversaries.hospitals.is_some()),
    ];
    let given: Vec<&str> = given.iter().filter(|(_, g)| *g).map(|(k, _)| *k).collect();
    match given[..] {
        [] => {
            let message = "needs `count`, `share` or `hospitals`";
            let problem = found.add(Code::OneOfTwo, "adversaries", message);
            problem.help = Some("say who: `count = 4`, `share = 0.2` or a list of names".into());
        }
        [_] => {}
        [first, .., last] => {
            let message = format!("says the same as `{first}`: give one of them");
            found.add(Code::OneOfTwo, &format!("adversaries.{last}"), message);
        }
    }
    found.at_least("adversaries.count", adversaries.count.unwrap_or(1), 1);
    share(found, "adversaries.share", adversaries.share.unwrap_or(1.0));
    if adversaries.hospitals.as_ref().is_some_and(Vec::is_empty) {
        let message = "must name a hospital; where all are honest, leave [adversaries] out";
        found.add(Code::OutOfRange, "adversaries.hospitals", message);
    }
}

fn share(found: &mut Found, path: &str, value: f64) {
    let good = |v| v > 0.0 && v <= 1.0;
    found.number(path, value, "a share above 0 and up to 1", good);
}

fn attack(found: &mut Found, attack: &Attack) {
    let path = |key: &str| format!("adversaries.attack.{}.{key}", attack.id());
    match attack {
        Attack::SignFlip(a) => found.positive(&path("scale"), a.scale),
        Attack::Ipm(a) => found.positive(&path("tau"), a.tau),
        Attack::GaussianNoise(a) => found.positive(&path("deviation"), a.deviation),
        Attack::FeatureNoise(a) => found.positive(&path("deviation"), a.deviation),
        Attack::LabelFlip(a) => share(found, &path("share"), a.share),
        Attack::Backdoor(a) => {
            share(found, &path("share"), a.share);
            found.number(&path("boost"), a.boost, "1 or more", |v| v >= 1.0);
        }
        Attack::InflatedCount(a) => {
            if a.claim == Some(0) {
                let message = "must be at least 1: an update that rests on no rows is never sent";
                found.add(Code::OutOfRange, &path("claim"), message);
            }
        }
        Attack::Straggler(a) => {
            let good = |v| v > 0.0 && v <= LONGEST_S;
            found.number(
                &path("late_by_s"),
                a.late_by_s,
                "above 0 s, to a year",
                good,
            );
        }
        // TOML's own range of numbers is theirs.
        Attack::Alie(_)
        | Attack::OptimalAlie(_)
        | Attack::OptimalIpm(_)
        | Attack::NonFinite(_)
        | Attack::Mimic(_)
        | Attack::MinMax(_)
        | Attack::MinSum(_)
        | Attack::FreeRider(_) => {}
    }
}

/// What can be told once the data are open.
pub(super) fn with_data(found: &mut Found, adversaries: &AdversariesConfig, data: &Federation) {
    let enrolled = data.roster().len();
    if let Some(count) = adversaries.count
        && count as usize > enrolled
    {
        let message = format!("asks for {count} hospitals, and there are {enrolled}");
        found.add(Code::TooFewHospitals, "adversaries.count", message);
    }
    names(found, adversaries, data);
    if let Attack::Backdoor(backdoor) = &adversaries.attack {
        let source = data.source();
        let path = "adversaries.attack.backdoor";
        if usize::from(backdoor.target) >= source.classes() {
            let message = format!(
                "is {}, and the classes are 0 to {}",
                backdoor.target,
                source.classes().saturating_sub(1)
            );
            found.add(Code::OutOfRange, &format!("{path}.target"), message);
        }
        if !backdoor.trigger.fits(source.shape()) || is_empty(backdoor.trigger) {
            let message = format!("has no place in rows of shape {:?}", source.shape());
            let help = "tables take [adversaries.attack.backdoor.trigger.feature], images \
                        [adversaries.attack.backdoor.trigger.square]";
            found
                .add(Code::Combination, &format!("{path}.trigger"), message)
                .help = Some(help.into());
        }
    }
}

fn is_empty(trigger: Trigger) -> bool {
    matches!(trigger, Trigger::Square { side: 0, .. })
}

fn names(found: &mut Found, adversaries: &AdversariesConfig, data: &Federation) {
    let known = || data.roster().iter().map(|info| info.name.as_str());
    let mut seen = BTreeSet::new();
    for (index, name) in adversaries.hospitals.iter().flatten().enumerate() {
        let path = format!("adversaries.hospitals.{index}");
        if !known().any(|other| other == name) {
            let message = format!("names `{name}`, and no hospital is called that");
            let problem = found.add(Code::BadName, &path, message);
            problem.help = closest(name, known()).map(|near| format!("did you mean `{near}`?"));
        } else if !seen.insert(name) {
            found.add(Code::BadName, &path, format!("names `{name}` twice"));
        }
    }
}

/// What a simulation alone may have: over a network nobody misbehaves on purpose, and noise that anybody can
/// draw again protects nobody.
#[must_use]
pub fn only_simulated(experiment: &Experiment) -> Option<Problem> {
    let border = experiment.border.as_ref().map(|border| border.exchange);
    if let Some(ExchangeConfig::Noised(_)) = border {
        let message =
            "draws its noise from the public seed, which protects nobody outside a simulation";
        let problem = Problem::new(Code::SimulationOnly, "border.exchange", message);
        return Some(problem.help("play it with `wardround run`, or exchange models"));
    }
    experiment.adversaries.as_ref().map(|_| {
        let message = "are for simulations only: no process that talks to others misbehaves";
        Problem::new(Code::SimulationOnly, "adversaries", message)
            .help("play it with `wardround run`, or take [adversaries] out")
    })
}
