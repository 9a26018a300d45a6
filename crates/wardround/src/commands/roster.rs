//! `wardround roster`: the keys of a federation's hospitals, and the signed list of them.

use std::fs;
use std::process::ExitCode;

use super::ending::note;
use super::output::print;
use crate::cli::{RosterArgs, Talk};
use crate::codes::Code;
use crate::config::Experiment;
use crate::failure::Failure;
use crate::keyring::Keyring;
use crate::setup::Setup;

/// Writes `roster.json` and a key for each hospital, and prints the root's public key.
///
/// # Errors
/// Everything that is wrong with the experiment; a folder that is there already or cannot be made.
pub fn execute(args: &RosterArgs, talk: Talk) -> Result<ExitCode, Failure> {
    let loaded = Experiment::load(&args.experiment, Vec::new())?;
    let setup = Setup::enrol(&loaded)?;
    let hospitals = setup.federation.roster();
    let folder = &args.folder;
    // Keys are never written over: who had them would be locked out.
    fs::create_dir(folder).map_err(|error| {
        let message = format!("cannot make the folder `{}`", folder.display());
        Failure::new(Code::CannotWrite, message)
            .help("name one that is not there yet")
            .caused_by(error)
    })?;
    let root = Keyring::draw(&setup.experiment.name, hospitals)?.write(folder, hospitals)?;
    if !talk.quiet {
        note(&format!(
            "keys of {} hospitals are in {}: hand each its own, and roster.json to all",
            hospitals.len(),
            folder.display()
        ));
        note("tell every hospital this root key by other means than the roster:");
    }
    print(&format!("{root}\n"))?;
    Ok(ExitCode::SUCCESS)
}
