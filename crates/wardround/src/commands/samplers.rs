//! `wardround samplers`: each sampler with its use, settings and paper.

use std::process::ExitCode;

use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use super::output::{print, print_json};
use crate::cli::{Format, ListArgs};
use crate::config::samplers::SamplerConfig;
use crate::failure::Failure;

/// One sampler as the list shows it.
#[derive(Debug, Clone, Serialize)]
pub struct SamplerInfo {
    /// The word for it in a config: `[sampler.ID]`.
    pub id: &'static str,
    /// What it is for, in a line.
    pub r#use: &'static str,
    /// Its settings.
    pub settings: Vec<Setting>,
    /// What it learns from earlier rounds; all of it is told anyway.
    pub learns: &'static str,
    /// Where it is published.
    pub paper: &'static str,
}

/// One key of a sampler's table.
#[derive(Debug, Clone, Serialize)]
pub struct Setting {
    /// The key.
    pub key: String,
    /// What it means, its range and its default.
    pub means: String,
}

/// Every sampler, in the order of the list.
#[must_use]
pub fn samplers() -> Vec<SamplerInfo> {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let schema = settings
        .into_generator()
        .into_root_schema_for::<SamplerConfig>();
    let every = SamplerConfig::every();
    let tables = every
        .iter()
        .zip(schema.as_value()["oneOf"].as_array().into_iter().flatten());
    tables
        .map(|(sampler, table)| {
            let about = sampler.settings().about();
            SamplerInfo {
                id: about.id,
                r#use: about.r#use,
                settings: keys(&table["properties"][about.id]),
                learns: about.learns,
                paper: about.paper,
            }
        })
        .collect()
}

/// The keys of a table, as its schema describes them.
fn keys(table: &Value) -> Vec<Setting> {
    let properties = table["properties"].as_object().into_iter().flatten();
    let setting = |(key, property): (&String, &Value)| Setting {
        key: key.clone(),
        means: property["description"]
            .as_str()
            .unwrap_or_default()
            .replace('\n', " "),
    };
    properties.map(setting).collect()
}

