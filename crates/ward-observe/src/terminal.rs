//! A run on the terminal: bars and a sparkline for a person, one plain line a round for a log.

mod live;
mod table;

use std::io::Write;

use ward_core::metric::name;
use ward_core::{Estimate, Event, Outcome, Record, RoundId};

use crate::text;
use crate::view::{RoundView, RunView};
use live::Live;

pub(crate) use table::align;
pub use table::final_table;

/// Most silent hospitals named in one line.
const MOST_NAMES: usize = 4;

/// How a run is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Nothing at all.
    Quiet,
    /// One line a round, for files and pipes.
    Plain,
    /// Bars that are drawn again and again, for a person at a terminal.
    Live,
}

impl Style {
    /// Quiet if asked to be, live if standard error is a terminal, else plain.
    #[must_use]
    pub fn choose(quiet: bool, stderr_is_terminal: bool) -> Self {
        match (quiet, stderr_is_terminal) {
            (true, _) => Self::Quiet,
            (false, true) => Self::Live,
            (false, false) => Self::Plain,
        }
    }
}

/// Draws a run while it lasts. It writes to standard error; results belong to standard output.
pub struct Terminal {
    screen: Screen,
    /// A round that closed and whose line waits for its evaluation.
    pending: Option<RoundId>,
}

enum Screen {
    Quiet,
    Plain(Box<dyn Write + Send>),
    Live(Live),
}

impl std::fmt::Debug for Terminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let screen = match self.screen {
            Screen::Quiet => "quiet",
            Screen::Plain(_) => "plain",
            Screen::Live(_) => "live",
        };
        write!(f, "Terminal({screen})")
    }
}

impl Terminal {
    /// A terminal on standard error.
    #[must_use]
    pub fn new(style: Style) -> Self {
        let screen = match style {
            Style::Quiet => Screen::Quiet,
            Style::Plain => Screen::Plain(Box::new(std::io::stderr())),
            Style::Live => Screen::Live(Live::new()),
        };
        Self {
            screen,
            pending: None,
        }
    }

    /// Plain lines to any writer.
    #[must_use]
    pub fn plain_to(writer: Box<dyn Write + Send>) -> Self {
        Self {
            screen: Screen::Plain(writer),
            pending: None,
        }
    }

    /// Shows what one record changed; `view` has taken it in already.
    pub fn apply(&mut self, view: &RunView, record: &Record) {
        if matches!(self.screen, Screen::Quiet) {
            return;
        }
        match &record.event {
            Event::RunStarted { .. } => self.note(&start_line(view)),
            Event::AdversariesNamed { .. } => {
                let nodes = view.adversaries.iter().flat_map(|a| &a.nodes);
                let names: Vec<_> = nodes.map(|n| view.name(*n)).collect();
                let what = view.misconduct().unwrap_or_default();
                self.note(&format!("{what}: {}", text::names(&names, MOST_NAMES)));
            }
            Event::RoundOpened { .. } => self.release(view),
            Event::RoundClosed { round, .. } | Event::RoundAbandoned { round, .. } => {
                self.release(view);
                self.pending = Some(*round);
            }
            Event::EvaluationClosed { round, .. } if self.pending == Some(*round) => {
                self.release(view);
            }
            Event::NodeLost { node, reason } if view.finished.is_none() => {
                self.note(&format!("{} is gone: {reason}", view.name(*node)));
            }
            Event::EgressAudited { node, found, .. } if *found > 0 => self.note(&format!(
                "LEAK: {} of {}'s training rows were found in what it sent",
                text::count(*found),
                view.name(*node)
            )),
            Event::RunFinished { .. } => {
                self.release(view);
                if let Screen::Live(live) = &mut self.screen {
                    live.finish();
                    live.note(&live::curve_line(view));
                }
                self.note(&end_line(view));
            }
            _ => {}
        }
        if let Screen::Live(live) = &mut self.screen {
            live.draw(view, record);
        }
    }

    /// Writes one line, above the bars where there are any.
    pub fn note(&mut self, line: &str) {
        let line = text::plain(line);
        match &mut self.screen {
            Screen::Quiet => {}
            // A terminal that has gone away must not end the run.
            Screen::Plain(writer) => drop(writeln!(writer, "{line}")),
            Screen::Live(live) => live.note(&line),
        }
    }

    /// Takes the bars away, so that other text can follow.
    pub fn finish(&mut self) {
        if let Screen::Live(live) = &mut self.screen {
            live.finish();
        }
    }

