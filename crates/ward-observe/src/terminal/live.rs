//! The view for a person: a bar of rounds with the time left, the newest round, a sparkline.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use ward_core::{Event, Record};

use super::score;
use crate::text;
use crate::view::{RoundView, RunView};

/// Columns of the sparkline.
const SPARKS: usize = 48;

/// Three lines at the bottom of the terminal.
pub(super) struct Live {
    lines: MultiProgress,
    rounds: ProgressBar,
    newest: ProgressBar,
    curve: ProgressBar,
}

impl Live {
    pub(super) fn new() -> Self {
        Self::on(ProgressDrawTarget::stderr())
    }

    pub(super) fn on(target: ProgressDrawTarget) -> Self {
        let lines = MultiProgress::with_draw_target(target);
        let text_line = || {
            let line = lines.add(ProgressBar::new_spinner());
            line.with_style(style("{wide_msg}"))
        };
        let bar = text_line();
        bar.set_message("waiting for hospitals");
        Self {
            rounds: bar,
            newest: text_line(),
            curve: text_line(),
            lines,
        }
    }

    pub(super) fn draw(&mut self, view: &RunView, record: &Record) {
        match &record.event {
            Event::RunStarted { round, .. } => {
                self.rounds.set_style(
                    style("[{elapsed_precise}] {bar:40} {pos}/{len} rounds{prefix}  {wide_msg}")
                        .progress_chars("█▉▊▋▌▍▎▏ "),
                );
                self.rounds.set_length(u64::from(view.rounds_planned));
                self.rounds.set_position(u64::from(round.0));
                self.rounds.reset_eta();
                self.rounds.enable_steady_tick(Duration::from_millis(500));
            }
            Event::NodeJoined { .. } if view.rounds.is_empty() => {
                let present = view.nodes.values().filter(|n| n.present).count();
                let all = view.nodes.len();
                self.rounds
                    .set_message(format!("{present} of {all} hospitals are here"));
            }
            Event::RoundOpened { round, cohort, .. } => self.rounds.set_message(format!(
                "round {}: 0 of {} reports",
                round.0 + 1,
                cohort.len()
            )),
            Event::ReportAccepted { round, .. } => {
                if let Some(this) = view.rounds.iter().rfind(|r| r.round == *round) {
                    self.rounds.set_message(format!(
                        "round {}: {} of {} reports",
                        round.0 + 1,
                        this.counted(),
                        this.cohort.len()
                    ));
                }
            }
            Event::MaskingPhaseClosed { round, .. } => {
                let this = view.rounds.iter().rfind(|r| r.round == *round);
                if let Some(line) = this.and_then(masking_line) {
                    self.rounds.set_message(line);
                }
            }
            _ => {}
        }
    }

    pub(super) fn show_round(&mut self, view: &RunView, round: &RoundView) {
        let played = u64::from(round.round.0 + 1);
        self.rounds.set_position(played);
        let left = self.rounds.eta().as_secs_f64();
        let left = if played < u64::from(view.rounds_planned) {
            format!(", {} left", text::seconds(left))
        } else {
            String::new()
        };
        self.rounds.set_prefix(left);
        self.newest.set_message(newest_line(view, round));
        self.curve.set_message(curve_line(view));
    }

    pub(super) fn note(&self, line: &str) {
        // Where there is no terminal to draw on, there is nobody to read either.
        let _ = self.lines.println(line);
    }

    pub(super) fn finish(&mut self) {
        for line in [&self.rounds, &self.newest, &self.curve] {
            line.disable_steady_tick();
            line.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// The newest round as one row of a table.
pub(super) fn newest_line(view: &RunView, round: &RoundView) -> String {
    let loss = round
        .loss
        .map_or_else(|| "–".to_owned(), |loss| format!("{loss:.4}"));
    let mut score = score(view, round).unwrap_or_else(|| "not scored".to_owned());
    if let Some(privacy) = view.privacy_so_far(round.round) {
        score += &format!(" │ {privacy}");
    }
    format!(
        "round {:>4} │ reporters {:>3}/{:<3} │ loss {loss} │ {score} │ up {}",
        round.round.0 + 1,
        round.counted(),
        round.cohort.len(),
        text::bytes(view.sent().bytes)
    )
}

/// The newest phase of a masked round: `round 3: shares of 20 of 21`.
pub(super) fn masking_line(round: &RoundView) -> Option<String> {
    let newest = round.masking.last()?;
    Some(format!(
        "round {}: {} of {} of {}",
        round.round.0 + 1,
        newest.phase,
        newest.answered.len(),
        newest.asked.len()
    ))
}

/// The main metric's way so far: `auc ▁▃▅▆▇█ 0.512 → 0.823`; the loss where nothing is scored.
pub(super) fn curve_line(view: &RunView) -> String {
    let (name, values): (String, Vec<f64>) = match view.main_metric() {
        Some(metric) => {
            let values = view.curve(None, &metric);
            (metric, values.into_iter().map(|(_, e)| e.value).collect())
        }
        None => {
            let values = view.loss_curve();
            (
                "loss".to_owned(),
                values.into_iter().map(|(_, loss)| loss).collect(),
            )
        }
    };
    match (values.first(), values.last()) {
        (Some(first), Some(last)) => format!(
            "{name} {} {} → {}",
            text::sparkline(&values, SPARKS),
            text::value(*first),
            text::value(*last)
        ),
        _ => String::new(),
    }
}
