//! `wardround coordinator`: an experiment served to hospitals over gRPC.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use ward_net::{JoinTokens, Served, ServerSettings, Service};
use ward_observe::{Mode, file};
use ward_privacy::NoiseSource;

use super::ending::{Ending, note};
use super::run::{experiment, teller, warn};
use crate::cli::{CoordinatorArgs, Talk};
use crate::codes::Code;
use crate::config::{ADMIN_TOKEN_VARIABLE, Experiment, Loaded, TOKEN_VARIABLE};
use crate::deployment::tie_to_parent;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::keyring::{self, RosterFile};
use crate::run_folder::{self, RunFolder};
use crate::setup::Setup;
use crate::teller::Teller;

/// What `--announce` writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// Where hospitals find the coordinator: `http://127.0.0.1:7443`.
    pub address: String,
    /// The run directory.
    pub run_dir: String,
}

/// Serves an experiment, or goes on with one.
///
/// # Errors
/// Everything that is wrong with the experiment, the address or our disk; a quorum that was lost.
pub fn execute(args: &CoordinatorArgs, talk: Talk) -> Result<ExitCode, Failure> {
    let interrupt = Interrupt::start()?;
    if args.tied {
        tie_to_parent(&interrupt)
            .map_err(|error| Failure::new(Code::Internal, "no thread").caused_by(error))?;
    }
    let loaded = experiment(&args.run)?;
    loaded.deployable()?;
    let setup = Setup::enrol(&loaded)?;
    warn(&setup, talk);
    let address = listen_address(&loaded.value)?;
    let runtime = super::runtime()?;
    // Before there is a run directory: an address that is taken leaves nothing behind.
    let listener = runtime
        .block_on(TcpListener::bind(address))
        .map_err(|error| Failure::cannot_bind(address, error))?;
    let mut folder = match &args.run.resume {
        Some(run) => RunFolder::open(run)?,
        None => RunFolder::create(&loaded, &setup, Mode::Deployment)?,
    };
    announce(&listener, &setup, &folder, args.announce.as_deref(), talk)?;
    let setup = with_keys(setup, &loaded, &folder)?;
    let mut teller = teller(&folder, &setup, talk, &interrupt)?;
    let served = runtime.block_on(serve(listener, &setup, &folder, &mut teller, &interrupt))?;
    let view = teller.close()?;
    let results = run_folder::reported(&setup, &view);
    folder.finish(&setup, served.coordinator.params(), &view, &results)?;
    let format = args.run.format;
    let ending = Ending {
        format,
        talk,
        interrupt: &interrupt,
        verb: "coordinator",
        require_release: false,
    };
    ending.tell(&folder, &setup, &view, &results)
}

/// The setup with everybody's keys, where updates are to be hidden: the roster that the experiment
/// names, or the one that `up` put into the run directory.
fn with_keys(
    setup: Setup,
    loaded: &Loaded<Experiment>,
    folder: &RunFolder,
) -> Result<Setup, Failure> {
    let Some(config) = &setup.experiment.secure_aggregation else {
        return Ok(setup);
    };
    let path = match &config.roster {
        Some(roster) => loaded.folder().join(roster),
        None => keyring::roster_path(&folder.dir.path().join("nodes")),
    };
    let roster = RosterFile::read(&path)?.verified(None)?;
    // Seconds: a coordinator that is started again has a higher number.
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let attempt = now.map_or(0, |now| now.as_secs() as u32);
    Ok(setup.with_keys(roster, attempt))
}

fn listen_address(experiment: &Experiment) -> Result<SocketAddr, Failure> {
    let listen = &experiment.coordinator.listen;
    // The config was checked when it was read.
    listen
        .parse()
        .map_err(|_| Failure::new(Code::BadAddress, format!("`{listen}` is no address")))
}

/// Tells where hospitals find the coordinator.
fn announce(
    listener: &TcpListener,
    setup: &Setup,
    folder: &RunFolder,
    path: Option<&Path>,
    talk: Talk,
) -> Result<(), Failure> {
    let address = listener
        .local_addr()
        .map_err(|error| Failure::new(Code::CannotBind, "no address").caused_by(error))?;
    let announcement = Announcement {
        address: format!("http://{address}"),
        run_dir: folder.dir.path().display().to_string(),
    };
    if let Some(path) = path {
        file::write_json(path, &announcement)?;
    } else if !talk.quiet {
        let Announcement { address, run_dir } = announcement;
        note(&format!("listening on {address}, writing {run_dir}"));
        let plan = folder.manifest.hospitals as usize;
        let experiment = &setup.experiment;
        let target = experiment.target(setup.federation.roster());
        let needed = (target as f64 * experiment.round.quorum).ceil();
        note(&format!(
            "waiting up to {} s for {plan} hospitals; at least {needed} are needed for a round",
            experiment.round.join_deadline_s
        ));
        note("not encrypted: anybody on the way can read models and pretend to be a hospital");
        if join_token().is_empty() {
            note(&format!(
                "no join token: a hospital's name is enough to join; set {TOKEN_VARIABLE}"
            ));
        }
    }
    Ok(())
}

/// What hospitals must show to join; empty where anybody may.
fn join_token() -> String {
    std::env::var(TOKEN_VARIABLE).unwrap_or_default()
}

async fn serve(
    listener: TcpListener,
    setup: &Setup,
    folder: &RunFolder,
    teller: &mut Teller,
    interrupt: &Interrupt,
) -> Result<Served, Failure> {
    let token = join_token();
    let service = Service {
        coordinator: setup.coordinator(folder.run(), folder.state(setup)?, NoiseSource::System)?,
        layout: setup.model.layout().clone(),
        began: teller.view().now,
        identify: Arc::new(JoinTokens::shared(setup.federation.roster(), &token)),
        settings: ServerSettings {
            admin_token: std::env::var(ADMIN_TOKEN_VARIABLE)
                .ok()
                .filter(|token| !token.is_empty()),
            region: setup
                .experiment
                .coordinator
                .region
                .clone()
                .unwrap_or_default(),
            ..ServerSettings::default()
        },
    };
    let stop = CancellationToken::new();
    let (heard, cancel) = (interrupt.clone(), stop.clone());
    tokio::spawn(async move {
        heard.wait().await;
        cancel.cancel();
    });
    Ok(ward_net::serve(listener, service, teller, stop).await?)
}
