//! The top of a run: what came out, in one sentence and a few numbers.

use ward_core::Outcome;

use super::load::{RunData, bar_start, metric_name, more_is_better};
use super::markup::Markup;
use super::masking;
use crate::Model;
use crate::result_row::ResultRow;
use crate::text;

/// Scenario, seed, size and outcome, in a line.
pub(super) fn facts(page: &mut Markup, run: &RunData) {
    page.tag("p").class("facts").with(|page| {
        let (class, word) = outcome(run);
        page.tag("span").class(class).text(word);
        let mut parts = Vec::new();
        if let Some(manifest) = &run.manifest {
            parts.push(format!("scenario {}", manifest.scenario));
            parts.push(format!("seed {}", manifest.seed));
        }
        parts.push(text::things(
            run.hospitals() as u64,
            "hospital",
            "hospitals",
        ));
        let rounds = run.view.rounds.len();
        parts.push(text::things(rounds as u64, "round", "rounds"));
        if let Some(manifest) = &run.manifest {
            parts.extend(
                [&manifest.strategy, &manifest.started]
                    .into_iter()
                    .filter(|part| !part.is_empty())
                    .cloned(),
            );
        }
        for (i, part) in parts.iter().enumerate() {
            if i > 0 {
                page.text(" · ");
            }
            page.tag("span").text(part);
        }
    });
}

/// The badge's classes and word.
pub(super) fn outcome(run: &RunData) -> (&'static str, &'static str) {
    let of_manifest = run.manifest.as_ref().and_then(|m| m.outcome);
    match run.view.finished.map(|f| f.outcome).or(of_manifest) {
        Some(Outcome::Completed) => ("badge", "completed"),
        Some(Outcome::Interrupted) => ("badge bad", "interrupted"),
        Some(Outcome::HospitalsRest) => ("badge bad", "ended early: hospitals rest"),
        Some(Outcome::QuorumLost) => ("badge bad", "quorum lost"),
        None => ("badge bad", "not ended"),
    }
}

/// The headline sentence and the numbers under it.
pub(super) fn headline(page: &mut Markup, run: &RunData) {
    page.tag("p").class("lead").with(|page| lead(page, run));
    if let Some(misconduct) = run.view.misconduct() {
        page.tag("p").with(|page| {
            page.strong(misconduct).text(
                ". They are simulated adversaries, marked in the table of hospitals; their own \
                 test cases are scored like everyone's.",
            );
        });
    }
    tiles(page, run);
    if !run.notes.is_empty() {
        page.tag("div")
            .class("notes")
            .at("role", "note")
            .with(|page| {
                for note in &run.notes {
                    page.tag("p").text(note);
                }
            });
    }
}

fn lead(page: &mut Markup, run: &RunData) {
    let hospitals = text::things(run.hospitals() as u64, "hospital", "hospitals");
    let Some(metric) = run.metric() else {
        page.text(format_args!(
            "{hospitals} took part; no model was scored, so there is nothing to compare yet. "
        ));
        proof(page, run);
        return;
    };
    let name = metric_name(&metric);
    let Some(federated) = run.federated(None, &metric) else {
        page.text(format_args!(
            "{hospitals} took part; the federated model was not scored. "
        ));
        proof(page, run);
        return;
    };
    page.text(format_args!("Together, {hospitals} reach "))
        .text(if name == "AUC" { "an " } else { "a " })
        .text(&name)
        .text(" of ")
        .strong(text::value(federated.value))
        .text(format_args!(" ({})", interval(&federated)));
    let of = |group: &str, model| run.result(group, model, &metric);
    if let Some(personal) = of("all", Model::Personal) {
        page.text(", and ")
            .strong(text::value(personal.value))
            .text(" each with a model of its own");
    }
    if let Some(alone) = of("all", Model::Alone) {
        page.text(". Alone they reach ")
            .strong(text::value(alone.value))
            .text(" on average");
        if let Some((tier, worst)) = worst_alone(run, &metric) {
            page.text(format_args!(
                ", in the {tier} tier {}",
                text::value(worst.value)
            ));
        }
    }
    if let Some(pooled) = of("all", Model::Pooled) {
        page.text("; with all rows in one place the same model reaches ")
            .strong(text::value(pooled.value));
    }
    if let Some(ceiling) = of("all", Model::Ceiling) {
        page.text(", and no model can do better than ")
            .strong(text::value(ceiling.value));
    }
    page.text(". ");
    proof(page, run);
}

