//! `wardround run`: an experiment in this process, in virtual time.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use ward_core::Outcome;
use ward_observe::{Mode, ResultRow, RunView, Style, Terminal};
use ward_privacy::NoiseSource;
use ward_sim::{Finished, Simulation};
use ward_train::TrainingEngine;

use super::ending::{Ending, note};
use crate::cli::{RunArgs, Talk};
use crate::comparison;
use crate::config::{Experiment, Loaded};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::keyring::{Keyring, Policy};
use crate::run_folder::{self, RunFolder};
use crate::setup::Setup;
use crate::teller::Teller;

/// Simulates an experiment, or goes on with one.
///
/// # Errors
/// Everything that is wrong with the experiment; a quorum that was lost; our disk.
pub fn execute(args: &RunArgs, talk: Talk) -> Result<ExitCode, Failure> {
    let interrupt = Interrupt::start()?;
    let loaded = experiment(args)?;
    let require_release = requires_release(args, &loaded)?;
    let setup = Setup::open(&loaded)?;
    warn(&setup, talk);
    let mut folder = match &args.resume {
        Some(run) => RunFolder::open(run)?,
        None => RunFolder::create(&loaded, &setup, Mode::Simulation)?,
    };
    let Played {
        setup,
        view,
        results,
    } = play(setup, &mut folder, talk, &interrupt)?;
    let ending = Ending {
        format: args.format,
        talk,
        interrupt: &interrupt,
        verb: "run",
        require_release,
    };
    ending.tell(&folder, &setup, &view, &results)
}

/// What a simulation came to.
pub(super) struct Played {
    pub(super) setup: Setup,
    pub(super) view: RunView,
    pub(super) results: Vec<ResultRow>,
}

/// Plays the run in `folder` to its end, compares and saves.
pub(super) fn play(
    setup: Setup,
    folder: &mut RunFolder,
    talk: Talk,
    interrupt: &Interrupt,
) -> Result<Played, Failure> {
    let mut setup = setup.keeping_states(folder.dir.path());
    let keyring = keyring(&setup)?;
    if let Some(keyring) = &keyring {
        setup = setup.with_keys(keyring.roster().clone(), 0);
    }
    let pool = setup.pool()?;
    let mut teller = teller(folder, &setup, talk, interrupt)?;
    let finished = simulate(&setup, keyring.as_ref(), folder, &pool, &mut teller)?;
    let view = teller.close()?;
    let params = finished.state.params();
    let earlier = folder.manifest.train_cpu_s.unwrap_or_default();
    folder.manifest.train_cpu_s = Some(earlier + finished.work_cpu.as_secs_f64());
    let results = if finished.outcome == Outcome::Completed {
        let scaling = finished.state.scaling();
        let found = pool.install(|| comparison::compare(&setup, params, scaling, &view))?;
        found
            .notes
            .iter()
            .for_each(|line| note(&format!("warning: {line}")));
        folder.keep(&found)?;
        found.rows
    } else {
        run_folder::reported(&setup, &view)
    };
    folder.finish(&setup, params, &view, &results)?;
    Ok(Played {
        setup,
        view,
        results,
    })
}

/// Whether the command fails where the model is not released.
pub(super) fn requires_release(
    args: &RunArgs,
    loaded: &Loaded<Experiment>,
) -> Result<bool, Failure> {
    match &loaded.value.release {
        Some(release) => Ok(args.require_release || release.require),
        None if args.require_release => {
            let message = "--require-release says nothing: the experiment has no [release]";
            let help = "add one: --set release.class=II";
            Err(Failure::new(crate::Code::BadArgument, message).help(help))
        }
        None => Ok(false),
    }
}

/// The experiment that the arguments name, or that of the run to go on with.
pub(super) fn experiment(args: &RunArgs) -> Result<Loaded<Experiment>, Failure> {
    let above = args.overrides.layers()?;
    match (&args.resume, &args.experiment) {
        (Some(run), _) => run_folder::resumed(run, above),
        (None, Some(path)) => Experiment::load(path, above),
        // The command line asks for one of the two.
        (None, None) => Err(Failure::new(
            crate::Code::FileUnreadable,
            "no experiment was named",
        )),
    }
}

/// What a user should know before trusting the results.
pub(super) fn warn(setup: &Setup, talk: Talk) {
    if !talk.quiet {
        let warnings = setup.federation.source().warnings();
        warnings
            .iter()
            .for_each(|line| note(&format!("warning: {line}")));
        let auto = setup.experiment.training.engine == TrainingEngine::Auto;
        if auto && setup.model.layers().is_none() {
            note("the model is a module of one's own, which cannot be fused: burn trains it");
        }
    }
}

/// A teller of the run in `folder`, going on where its story ended.
pub(super) fn teller(
    folder: &RunFolder,
    setup: &Setup,
    talk: Talk,
    interrupt: &Interrupt,
) -> Result<Teller, Failure> {
    let style = Style::choose(talk.quiet, std::io::stderr().is_terminal());
    let story = folder.story()?;
    Ok(Teller::new(
        &folder.dir,
        &setup.layout(),
        story,
        Terminal::new(style),
        interrupt,
    ))
}

/// Keys for this process's hospitals, where updates are to be hidden.
fn keyring(setup: &Setup) -> Result<Option<Keyring>, Failure> {
    let experiment = &setup.experiment;
    let hospitals = setup.federation.roster();
    let hidden = experiment.hides_updates();
    hidden
        .then(|| Keyring::draw(&experiment.name, hospitals))
        .transpose()
}

fn simulate(
    setup: &Setup,
    keyring: Option<&Keyring>,
    folder: &RunFolder,
    pool: &rayon::ThreadPool,
    teller: &mut Teller,
) -> Result<Finished, Failure> {
    let state = folder.state(setup)?;
    if let Some(state) = &state {
        setup.recall_spending(folder.run(), teller.view(), state);
    }
    let experiment = &setup.experiment;
    let roster = setup.federation.roster();
    let network = |node: ward_core::NodeId| {
        let info = &roster[node.0 as usize];
        (
            experiment.simulation.link(info),
            experiment.simulation.faults(info),
        )
    };
    let mut simulation = Simulation::new(
        setup.coordinator(folder.run(), state, NoiseSource::Simulated)?,
        setup,
        pool,
        experiment.simulation.keep_open,
        experiment.network_root(),
        network,
    );
    let policy = Policy::of(experiment, setup.model.parameters());
    if let (Some(keyring), Some(policy)) = (keyring, policy) {
        simulation = simulation.masking(|node| keyring.secrets(node, policy))?;
    }
    if let Some(adversaries) = experiment.adversaries(roster) {
        simulation = simulation.against(adversaries);
    }
    Ok(simulation.starting_at(teller.view().now).run(teller)?)
}
