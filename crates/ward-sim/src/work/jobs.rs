//! Jobs from the moment they are known to the moment their results are needed.
//!
//! Jobs are handed to the crew in the order in which they are due, ahead of virtual time and only so
//! many, so that few results wait in memory. A ward serves one job at a time, and is at home until
//! its report is sent, so that the report can be searched for its rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use ward_core::{NodeId, RoundId, Tick};
use ward_privacy::RowScanner;
use ward_round::{NodeEffect, NodeInput};

use super::crew::Shift;
use super::{Crew, Done, Misconduct, Task, Ward, Work};
use crate::adversary::Conduct;

/// Jobs for each thread that are handed over or done, and not yet needed.
const AHEAD: usize = 4;

/// Jobs for each thread that begin while others are still being asked for.
const AT_ONCE: usize = 4;

type Key = (NodeId, Work);

/// All work of a federation.
pub(crate) struct Jobs<'p> {
    crew: &'p Crew<'p>,
    /// Calls one more thread to help.
    call: &'p dyn Fn(),
    threads: usize,
    homes: Vec<Home>,
    outstanding: BTreeMap<Key, Job>,
    /// Of these, what may begin, by the time it is due. Some may be gone, or have to wait after all.
    ready: BTreeSet<(Tick, Key)>,
    /// Jobs handed over whose results are not yet needed.
    ahead: usize,
    /// Most wards at home beside those whose reports are still to be sent.
    keep: usize,
    kept: usize,
    /// `None` where all are honest.
    misconduct: Option<Misconduct>,
    /// Whether some of them collude.
    colluders: bool,
    shift: Shift,
    /// Kept for its room.
    done: Vec<Done>,
}

/// Where a hospital's ward is between jobs.
#[derive(Default)]
struct Home {
    ward: Option<Ward>,
    /// The ward's, also while that is at work: a report may be sent meanwhile.
    scanner: Option<Arc<RowScanner>>,
    at_work: Option<Work>,
    /// What is done and not yet needed.
    results: Vec<(Work, NodeInput)>,
    /// The round of what the node last began: what is done of earlier ones is not needed.
    begun: Option<RoundId>,
}

struct Job {
    job: NodeEffect,
    due: Tick,
    /// Whether the node has begun it; before, it is only expected to.
    begun: bool,
}

impl Job {
    /// What changes a hospital's memory, or reads it, is not done on suspicion.
    fn may_begin(&self) -> bool {
        let remembers = match &self.job {
            NodeEffect::Train { order, .. } => {
                order.algorithm.remembers().is_some() || order.personalisation.has_state()
            }
            NodeEffect::Evaluate { order, .. } => order.personalisation.has_state(),
            _ => false,
        };
        self.begun || !remembers
    }
}

impl<'p> Jobs<'p> {
    /// No work yet, of `nodes` nodes, for the `threads` of `crew`. `call` calls one of them to help.
    pub(crate) fn new(
        crew: &'p Crew<'p>,
        call: &'p dyn Fn(),
        threads: usize,
        nodes: usize,
        keep: usize,
        misconduct: Option<Misconduct>,
    ) -> Self {
        Self {
            crew,
            call,
            threads,
            homes: std::iter::repeat_with(Home::default).take(nodes).collect(),
            outstanding: BTreeMap::new(),
            ready: BTreeSet::new(),
            ahead: 0,
            keep,
            kept: 0,
            colluders: misconduct.as_ref().is_some_and(Misconduct::colludes),
            misconduct,
            shift: Shift::start(),
            done: Vec::new(),
        }
    }

    pub(crate) fn misconduct(&self) -> Option<&Misconduct> {
        self.misconduct.as_ref()
    }

    /// Expects that `node` will begin this job, which will be due at `due`.
    pub(crate) fn expect(&mut self, node: NodeId, job: NodeEffect, due: Tick) {
        let Some(work) = job.work() else {
            return;
        };
        self.add((node, work), job, due);
        // Who colludes is known when all have been asked.
        if self.misconduct.is_none() {
            self.hand_over_up_to(AT_ONCE * self.threads);
        }
    }

    /// `node` begins this job, which will be due at `due`: no other job of an earlier round will be
    /// needed unless it is begun again.
    pub(crate) fn begin(&mut self, node: NodeId, job: NodeEffect, due: Tick) {
        let Some(work) = job.work() else {
            return;
        };
        let home = &mut self.homes[node.0 as usize];
        home.begun = Some(work.1);
        self.forget_before(node, work);
        let home = &self.homes[node.0 as usize];
        if home.at_work == Some(work) || home.results.iter().any(|(done, _)| *done == work) {
            return;
        }
        let key = (node, work);
        if !self.outstanding.contains_key(&key) {
            self.add(key, job, due);
        }
        if let Some(job) = self.outstanding.get_mut(&key) {
            job.begun = true;
            self.ready.insert((job.due, key));
        }
    }

    fn add(&mut self, key: Key, job: NodeEffect, due: Tick) {
        if let Some(misconduct) = &mut self.misconduct {
            misconduct.expect(key.0, key.1);
        }
        let job = Job {
            job,
            due,
            begun: false,
        };
        if job.may_begin() {
            self.ready.insert((due, key));
        }
        self.outstanding.insert(key, job);
    }

    /// Forgets the results of `node` of rounds before that of `work`, and what it left undone in them
    /// unless colluders may want to see it.
    fn forget_before(&mut self, node: NodeId, work: Work) {
        let home = &mut self.homes[node.0 as usize];
        let before = home.results.len();
        home.results.retain(|(done, _)| done.1 >= work.1);
        self.ahead -= before - home.results.len();
        if self.colluders {
            return;
        }
        let old: Vec<Key> = keys_of(&self.outstanding, node)
            .filter(|key| key.1.1 < work.1)
            .collect();
        for key in old {
            self.outstanding.remove(&key);
        }
    }

