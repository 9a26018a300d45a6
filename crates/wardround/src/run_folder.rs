//! A run directory from its first file to its last: who may write it, where it goes on, how it ends.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use ward_core::{Outcome, Params, RunId};
use ward_observe::{
    Adversaries, Manifest, Mode, Privacy, ResultRow, RunDir, RunView, Story, load_params,
    load_state, report, slug,
};
use ward_round::RunState;

use crate::codes::Code;
use crate::comparison::Comparison;
use crate::config::{Experiment, Loaded};
use crate::examination::model_card::ModelCard;
use crate::failure::Failure;
use crate::results;
use crate::setup::Setup;

/// The file that a writing process holds locked.
const LOCK: &str = ".lock";

/// A run directory that this process writes.
#[derive(Debug)]
pub struct RunFolder {
    /// The directory.
    pub dir: RunDir,
    /// What made the run; saved by [`RunFolder::finish`].
    pub manifest: Manifest,
    started: Instant,
    /// Seconds on the clock in earlier starts.
    earlier_s: f64,
    _lock: File,
}

impl RunFolder {
    /// Makes the directory of a new run: configuration and manifest are there when it returns.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn create(loaded: &Loaded<Experiment>, setup: &Setup, mode: Mode) -> Result<Self, Failure> {
        let started = Instant::now();
        let experiment = loaded.value.anchored(loaded.folder())?;
        let config = experiment.to_toml()?;
        let now = OffsetDateTime::now_utc();
        let stamp = now.format(&Rfc3339).unwrap_or_default();
        let stamp = stamp
            .split('.')
            .next()
            .unwrap_or_default()
            .trim_end_matches('Z');
        let mut id = [0; 3];
        getrandom::fill(&mut id)
            .map_err(|error| Failure::new(Code::Internal, "no random bytes").caused_by(error))?;
        let slug = slug(stamp, &experiment.name, &hex::encode(id));
        let dir = RunDir::create(Path::new(&experiment.output.dir), &slug)?;
        let lock = lock(&dir)?;
        dir.write_config(&config)?;
        let mut manifest = Manifest::new(
            &dir.name(),
            &experiment.name,
            experiment.data.id(),
            experiment.seed,
            &config,
        );
        manifest.started = format!("{stamp}Z");
        describe(&mut manifest, setup, mode);
        dir.write_manifest(&manifest)?;
        Ok(Self {
            dir,
            manifest,
            started,
            earlier_s: 0.0,
            _lock: lock,
        })
    }

    /// Opens the directory of a run that is to go on, with its own configuration.
    ///
    /// # Errors
    /// When it is not a run, or another process writes it.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let dir = RunDir::open(path)?;
        let lock = lock(&dir)?;
        let manifest = dir.manifest()?;
        let earlier_s = manifest.wall_s.unwrap_or_default();
        Ok(Self {
            dir,
            manifest,
            started: Instant::now(),
            earlier_s,
            _lock: lock,
        })
    }

    /// The state to go on from; `None` for a run that was stopped before its first checkpoint.
    ///
    /// # Errors
    /// When the run is over, or its state cannot be read.
    pub fn state(&self, setup: &Setup) -> Result<Option<RunState>, Failure> {
        let path = self.dir.path();
        if self.manifest.outcome == Some(Outcome::Completed) {
            return Err(Failure::nothing_to_resume(
                path,
                "it has played all its rounds",
            ));
        }
        self.last_state(setup)
    }

    /// The last state that was saved.
    ///
    /// # Errors
    /// When it cannot be read, or is of another model.
    pub fn last_state(&self, setup: &Setup) -> Result<Option<RunState>, Failure> {
        let Some(checkpoint) = self.dir.latest_checkpoint()? else {
            return Ok(None);
        };
        let state: RunState = load_state(&checkpoint.state)?;
        // The two files were written one after the other; a mixture would be a silent error.
        let params: Params = load_params(&checkpoint.params, &setup.layout())?;
        if params.digest() != state.params().digest() {
            let why = format!(
                "{} and the model beside it differ",
                checkpoint.state.display()
            );
            return Err(Failure::nothing_to_resume(self.dir.path(), &why));
        }
        Ok(Some(state))
    }

    /// Starts the story, or goes on with it.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn story(&self) -> Result<Story, Failure> {
        let (story, torn) = Story::resume(&self.dir, &self.manifest.run_id)?;
        if let Some(torn) = torn {
            tracing::warn!(
                line = torn.line,
                bytes = torn.bytes,
                "the last line was torn off"
            );
        }
        Ok(story)
    }

    /// Which run it is, however often it is started again.
    #[must_use]
    pub fn run(&self) -> RunId {
        RunId::named(&self.manifest.run_id)
    }

    /// Seconds on the clock in all starts.
    #[must_use]
    pub fn wall_s(&self) -> f64 {
        self.earlier_s + self.started.elapsed().as_secs_f64()
    }

    /// Saves model, results, report and, where the run is complete, its model card.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn finish(
        &mut self,
        setup: &Setup,
        params: &Params,
        view: &RunView,
        results: &Vec<ResultRow>,
    ) -> Result<(), Failure> {
        self.dir.write_model(params, &setup.layout())?;
        self.dir.write_results(results)?;
        let manifest = &mut self.manifest;
        manifest.outcome = view.finished.as_ref().map(|finished| finished.outcome);
        manifest.model_digest = Some(params.digest());
        manifest.finished = OffsetDateTime::now_utc().format(&Rfc3339).ok();
        if manifest.mode == Mode::Simulation {
            manifest.simulated_s = Some(view.now.0 as f64 / 1_000.0);
        }
        manifest.wall_s = Some(self.earlier_s + self.started.elapsed().as_secs_f64());
        self.dir.write_manifest(manifest)?;
        if manifest.outcome == Some(Outcome::Completed) {
            let told = (self.dir.config()?, self.dir.examinations()?);
            ModelCard::of(setup, manifest, params, view, results, told).write(&self.dir)?;
        }
        self.dir
            .write_report(&report::report(std::slice::from_ref(&self.dir)))?;
        Ok(())
    }

    /// Saves what a comparison found beside the results.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&mut self, comparison: &Comparison) -> Result<(), Failure> {
        self.manifest.data_digest = Some(comparison.data_digest);
        if !comparison.examinations.is_empty() {
            self.dir.write_examinations(&comparison.examinations)?;
        }
        Ok(self.dir.write_hospitals(&comparison.cards)?)
    }
}

