//! A hospital small enough to do by hand: every round it moves part of the way to its own centre.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use ward_core::{
    Address, Delta, Estimate, Evaluation, Layout, LocalUpdate, Params, Purpose, Summary,
    TensorSpec, TrainError, TrainOrder, Trainer,
};

/// The features of a toy row.
pub(crate) const WIDTH: usize = 2;

/// The layout of a toy model.
pub(crate) fn layout(parameters: usize) -> Layout {
    Layout {
        tensors: vec![TensorSpec {
            name: "w".into(),
            shape: vec![parameters],
        }],
    }
}

/// Holds trainers back at a round until it is opened.
#[derive(Clone, Default)]
pub(crate) struct Turnstile(Arc<(Mutex<Option<u32>>, Condvar)>);

impl Turnstile {
    /// Lets nobody past `round`.
    pub(crate) fn closed_at(round: u32) -> Self {
        Self(Arc::new((Mutex::new(Some(round)), Condvar::new())))
    }

    /// Lets everybody through.
    pub(crate) fn open(&self) {
        *self.0.0.lock().unwrap() = None;
        self.0.1.notify_all();
    }

    /// Waits for the round to be open, or half a minute.
    fn pass(&self, round: u32) {
        let barred = |bar: &mut Option<u32>| bar.is_some_and(|bar| round >= bar);
        let bar = self.0.0.lock().unwrap();
        let limit = Duration::from_secs(30);
        drop(self.0.1.wait_timeout_while(bar, limit, barred).unwrap());
    }
}

/// One toy hospital.
#[derive(Clone)]
pub(crate) struct Toy {
    layout: Layout,
    rows: Vec<f32>,
    turnstile: Turnstile,
    /// How often it has trained.
    pub(crate) trained: Arc<AtomicUsize>,
}

impl Toy {
    /// Hospital number `index` of a federation with models of `parameters`.
    pub(crate) fn new(index: u32, parameters: usize) -> Self {
        let rows = (0..2 * (index + 2)).map(|i| (index * 10 + i) as f32 * 0.25);
        Self {
            layout: layout(parameters),
            rows: rows.collect(),
            turnstile: Turnstile::default(),
            trained: Arc::default(),
        }
    }

    pub(crate) fn behind(mut self, turnstile: &Turnstile) -> Self {
        self.turnstile = turnstile.clone();
        self
    }
}

impl Trainer for Toy {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn examples(&self) -> u64 {
        (self.rows.len() / WIDTH) as u64
    }

    fn summarise(&self) -> Summary {
        Summary::of(&self.rows, WIDTH)
    }

    fn train(
        &mut self,
        params: &Params,
        order: &TrainOrder,
        address: Address,
    ) -> Result<LocalUpdate, TrainError> {
        self.turnstile.pass(address.round.0);
        self.trained.fetch_add(1, Ordering::Relaxed);
        let (got, expected) = (params.0.len(), self.layout.len());
        if got != expected {
            return Err(TrainError::WrongLength { got, expected });
        }
        let mut rows = self.rows.clone();
        if let Some(scaling) = &order.scaling {
            scaling.apply(&mut rows);
        }
        let place = order.seed.round(address.round).node(address.node);
        let nudge = u32::from_le_bytes(
            place.purpose(Purpose::SHUFFLE).to_bytes()[..4]
                .try_into()
                .unwrap(),
        );
        let nudge = nudge as f32 / u32::MAX as f32;
        let centre = |i: usize| rows[i % rows.len()] + nudge * (i % 7) as f32;
        let delta = params
            .0
            .iter()
            .enumerate()
            .map(|(i, w)| 0.25 * (centre(i) - w));
        Ok(LocalUpdate {
            delta: Delta(delta.collect()),
            extras: Vec::new(),
            examples: self.examples(),
            noised: None,
            loss: f64::from(nudge),
        })
    }

    fn evaluate(
        &mut self,
        params: &Params,
        _: &TrainOrder,
        _: Address,
    ) -> Result<Evaluation, TrainError> {
        let estimate = Estimate {
            value: f64::from(params.0[0]),
            n: self.examples(),
            standard_error: 0.5,
        };
        Ok(Evaluation(BTreeMap::from([("loss".into(), estimate)])))
    }
}
