//! An experiment played in memory, for tables made of many.

use std::io;

use ward_core::{Record, RunId};
use ward_observe::{Model, RunView};
use ward_privacy::NoiseSource;
use ward_round::RunState;
use ward_sim::{Observer, Simulation};
use wardround::config::{Experiment, Loaded};
use wardround::setup::Setup;
use wardround::{Code, Failure, comparison};

/// Plays an experiment: the AUC of its last model over all hospitals. Nothing is written to disk.
///
/// # Errors
/// Everything that is wrong with the experiment, and what stops it.
pub(crate) fn auc(loaded: &Loaded<Experiment>) -> Result<f64, Failure> {
    let setup = Setup::open(loaded)?;
    let (experiment, roster) = (&setup.experiment, setup.federation.roster());
    let pool = rayon::ThreadPoolBuilder::new().build();
    let pool = pool
        .map_err(|error| Failure::new(Code::Internal, "cannot start threads").caused_by(error))?;
    let mut simulation = Simulation::new(
        setup.coordinator(RunId::UNNAMED, None, NoiseSource::Simulated)?,
        &setup,
        &pool,
        experiment.simulation.keep_open,
        experiment.network_root(),
        |node| {
            let info = &roster[node.0 as usize];
            (
                experiment.simulation.link(info),
                experiment.simulation.faults(info),
            )
        },
    );
    if let Some(adversaries) = experiment.adversaries(roster) {
        simulation = simulation.against(adversaries);
    }
    let state = simulation.run(&mut Nobody)?.state;
    let compared = pool.install(|| {
        comparison::compare(&setup, state.params(), state.scaling(), &RunView::default())
    })?;
    let row = compared
        .rows
        .iter()
        .find(|row| row.group == "all" && row.model == Model::Federated && row.metric == "auc");
    Ok(row.map_or(f64::NAN, |row| row.value))
}

/// Watches a simulation and keeps nothing.
struct Nobody;

impl Observer for Nobody {
    fn record(&mut self, _: &Record) -> io::Result<()> {
        Ok(())
    }

    fn checkpoint(&mut self, _: &RunState) -> io::Result<()> {
        Ok(())
    }
}
