//! `wardround up`: a coordinator and every hospital as processes on this host.
//!
//! The parent makes the run directory, starts the processes, watches them, and holds the result
//! against its baselines once they are gone: only it may see all rows. The coordinator goes on
//! with the directory as after a stop, so that starting and resuming are one way.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use ward_core::{Event, NodeInfo, Outcome, Record};
use ward_observe::{Mode, RunView, file};
use ward_privacy::Policy;

use super::coordinator::Announcement;
use super::ending::{Ending, note};
use super::run::{experiment, warn};
use crate::cli::{PlayArgs, Talk};
use crate::codes::Code;
use crate::comparison;
use crate::config::types::{HospitalConfig, HospitalKeysConfig, Secret, TransportMode};
use crate::deployment::{Children, audit, ledger_path};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::keyring::{self, Keyring, RosterFile, private};
use crate::run_folder::{self, RunFolder};
use crate::setup::Setup;

/// The child that the run cannot do without.
const COORDINATOR: &str = "coordinator";
/// More processes than one host should be asked for.
const MOST_HOSPITALS: usize = 256;
/// How long the coordinator may take to listen.
const START: Duration = Duration::from_secs(60);
/// How long hospitals may take to leave after the run.
const GOODBYE: Duration = Duration::from_secs(10);

/// Plays an experiment in processes of their own, or goes on with one.
///
/// # Errors
/// Everything that is wrong with the experiment; a coordinator that ended by itself; a quorum that
/// was lost.
pub fn execute(args: &PlayArgs, talk: Talk) -> Result<ExitCode, Failure> {
    let interrupt = Interrupt::start()?;
    let loaded = experiment(&args.run)?;
    loaded.deployable()?;
    let require_release = super::run::requires_release(args.require_release, &loaded)?;
    let setup = Setup::open(&loaded)?;
    let hospitals = setup.federation.roster().len();
    if hospitals > MOST_HOSPITALS {
        let message = format!("`up` starts a process for each hospital, and there are {hospitals}");
        return Err(Failure::new(Code::TooManyProcesses, message).help(format!(
            "{MOST_HOSPITALS} at most; `run` plays any number in one process"
        )));
    }
    warn(&setup, talk);
    let folder = match &args.run.resume {
        Some(run) => RunFolder::open(run)?,
        None => RunFolder::create(&loaded, &setup, Mode::Deployment)?,
    };
    folder.state(&setup)?;
    let run = folder.dir.path().to_owned();
    // The coordinator is the one that writes from here on.
    drop(folder);
    let nodes = Nodes::prepare(&run, &setup)?;
    nodes.play(&setup, talk, &interrupt)?;
    let mut folder = RunFolder::open(&run)?;
    let view = nodes.audit(&setup, &folder)?;
    let state = folder
        .last_state(&setup)?
        .ok_or_else(|| Failure::nothing_to_resume(&run, "the coordinator saved no state"))?;
    let mut results = run_folder::reported(&setup, &view);
    if folder.manifest.outcome == Some(Outcome::Completed) {
        let (params, scaling) = (state.params(), state.scaling());
        let found = setup
            .pool()?
            .install(|| comparison::compare(&setup, params, scaling, &view))?;
        found
            .notes
            .iter()
            .for_each(|line| note(&format!("warning: {line}")));
        folder.keep(&found)?;
        results = found.rows;
    }
    folder.finish(&setup, state.params(), &view, &results)?;
    let ending = Ending {
        format: args.run.format,
        talk,
        interrupt: &interrupt,
        verb: "up",
        require_release,
    };
    ending.tell(&folder, &setup, &view, &results)
}

/// The processes' files: `nodes/` in the run directory.
struct Nodes {
    run: PathBuf,
    folder: PathBuf,
    token: String,
    /// The root's public key, where updates are hidden.
    root: Option<String>,
}

