//! What the coordinator learned from a masked round, what it did not, and what was recovered.

use ward_core::{MaskingPhase, NodeId};

use crate::report::load::RunData;
use crate::report::markup::Markup;
use crate::text;
use crate::view::RoundView;

/// At most so many hospitals are named.
const MOST_NAMED: usize = 12;

/// Of a round that made a model.
pub(super) fn of_sum(page: &mut Markup, run: &RunData, round: &RoundView) {
    page.tag("div").class("two").with(|page| {
        page.tag("div").with(|page| {
            page.tag("h3")
                .text("What the coordinator learned, and what not");
            page.tag("p").text(known(run, round));
            page.tag("p").with(|page| {
                page.strong("It did not learn ")
                    .text("any one hospital's update, its weight or its training loss")
                    .text(limit(round));
            });
        });
        page.tag("div").with(|page| {
            page.tag("h3").text("What was recovered from shares");
            page.tag("p").text(recovered(run, round));
        });
    });
}

fn known(run: &RunData, round: &RoundView) -> String {
    let counted = round.reporters.len() as u64;
    let left_out: Vec<NodeId> = round
        .cohort
        .iter()
        .copied()
        .filter(|node| round.reporters.binary_search(node).is_err())
        .collect();
    let but = match left_out.as_slice() {
        [] => String::new(),
        left_out => format!(" but {}", names(run, left_out)),
    };
    let updates = text::things(counted, "update", "updates");
    let mut words = match round.groups.len() {
        0 => format!(
            "It learned the sum of {updates}, of their weights and of their weighted losses; that all \
             who were asked are in it{but}; and when each answered and with how many bytes."
        ),
        dealt => of_groups(round, dealt as u64, &updates, &but),
    };
    if sent(run, "evaluation") {
        words += " Test scores are not masked: it sees those of each hospital.";
    }
    if sent(run, "summary") {
        words += " Before the first round it saw each hospital's sums for scaling, and its number of \
                  rows.";
    }
    words
}

/// A sum of each group is more than one of all.
fn of_groups(round: &RoundView, dealt: u64, updates: &str, but: &str) -> String {
    let sizes = || round.groups.iter().map(Vec::len);
    let (least, most) = (sizes().min().unwrap_or(0), sizes().max().unwrap_or(0));
    let of = match least == most {
        true => least.to_string(),
        false => format!("{least} or {most}"),
    };
    let sums = dealt.saturating_sub(round.groups_lost.len() as u64);
    let mut words = format!(
        "It learned {}, one of each group of {of} hospitals: {updates} in all, their weights and their \
         weighted losses; that all who were asked are in one{but}; and when each answered and with how \
         many bytes. Groups are dealt anew each round, so over the rounds it learns sums of many \
         different sets of hospitals, and these together tell more of each hospital than sums over all \
         would.",
        text::things(sums, "sum", "sums")
    );
    if let Some((_, reason)) = round.groups_lost.first() {
        words += &format!(
            " Of {dealt} groups {} had no sum that counts; of the first the reason is: {reason}.",
            round.groups_lost.len()
        );
    }
    words
}

fn sent(run: &RunData, kind: &str) -> bool {
    let mut nodes = run.view.nodes.values();
    nodes.any(|node| node.ledger.sent.of(kind).messages > 0)
}

/// Up to whom the promise holds, and what it does not cover.
fn limit(round: &RoundView) -> String {
    let few = match round.masking_phase(MaskingPhase::Openings) {
        None => "fewer than a third",
        Some(_) => "at most a fifth",
    };
    let asked = match round.groups.len() {
        0 => "hospitals asked",
        _ => "hospitals of its group",
    };
    format!(
        ", even if it lied, as long as {few} of the {asked} worked with it. A sum tells \
         something about its parts all the same."
    )
}

fn recovered(run: &RunData, round: &RoundView) -> String {
    let lost = |phase| -> Vec<NodeId> {
        let phase = round.masking_phase(phase);
        let lost = phase.map(|phase| round.lost_in(phase)).unwrap_or_default();
        lost.into_iter().map(|(node, _)| node).collect()
    };
    let mut words = format!(
        "For {} in the sum: the seed of each one's own mask, and nothing else of them.",
        text::things(round.reporters.len() as u64, "hospital", "hospitals")
    );
    let after_sharing = lost(MaskingPhase::Uploads);
    words += &match after_sharing.as_slice() {
        [] => " Nobody was lost after sharing, so that all pair masks cancelled.".to_owned(),
        [one] => format!(
            " {} was lost after it had shared: its pair masks were in the others' uploads, and were \
             restored from shares of its mask key and taken off. Its own mask was not restored, so \
             an upload of it that comes late stays hidden.",
            run.view.name(*one)
        ),
        lost => format!(
            " {} were lost after they had shared: their pair masks were in the others' uploads, and \
             were restored from shares of their mask keys and taken off. Their own masks were not \
             restored, so uploads of theirs that come late stay hidden.",
            names(run, lost)
        ),
    };
    let mut early = lost(MaskingPhase::Keys);
    early.extend(lost(MaskingPhase::Shares));
    if !early.is_empty() {
        words += &format!(
            " Lost before anybody had masks with them, so that there was nothing to restore: {}.",
            names(run, &early)
        );
    }
    let consented = lost(MaskingPhase::Consents);
    if !consented.is_empty() {
        words += &format!(
            " Lost after the upload, and in the sum all the same: {}.",
            names(run, &consented)
        );
    }
    words
}

fn names(run: &RunData, nodes: &[NodeId]) -> String {
    let names: Vec<String> = nodes.iter().map(|node| run.view.name(*node)).collect();
    text::names(&names, MOST_NAMED)
}

/// Of an abandoned round.
pub(super) fn of_nothing(page: &mut Markup, round: &RoundView) {
    let Some(reason) = round.abandoned else {
        return;
    };
    let uploads = round.masking_phase(MaskingPhase::Uploads);
    let uploads = uploads.map_or(0, |phase| phase.answered.len() as u64);
    let held = match uploads {
        0 => "No update had left a hospital.".to_owned(),
        _ => format!(
            "The {} that it holds stay under masks.",
            text::things(uploads, "upload", "uploads")
        ),
    };
    page.tag("p").text(format_args!(
        "Why: {reason}. The coordinator learned who answered when and with how many bytes, and no sum. \
         {held} Every round has fresh keys."
    ));
}
