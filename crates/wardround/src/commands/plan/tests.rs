//! The forecast against the simulator, and the page.

use std::io;
use std::path::Path;

use ward_core::{
    Address, Delta, Evaluation, Event, Layout, LocalUpdate, NodeId, Params, Record, Summary,
    TrainError, TrainOrder, Trainer,
};
use ward_round::{Coordinator, RunState};
use ward_sim::{Faults, Finished, Observer, Simulation, Ward, Wards};

use super::*;
use crate::config::Layer;
use crate::keyring::{Keyring, Policy};

const SMALL: &str = "rounds = 5
[data.emr-risk]
population = \"province-21\"
[preprocessing]
scaling = \"federated\"
[model.mlp]
hidden = [16]
[training]
steps = 10
[round]
evaluate_every = 2
";

fn opened(sets: &[&str]) -> (Experiment, Opened) {
    let above = sets.iter().map(|set| Layer::set(set).unwrap()).collect();
    let loaded = Experiment::parse(Path::new("exp.toml"), SMALL, above).unwrap();
    let opened = loaded.open().unwrap();
    (loaded.value, opened)
}

/// Moves every parameter by one step, so that each round's model is a new one.
struct Idle {
    layout: Layout,
    rows: (u64, u64),
    features: usize,
}

impl Trainer for Idle {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn examples(&self) -> u64 {
        self.rows.0
    }

    fn summarise(&self) -> Summary {
        let sums = vec![1 << 50; self.features];
        Summary {
            rows: self.rows.0,
            sums: sums.clone(),
            squares: sums,
        }
    }

    fn train(
        &mut self,
        params: &Params,
        order: &TrainOrder,
        _: Address,
    ) -> Result<LocalUpdate, TrainError> {
        let algorithm = order.algorithm;
        Ok(LocalUpdate {
            delta: Delta(vec![0.25; params.0.len()]),
            extras: vec![1.0; algorithm.extras_returned(self.layout.len())],
            examples: self.rows.0,
            noised: None,
            loss: 0.5,
        })
    }

    fn evaluate(
        &mut self,
        _: &Params,
        order: &TrainOrder,
        _: Address,
    ) -> Result<Evaluation, TrainError> {
        Ok(course::scores(self.rows.1, &order.personalisation))
    }
}

struct Idlers<'a>(&'a Opened);

impl Wards for Idlers<'_> {
    fn rows(&self, node: NodeId) -> (u64, u64) {
        self.0.federation.rows(node)
    }

    fn open(&self, node: NodeId) -> Result<Ward, String> {
        let trainer = Idle {
            layout: self.0.model.layout().clone(),
            rows: self.rows(node),
            features: self.0.federation.source().shape().iter().product(),
        };
        Ok(Ward::open(Box::new(trainer)))
    }
}

/// Adds up what goes to and fro.
#[derive(Default)]
struct Scales {
    down: (u64, u64),
    up: (u64, u64),
}

impl Observer for Scales {
    fn record(&mut self, record: &Record) -> io::Result<()> {
        match &record.event {
            Event::InstructionSent { bytes, .. } => {
                self.down = (self.down.0 + 1, self.down.1 + bytes);
            }
            Event::ReportReceived { bytes, .. } => self.up = (self.up.0 + 1, self.up.1 + bytes),
            _ => {}
        }
        Ok(())
    }

    fn checkpoint(&mut self, _: &RunState) -> io::Result<()> {
        Ok(())
    }
}

fn simulated(experiment: &Experiment, opened: &Opened) -> (Scales, Finished) {
    let mut plan = experiment.plan(&opened.federation, &opened.model, opened.ring);
    let roster = plan.roster.clone();
    let keyring = Keyring::draw("test", &roster).unwrap();
    let masking = experiment.secure_aggregation.as_ref();
    plan.masking = masking.map(|config| config.masking((keyring.roster().clone(), 0)));
    let strategy = experiment.strategy(&opened.federation, opened.model.layout());
    let state = RunState::new(Params(vec![0.0; plan.models_len()]));
    let coordinator = Coordinator::new(plan, strategy, state);
    let wards = Idlers(opened);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    let network = |node: NodeId| {
        (
            experiment.simulation.link(&roster[node.0 as usize]),
            Faults::default(),
        )
    };
    let seed = experiment.network_root();
    let mut simulation = Simulation::new(coordinator, &wards, &pool, 64, seed, network);
    if let Some(policy) = Policy::of(experiment, opened.model.parameters()) {
        let secrets = |node| keyring.secrets(node, policy);
        simulation = simulation.masking(secrets).unwrap();
    }
    let mut scales = Scales::default();
    let finished = simulation.run(&mut scales).unwrap();
    (scales, finished)
}