/// What hid the updates, and what the search for training rows found.
fn proof(page: &mut Markup, run: &RunData) {
    if masking::rounds(run).any(|round| round.closed.is_some() && round.abandoned.is_none()) {
        page.text(
            "Updates were added up under masks: the coordinator saw their sums and no single one. ",
        );
    }
    let (audit, hospitals) = run.view.audit();
    if hospitals == 0 {
        page.text("What left the hospitals was not searched for their rows.");
    } else if audit.found == 0 {
        page.text(format_args!(
            "None of the {} was found in the {} that left {}.",
            text::things(audit.rows, "training row", "training rows"),
            text::bytes(audit.bytes),
            text::things(hospitals as u64, "hospital", "hospitals")
        ));
    } else {
        page.strong(format_args!(
            "{} of the {} were found in what left the hospitals: this is a leak.",
            text::count(audit.found),
            text::things(audit.rows, "training row", "training rows")
        ));
    }
}

/// The tier whose hospitals do worst alone.
pub(super) fn worst_alone(run: &RunData, metric: &str) -> Option<(String, ResultRow)> {
    let better = |row: &ResultRow| {
        let distance = row.value - bar_start(metric);
        if more_is_better(metric) {
            distance
        } else {
            -distance
        }
    };
    run.tiers()
        .into_iter()
        .filter_map(|tier| {
            let row = run.result(&tier, Model::Alone, metric)?.clone();
            Some((tier, row))
        })
        .min_by(|(_, a), (_, b)| better(a).total_cmp(&better(b)))
}

/// `95 % interval 0.817 to 0.835, 12,000 test cases`.
pub(super) fn interval(row: &ResultRow) -> String {
    if row.ci_low == row.ci_high && row.n == 0 {
        return "known exactly".to_owned();
    }
    format!(
        "95 % interval {} to {}, {}",
        text::value(row.ci_low),
        text::value(row.ci_high),
        text::things(row.n, "test case", "test cases")
    )
}

/// A difference with its sign: `+0.185`, `−0.004`.
pub(super) fn signed(difference: f64) -> String {
    let size = text::value(difference.abs());
    match size.as_str() {
        "0.000" => "0.000".to_owned(),
        _ if difference < 0.0 => format!("−{size}"),
        _ => format!("+{size}"),
    }
}

fn tiles(page: &mut Markup, run: &RunData) {
    page.tag("dl").class("tiles").with(|page| {
        if let Some(metric) = run.metric()
            && let Some(federated) = run.federated(None, &metric)
        {
            let name = metric_name(&metric);
            tile(
                page,
                "federated",
                &format!("Federated {name}, all test cases"),
                &text::value(federated.value),
                &interval(&federated),
            );
            let gain = worst_alone(run, &metric).and_then(|(tier, alone)| {
                Some((run.federated(Some(&tier), &metric)?, alone, tier))
            });
            if let Some((together, alone, tier)) = gain {
                tile(
                    page,
                    "alone",
                    &format!("What federation changes for {tier} hospitals"),
                    &signed(together.value - alone.value),
                    &format!("from {} alone", text::value(alone.value)),
                );
            }
            if let Some(pooled) = run.result("all", Model::Pooled, &metric) {
                tile(
                    page,
                    "pooled",
                    "Federated against pooled",
                    &signed(federated.value - pooled.value),
                    &format!("pooled reaches {}", text::value(pooled.value)),
                );
            }
        }
        let asked: usize = run.view.rounds.iter().map(|r| r.cohort.len()).sum();
        if asked > 0 {
            let answered: usize = run
                .view
                .rounds
                .iter()
                .map(crate::view::RoundView::counted)
                .sum();
            tile(
                page,
                "",
                "Reports that came when asked for",
                &text::percent(answered as f64 / asked as f64),
                &format!(
                    "{} of {}",
                    text::count(answered as u64),
                    text::count(asked as u64)
                ),
            );
        }
        let sent = run.view.sent();
        if sent.messages > 0 {
            let each = sent.bytes / run.hospitals().max(1) as u64;
            tile(
                page,
                "",
                "Left each hospital, on average",
                &text::bytes(each),
                &format!("{} from all of them", text::bytes(sent.bytes)),
            );
        }
    });
}

fn tile(page: &mut Markup, class: &str, what: &str, big: &str, small: &str) {
    page.tag("div").class(class).with(|page| {
        page.tag("dt").text(what);
        page.tag("dd").class("big").text(big);
        page.tag("dd").class("small").text(small);
    });
}
