//! `wardround runs replay`: a run played again from its model card.

use std::path::Path;
use std::process::ExitCode;

use ward_core::Outcome;
use ward_observe::Mode;

use super::super::output::{print, print_json};
use super::super::run::{Played, play, warn};
use crate::cli::{Format, Overrides, Talk};
use crate::codes::Code;
use crate::config::{Experiment, Layer};
use crate::examination::model_card::ModelCard;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::run_folder::RunFolder;
use crate::setup::Setup;

/// What a replay has no use for: none of it changes the model.
const OFF: [&str; 2] = ["baselines.alone=false", "baselines.pooled=false"];

/// Plays the run of the card at `path` again, in this process, and compares digests.
pub(super) fn execute(
    path: &Path,
    overrides: &Overrides,
    format: Format,
    talk: Talk,
) -> Result<ExitCode, Failure> {
    let interrupt = Interrupt::start()?;
    let (card, path) = ModelCard::read(path)?;
    let mut above = Vec::new();
    for off in OFF {
        above.push(Layer::set(off)?);
    }
    above.extend(overrides.layers()?);
    let loaded = Experiment::parse(&path, &card.config, above)?;
    let setup = Setup::open(&loaded)?;
    warn(&setup, talk);
    let folder = RunFolder::create(&loaded, &setup, Mode::Simulation)?;
    let Played { folder, .. } = play(setup, folder, talk, &interrupt)?;
    if folder.manifest.outcome != Some(Outcome::Completed) {
        let message = "was stopped before its end, so there is no model to compare";
        let message = format!("the replay in `{}` {message}", folder.dir.path().display());
        return Err(Failure::new(Code::NotReplayed, message));
    }
    let (data, model) = (folder.manifest.data_digest, folder.manifest.model_digest);
    let same_data = match (card.data_digest, data) {
        (Some(before), Some(now)) => Some(before == now),
        _ => None,
    };
    let agrees = model == Some(card.model_digest);
    let now = model.map(|digest| digest.to_string()).unwrap_or_default();
    match format {
        Format::Json => print_json(&serde_json::json!({
            "card": path.display().to_string(),
            "run_dir": folder.dir.path().display().to_string(),
            "agrees": agrees,
            "same_data": same_data,
            "model_digest": now,
            "card_model_digest": card.model_digest.to_string(),
        }))?,
        Format::Text if agrees => print(&format!("agrees: model {now}\n"))?,
        Format::Text => {}
    }
    if agrees {
        return Ok(ExitCode::SUCCESS);
    }
    let message = format!(
        "the replay ends with model {now}, and the card says {}",
        card.model_digest
    );
    let help = match same_data {
        Some(false) => "the rows are not those of the first run",
        _ if card.version != env!("CARGO_PKG_VERSION") => "the card is of another version",
        _ => {
            "rows, seed and configuration are those of the card: was noise drawn from the system, or \
              were hospitals lost in a deployment?"
        }
    };
    Err(Failure::new(Code::NotReplayed, message).help(help))
}