impl Nodes {
    fn prepare(run: &Path, setup: &Setup) -> Result<Self, Failure> {
        let mut token = [0; 32];
        getrandom::fill(&mut token)
            .map_err(|error| Failure::new(Code::Internal, "no random bytes").caused_by(error))?;
        let token = hex::encode(token);
        let run = std::path::absolute(run).unwrap_or_else(|_| run.to_owned());
        let mut nodes = Self {
            folder: run.join("nodes"),
            run,
            token,
            root: None,
        };
        fs::create_dir_all(&nodes.folder).map_err(|error| nodes.cannot_write(error))?;
        // One of an earlier start would be believed; there may be none.
        let _ = fs::remove_file(nodes.announcement_path());
        for (name, count) in counted(setup.federation.roster().iter().map(|info| &info.name)) {
            if count > 1 || !is_file_name(name) {
                let message = format!("`{name}` cannot name a process and its files");
                return Err(Failure::new(Code::BadName, message));
            }
        }
        if setup.experiment.hides_updates() {
            nodes.root = Some(nodes.keys(setup)?);
        }
        Ok(nodes)
    }

    /// The root's public key, with everybody's keys on disk: those of an earlier start, or new ones.
    fn keys(&self, setup: &Setup) -> Result<String, Failure> {
        let path = keyring::roster_path(&self.folder);
        if path.exists() {
            return Ok(RosterFile::read(&path)?.root);
        }
        let hospitals = setup.federation.roster();
        Keyring::draw(&setup.experiment.name, hospitals)?.write(&self.folder, hospitals)
    }

    fn cannot_write(&self, error: std::io::Error) -> Failure {
        let message = format!("cannot write in `{}`", self.folder.display());
        Failure::new(Code::CannotWrite, message).caused_by(error)
    }

    fn announcement_path(&self) -> PathBuf {
        self.folder.join("coordinator.json")
    }

