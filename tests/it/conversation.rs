//! Conversations with the engine: a script above the line, what the coordinator did below it.
//!
//! `UPDATE=1 cargo test` rewrites the lower halves; reviewing a change of behaviour is reading the
//! diff. Settings come first (`nodes 3`, `quorum 0.5`, ...), then lines `at TICK COMMAND`.

use std::fmt::Write as _;
use std::path::Path;

use ward_core::{Event, Instruction, NodeId, Report, RoundId, Tick};
use ward_round::{Coordinator, Effect, Input, RunState};

use crate::engine::{self, Settings};

#[test]
fn every_conversation_goes_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("it/conversations");
    let mut scripts: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    scripts.sort();
    assert!(scripts.len() >= 25, "only {} conversations", scripts.len());
    let mut wrong = Vec::new();
    for path in scripts {
        let text = std::fs::read_to_string(&path).unwrap();
        let (script, expected) = text.split_once("----\n").unwrap_or((&text, ""));
        let got = play(script);
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, format!("{script}----\n{got}")).unwrap();
        } else if got != expected {
            wrong.push(format!(
                "{}\nexpected:\n{expected}\ngot:\n{got}",
                path.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Plays a script and tells what happened.
fn play(script: &str) -> String {
    let mut settings = Settings::default();
    let mut world: Option<World> = None;
    let mut told = String::new();
    for line in script
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
    {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let ["at", tick, command @ ..] = words.as_slice() {
            let world = world.get_or_insert_with(|| World::new(settings.clone()));
            world.command(Tick(tick.parse().unwrap()), command, &mut told);
        } else {
            settings.set(&words);
        }
    }
    told
}

struct World {
    settings: Settings,
    coordinator: Coordinator,
    saved: Option<RunState>,
}

impl World {
    fn new(settings: Settings) -> Self {
        let state = RunState::new(engine::params(&settings));
        Self {
            coordinator: settings.coordinator(state),
            saved: None,
            settings,
        }
    }

    fn command(&mut self, now: Tick, command: &[&str], told: &mut String) {
        let inputs = match command {
            ["start"] => vec![Input::Start],
            ["wake"] => vec![Input::Woke],
            ["interrupt"] => vec![Input::Interrupt],
            ["restart"] => {
                let state = self
                    .saved
                    .clone()
                    .unwrap_or_else(|| RunState::new(engine::params(&self.settings)));
                self.coordinator = self.settings.coordinator(state);
                vec![Input::Start]
            }
            ["all", "join"] => (0..self.settings.nodes)
                .map(|n| Input::Joined(NodeId(n)))
                .collect(),
            [who, "joins"] => vec![Input::Joined(node(who))],
            [who, "leaves"] => {
                vec![Input::Left {
                    node: node(who),
                    reason: "connection lost".into(),
                }]
            }
            [who, what, rest @ ..] => {
                vec![Input::From(node(who), self.report(node(who), what, rest))]
            }
            other => panic!("not a command: {other:?}"),
        };
        for input in inputs {
            let effects = self.coordinator.handle(now, input);
            self.tell(now, effects, told);
        }
    }

    /// `reports`, `evaluates 0.8`, `sums`, `declines`; then `round 2`, `weight 7`, or what is wrong.
    fn report(&self, from: NodeId, what: &str, rest: &[&str]) -> Report {
        let mut round = self.coordinator.state().round();
        let mut upload = self.settings.upload(from);
        let mut value = 0.5;
        let mut rest = rest.iter();
        while let Some(word) = rest.next() {
            match *word {
                "round" => round = RoundId(rest.next().unwrap().parse().unwrap()),
                "weight" => upload.weight = rest.next().unwrap().parse().unwrap(),
                "short" => upload.words.truncate(1),
                "mended" => upload = self.settings.upload(NodeId(0)),
                "huge" => upload.words[1] = 1 << 62,
                "lossless" => upload.loss = f64::NAN,
                "loss" => upload.loss = rest.next().unwrap().parse().unwrap(),
                number => value = number.parse().unwrap(),
            }
        }
        match what {
            "reports" => Report::Upload { round, upload },
            "evaluates" => Report::Evaluation {
                round,
                evaluation: engine::evaluation(value),
            },
            "sums" => Report::Summary {
                round,
                summary: self.settings.summary(from),
            },
            "sums-narrow" => Report::Summary {
                round,
                summary: engine::narrow_summary(),
            },
            "declines" => Report::Declined {
                round,
                reason: "maintenance".into(),
                for_good: false,
            },
            "declines-for-good" => Report::Declined {
                round,
                reason: "the budget is spent".into(),
                for_good: true,
            },
            other => panic!("not a report: {other}"),
        }
    }

    fn tell(&mut self, now: Tick, effects: Vec<Effect>, told: &mut String) {
        // All that is asked of several nodes in one breath is one line.
        let mut asks: Vec<(String, Vec<String>)> = Vec::new();
        let mut lines = Vec::new();
        for effect in effects {
            match effect {
                Effect::Send { to, instruction } => {
                    let what = asked(&instruction);
                    match asks.iter_mut().find(|(w, _)| *w == what) {
                        Some((_, nodes)) => nodes.push(to.to_string()),
                        None => asks.push((what, vec![to.to_string()])),
                    }
                }
                Effect::WakeAt(_) => {}
                Effect::Checkpoint(state) => self.saved = Some(*state),
                Effect::Emit(event) => lines.push(event_line(&event)),
                Effect::Done(outcome) => lines.push(format!("done {outcome:?}")),
            }
        }
        lines.extend(
            asks.into_iter()
                .map(|(what, nodes)| format!("{what} {}", nodes.join(" "))),
        );
        for line in lines {
            writeln!(told, "{:<6} {line}", now.0).unwrap();
        }
    }
}

fn node(word: &str) -> NodeId {
    NodeId(
        word.strip_prefix('n')
            .and_then(|n| n.parse().ok())
            .unwrap_or_else(|| panic!("{word}?")),
    )
}

fn asked(instruction: &Instruction) -> String {
    match instruction {
        Instruction::Summarise { round } => format!("asks {round} for sums:"),
        Instruction::Train { round, params, .. } => {
            format!("asks {round} to train from {:?}:", params.0)
        }
        Instruction::Evaluate { round, params, .. } => {
            format!("asks {round} to evaluate {:?}:", params.0)
        }
        Instruction::Masking { round, step } => format!("asks {round} to {}:", step.kind()),
        Instruction::Rest => "says rest to".to_owned(),
    }
}

fn event_line(event: &Event) -> String {
    let list = |nodes: &[NodeId]| {
        nodes
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(",")
    };
    match event {
        Event::RunStarted {
            round,
            rounds,
            nodes,
            ..
        } => {
            format!("started at {round} of {rounds}, {} enrolled", nodes.len())
        }
        Event::NodeJoined { node } => format!("joined {node}"),
        Event::NodeLost { node, reason } => format!("lost {node}: {reason}"),
        Event::ScalingAgreed { reporters, rows } => {
            format!("scaling agreed by {reporters} over {rows} rows")
        }
        Event::RoundOpened {
            round,
            cohort,
            quorum,
            deadline,
        } => {
            format!(
                "opened {round} cohort={} quorum={quorum} until={}",
                list(cohort),
                deadline.0
            )
        }
        Event::ReportAccepted {
            round,
            node,
            weight,
            ..
        } => {
            format!("accepted {node} in {round} weight={weight}")
        }
        Event::ReportRefused { node, refusal, .. } => format!("refused {node}: {refusal}"),
        Event::ReportDeclined {
            round,
            node,
            reason,
            for_good,
        } => {
            let more = if *for_good { ", and for good" } else { "" };
            format!("declined by {node} in {round}{more}: {reason}")
        }
        Event::RoundClosed {
            round,
            reporters,
            silent,
            ..
        } => {
            format!(
                "closed {round} reporters={} silent={}",
                list(reporters),
                list(silent)
            )
        }
        Event::RoundAbandoned {
            round,
            silent,
            reason,
        } => {
            format!("abandoned {round}: {reason}; silent={}", list(silent))
        }
        Event::Evaluated {
            round,
            node,
            evaluation,
        } => {
            format!(
                "scored {round} by {node}: auc={}",
                evaluation.0["auc"].value
            )
        }
        Event::EvaluationClosed {
            round,
            evaluation,
            silent,
        } => {
            let auc = evaluation
                .get("auc")
                .map_or("none".to_owned(), |e| e.value.to_string());
            format!("scores of {round}: auc={auc} silent={}", list(silent))
        }
        Event::Checkpointed { round } => format!("saved before {round}"),
        Event::RunFinished {
            rounds, outcome, ..
        } => {
            format!("finished after {rounds} rounds: {outcome:?}")
        }
        other => format!("{other:?}"),
    }
}