/// Prints the list.
///
/// # Errors
/// When it cannot be written.
pub fn execute(args: ListArgs) -> Result<ExitCode, Failure> {
    let samplers = samplers();
    match args.format {
        Format::Json => print_json(&samplers)?,
        Format::Text => print(&text(&samplers))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn text(samplers: &[SamplerInfo]) -> String {
    let mut text = String::new();
    for info in samplers {
        text.push_str(&format!("[sampler.{}]\n  {}\n", info.id, info.r#use));
        for Setting { key, means } in &info.settings {
            text.push_str(&format!("  {key}: {means}\n"));
        }
        text.push_str(&format!(
            "  learns  {}\n  paper   {}\n\n",
            info.learns, info.paper
        ));
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sampler_is_listed_by_the_name_of_its_table() {
        let listed = serde_json::to_value(samplers()).unwrap();
        let ids: Vec<&str> = listed
            .as_array()
            .unwrap()
            .iter()
            .map(|sampler| sampler["id"].as_str().unwrap())
            .collect();
        let all = "all uniform poisson volume round-robin tier power-of-choice importance";
        assert_eq!(ids.join(" "), all);
        for (sampler, id) in SamplerConfig::every().iter().zip(ids) {
            let written = serde_json::to_value(sampler).unwrap();
            assert!(written.get(id).is_some(), "{written} is not `{id}`");
        }
        for sampler in listed.as_array().unwrap() {
            let settings = sampler["settings"].as_array().unwrap();
            assert!(settings.iter().any(|setting| setting["key"] == "where"));
            assert!(settings.iter().all(|setting| setting["means"] != ""));
        }
    }

    #[test]
    fn the_text_reads() {
        expect_test::expect![[r#"
            [sampler.all]
              everybody who is there; the one to start with
              where: Who may be asked, such as `tier == 'township' && name != 'north'`. Default everybody.
              learns  nothing
              paper   none

            [sampler.uniform]
              a uniform sample without replacement; for more hospitals than a round can ask
              count: Reports that a round aims at, at least 1.
              fraction: The same as a share of those who may be asked, above 0 to 1.
              where: Who may be asked, such as `tier == 'township' && name != 'north'`. Default everybody.
              learns  nothing
              paper   McMahan et al. 2017, Communication-Efficient Learning of Deep Networks from Decentralized Data, arXiv:1602.05629

            [sampler.poisson]
              each hospital independently with the same probability: what privacy accounting assumes; a round may have nobody
              rate: The probability of each hospital in each round, above 0 to 1. Required.
              where: Who may be asked, such as `tier == 'township' && name != 'north'`. Default everybody.
              learns  nothing
              paper   Mironov, Talwar and Zhang 2019, Renyi Differential Privacy of the Sampled Gaussian Mechanism, arXiv:1908.10530

            [sampler.volume]
              each next hospital with probability proportional to its training rows, without replacement; for hospitals of unequal size
              count: Reports that a round aims at, at least 1.
              fraction: The same as a share of those who may be asked, above 0 to 1.
              shares: Shares of all patients that hospitals or tiers have, by name, above 0 and together at most 1: `{ tertiary-01 = 0.193 }`. A tier's hospitals, and those that are not named, share theirs by their rows. Default: rows alone.
              where: Who may be asked, such as `tier == 'township' && name != 'north'`. Default everybody.
              learns  training rows, from the sums for federated scaling; nothing where rows are made by a formula
              paper   Efraimidis and Spirakis 2006, Weighted Random Sampling with a Reservoir, Information Processing Letters 97(5)

            [sampler.round-robin]
              everybody once before anybody twice, each lap in a random order
              count: Reports that a round aims at, at least 1.
              fraction: The same as a share of those who may be asked, above 0 to 1.
              where: Who may be asked, such as `tier == 'township' && name != 'north'`. Default everybody.
              learns  how often each hospital was asked
              paper   none

            [sampler.tier]
              so many hospitals of each tier, uniformly within it; for tiers of unequal number
              quota: Reports that a round aims at from each tier, at least 1: `{ tertiary = 2, county = 5 }`. A tier that is not named is not asked. Required.
              where: Who may be asked, such as `tier == 'township' && name != 'north'`. Default everybody.
              learns  nothing
              paper   none

            [sampler.power-of-choice]
              draws candidates and asks those whose last loss is the highest, never-asked ones first; for a model that is to serve the worst served (biased towards them)
              candidates: Candidates that are drawn first, at least as many as are asked. Default twice as many.
              candidates_by: By what candidates are drawn: `volume` (default, the paper's) or `uniform`.
              count: Reports that a round aims at, at least 1.
              fraction: The same as a share of those who may be asked, above 0 to 1.
              where: Who may be asked, such as `tier == 'township' && name != 'north'`. Default everybody.
              learns  the loss that came with each hospital's last update, and rows as `volume` does
              paper   Cho, Wang and Joshi 2020, Client Selection in Federated Learning, arXiv:2010.01243 (rpow-d)

            [sampler.importance]
              each next hospital with probability proportional to the weight times the loss of its last update, a share kept for those never asked; the mean is not reweighted, so it leans towards them
              count: Reports that a round aims at, at least 1.
              explore: Share of the cohort kept for hospitals never asked, as long as there are any, 0 to 1. Default 0.2.
              fraction: The same as a share of those who may be asked, above 0 to 1.
              where: Who may be asked, such as `tier == 'township' && name != 'north'`. Default everybody.
              learns  weight and loss that came with each hospital's last update
              paper   Lai et al. 2021, Oort: Efficient Federated Learning via Guided Participant Selection, arXiv:2010.06081, after Chen, Horvath and Richtarik 2020, arXiv:2010.13723
        "#]].assert_eq(&text(&samplers()));
    }
}
