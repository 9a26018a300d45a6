//! The model card: what a model is, what made it, and how good it is for whom (Mitchell et al. 2019,
//! arXiv:1810.03993). It holds the whole configuration, so that the run can be played again from the
//! card alone, and the digest of the model that must come out.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use ward_core::{Digest, Params};
use ward_observe::{
    Examination, Manifest, Model, ResultRow, RunDir, RunView, file, result_row, text,
};

use crate::codes::Code;
use crate::failure::Failure;
use crate::results;
use crate::setup::Setup;

/// The file of a run directory for programs.
const FILE: &str = "model-card.json";
/// The same for people.
const PAGE: &str = "model-card.md";

/// `model-card.json`. The keys are stable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelCard {
    /// The experiment's name.
    pub name: String,
    /// The word for the data.
    pub scenario: String,
    /// What made updates a model.
    pub strategy: String,
    /// Rounds played.
    pub rounds: u32,
    /// Seed of every public random choice.
    pub seed: u64,
    /// Wardround's version.
    pub version: String,
    /// BLAKE3 of `config`.
    pub config_digest: Digest,
    /// BLAKE3 of all rows, where the process saw them.
    pub data_digest: Option<Digest>,
    /// BLAKE3 of the names of the participants, a line each.
    pub participants_digest: Digest,
    /// BLAKE3 of the model's parameters: what playing the run again must end with.
    pub model_digest: Digest,
    /// Hospitals enrolled.
    pub hospitals: u32,
    /// Those whose update was counted in some round, in the order of the roster.
    pub participants: Vec<String>,
    /// Those that were kept out of training to score the model.
    pub external: Vec<String>,
    /// How good the federated model is: for all and by tier.
    pub results: Vec<ResultRow>,
    /// What was asked of it.
    pub examinations: Vec<Examination>,
    /// All settings of the run, as TOML.
    pub config: String,
}

impl ModelCard {
    /// The card of a finished run.
    #[must_use]
    pub fn of(
        setup: &Setup,
        manifest: &Manifest,
        params: &Params,
        view: &RunView,
        results: &[ResultRow],
        (config, examinations): (String, Vec<Examination>),
    ) -> Self {
        let roster = setup.federation.roster();
        let counted: std::collections::BTreeSet<_> = view
            .rounds
            .iter()
            .flat_map(|round| &round.reporters)
            .collect();
        let took_part = roster.iter().filter(|info| counted.contains(&info.node));
        let participants: Vec<String> = took_part.map(|info| info.name.clone()).collect();
        let outside = setup.experiment.external(roster);
        let external = roster.iter().filter(|info| outside.contains(&info.node));
        let mut groups = results::tiers(roster.iter());
        groups.push("all".to_owned());
        let told = results
            .iter()
            .filter(|row| row.model == Model::Federated && groups.contains(&row.group));
        Self {
            name: manifest.name.clone(),
            scenario: manifest.scenario.clone(),
            strategy: manifest.strategy.clone(),
            rounds: view.rounds.len() as u32,
            seed: manifest.seed,
            version: manifest.version.clone(),
            config_digest: Digest::of(config.as_bytes()),
            data_digest: manifest.data_digest,
            participants_digest: digest_of(&participants),
            model_digest: params.digest(),
            hospitals: manifest.hospitals,
            participants,
            external: external.map(|info| info.name.clone()).collect(),
            results: told.cloned().collect(),
            examinations,
            config,
        }
    }

    /// Writes it into a run directory, for programs and for people.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, dir: &RunDir) -> Result<(), Failure> {
        file::write_json(&dir.path().join(FILE), self)?;
        Ok(file::write_whole(
            &dir.path().join(PAGE),
            self.page().as_bytes(),
        )?)
    }

    /// Reads the card at `path`, a file or the folder of a run.
    ///
    /// # Errors
    /// When there is none, when it is damaged, and when configuration or participants are not those
    /// that its digests are of.
    pub fn read(path: &Path) -> Result<(Self, PathBuf), Failure> {
        let path = match path.is_dir() {
            true => path.join(FILE),
            false => path.to_owned(),
        };
        let card: Self = file::read_json(&path)?;
        for (what, digest, of) in [
            (
                "configuration",
                card.config_digest,
                Digest::of(card.config.as_bytes()),
            ),
            (
                "list of participants",
                card.participants_digest,
                digest_of(&card.participants),
            ),
        ] {
            if digest != of {
                let message = format!(
                    "the {what} in `{}` was changed: its digest is {}, and the card says {}",
                    path.display(),
                    of.short(),
                    digest.short()
                );
                return Err(Failure::new(Code::NotReplayed, message));
            }
        }
        Ok((card, path))
    }

    /// The card as Markdown.
    #[must_use]
    pub fn page(&self) -> String {
        let mut page = format!("# Model card: {}\n\n", text::plain(&self.name));
        let data = self
            .data_digest
            .map_or("not seen".to_owned(), |digest| digest.to_string());
        for (what, value) in [
            ("data", self.scenario.clone()),
            ("strategy", self.strategy.clone()),
            ("rounds", self.rounds.to_string()),
            ("seed", self.seed.to_string()),
            ("Wardround", self.version.clone()),
            ("model digest", self.model_digest.to_string()),
            ("configuration digest", self.config_digest.to_string()),
            ("data digest", data),
            ("participants digest", self.participants_digest.to_string()),
            (
                "participants",
                format!("{} of {}", self.participants.len(), self.hospitals),
            ),
            ("kept outside", text::names(&self.external, 20)),
        ] {
            if !value.is_empty() {
                let _ = writeln!(page, "* {what}: {}", text::plain(&value));
            }
        }
        if let Some(metric) = result_row::main_metric(&self.results) {
            let _ = writeln!(
                page,
                "\n## How good it is\n\n| group | {metric} | 95 % | n |"
            );
            page.push_str("|---|---|---|---|\n");
            for row in self.results.iter().filter(|row| row.metric == metric) {
                let [value, low, high] = [row.value, row.ci_low, row.ci_high].map(text::value);
                let (group, n) = (text::plain(&row.group), text::count(row.n));
                let _ = writeln!(page, "| {group} | {value} | {low} to {high} | {n} |");
            }
        }
        for examination in &self.examinations {
            let _ = writeln!(page, "\n## {}\n", text::plain(&examination.headline()));
            for words in &examination.words {
                let _ = writeln!(page, "* {}", text::plain(words));
            }
        }
        let _ = writeln!(
            page,
            "\nPlay it again: `wardround runs replay {FILE}` says whether the same model comes out."
        );
        page
    }
}

fn digest_of(names: &[String]) -> Digest {
    Digest::of(names.join("\n").as_bytes())
}

#[cfg(test)]
mod tests;
