//! Sums under masks (Bonawitz et al. 2017, doi:10.1145/3133956.3133982): how a round came to its sum
//! step by step, what the coordinator learned of it, and what all rounds cost. `docs/secagg.md` has the
//! protocol.

mod learned;
mod seen;
mod steps;
mod totals;

use super::load::RunData;
use super::markup::Markup;
use crate::manifest::Mode;
use crate::view::RoundView;

/// The rounds whose updates were masked. One without a closed phase tells nothing.
pub(super) fn rounds(run: &RunData) -> impl DoubleEndedIterator<Item = &RoundView> {
    let rounds = run.view.rounds.iter();
    rounds.filter(|round| !round.masking.is_empty())
}

/// The section: the last round that made a model and the last abandoned one, then all rounds. It is
/// written only where there are masked rounds.
pub(super) fn section(page: &mut Markup, run: &RunData) {
    page.tag("h2").text("Sums under masks");
    let mut intro = "No hospital sent its update as it is: each added masks that cancel in the sum. \
                     The hospitals agree on masks, keep shares of each other's secrets, and give, \
                     when all know who is in the sum, those shares that take off what did not cancel."
        .to_owned();
    if is_simulated(run) {
        intro += " This was a simulation, so that one process played all parts: it shows what a \
                  coordinator would see. Its times are virtual.";
    }
    page.tag("p").text(intro);
    let summed = rounds(run).rfind(|round| round.abandoned.is_none() && round.closed.is_some());
    if let Some(round) = summed {
        steps::figure_of(page, run, round);
        learned::of_sum(page, run, round);
    } else {
        page.tag("p").text("No masked round made a model.");
    }
    seen::section(page, run);
    if let Some(round) = rounds(run).rfind(|round| round.abandoned.is_some()) {
        steps::figure_of(page, run, round);
        learned::of_nothing(page, round);
    }
    totals::section(page, run);
}

fn is_simulated(run: &RunData) -> bool {
    let manifest = run.manifest.as_ref();
    manifest.is_some_and(|manifest| manifest.mode == Mode::Simulation)
}

#[cfg(test)]
mod tests;
