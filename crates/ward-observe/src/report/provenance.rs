//! How the run was made, and how to make it again.

use super::load::RunData;
use super::markup::Markup;
use crate::manifest::{Adversaries, Manifest, Mode};
use crate::text;

/// The section; says so when there is no manifest.
pub(super) fn section(page: &mut Markup, run: &RunData) {
    page.tag("h2").text("How this run was made");
    match &run.manifest {
        None => page.tag("p").text(
            "The run directory has no readable manifest: versions, seed and digests are unknown.",
        ),
        Some(manifest) => {
            page.tag("dl").class("manifest").with(|page| {
                for (what, value) in facts(run, manifest) {
                    page.tag("dt").text(what);
                    page.tag("dd").text(value);
                }
            });
        }
    }
    page.tag("h3").text("To make it again");
    page.tag("p").text(
        "In the run directory, with the same version of Wardround. Equal model digests mean equal \
         models, bit for bit, whatever the number of threads.",
    );
    page.tag("pre").text("wardround run config.resolved.toml");
    if let Some(config) = &run.config {
        page.tag("details").with(|page| {
            page.tag("summary").text("The resolved configuration");
            page.tag("pre").text(config);
        });
    }
}

fn facts(run: &RunData, manifest: &Manifest) -> Vec<(&'static str, String)> {
    let host = &manifest.host;
    let version = match &manifest.git_commit {
        Some(commit) => format!("{} (commit {commit})", manifest.version),
        None => manifest.version.clone(),
    };
    let mode = match manifest.mode {
        Mode::Simulation => "simulation in one process, virtual time",
        Mode::Deployment => "deployment, one process a hospital, real time",
    };
    let data = if manifest.synthetic {
        "synthetic, made by a formula"
    } else {
        "given by the user"
    };
    let mut facts = vec![
        ("Run", manifest.run_id.clone()),
        ("Wardround", version),
        ("Scenario", manifest.scenario.clone()),
        ("Seed", manifest.seed.to_string()),
        ("Strategy", manifest.strategy.clone()),
        ("Driver", mode.to_owned()),
        ("Training engine", manifest.engine.clone()),
        ("Threads", manifest.threads.to_string()),
        (
            "Host",
            format!(
                "{} {}, {}",
                host.os,
                host.arch,
                text::things(host.cpus.into(), "core", "cores")
            ),
        ),
        ("Data", data.to_owned()),
        (
            "Adversaries",
            manifest
                .adversaries
                .as_ref()
                .map(in_words)
                .unwrap_or_default(),
        ),
        ("Parameters", model(run, manifest)),
        ("Started", manifest.started.clone()),
    ];
    let optional = [
        ("Finished", manifest.finished.clone()),
        ("Wall time", manifest.wall_s.map(text::seconds)),
        ("Simulated time", manifest.simulated_s.map(text::seconds)),
        (
            "Processor time spent training",
            manifest.train_cpu_s.map(text::seconds),
        ),
        (
            "Starts, resumes included",
            (run.view.starts > 1).then(|| run.view.starts.to_string()),
        ),
        (
            "Configuration digest",
            Some(manifest.config_digest.to_string()),
        ),
        ("Data digest", manifest.data_digest.map(|d| d.to_string())),
        (
            "Model digest",
            manifest
                .model_digest
                .or(run.view.finished.map(|f| f.model_digest))
                .map(|d| d.to_string()),
        ),
    ];
    facts.extend(
        optional
            .into_iter()
            .filter_map(|(what, value)| Some((what, value?))),
    );
    facts.retain(|(_, value)| !value.is_empty());
    facts
}

/// `sign-flip (scale 5) from round 1 on, by county-02 and township-07`.
fn in_words(adversaries: &Adversaries) -> String {
    format!(
        "{} from round {} on, by {}",
        adversaries.attack,
        u64::from(adversaries.from_round) + 1,
        text::names(&adversaries.hospitals, adversaries.hospitals.len())
    )
}

fn model(run: &RunData, manifest: &Manifest) -> String {
    let parameters = match manifest.layout.len() as u64 {
        0 => run.view.parameters,
        known => known,
    };
    if parameters == 0 {
        return String::new();
    }
    let tensors = manifest.layout.tensors.iter();
    let tensors: Vec<_> = tensors
        .take(8)
        .map(|t| {
            let shape: Vec<_> = t.shape.iter().map(usize::to_string).collect();
            format!("{} [{}]", t.name, shape.join(" × "))
        })
        .collect();
    let more = manifest.layout.tensors.len().saturating_sub(tensors.len());
    let mut words = text::count(parameters);
    if manifest.models > 1 {
        words = format!("{} models of {words}", manifest.models);
    }
    if !tensors.is_empty() {
        words += &format!(": {}", tensors.join(", "));
    }
    if more > 0 {
        words += &format!(" and {more} more");
    }
    words
}
