//! What can be wrong with a learning rate that changes.

use ward_core::RoundId;

use super::found::Found;
use crate::codes::Code;
use crate::config::types::{Experiment, ScheduleConfig};

/// Ranges of the settings of the schedule at `path`.
pub(super) fn ranges(found: &mut Found, path: &str, schedule: Option<ScheduleConfig>) {
    match schedule {
        None => {}
        Some(ScheduleConfig::LinearWarmup(c)) => {
            found.at_least(&format!("{path}.linear-warmup.rounds"), c.rounds, 1);
        }
        Some(ScheduleConfig::Step(c)) => {
            found.at_least(&format!("{path}.step.every"), c.every, 1);
            let good = |factor| factor > 0.0 && factor <= 1.0;
            let path = format!("{path}.step.factor");
            found.number(&path, c.factor, "above 0 and up to 1", good);
        }
        Some(ScheduleConfig::Cosine(c)) => {
            found.at_least(&format!("{path}.cosine.rounds"), c.rounds.unwrap_or(1), 1);
            let good = |least| (0.0..=1.0).contains(&least);
            found.number(&format!("{path}.cosine.least"), c.least, "0 to 1", good);
        }
    }
}

/// The hospitals' schedule: its ranges, and whether it leaves them something in every round.
pub(super) fn of_hospitals(found: &mut Found, experiment: &Experiment) {
    let (path, training) = ("training.schedule", &experiment.training);
    let first = training.optimizer_spec().learning_rate();
    let problems = found.problems.len();
    ranges(found, path, training.schedule);
    let sound = found.problems.len() == problems && experiment.rounds > 0 && first > 0.0;
    if !sound {
        return;
    }
    // None rises and falls again, and what rises begins above 0: the last round tells.
    let last = RoundId(experiment.rounds - 1);
    let schedule = ScheduleConfig::schedule(training.schedule);
    if schedule.rate(first, last, experiment.rounds) < f32::MIN_POSITIVE {
        let message = format!(
            "leaves no learning rate in round {}: hospitals would learn nothing there",
            experiment.rounds
        );
        let help = "let a cosine take all rounds or end at a `least` above 0; let steps be rarer \
                    or smaller";
        found.add(Code::Combination, path, message).help = Some(help.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hospitals_have_a_learning_rate_in_every_round() {
        for (schedule, path) in [
            ("", None),
            ("linear-warmup.rounds = 30", None),
            ("linear-warmup.rounds = 0", Some(".linear-warmup.rounds")),
            ("step.every = 0", Some(".step.every")),
            ("step.every = 4", None),
            ("step = { every = 1, factor = 1e-30 }", Some("")),
            ("cosine = {}", None),
            ("cosine.rounds = 8", None),
            ("cosine.rounds = 7", Some("")),
            ("cosine = { rounds = 7, least = 0.1 }", None),
            ("cosine.least = 2.0", Some(".cosine.least")),
        ] {
            let table = match schedule {
                "" => String::new(),
                schedule => format!("[training.schedule]\n{schedule}\n"),
            };
            let text = format!(
                "rounds = 8\n[data.emr-risk]\n[model.logistic]\n[training]\nepochs = 1\n{table}"
            );
            let experiment: Experiment = toml::from_str(&text).unwrap();
            let mut found = Found::default();
            of_hospitals(&mut found, &experiment);
            let got: Vec<String> = found.problems.into_iter().map(|p| p.path).collect();
            let expected = path.map(|path| format!("training.schedule{path}"));
            assert_eq!(got, Vec::from_iter(expected), "{schedule}");
        }
    }
}
