//! Semantic checks: everything that is wrong with an experiment, all at once.

mod adaptive_clipping;
mod adoption;
mod adversaries;
mod banded;
mod border;
mod changing;
mod data;
mod evaluation;
mod found;
mod pretraining;
mod privacy;
mod reimbursement;
mod schedule;
mod secure_aggregation;
mod settings;
mod strategy;

use std::net::SocketAddr;

use ward_data::ScalingMode;
use ward_privacy::policy::CrossBorder;

pub use adversaries::only_simulated;
pub use data::{problems_with_data, visibility};
pub(crate) use found::Found;
pub(crate) use strategy::Settings;

use super::problem::Problem;
use super::samplers;
use super::types::{Experiment, HospitalConfig};
use super::variants;
use crate::codes::Code;

/// What can be told from the file alone.
#[must_use]
pub fn problems(experiment: &Experiment) -> Vec<Problem> {
    let mut found = Found::default();
    found.at_least("rounds", experiment.rounds, 1);
    if unusable(&experiment.name) {
        let message = "becomes part of a folder's name: it cannot be empty or hold a slash or a \
                       control character";
        found.add(Code::BadName, "name", message);
    }
    settings::training(&mut found, "training", &experiment.training);
    schedule::of_hospitals(&mut found, experiment);
    pretraining::settings(&mut found, experiment);
    strategy::settings(&mut found, experiment);
    samplers::check(&mut found, experiment);
    adoption::settings(&mut found, experiment);
    border::settings(&mut found, experiment);
    reimbursement::settings(&mut found, experiment);
    settings::round(&mut found, &experiment.round);
    settings::ring(&mut found, &experiment.ring, experiment.width());
    secure_aggregation::settings(&mut found, experiment);
    privacy::settings(&mut found, experiment);
    evaluation::settings(&mut found, experiment);
    if let Some(training) = &experiment.baselines.training {
        settings::training(&mut found, "baselines.training", training);
        if training.schedule.is_some() {
            let message = "goes by rounds, and baselines have none: leave it out";
            found.add(Code::Combination, "baselines.training.schedule", message);
        }
    }
    settings::simulation(&mut found, &experiment.simulation);
    if let Some(config) = &experiment.adversaries {
        adversaries::settings(&mut found, config, experiment.rounds);
    }
    listen(&mut found, &experiment.coordinator.listen);
    found.problems.extend(variants::problems(experiment));
    if experiment.output.dir.is_empty() {
        found.add(Code::BadName, "output.dir", "must name a folder");
    }
    found
        .problems
        .extend(experiment.data.problems().into_iter().map(Problem::from));
    changing::settings(&mut found, experiment);
    if experiment.preprocessing.scaling != ScalingMode::None && experiment.is_images() {
        let message = "is for tabular features; the rows here are images";
        found
            .add(Code::Combination, "preprocessing.scaling", message)
            .help = Some(
            "images are scaled by their scanner already: set preprocessing.scaling = \"none\""
                .into(),
        );
    }
    found.problems
}

/// Scheme, host and perhaps a port; the rest is the transport's to judge.
fn is_address(url: &str) -> bool {
    let rest = ["http://", "https://"]
        .iter()
        .find_map(|scheme| url.strip_prefix(scheme));
    let Some(authority) = rest.and_then(|rest| rest.split('/').next()) else {
        return false;
    };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    !host.is_empty() && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

/// What is wrong with a hospital's file.
#[must_use]
pub fn hospital_problems(hospital: &HospitalConfig) -> Vec<Problem> {
    let mut found = Found::default();
    if unusable(&hospital.name) {
        let message = "cannot be empty or hold a slash or a control character";
        found.add(Code::BadName, "name", message);
    }
    if !is_address(&hospital.coordinator) {
        let message = "must be a URL such as http://127.0.0.1:7443, with a port up to 65535";
        found.add(Code::BadAddress, "coordinator", message);
    }
    for (path, value) in [
        ("experiment", &hospital.experiment),
        ("state_dir", &hospital.state_dir),
    ] {
        if value.is_empty() {
            found.add(
                Code::BadName,
                path,
                "must not be empty; `.` is this file's folder",
            );
        }
    }
    if hospital
        .token
        .as_ref()
        .is_some_and(|token| token.0.is_empty() || !token.0.is_ascii())
    {
        found.add(
            Code::OutOfRange,
            "token",
            "must be ASCII and not empty, or be left out",
        );
    }
    for (field, message) in hospital.policy.problems() {
        found.add(Code::OutOfRange, &format!("policy.{field}"), message);
    }
    if hospital.policy.cross_border == CrossBorder::Deny && hospital.region.is_none() {
        let message = "needs `region`: where this hospital is";
        found
            .add(Code::MissingKey, "policy.cross_border", message)
            .help = Some("say `region = \"cn-51\"` at the top of the file".into());
    }
    if hospital.region.as_deref().is_some_and(str::is_empty) {
        let message = "must not be empty, or be left out";
        found.add(Code::BadName, "region", message);
    }
    if let Some(budget) = &hospital.budget {
        let limits = [
            ("epsilon_per_run", budget.epsilon_per_run),
            ("epsilon_total", budget.epsilon_total),
        ];
        for (key, epsilon) in limits {
            found.positive(&format!("budget.{key}"), epsilon.unwrap_or(1.0));
        }
        let probability = |v| v > 0.0 && v < 1.0;
        let range = "above 0 and below 1";
        found.number("budget.delta", budget.delta, range, probability);
    }
    if let Some(data) = &hospital.data {
        found
            .problems
            .extend(data.problems().into_iter().map(Problem::from));
    }
    found.problems
}

/// Whether a name cannot become a folder's.
pub(super) fn unusable(name: &str) -> bool {
    name.trim().is_empty() || name.contains(|c: char| matches!(c, '/' | '\\') || c.is_control())
}

fn listen(found: &mut Found, listen: &str) {
    match listen.parse::<SocketAddr>() {
        Err(_) => {
            let message = "must be an IP address and a port, such as 127.0.0.1:7443";
            found.add(Code::BadAddress, "coordinator.listen", message);
        }
        Ok(address) if !address.ip().is_loopback() => {
            let message = "must be an address of this host alone, 127.0.0.1 or [::1]: without TLS, \
                           updates would cross the network in the clear";
            found.add(Code::BadAddress, "coordinator.listen", message);
        }
        Ok(_) => {}
    }
}

/// The first line of what is said of the experiment `text` with these settings above it; empty where it is
/// good.
#[cfg(test)]
fn said_of(text: &str, sets: &[&str]) -> String {
    use crate::config::Layer;

    let above = sets.iter().map(|set| Layer::set(set).unwrap()).collect();
    let checked = Experiment::parse(std::path::Path::new("exp.toml"), text, above);
    let failure = checked.and_then(|loaded| loaded.open().map(|_| ())).err();
    let text = failure.map_or(String::new(), |failure| failure.render(400, false));
    let line = text.lines().find(|line| line.contains("×"));
    line.map_or(String::new(), |line| line.trim().to_owned())
}
