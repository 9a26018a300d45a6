//! `wardround report RUN...`: one self-contained page about one run, or a comparison of several.
//!
//! The page opens from disk, loads nothing, needs no script and prints. Every chart is SVG with a
//! summary in words and its numbers as a table. Start with [`render`].

mod bars;
mod chart;
mod clinical;
mod compare;
mod curves;
mod egress;
mod examinations;
mod families;
mod family_curves;
mod headline;
mod heterogeneity;
mod hospitals;
mod load;
mod markup;
mod masking;
mod participation;
mod privacy;
mod provenance;
mod reach;
mod rows_used;
mod seeds;
mod spread_of_features;
mod statistics;
mod took_part;

use crate::RunDir;
use markup::Markup;

pub use load::{RunData, metric_name};

/// What the page may do: show its own styles and pictures inside it, and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
                      base-uri 'none'; form-action 'none'";

/// The anchor of the section that only runs with masked rounds have.
const MASKING: &str = "masking";
/// The anchor of the section that only runs have whose model was asked something.
const EXAMINATIONS: &str = "examinations";

type Section = (&'static str, &'static str, fn(&mut Markup, &RunData));

/// The sections of one run: anchor, entry in the contents, and what writes it.
const SECTIONS: [Section; 11] = [
    ("result", "What federation gives", bars::section),
    ("rounds", "Round by round", curves::section),
    ("hospitals", "Hospital by hospital", hospitals::section),
    ("clinical", "Clinical measures", clinical::section),
    (
        EXAMINATIONS,
        "What was asked of the model",
        examinations::section,
    ),
    ("data", "How the data differ", heterogeneity::section),
    ("participation", "Who took part", participation::section),
    ("egress", "What left each hospital", egress::section),
    ("privacy", "What it cost in privacy", privacy::section),
    (MASKING, "Sums under masks", masking::section),
    ("provenance", "How this run was made", provenance::section),
];

/// The page about the runs in `dirs`: one run in full, or a comparison with every run below it.
/// Missing and damaged files are said on the page.
#[must_use]
pub fn report(dirs: &[RunDir]) -> String {
    render(&dirs.iter().map(RunData::load).collect::<Vec<_>>())
}

/// The page about runs that have been read already.
#[must_use]
pub fn render(runs: &[RunData]) -> String {
    let mut page = Markup::default();
    page.fixed("<!doctype html>\n");
    page.tag("html").at("lang", "en").with(|page| {
        page.tag("head").with(|page| head(page, runs));
        page.tag("body").with(|page| {
            page.tag("a")
                .class("skip")
                .at("href", "#main")
                .text("To the report");
            match runs {
                [run] => one(page, run),
                _ => several(page, runs),
            }
            page.tag("footer").text(
                "Made by Wardround from the run's own event log. This page is one file: it loads \
                 nothing and sends nothing.",
            );
        });
    });
    page.finish()
}

fn head(page: &mut Markup, runs: &[RunData]) {
    page.tag("meta").at("charset", "utf-8").empty();
    page.tag("meta")
        .at("http-equiv", "Content-Security-Policy")
        .at("content", POLICY)
        .empty();
    page.tag("meta")
        .at("name", "viewport")
        .at("content", "width=device-width, initial-scale=1")
        .empty();
    let title = match runs {
        [run] => format!("{} · Wardround", run.name()),
        _ => format!("{} runs compared · Wardround", runs.len()),
    };
    page.tag("title").text(title);
    page.tag("style")
        .with(|page| page.fixed(include_str!("style.css")));
}

fn one(page: &mut Markup, run: &RunData) {
    page.tag("header").class("top").with(|page| {
        page.tag("p")
            .class("kicker")
            .text("Wardround · report of a run");
        page.tag("h1").text(run.name());
        headline::facts(page, run);
        contents(
            page,
            sections_of(run).map(|(anchor, title, _)| (anchor, title)),
        );
    });
    page.tag("main").at("id", "main").with(|page| {
        headline::headline(page, run);
        sections(page, run, "");
    });
}

fn sections_of(run: &RunData) -> impl Iterator<Item = Section> {
    let masked = masking::rounds(run).next().is_some();
    let asked = !run.examinations.is_empty();
    SECTIONS
        .into_iter()
        .filter(move |(anchor, ..)| match *anchor {
            MASKING => masked,
            EXAMINATIONS => asked,
            _ => true,
        })
}

fn contents(page: &mut Markup, entries: impl Iterator<Item = (&'static str, &'static str)>) {
    page.tag("nav")
        .class("toc")
        .at("aria-label", "Contents")
        .with(|page| {
            page.tag("ul").with(|page| {
                for (anchor, title) in entries {
                    page.tag("li").with(|page| {
                        let href = format!("#{anchor}");
                        page.tag("a").at("href", href).text(title);
                    });
                }
            });
        });
}

fn sections(page: &mut Markup, run: &RunData, prefix: &str) {
    for (anchor, title, write) in sections_of(run) {
        page.tag("section")
            .at("id", format_args!("{prefix}{anchor}"))
            .at("aria-label", title)
            .with(|page| write(page, run));
    }
}

fn several(page: &mut Markup, runs: &[RunData]) {
    page.tag("header").class("top").with(|page| {
        page.tag("p")
            .class("kicker")
            .text("Wardround · comparison of runs");
        page.tag("h1").text(match runs.len() {
            0 => "No runs".to_owned(),
            many => format!("{many} runs compared"),
        });
    });
    page.tag("main").at("id", "main").with(|page| {
        if runs.is_empty() {
            page.tag("p").text("No run was named.");
            return;
        }
        compare::sections(page, runs);
        page.tag("section")
            .at("aria-label", "Every run")
            .with(|page| {
                page.tag("h2").text("Every run");
                for (i, run) in runs.iter().enumerate() {
                    page.tag("details").class("run").with(|page| {
                        let seed = run.manifest.as_ref().map(|m| format!(", seed {}", m.seed));
                        let name = format!("{}{}", run.name(), seed.unwrap_or_default());
                        page.tag("summary").text(name);
                        headline::facts(page, run);
                        headline::headline(page, run);
                        sections(page, run, &format!("run-{}-", i + 1));
                    });
                }
            });
    });
}

#[cfg(test)]
mod tests;