#[test]
fn the_forecast_is_what_a_simulation_without_trouble_does_to_the_byte() {
    for sets in [
        &[][..],
        &["rounds=131", "round.evaluate_every=0"],
        &[
            "sampler.uniform.count=4",
            "strategy.fedadam.learning_rate=0.01",
        ],
        &[
            "preprocessing.scaling=none",
            "training.epochs=2",
            "round.weight=uniform",
        ],
        &["simulation.network=ideal", "round.evaluate_every=1"],
        &["sampler.poisson.rate=0.05", "rounds=40"],
        &["sampler.volume.count=4", "round.over_selection=1.5"],
        &["sampler.round-robin.count=4", "rounds=11"],
        &["sampler.tier.quota={tertiary=1,township=2}"],
        &["sampler.power-of-choice.count=3", "rounds=20"],
        &["sampler.importance.count=5", "rounds=20"],
        &["sampler.uniform={count=2,where='tier != \"county\"'}"],
        &["evaluation.external.share=0.2"],
        &["strategy.ifca.clusters=3"],
        &["personalisation.fine-tuning.steps=40"],
        &[
            "personalisation.fedrep.head_steps=5",
            "round.checkpoint_every=1",
        ],
        &["personalisation.ditto={}", "round.checkpoint_every=1"],
        &["preprocessing.scaling=local", "secure_aggregation={}"],
        &[
            "preprocessing.scaling=local",
            "secure_aggregation.word_bits=32",
            "round.weight=uniform",
        ],
        &[
            "preprocessing.scaling=local",
            "secure_aggregation.groups=4",
            "strategy.median={}",
            "sampler.uniform.count=16",
            "round.over_selection=1.2",
        ],
        &[
            "preprocessing.scaling=none",
            "secure_aggregation={suite='aes-256-ctr'}",
            "sampler.uniform.count=5",
            "round.over_selection=1.2",
        ],
    ] {
        let (experiment, opened) = opened(sets);
        let forecast = Forecast::of(&experiment, &opened);
        let (scales, finished) = simulated(&experiment, &opened);
        assert_eq!(
            (forecast.messages_down, forecast.bytes_down),
            scales.down,
            "{sets:?}"
        );
        assert_eq!(
            (forecast.messages_up, forecast.bytes_up),
            scales.up,
            "{sets:?}"
        );
        assert!(
            (forecast.simulated_s - finished.at.seconds()).abs() < 1e-9,
            "{sets:?}"
        );
        assert_eq!(forecast.rounds, finished.state.round().0);
    }
}

#[test]
fn a_round_longer_than_its_deadline_is_warned_of_and_forecast_at_it() {
    let (experiment, opened) = opened(&["round.deadline_s=0.05"]);
    let planned = Planned::of(&experiment, &opened);
    assert!(
        planned
            .warnings
            .iter()
            .any(|warning| warning.contains("round.deadline_s"))
    );
    assert!(planned.forecast.longest_round_s <= 0.1 + 1e-9);
}

#[test]
fn a_quorum_that_silence_must_break_is_warned_of() {
    let (experiment, opened) = opened(&["round.quorum=1.0", "simulation.silent=0.1"]);
    let planned = Planned::of(&experiment, &opened);
    assert!(
        planned
            .warnings
            .iter()
            .any(|warning| warning.contains("the quorum is the whole"))
    );
}