    fn release(&mut self, view: &RunView) {
        let Some(round) = self.pending.take() else {
            return;
        };
        let Some(this) = view.rounds.iter().find(|r| r.round == round) else {
            return;
        };
        if matches!(self.screen, Screen::Plain(_)) || this.abandoned.is_some() {
            self.note(&round_line(view, this));
        }
        if let Screen::Live(live) = &mut self.screen {
            live.show_round(view, this);
        }
    }
}

/// The line that opens a run: `21 hospitals (3 tertiary, 6 county, 12 township), 60 rounds, …`.
#[must_use]
pub fn start_line(view: &RunView) -> String {
    let mut line = text::things(view.nodes.len() as u64, "hospital", "hospitals");
    let tiers = view.tiers();
    if tiers.len() > 1 {
        let of = |tier: &String| {
            let nodes = view.nodes.values().filter(|n| n.info.tier == *tier).count();
            format!("{nodes} {tier}")
        };
        let parts: Vec<_> = tiers.iter().map(of).collect();
        line += &format!(" ({})", parts.join(", "));
    }
    line += &format!(
        ", {}, {}",
        text::things(u64::from(view.rounds_planned), "round", "rounds"),
        text::things(view.parameters, "parameter", "parameters")
    );
    if let Some(next) = view.rounds.last().filter(|_| view.starts > 1) {
        line += &format!(", going on after round {}", next.round.0 + 1);
    }
    line
}

/// One round in one line; people count rounds from 1.
#[must_use]
pub fn round_line(view: &RunView, round: &RoundView) -> String {
    let planned = view.rounds_planned.max(round.round.0 + 1);
    let width = planned.to_string().len();
    let people = view.nodes.len().max(round.cohort.len()).to_string().len();
    let mut line = format!(
        "round {:>width$}/{planned}  reporters {:>people$}/{:<people$}",
        round.round.0 + 1,
        round.counted(),
        round.cohort.len(),
    );
    if let Some(reason) = round.abandoned {
        line += &format!("  abandoned: {reason}");
    }
    if let Some(loss) = round.loss {
        line += &format!("  loss {loss:.4}");
    }
    if let Some(score) = score(view, round) {
        line += &format!("  {score}");
    }
    if let Some(privacy) = view.privacy_so_far(round.round) {
        line += &format!("  {privacy}");
    }
    line += &format!("  up {}", text::bytes(view.sent().bytes));
    if !round.refused.is_empty() {
        line += &format!("  refused {}", round.refused.len());
    }
    if !round.silent.is_empty() {
        let names: Vec<_> = round.silent.iter().map(|n| view.name(*n)).collect();
        line += &format!("  silent: {}", text::names(&names, MOST_NAMES));
    }
    line
}

/// `auc 0.823 ±0.010`: the main metric with half its 95 % interval; and of hospitals' own models,
/// `personal 0.841 ±0.009`.
fn score(view: &RunView, round: &RoundView) -> Option<String> {
    let metric = view.main_metric()?;
    let estimate = round.evaluation.as_ref()?.get(&metric)?;
    let told = |estimate: &Estimate| {
        let (low, _) = estimate.interval();
        let half = text::value(estimate.value - low);
        format!("{} ±{half}", text::value(estimate.value))
    };
    let mut score = format!("{metric} {}", told(estimate));
    let own = format!("{}{metric}", name::PERSONAL);
    if let Some(own) = round.evaluation.as_ref()?.get(&own) {
        score += &format!("  personal {}", told(own));
    }
    Some(score)
}

/// The line that closes a run.
#[must_use]
pub fn end_line(view: &RunView) -> String {
    let Some(finished) = view.finished else {
        return "the run has not ended".to_owned();
    };
    let rounds = text::things(u64::from(finished.rounds), "round", "rounds");
    let how = match finished.outcome {
        Outcome::Completed => format!("finished after {rounds}"),
        Outcome::Interrupted => format!("stopped after {rounds}; it can be resumed"),
        Outcome::HospitalsRest => {
            format!("ended after {rounds}: the rules or privacy budgets of hospitals allow no more")
        }
        Outcome::QuorumLost => {
            format!("gave up after {rounds}: too many in a row missed their quorum")
        }
    };
    format!(
        "{how}, {} up, {} down, model {}",
        text::bytes(view.sent().bytes),
        text::bytes(view.received().bytes),
        finished.model_digest.short()
    )
}

#[cfg(test)]
mod tests;
