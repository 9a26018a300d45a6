//! The last words of a run: table or JSON on standard output, and the exit code.

use std::process::ExitCode;

use ward_core::Outcome;
use ward_core::metric::name;
use ward_observe::{
    Examination, Model, ResultRow, RunView, examination, final_table, result_row, text,
};

use super::output::{print, print_json};
use crate::cli::{Format, Talk};
use crate::codes::Code;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::results;
use crate::run_folder::RunFolder;
use crate::setup::Setup;
use crate::summary::Summary;

/// Most hospitals that the table names one by one, where tiers do not sum them up.
const MOST_NAMED: usize = 12;
/// Most groups that an examination's table has beside one another.
const MOST_COLUMNS: usize = 4;

/// How and to whom a run is told at its end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ending<'a> {
    pub(super) format: Format,
    pub(super) talk: Talk,
    pub(super) interrupt: &'a Interrupt,
    /// The verb that goes on with it.
    pub(super) verb: &'a str,
    /// Whether the command fails where the model does not pass its release gate.
    pub(super) require_release: bool,
}

impl Ending<'_> {
    /// Prints the results of the run in `folder`.
    pub(super) fn tell(
        &self,
        folder: &RunFolder,
        setup: &Setup,
        view: &RunView,
        results: &[ResultRow],
    ) -> Result<ExitCode, Failure> {
        let RunFolder { dir, manifest, .. } = folder;
        let answers = dir.examinations()?;
        match self.format {
            Format::Json => print_json(&Summary::of(dir, manifest, view, results, &answers))?,
            Format::Text => print(&page(folder, setup, view, results, &answers))?,
        }
        self.exit_code(folder, view, &answers)
    }

    /// The exit code of the run in `folder`, of whose model `answers` say what was asked.
    ///
    /// # Errors
    /// When it lost its quorum, or its model does not pass a gate that it has to pass.
    pub(super) fn exit_code(
        &self,
        folder: &RunFolder,
        view: &RunView,
        answers: &[Examination],
    ) -> Result<ExitCode, Failure> {
        let run = folder.dir.path();
        let failed = answers.iter().any(|answer| answer.passed == Some(false));
        match folder.manifest.outcome {
            Some(Outcome::Completed) if self.require_release && failed => {
                let message = "the model does not pass its release gate";
                let help = format!("the run is over and saved in {}", run.display());
                Err(Failure::new(Code::ReleaseRefused, message).help(help))
            }
            Some(Outcome::Completed | Outcome::HospitalsRest) => Ok(ExitCode::SUCCESS),
            Some(Outcome::QuorumLost) => {
                let lost = view
                    .rounds
                    .iter()
                    .rev()
                    .take_while(|r| r.abandoned.is_some());
                Err(Failure::quorum_lost(run, lost.count() as u32))
            }
            Some(Outcome::Interrupted) | None => {
                if !self.talk.quiet {
                    note(&format!(
                        "interrupted; go on with: wardround {} --resume {}",
                        self.verb,
                        run.display()
                    ));
                }
                Ok(ExitCode::from(self.interrupt.exit_code()))
            }
        }
    }
}

/// A line for people, on standard error.
pub(super) fn note(line: &str) {
    use std::io::Write as _;
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(std::io::stderr(), "{}", text::plain(line));
}

fn page(
    folder: &RunFolder,
    setup: &Setup,
    view: &RunView,
    results: &[ResultRow],
    answers: &[Examination],
) -> String {
    let metric = result_row::main_metric(results).unwrap_or("auc");
    let mut page = String::new();
    let own = results.iter().any(|row| row.model == Model::Personal);
    // A private intercept changes no order of cases, and so no AUC.
    let accuracy = (own && metric != name::ACCURACY).then_some(name::ACCURACY);
    let metrics = std::iter::once(metric).chain(accuracy);
    for metric in metrics.chain([name::ATTACK_SUCCESS]) {
        if results.iter().any(|row| row.metric == metric) {
            page.push_str(&final_table(results, metric, &shown(setup)));
            page.push('\n');
        }
    }
    if let Some(which) = folder.manifest.which_model() {
        page.push_str(&format!("{which}\n\n"));
    }
    for answer in answers {
        page.push_str(&examination::page(answer, MOST_COLUMNS));
        page.push('\n');
    }
    let sent = view.sent();
    let (audit, audited) = view.audit();
    page.push_str(&format!(
        "left the hospitals: {} in {}, {} of them updates",
        text::bytes(sent.bytes),
        text::things(sent.messages, "message", "messages"),
        text::count(sent.tensors),
    ));
    if audited > 0 {
        page.push_str(&format!(
            "; training rows found in them: {} (searched for {})",
            text::count(audit.found),
            text::count(audit.rows)
        ));
    }
    page.push_str(&format!("\n{}", view.privacy_line()));
    let digest = folder
        .manifest
        .model_digest
        .map(|d| d.short())
        .unwrap_or_default();
    page.push_str(&format!(
        "\nmodel {digest}, {} in {}\nreport {}\n",
        text::things(view.rounds.len() as u64, "round", "rounds"),
        text::seconds(folder.manifest.wall_s.unwrap_or_default()),
        folder.dir.report_path().display()
    ));
    page
}

/// The groups in the table: all and tiers; where there is one tier, the hospitals if they are few.
fn shown(setup: &Setup) -> Vec<String> {
    let roster = setup.federation.roster();
    let mut groups = results::groups(roster);
    let tiers = groups.len() - 1 - roster.len();
    if tiers > 1 {
        groups.truncate(1 + tiers);
    } else {
        groups.drain(1..1 + tiers);
        if roster.len() > MOST_NAMED {
            groups.truncate(1);
        }
    }
    groups
}