#[test]
fn the_page_is_toml_that_gives_the_same_experiment() {
    let (experiment, opened) = opened(&["simulation.threads=2"]);
    let page = page(&Planned::of(&experiment, &opened)).unwrap();
    let again = Experiment::parse(Path::new("plan.toml"), &page, Vec::new()).unwrap();
    assert_eq!(again.value, experiment);
    let forecast = page.split_once("# Forecast").unwrap().1;
    expect_test::expect![[r#"
        , where nobody is silent or late:
        # privacy         nothing is noised: epsilon is infinite
        # data            emr-risk: 7,860 training and 11,991 test rows in 21 hospitals
        # model           242 parameters
        # rounds          5, each asks 21, aims at 21, closes with 11 at its deadline
        # scored          3 times, at every hospital
        # to hospitals    185.3 kB in 210 messages
        # from hospitals  238.9 kB in 189 messages
        #   one tertiary  8.8 kB to, 11.4 kB from it (3 hospitals, 4,500 training rows)
        #   one county    8.8 kB to, 11.4 kB from it (6 hospitals, 2,400 training rows)
        #   one township  8.8 kB to, 11.4 kB from it (12 hospitals, 960 training rows)
        # simulated time  1.5 s; the longest round 0.3 s
        # memory          about 2.0 MB beside the program
        # ring            words of 64 bits, steps of 2^-32, updates up to 128, 9.1 bits of headroom
    "#]]
    .assert_eq(forecast);
}

#[test]
fn the_page_says_that_there_are_several_models() {
    let (experiment, opened) = opened(&["strategy.ifca.clusters=3"]);
    let page = page(&Planned::of(&experiment, &opened)).unwrap();
    let model =
        "3, of 242 parameters each; a hospital has the one that fits its training rows best";
    assert!(page.contains(model), "{page}");
}

#[test]
fn the_page_says_how_many_a_round_asks_and_of_whom() {
    let lines = |sets: &[&str]| {
        let (experiment, opened) = opened(sets);
        let page = page(&Planned::of(&experiment, &opened)).unwrap();
        let lines = page.lines().filter(|line| {
            ["# rounds", "# may be", "# warning"]
                .iter()
                .any(|start| line.starts_with(start))
        });
        lines.fold(String::new(), |text, line| text + line + "\n")
    };
    expect_test::expect![[r#"
        # rounds          50, each asks 2.1 on average and 21 at most, closes with 50% of those asked at its deadline; 10.94% of rounds ask nobody
        # warning: 11% of rounds ask nobody and make no model: raise sampler.poisson.rate or rounds
    "#]].assert_eq(&lines(&["sampler.poisson.rate=0.1", "rounds=50"]));
    expect_test::expect![[r#"
        # rounds          5, each asks 6, aims at 4, closes with 2 at its deadline
        # may be asked    18 of 21 hospitals, by `where`
    "#]]
    .assert_eq(&lines(&[
        "sampler.uniform.count=4",
        "sampler.uniform.where=tier in ['county', 'township']",
        "round.over_selection=1.3",
    ]));
}

fn refused(sets: &[&str]) -> Vec<String> {
    let above = sets.iter().map(|set| Layer::set(set).unwrap()).collect();
    let failure = Experiment::parse(Path::new("exp.toml"), SMALL, above)
        .and_then(|loaded| loaded.open())
        .map(|_| ())
        .unwrap_err();
    let text = failure.render(200, false);
    let mut codes: Vec<String> = text
        .lines()
        .filter_map(|line| line.find("WR0").map(|at| line[at..].to_owned()))
        .collect();
    codes.retain(|code| code.len() == 6);
    codes
}

#[test]
fn what_cannot_work_is_refused_with_every_reason_before_it_starts() {
    assert_eq!(refused(&["model={cnn={}}"]), ["WR0203"]);
    assert_eq!(refused(&["model.mlp.hidden=[8,0]"]), ["WR0203"]);
    assert_eq!(refused(&["sampler.uniform.count=22"]), ["WR0207"]);
    assert_eq!(refused(&["round.deadline_s=0"]), ["WR0201"]);
    assert_eq!(
        refused(&["ring.range=500000", "ring.fraction_bits=32"]),
        ["WR0204"]
    );
    assert_eq!(
        refused(&[
            "model={cnn={}}",
            "sampler.uniform.count=22",
            "ring={range=500000,fraction_bits=32}"
        ]),
        ["WR0203", "WR0204", "WR0207"]
    );
}
