//! `wardround run`: an experiment in this process, in virtual time.

use std::io::IsTerminal as _;
use std::path::Path;
use std::process::ExitCode;

use ward_core::Outcome;
use ward_observe::{Mode, ResultRow, RunView, Style, Terminal};
use ward_privacy::NoiseSource;
use ward_sim::{Finished, Simulation};
use ward_train::TrainingEngine;

use super::ending::{Ending, note};
use super::series::{self, Kind, Told};
use crate::cli::{RunArgs, SimulateArgs, Talk};
use crate::codes::Code;
use crate::comparison;
use crate::config::{Experiment, Loaded, Series, scenario_files};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::keyring::{Keyring, Policy};
use crate::run_folder::{self, RunFolder};
use crate::setup::Setup;
use crate::teller::Teller;

/// The stack of a run's thread: as large as that of a process's first.
const STACK: usize = 8 << 20;

/// Simulates an experiment, its variants or every scenario, or goes on with a run.
///
/// # Errors
/// Everything that is wrong with the experiment; a quorum that was lost; our disk.
pub fn execute(args: &SimulateArgs, talk: Talk) -> Result<ExitCode, Failure> {
    let interrupt = Interrupt::start()?;
    let RunArgs {
        experiment,
        resume,
        overrides,
        format,
    } = &args.play.run;
    let above = overrides.layers()?;
    let (kind, series) = match (resume, experiment) {
        (Some(run), _) => {
            let loaded = run_folder::resumed(run, above)?;
            (Kind::Variants, Series::one(loaded))
        }
        (None, Some(path)) => (Kind::Variants, Series::load(path, &above)?),
        (None, None) => (Kind::Scenarios, scenario_files::series(&above)?),
    };
    let mut experiments = Vec::new();
    for (name, loaded) in &series.experiments {
        let ending = Ending {
            format: *format,
            talk,
            interrupt: &interrupt,
            verb: "run",
            require_release: requires_release(args.play.require_release, loaded)?,
        };
        experiments.push((name.as_str(), loaded, ending));
    }
    if let ([(_, alone, ending)], false) = (experiments.as_slice(), series.varied) {
        let Played {
            folder,
            setup,
            view,
            results,
        } = open(alone, resume.as_deref(), talk, &interrupt)?;
        return ending.tell(&folder, &setup, &view, &results);
    }
    let (told, ended) = play_all(kind, &series, &experiments);
    if !told.is_empty() {
        let output = &series.experiments[0].1.value.output.dir;
        let page = Path::new(output).join(format!("{}.comparison.html", series.name));
        series::tell(kind, &told, *format, &page)?;
    }
    ended
}

/// A run that was played, whether to its end or not.
#[derive(Debug)]
pub(super) struct Played {
    pub(super) folder: RunFolder,
    pub(super) setup: Setup,
    pub(super) view: RunView,
    pub(super) results: Vec<ResultRow>,
}

/// Plays one after the other: what is to be told of those that were played, and how it ended. Where a
/// run loses its quorum the others are played; an interrupt, or what cannot be played, is the end.
fn play_all(
    kind: Kind,
    series: &Series,
    experiments: &[(&str, &Loaded<Experiment>, Ending<'_>)],
) -> (Vec<Told>, Result<ExitCode, Failure>) {
    let mut told = Vec::new();
    let mut ended = Ok(ExitCode::SUCCESS);
    for (number, (name, loaded, ending)) in (1..).zip(experiments) {
        if !ending.talk.quiet {
            note(&format!("{name} ({number} of {})", experiments.len()));
        }
        let metric = match kind {
            Kind::Variants => series.metric(),
            Kind::Scenarios => scenario_files::metric(name),
        };
        let one = || {
            let played = open(loaded, None, ending.talk, ending.interrupt)?;
            let answers = played.folder.dir.examinations()?;
            Ok((played, answers))
        };
        let (played, answers) = match on_a_fresh_thread(one) {
            Ok(played) => played,
            Err(failure) => return (told, Err(failure)),
        };
        told.push(Told::of(name, metric, &played, &answers));
        ended = ended.and(ending.exit_code(&played.folder, &played.view, &answers));
        let outcome = played.folder.manifest.outcome;
        if matches!(outcome, None | Some(Outcome::Interrupted)) {
            break;
        }
    }
    (told, ended)
}

/// What `work` gives on a thread of its own: a run's thread belongs to the run's pool ever after.
fn on_a_fresh_thread<T: Send>(
    work: impl FnOnce() -> Result<T, Failure> + Send,
) -> Result<T, Failure> {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new()
            .name("run".into())
            .stack_size(STACK);
        let thread = builder.spawn_scoped(scope, work).map_err(|error| {
            Failure::new(Code::Internal, "no thread for the run").caused_by(error)
        })?;
        thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Plays `loaded`, or goes on with the run in `resume`.
fn open(
    loaded: &Loaded<Experiment>,
    resume: Option<&Path>,
    talk: Talk,
    interrupt: &Interrupt,
) -> Result<Played, Failure> {
    let setup = Setup::open(loaded)?;
    warn(&setup, talk);
    let folder = match resume {
        Some(run) => RunFolder::open(run)?,
        None => RunFolder::create(loaded, &setup, Mode::Simulation)?,
    };
    play(setup, folder, talk, interrupt)
}

/// Plays the run in `folder` to its end, compares and saves.
pub(super) fn play(
    setup: Setup,
    mut folder: RunFolder,
    talk: Talk,
    interrupt: &Interrupt,
) -> Result<Played, Failure> {
    let mut setup = setup.keeping_states(folder.dir.path());
    let keyring = keyring(&setup)?;
    if let Some(keyring) = &keyring {
        setup = setup.with_keys(keyring.roster().clone(), 0);
    }
    let pool = setup.pool()?;
    let mut teller = teller(&folder, &setup, talk, interrupt)?;
    let finished = simulate(&setup, keyring.as_ref(), &folder, &pool, &mut teller)?;
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
        folder,
        setup,
        view,
        results,
    })
}

/// Whether the command fails where the model is not released; `asked` is whether its arguments say so.
pub(super) fn requires_release(asked: bool, loaded: &Loaded<Experiment>) -> Result<bool, Failure> {
    match &loaded.value.release {
        Some(release) => Ok(asked || release.require),
        None if asked => {
            let message = "--require-release says nothing: the experiment has no [release]";
            let help = "add one: --set release.class=II";
            Err(Failure::new(Code::BadArgument, message).help(help))
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
            Code::FileUnreadable,
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
