//! Memory stays flat however long a run is: a binary of its own, since it counts the whole heap.

use std::alloc::System;
use std::io;

use cap::Cap;
use ward_core::{
    Address, Delta, Evaluation, Layout, LocalUpdate, LocalWork, NodeId, NodeInfo, OptimizerSpec,
    Params, Record, RingSpec, Schedule, Seed, Summary, TrainError, TrainOrder, Trainer,
};
use ward_round::{Coordinator, Plan, RunState, Strategy};
use ward_sim::{Faults, Link, Observer, Simulation, Ward, Wards};

#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

const NODES: u32 = 100;
const ROUNDS: u32 = 10_000;
/// Rounds at the start, and at the end, that are compared.
const COMPARED: usize = 2_000;
const PARAMETERS: usize = 500;

struct Still(Layout);

impl Trainer for Still {
    fn layout(&self) -> &Layout {
        &self.0
    }

    fn examples(&self) -> u64 {
        10
    }

    fn summarise(&self) -> Summary {
        Summary::default()
    }

    fn train(
        &mut self,
        params: &Params,
        _: &TrainOrder,
        _: Address,
    ) -> Result<LocalUpdate, TrainError> {
        Ok(LocalUpdate {
            delta: Delta(params.0.iter().map(|w| 0.01 - w).collect()),
            extras: Vec::new(),
            examples: 10,
            noised: None,
            loss: 0.5,
        })
    }

    fn evaluate(
        &mut self,
        _: &Params,
        _: &TrainOrder,
        _: Address,
    ) -> Result<Evaluation, TrainError> {
        Ok(Evaluation::default())
    }
}

struct Stills;

impl Wards for Stills {
    fn rows(&self, _: NodeId) -> (u64, u64) {
        (10, 0)
    }

    fn open(&self, _: NodeId) -> Result<Ward, String> {
        Ok(Ward::open(Box::new(Still(Layout::default()))))
    }
}

/// The heap in use at the end of each round, with room for all from the start.
struct Heap(Vec<usize>);

impl Observer for Heap {
    fn record(&mut self, _: &Record) -> io::Result<()> {
        Ok(())
    }

    fn checkpoint(&mut self, state: &RunState) -> io::Result<()> {
        // The end of the run says goodbye to everybody at once.
        if state.round().0 < ROUNDS {
            self.0.push(HEAP.allocated());
        }
        Ok(())
    }
}

fn play(threads: usize) -> Vec<usize> {
    let ring = RingSpec {
        fraction_bits: 28,
        range: 128.0,
        most_weight: 100,
    };
    let optimizer = OptimizerSpec::Sgd {
        learning_rate: 0.1,
        momentum: 0.0,
    };
    let info = |node| NodeInfo {
        node: NodeId(node),
        name: format!("hospital-{node}"),
        tier: "all".into(),
        ..NodeInfo::default()
    };
    let plan = Plan {
        rounds: ROUNDS,
        roster: (0..NODES).map(info).collect(),
        seed: Seed::run(1),
        order: TrainOrder::new(LocalWork::Epochs(1), 32, optimizer, ring, Seed::run(1)),
        schedule: Schedule::Constant,
        federated_scaling: false,
        features: 1,
        parameters: PARAMETERS,
        quorum: 1.0,
        deadline_ms: 60_000,
        join_deadline_ms: 60_000,
        over_selection: 1.0,
        most_abandoned: 0,
        evaluate_every: 0,
        checkpoint_every: 1,
        rests_with_first: false,
        clipping: None,
        privacy: None,
        noise: ward_privacy::NoiseSource::System,
        region_of: None,
        masking: None,
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    let pool = pool.build().unwrap();
    let state = RunState::new(Params(vec![0.0; PARAMETERS]));
    let coordinator = Coordinator::new(plan, Strategy::fed_avg(), state);
    let mut heap = Heap(Vec::with_capacity(ROUNDS as usize));
    Simulation::new(
        coordinator,
        &Stills,
        &pool,
        usize::MAX,
        Seed::run(1),
        |_| (Link::IDEAL, Faults::default()),
    )
    .run(&mut heap)
    .unwrap();
    heap.0
}

#[test]
fn the_heap_does_not_grow_with_the_rounds() {
    for threads in [1, 2] {
        let heap = play(threads);
        let most = heap[..COMPARED].iter().max().unwrap();
        let least = heap[heap.len() - COMPARED..].iter().min().unwrap();
        // Queues and workspaces keep the room that they once needed, and when they need most depends
        // on who was first: a few updates' worth. A word more for each round would be 64,000.
        let room = 8 * 8 * PARAMETERS;
        assert!(
            *least <= most + room,
            "{threads} threads: {most} bytes at first, {least} at last"
        );
    }
}
