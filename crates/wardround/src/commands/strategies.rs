//! `wardround strategies`: each strategy, each thing that may come before a robust rule and each
//! personalisation, with its use, settings, defaults and paper; `check` tries what a strategy claims.

mod check;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use serde::Serialize;
use ward_round::Visibility;

use super::output::{as_written, print, print_json};
use crate::cli::{Format, StrategiesArgs, StrategiesVerb};
use crate::failure::Failure;
use crate::personalisation::PersonalisationConfig;
use crate::strategies::{BeforeConfig, StrategyConfig};

/// One entry of the list.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Info {
    /// How updates become a model.
    Strategy(StrategyInfo),
    /// What may be done to updates before a robust rule.
    Before(BeforeInfo),
    /// How each hospital comes to a model of its own.
    Personalisation(PersonalisationInfo),
}

/// One strategy as the list shows it.
#[derive(Debug, Clone, Serialize)]
pub struct StrategyInfo {
    /// The word for it in a config: `[strategy.ID]`.
    pub id: String,
    /// What it is for, in a line.
    pub r#use: &'static str,
    /// Its settings with their defaults.
    pub defaults: serde_json::Value,
    /// Where it is published.
    pub paper: &'static str,
    /// What the coordinator must see: the sum of the updates, or each of them.
    pub visibility: Visibility,
    /// How many bad updates f it bears among n.
    pub bears: &'static str,
}

/// One thing that may come before a rule, as the list shows it.
#[derive(Debug, Clone, Serialize)]
pub struct BeforeInfo {
    /// The word for it in a config, in the `before` of a robust strategy.
    pub id: &'static str,
    /// What it is for, in a line.
    pub r#use: &'static str,
    /// What its number is, and its range; `none` where it has none.
    pub settings: &'static str,
    /// How it is written: an item of `before`.
    pub example: BeforeConfig,
    /// Where it is published.
    pub paper: &'static str,
}

/// One personalisation as the list shows it.
#[derive(Debug, Clone, Serialize)]
pub struct PersonalisationInfo {
    /// The word for it in a config: `[personalisation.ID]`.
    pub id: &'static str,
    /// What it is for, in a line.
    pub r#use: &'static str,
    /// Its settings with their defaults.
    pub defaults: serde_json::Value,
    /// What stays in the hospital.
    pub keeps: &'static str,
    /// What leaves it.
    pub leaves: &'static str,
    /// Where it is published.
    pub paper: &'static str,
}

/// Every strategy, then what may come before a rule, then every personalisation, in the order of
/// their lists.
#[must_use]
pub fn strategies() -> Vec<Info> {
    let strategies = StrategyConfig::defaults().into_iter().map(|strategy| {
        let about = strategy.about();
        Info::Strategy(StrategyInfo {
            id: strategy.id().to_owned(),
            r#use: about.r#use,
            defaults: as_written(&strategy)[strategy.id()].clone(),
            paper: about.paper,
            visibility: strategy.visibility(),
            bears: about.bears,
        })
    });
    let befores = BeforeConfig::EXAMPLES.into_iter().map(|example| {
        let about = example.about();
        Info::Before(BeforeInfo {
            id: about.id,
            r#use: about.r#use,
            settings: about.settings,
            example,
            paper: about.paper,
        })
    });
    let personalisations = PersonalisationConfig::defaults().into_iter().map(|own| {
        let about = own.about();
        Info::Personalisation(PersonalisationInfo {
            id: about.id,
            r#use: about.r#use,
            defaults: as_written(&own)[about.id].clone(),
            keeps: about.keeps,
            leaves: about.leaves,
            paper: about.paper,
        })
    });
    strategies.chain(befores).chain(personalisations).collect()
}

/// Prints the list, or checks one.
///
/// # Errors
/// When it cannot be written, or what is claimed does not hold.
pub fn execute(args: &StrategiesArgs) -> Result<ExitCode, Failure> {
    if let Some(StrategiesVerb::Check { name, format }) = &args.verb {
        return check::execute(name, *format);
    }
    let strategies = strategies();
    match args.list.format {
        Format::Json => print_json(&strategies)?,
        Format::Text => print(&text(&strategies))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn text(list: &[Info]) -> String {
    let mut text = String::new();
    for info in list {
        text.push_str(&match info {
            Info::Strategy(info) => strategy(info),
            Info::Before(info) => before(info),
            Info::Personalisation(info) => personalisation(info),
        });
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn strategy(info: &StrategyInfo) -> String {
    let sees = match info.visibility {
        Visibility::SumOnly => "the sum of the updates",
        Visibility::EachUpdate => "each update",
    };
    format!(
        "[strategy.{}]\n  {}\n  settings  {}\n  sees      {sees}\n  bears     {}\n  paper     {}\n\n",
        info.id,
        info.r#use,
        settings(&info.defaults),
        info.bears,
        info.paper
    )
}

fn before(info: &BeforeInfo) -> String {
    let item = match as_written(&info.example) {
        serde_json::Value::Object(number) => format!("{{ {} }}", settings(&number.into())),
        word => word.to_string(),
    };
    format!(
        "before = [{item}]\n  {}\n  settings  {}\n  paper     {}\n\n",
        info.r#use, info.settings, info.paper
    )
}

fn personalisation(info: &PersonalisationInfo) -> String {
    format!(
        "[personalisation.{}]\n  {}\n  settings  {}\n  keeps     {}\n  leaves    {}\n  paper     {}\n\n",
        info.id,
        info.r#use,
        settings(&info.defaults),
        info.keeps,
        info.leaves,
        info.paper
    )
}

fn settings(defaults: &serde_json::Value) -> String {
    let settings = defaults.as_object().into_iter().flatten();
    let settings: Vec<String> = settings
        .map(|(key, value)| format!("{key} = {value}"))
        .collect();
    if settings.is_empty() {
        "none".to_owned()
    } else {
        settings.join(", ")
    }
}