    /// The result of a job that `node` has begun; `None` where there is none to come.
    pub(crate) fn result(&mut self, node: NodeId, work: Work) -> Option<NodeInput> {
        loop {
            if let Some(result) = self.take(node, work) {
                return Some(result);
            }
            self.collect();
            if let Some(result) = self.take(node, work) {
                return Some(result);
            }
            let most = AHEAD * self.threads;
            if self.press(node, work) {
                // What comes next is wanted at once, too.
                self.hand_over_up_to(most.max(self.ahead + self.threads - 1));
            } else {
                self.hand_over_up_to(most);
            }
            if !self.crew.advance(&mut self.shift) {
                return None;
            }
        }
    }

    fn take(&mut self, node: NodeId, work: Work) -> Option<NodeInput> {
        let results = &mut self.homes[node.0 as usize].results;
        let at = results.iter().position(|(done, _)| *done == work)?;
        let (_, result) = results.swap_remove(at);
        self.ahead -= 1;
        self.offer_next_of(node);
        Some(result)
    }

    /// Puts what `node` has still to do among what may begin.
    fn offer_next_of(&mut self, node: NodeId) {
        for key in keys_of(&self.outstanding, node) {
            let job = &self.outstanding[&key];
            if job.may_begin() {
                self.ready.insert((job.due, key));
            }
        }
    }

    /// Hands a job over before all others, or, of a colluder, one that it waits for; `false` where
    /// that has happened already.
    fn press(&mut self, node: NodeId, work: Work) -> bool {
        let misconduct = self.misconduct.as_ref();
        let first = misconduct.and_then(|m| m.to_be_seen_before(node, work));
        let key = (first.unwrap_or(node), work);
        let away = self.homes[key.0.0 as usize].at_work.is_some();
        if away || !self.outstanding.contains_key(&key) {
            return false;
        }
        self.hand_over(key, true);
        true
    }

    /// Hands jobs over as they are due, until `most` are ahead.
    fn hand_over_up_to(&mut self, most: usize) {
        while self.ahead < most {
            let Some((_, key)) = self.ready.pop_first() else {
                return;
            };
            let (node, work) = key;
            let home = &self.homes[node.0 as usize];
            let busy = home.at_work.is_some() || !home.results.is_empty();
            let misconduct = self.misconduct.as_ref();
            let waits = misconduct.is_some_and(|m| m.to_be_seen_before(node, work).is_some());
            // It is offered again when its time has come.
            if !busy && !waits && self.outstanding.contains_key(&key) {
                self.hand_over(key, false);
            }
        }
    }

    fn hand_over(&mut self, key: Key, first: bool) {
        let (node, work) = key;
        let Some(Job { job, due, .. }) = self.outstanding.remove(&key) else {
            return;
        };
        self.ready.remove(&(due, key));
        let home = &mut self.homes[node.0 as usize];
        home.at_work = Some(work);
        let mut ward = home.ward.take();
        self.kept -= usize::from(ward.is_some());
        let mut conduct = Conduct::Honest;
        if let Some(misconduct) = &mut self.misconduct {
            conduct = misconduct.conduct(node, &job);
            if misconduct.turns(node, work) {
                ward = None;
            }
        }
        let task = Task {
            node,
            work,
            job,
            ward,
            conduct,
        };
        self.ahead += 1;
        if self.crew.hand_over(task, first) {
            (self.call)();
        }
    }

    /// Brings home what is done.
    fn collect(&mut self) {
        let mut all = std::mem::take(&mut self.done);
        self.crew.collect(&mut all);
        for done in all.drain(..) {
            let Done {
                node,
                work,
                result,
                seen,
                ward,
            } = done;
            let home = &mut self.homes[node.0 as usize];
            home.at_work = None;
            self.kept += usize::from(ward.is_some());
            home.scanner = ward.as_ref().and_then(|ward| ward.scanner.clone());
            home.ward = ward;
            match result {
                Some(result) if home.begun <= Some(work.1) => {
                    home.results.push((work, result));
                }
                _ => {
                    self.ahead -= 1;
                    self.offer_next_of(node);
                }
            }
            let misconduct = self.misconduct.as_mut();
            let free = misconduct.map(|m| m.done(node, work, seen));
            for colluder in free.into_iter().flatten() {
                self.offer_next_of(colluder);
            }
        }
        self.done = all;
    }

    /// What searches the reports of `node`; it is there from its first result until it rests.
    pub(crate) fn scanner(&self, node: NodeId) -> Option<&RowScanner> {
        self.homes[node.0 as usize].scanner.as_deref()
    }

    /// The report of `node` is sent: its ward is closed where too many are open.
    pub(crate) fn rest(&mut self, node: NodeId) {
        if self.kept > self.keep {
            let home = &mut self.homes[node.0 as usize];
            if home.ward.take().is_some() {
                home.scanner = None;
                self.kept -= 1;
            }
        }
    }

    /// Processor time of the work that the caller's own thread did.
    pub(crate) fn own_cpu(&self) -> Duration {
        self.shift.cpu()
    }
}

/// What is outstanding of `node`.
fn keys_of(outstanding: &BTreeMap<Key, Job>, node: NodeId) -> impl Iterator<Item = Key> + '_ {
    let least = |node| (node, ("", RoundId(0)));
    let range = outstanding.range(least(node)..least(NodeId(node.0 + 1)));
    range.map(|(key, _)| *key)
}