    fn log_path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.log"))
    }

    /// Starts everybody and watches until the coordinator has ended.
    fn play(&self, setup: &Setup, talk: Talk, interrupt: &Interrupt) -> Result<(), Failure> {
        let mut children = Children::default();
        let coordinator = self.start_coordinator(&mut children, talk, interrupt)?;
        let Some(coordinator) = coordinator else {
            return Ok(());
        };
        for info in setup.federation.roster() {
            self.start_hospital(&mut children, info, &coordinator)?;
        }
        if !talk.quiet {
            let line = format!(
                "{} processes: coordinator {} and {} hospitals; their files are in {}",
                children.running(),
                children.id(COORDINATOR).unwrap_or_default(),
                setup.federation.roster().len(),
                self.folder.display()
            );
            note(&line);
        }
        let (mut asked, mut over) = (false, false);
        children.watch(None, |children, ended| {
            if interrupt.requested() && !asked {
                asked = true;
                children.stop(COORDINATOR);
            }
            for end in ended {
                if end.name == COORDINATOR {
                    over = self.judge(end.status)?;
                    return Ok(true);
                }
                if !end.status.success() {
                    let log = self.log_path(&end.name);
                    note(&format!(
                        "{} ended: {}; start it again with: wardround hospital {} (log: {})",
                        end.name,
                        end.status,
                        self.config_path(&end.name).display(),
                        log.display()
                    ));
                }
            }
            Ok(false)
        })?;
        if !over {
            // They wait for a coordinator that goes on; here it will have others.
            let names = setup.federation.roster().iter().map(|info| &info.name);
            names.for_each(|name| children.stop(name));
        }
        children.watch(Some(GOODBYE), |children, _| Ok(children.running() == 0))?;
        Ok(())
    }

    /// Whether the run is over with the coordinator's end, or can be resumed. How it ended is in
    /// the manifest.
    fn judge(&self, status: std::process::ExitStatus) -> Result<bool, Failure> {
        match status.code() {
            Some(0) => Ok(true),
            // Quorum lost, or stopped by Ctrl-C or a polite request.
            Some(6 | 130 | 143) => Ok(false),
            _ => {
                let failure = Failure::process_died(COORDINATOR, status, None);
                let run = self.run.display();
                Err(failure.help(format!("go on with: wardround up --resume {run}")))
            }
        }
    }

    /// Where the coordinator listens; `None` when a stop was asked for before it did.
    fn start_coordinator(
        &self,
        children: &mut Children,
        talk: Talk,
        interrupt: &Interrupt,
    ) -> Result<Option<String>, Failure> {
        let path = self.announcement_path();
        let mut args: Vec<&OsStr> = ["coordinator", "--tied", "--resume"]
            .map(OsStr::new)
            .to_vec();
        args.extend([
            self.run.as_os_str(),
            OsStr::new("--announce"),
            path.as_os_str(),
        ]);
        if talk.quiet {
            args.push(OsStr::new("--quiet"));
        }
        children.start(COORDINATOR, &args, &self.token, None)?;
        let mut address = None;
        let listening = children.watch(Some(START), |_, ended| {
            if let Some(end) = ended.into_iter().next() {
                return Err(Failure::process_died(COORDINATOR, end.status, None));
            }
            if let Ok(Announcement { address: found, .. }) = file::read_json(&path) {
                address = Some(found);
            }
            Ok(address.is_some() || interrupt.requested())
        })?;
        if listening {
            return Ok(address);
        }
        let message = format!(
            "the coordinator did not listen within {} s",
            START.as_secs()
        );
        Err(Failure::new(Code::ProcessDied, message))
    }

    fn config_path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.toml"))
    }

    fn start_hospital(
        &self,
        children: &mut Children,
        info: &NodeInfo,
        coordinator: &str,
    ) -> Result<(), Failure> {
        let config = HospitalConfig {
            name: info.name.clone(),
            coordinator: coordinator.to_owned(),
            experiment: "../config.resolved.toml".to_owned(),
            token: Some(Secret(self.token.clone())),
            data: None,
            transport: TransportMode::default(),
            secure_aggregation: self.root.as_ref().map(|root| HospitalKeysConfig {
                key: format!("{}.key", info.name),
                roster: "roster.json".to_owned(),
                root: root.clone(),
            }),
            region: None,
            policy: Policy::default(),
            budget: None, // the experiment's holds
            state_dir: ".".to_owned(),
        };
        let text = toml::to_string(&config).map_err(|error| {
            Failure::new(Code::Internal, "a hospital's file cannot be written").caused_by(error)
        })?;
        let path = self.config_path(&info.name);
        private(&path, &text).map_err(|error| self.cannot_write(error))?;
        let args = [
            OsStr::new("hospital"),
            OsStr::new("--tied"),
            path.as_os_str(),
        ];
        children.start(
            &info.name,
            &args,
            &self.token,
            Some(&self.log_path(&info.name)),
        )
    }

    /// Adds the hospitals' own ledgers to the story, and reads it.
    fn audit(&self, setup: &Setup, folder: &RunFolder) -> Result<RunView, Failure> {
        let mut story = folder.story()?;
        for info in setup.federation.roster() {
            let Ok(audit) = audit(&ledger_path(&self.folder, &info.name)) else {
                // It never got so far as to send anything.
                continue;
            };
            story.tell(&Record {
                at: story.view().now,
                event: Event::EgressAudited {
                    node: info.node,
                    messages: audit.messages,
                    bytes: audit.bytes,
                    rows: audit.rows,
                    found: audit.found,
                },
            })?;
        }
        Ok(story.close()?)
    }
}

fn is_file_name(name: &str) -> bool {
    !name.starts_with('.') && !name.contains(['/', '\\', '\0']) && name != COORDINATOR
}

fn counted<'a>(
    names: impl Iterator<Item = &'a String>,
) -> std::collections::BTreeMap<&'a str, u32> {
    let mut counts = std::collections::BTreeMap::new();
    names.for_each(|name| *counts.entry(name.as_str()).or_default() += 1);
    counts
}
