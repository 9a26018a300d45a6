//! Several runs: means over seeds where only the seed differs, and all of them side by side.

use super::chart::table;
use super::families::{Family, families, plus_minus, values};
use super::headline::outcome;
use super::load::{RunData, metric_name};
use super::markup::Markup;
use super::statistics::over_seeds;
use super::{family_curves, seeds};
use crate::{Model, text};

/// The comparison.
pub(super) fn sections(page: &mut Markup, runs: &[RunData]) {
    let families = families(runs);
    let Some(metric) = runs.iter().find_map(RunData::metric) else {
        page.tag("p")
            .class("lead")
            .text("None of these runs was scored, so there is nothing to compare.");
        side_by_side(page, runs, "auc");
        return;
    };
    page.tag("p").class("lead").text(lead(&families, &metric));
    page.tag("section")
        .at("aria-label", "Over seeds")
        .with(|page| {
            page.tag("h2").text("Over seeds");
            page.tag("p").text(
                "Runs whose configurations differ in the seed alone are repetitions of one \
             experiment. The interval is Student's t over seeds; for one run there is none.",
            );
            seeds::section(page, &families, &metric);
        });
    page.tag("section")
        .at("aria-label", "Round by round")
        .with(|page| {
            page.tag("h2").text("Round by round");
            family_curves::curves(page, &families, &metric);
        });
    page.tag("section")
        .at("aria-label", "Side by side")
        .with(|page| {
            page.tag("h2").text("Side by side");
            side_by_side(page, runs, &metric);
        });
}

fn lead(families: &[Family<'_>], metric: &str) -> String {
    let name = metric_name(metric);
    let several = families.iter().any(|family| family.runs.len() > 1);
    let parts: Vec<String> = families
        .iter()
        .take(6)
        .filter_map(|family| {
            let over = over_seeds(&values(family, "all", Model::Federated, metric))?;
            let told = format!("{} {}", family.name, plus_minus(over));
            let runs = text::things(over.runs as u64, "seed", "seeds");
            Some(match several {
                true => format!("{told} ({runs})"),
                false => told,
            })
        })
        .collect();
    format!("Federated {name}: {}.", parts.join("; "))
}

fn side_by_side(page: &mut Markup, runs: &[RunData], metric: &str) {
    let name = metric_name(metric);
    let columns: Vec<String> = ["run", "seed", "outcome", "rounds", "hospitals"]
        .map(str::to_owned)
        .into_iter()
        .chain(Model::ALL.map(|model| format!("{model} {name}")))
        .chain(["up", "down", "wall time", "model", "scenario", "strategy"].map(str::to_owned))
        .collect();
    let rows = runs.iter().map(|run| {
        let manifest = run.manifest.as_ref();
        let or_dash = |text: Option<String>| {
            text.filter(|t| !t.is_empty())
                .unwrap_or_else(|| "–".to_owned())
        };
        let mut row = vec![
            run.folder.clone(),
            or_dash(manifest.map(|m| m.seed.to_string())),
            outcome(run).1.to_owned(),
            run.view.rounds.len().to_string(),
            run.hospitals().to_string(),
        ];
        row.extend(Model::ALL.map(|model| {
            let found = match model {
                Model::Federated => run.federated(None, metric),
                _ => run.result("all", model, metric).cloned(),
            };
            or_dash(found.map(|r| text::value(r.value)))
        }));
        row.extend([
            text::bytes(run.view.sent().bytes),
            text::bytes(run.view.received().bytes),
            or_dash(manifest.and_then(|m| m.wall_s).map(text::seconds)),
            or_dash(manifest.and_then(|m| m.model_digest).map(|d| d.short())),
            or_dash(manifest.map(|m| m.scenario.clone())),
            or_dash(manifest.map(|m| m.strategy.clone())),
        ]);
        row
    });
    table(page, "All runs", &columns, 3, rows);
}