/// The results as the hospitals reported them: all that a coordinator knows.
#[must_use]
pub fn reported(setup: &Setup, view: &RunView) -> Vec<ResultRow> {
    results::reported(setup.federation.roster(), view).concat()
}

/// Reads a run's own configuration, with the flags that may change from start to start on top.
///
/// # Errors
/// When it is not a run, or its configuration cannot be read.
pub fn resumed(
    run: &Path,
    above: Vec<crate::config::Layer>,
) -> Result<Loaded<Experiment>, Failure> {
    let dir = RunDir::open(run)?;
    let path: PathBuf = dir.config_path();
    Experiment::load(&path, above)
}

fn describe(manifest: &mut Manifest, setup: &Setup, mode: Mode) {
    let experiment = &setup.experiment;
    manifest.mode = mode;
    manifest.threads = match (mode, experiment.simulation.threads) {
        (Mode::Deployment, _) => 1,
        (Mode::Simulation, 0) => manifest.host.cpus,
        (Mode::Simulation, threads) => u32::try_from(threads).unwrap_or(u32::MAX),
    };
    manifest.engine = setup.engine.to_string();
    manifest.strategy = experiment.strategy.id().to_owned();
    if let Some(personalisation) = &experiment.personalisation {
        manifest.strategy += &format!(" + {}", personalisation.id());
    }
    manifest.rounds = experiment.rounds;
    manifest.hospitals = setup.federation.roster().len() as u32;
    manifest.layout = setup.model.layout().clone();
    manifest.models = match setup.experiment.border {
        // A hospital does not choose among these.
        Some(_) => 1,
        None => setup.models() as u32,
    };
    manifest.synthetic = setup.federation.source().synthetic();
    let masked = experiment.secure_aggregation.as_ref();
    manifest.privacy = masked.map_or_else(Privacy::default, |config| {
        Privacy::masked(config.suite, config.min_survivors, config.groups)
    });
    manifest.adversaries = experiment.adversaries.as_ref().map(|config| Adversaries {
        hospitals: experiment.adversaries_by_name(setup.federation.roster()),
        attack: config.attack.to_string(),
        from_round: config.from_round,
    });
}

fn lock(dir: &RunDir) -> Result<File, Failure> {
    let path = dir.path().join(LOCK);
    let refuse = |error: std::io::Error| {
        Failure::new(
            Code::CannotWrite,
            format!("cannot write in `{}`", dir.path().display()),
        )
        .caused_by(error)
    };
    let file = File::create(&path).map_err(refuse)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(Failure::nothing_to_resume(
            dir.path(),
            "another process is writing it",
        )),
        Err(std::fs::TryLockError::Error(error)) => Err(refuse(error)),
    }
}
