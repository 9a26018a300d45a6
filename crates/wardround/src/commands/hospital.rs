//! `wardround hospital`: one hospital's node.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio_util::sync::CancellationToken;
use ward_core::Trainer as _;
use ward_data::Federation;
use ward_net::{Farewell, HospitalSettings, run_hospital};
use ward_privacy::Guard;
use ward_privacy::ledger::LedgerFile;
use ward_round::Secrets;
use ward_train::{HospitalTrainer, Learners};

use super::ending::note;
use crate::cli::{HospitalArgs, Talk};
use crate::codes::Code;
use crate::config::types::PrivacyConfig;
use crate::config::{HospitalConfig, Layer, Loaded};
use crate::deployment::{ApprovalFile, Ledger, tie_to_parent};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::keyring;
use crate::node_states::NodeStateFiles;

/// Takes part in a run until it is over.
///
/// # Errors
/// Everything that is wrong with the hospital's file, its experiment or its rows; a coordinator
/// that will not have it.
pub fn execute(args: &HospitalArgs, talk: Talk) -> Result<ExitCode, Failure> {
    let interrupt = Interrupt::start()?;
    if args.tied {
        tie_to_parent(&interrupt)
            .map_err(|error| Failure::new(Code::Internal, "no thread").caused_by(error))?;
    }
    let above: Result<Vec<Layer>, Failure> = args.set.iter().map(|set| Layer::set(set)).collect();
    let loaded = HospitalConfig::load(&args.file, above?)?;
    let (trainer, federation) = trainer(&loaded)?;
    let config = &loaded.value;
    let ledger = {
        let (data, rounds) = (trainer.data(), loaded.experiment()?.value.rounds);
        let folder = loaded.folder().join(&config.state_dir);
        let rows = federation.ever(data.info.node, rounds, &data.train)?;
        Ledger::create(&folder, &config.name, &rows)?
    };
    let token = config.token.as_ref().map_or("", |token| token.0.as_str());
    let settings = HospitalSettings {
        mode: config.transport.into(),
        ..HospitalSettings::new(&config.coordinator, &config.name, token)
    };
    let secrets = secrets(&loaded, trainer.layout().len())?;
    let guard = guard(
        &loaded,
        federation.source().asks_consent(trainer.data().info.node),
    )?;
    let runtime = super::runtime()?;
    if !talk.quiet {
        let rows = &trainer.data().train;
        let (name, coordinator) = (&config.name, &config.coordinator);
        note(&format!(
            "{name}: {} training rows, joining {coordinator}",
            rows.len()
        ));
    }
    let farewell = runtime.block_on(async {
        let stop = CancellationToken::new();
        let (heard, cancel) = (interrupt.clone(), stop.clone());
        tokio::spawn(async move {
            heard.wait().await;
            cancel.cancel();
        });
        let (trainer, ledger) = (Box::new(trainer), Box::new(ledger));
        run_hospital(settings, trainer, guard, ledger, secrets, stop).await
    })?;
    let (word, code) = match farewell {
        Farewell::Rested => ("the run is over", ExitCode::SUCCESS),
        Farewell::Stopped => ("stopped", ExitCode::from(interrupt.exit_code())),
    };
    if !talk.quiet {
        note(&format!("{}: {word}", config.name));
    }
    Ok(code)
}

/// The hospital's policy, and its privacy ledger as earlier runs left it. `consented` says whether rows of
/// patients who do not consent are left out.
fn guard(loaded: &Loaded<HospitalConfig>, consented: bool) -> Result<Guard, Failure> {
    let config = &loaded.value;
    let folder = loaded.folder().join(&config.state_dir);
    let path = folder.join(format!("{}.privacy.jsonl", config.name));
    let failed = |error: &dyn std::fmt::Display| {
        Failure::new(Code::BadLedger, error.to_string())
            .help("without its privacy ledger a hospital does not know what it has spent")
    };
    std::fs::create_dir_all(&folder).map_err(|error| failed(&error))?;
    let experiment = loaded.experiment()?;
    let of_run = experiment
        .value
        .privacy
        .as_ref()
        .and_then(PrivacyConfig::budget);
    let budget = config.budget().or(of_run);
    let ledger = LedgerFile::open(&path, budget).map_err(|error| failed(&error))?;
    let approvals = ApprovalFile::new(&folder, &config.name);
    Ok(Guard::new(config.policy.clone(), ledger)
        .with_clock(minute_of_day)
        .in_region(config.region.as_deref().unwrap_or_default())
        .of_consenting(consented)
        .approved_by(Box::new(approvals)))
}

/// Minutes since midnight, UTC.
fn minute_of_day() -> u16 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| (now.as_secs() / 60 % 1_440) as u16)
}

/// What the hospital needs for masked rounds, where its file says so.
fn secrets(loaded: &Loaded<HospitalConfig>, parameters: usize) -> Result<Option<Secrets>, Failure> {
    let (config, folder) = (&loaded.value, loaded.folder());
    let policy = keyring::Policy::of(&loaded.experiment()?.value, parameters);
    let (keys, policy) = match (&config.secure_aggregation, policy) {
        (Some(keys), Some(policy)) => (keys, policy),
        (None, None) => return Ok(None),
        // Either way somebody believes that updates are hidden, and they would not be.
        (given, _) => {
            let message = match given {
                Some(_) => "the hospital's file has keys, and the experiment hides no updates",
                None => "the experiment hides updates, and the hospital's file has no keys",
            };
            return Err(Failure::new(Code::BadRoster, message).help(
                "say [secure_aggregation] in both: `wardround roster EXP.toml DIR` makes the keys",
            ));
        }
    };
    let (key, roster) = (folder.join(&keys.key), folder.join(&keys.roster));
    keyring::deployed(&config.name, &key, &roster, &keys.root, policy).map(Some)
}

/// The trainer of the hospital's own rows, and where they come from.
fn trainer(loaded: &Loaded<HospitalConfig>) -> Result<(HospitalTrainer, Federation), Failure> {
    let experiment = loaded.experiment()?;
    experiment.deployable()?;
    let (data, folder) = loaded.data(&experiment);
    let settings = &experiment.value;
    let scaling = settings.preprocessing.scaling;
    let (federation, info) =
        Federation::open_one(data, scaling, settings.seed, folder, &loaded.value.name)?;
    let (federation, model, _) = settings.modelled(federation)?;
    let rows = federation.hospital(info.node)?;
    let folder = loaded.folder().join(&loaded.value.state_dir);
    let states = NodeStateFiles::new(&folder, &loaded.value.name, model.parameters());
    let engine = settings.training.engine(&model);
    let engine = engine.map_err(|e| Failure::new(Code::Combination, e.to_string()))?;
    let learners = Learners::new(Arc::new(model), engine);
    let trainer = HospitalTrainer::new(rows, learners).remembering(Arc::new(states));
    Ok((trainer.following(federation.clone()), federation))
}
