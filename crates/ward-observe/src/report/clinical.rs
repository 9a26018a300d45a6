//! Clinical measures: how evenly each model serves the hospitals.

use ward_core::metric::access::{Served, quantile, spread, worst_group, worst_hospital};

use super::chart::table;
use super::load::{RunData, metric_name, more_is_better};
use super::markup::Markup;
use crate::access::{Access, FLOOR};
use crate::{Model, text};

/// The section; says so where no two hospitals were scored.
pub(super) fn section(page: &mut Markup, run: &RunData) {
    page.tag("h2").text("Clinical measures");
    let metric = run.metric().filter(|metric| more_is_better(metric));
    let roster = run.roster();
    let rows = |metric: &str| -> Vec<Vec<String>> {
        let row = |model: Model| {
            let served = roster.iter().filter_map(|(_, name, tier)| {
                let result = run.result(name, model, metric)?;
                Some(Served {
                    hospital: name,
                    group: tier,
                    value: result.value,
                    cases: result.n,
                })
            });
            cells(model, &served.collect::<Vec<_>>(), !run.tiers().is_empty())
        };
        Model::ALL.into_iter().filter_map(row).collect()
    };
    let Some((metric, rows)) = metric
        .map(|metric| (metric_name(&metric), rows(&metric)))
        .filter(|(_, rows)| !rows.is_empty())
    else {
        page.tag("p")
            .text("No two hospitals were scored, so nothing can be said of how they compare.");
        return;
    };
    page.tag("p").text(
        "A good mean can hide a hospital that a model fails. Of hospitals with few test cases some \
         look bad by chance alone, and that widens the spread of every model.",
    );
    let columns = [
        "model",
        "hospitals",
        "worst hospital",
        "worst tier",
        "10th percentile",
        "spread",
    ];
    let caption = format!("How evenly each model serves: {metric}");
    table(page, &caption, &columns, 1, rows);
    page.tag("p").text(
        "Tiers weigh their hospitals by test cases. One hospital in ten is at or below the 10th \
         percentile; the spread is the standard deviation over hospitals.",
    );
    access(page, run);
}

/// Who is reached; nothing where hospitals are not known to be rural and urban.
fn access(page: &mut Markup, run: &RunData) {
    let Some(access) = Access::of(&run.cards, &run.view, &run.results) else {
        return;
    };
    page.tag("h3").text("Who is reached");
    let took_part = access
        .rural_participation
        .map_or_else(String::new, |share| {
            let share = text::percent(share);
            format!(", and {share} of those who took part, counted once a round")
        });
    page.tag("p").text(format!(
        "{} of all patients are rural{took_part}. A model serves the patients of a hospital where its \
         AUC is {FLOOR} or more; a hospital has as many patients as training rows.",
        text::percent(access.rural_patients)
    ));
    let rows = access.models.iter().map(|of| {
        let ratio = of.ratio.as_ref().map(|ratio| text::value(ratio.value));
        let served = of.served.map(text::percent);
        let or_none = |cell: Option<String>| cell.unwrap_or_else(|| "–".to_owned());
        vec![of.model.to_string(), or_none(ratio), or_none(served)]
    });
    let columns = ["model", "rural AUC / urban AUC", "patients served"];
    table(page, "Rural and urban", &columns, 1, rows);
}

/// A model's row; `None` where it was scored at fewer than two hospitals.
fn cells(model: Model, served: &[Served<'_>], tiers: bool) -> Option<Vec<String>> {
    let named = |name: &str, value: f64| format!("{} ({name})", text::value(value));
    let worst = worst_hospital(served)?;
    let tier = worst_group(served).filter(|_| tiers);
    Some(vec![
        model.to_string(),
        text::count(served.len() as u64),
        named(worst.hospital, worst.value),
        tier.map_or("–".to_owned(), |(tier, value)| named(tier, value)),
        text::value(quantile(served, 0.1)?),
        text::value(spread(served)?),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_names_who_is_served_worst() {
        let served = |hospital, group, value| Served {
            hospital,
            group,
            value,
            cases: 100,
        };
        let three = [
            served("East", "county", 0.9),
            served("West", "township", 0.7),
            served("North", "township", 0.8),
        ];
        let cells_of = |served: &[Served<'_>], tiers| cells(Model::Federated, served, tiers);
        // The tenth percentile is a fifth of the way from .7 to .8.
        assert_eq!(
            cells_of(&three, true).unwrap(),
            [
                "federated",
                "3",
                "0.700 (West)",
                "0.750 (township)",
                "0.720",
                "0.100"
            ]
        );
        assert_eq!(cells_of(&three, false).unwrap()[3], "–");
        assert_eq!(cells_of(&three[..1], true), None);
    }
}
