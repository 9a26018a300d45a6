//! Fresh keys, and the drawing of the graph: the phases before anything is shared.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ward_core::NodeId;
use ward_core::secagg::{DrawOpening, KeyOffer};

use super::super::fault::{Failure, Fault, Wrong};
use super::super::graph::Graph;
use super::super::identity::Roster;
use super::super::keys;
use super::super::session::{SessionId, SessionInputs};
use super::super::shape::Shape;
use super::super::statements;
use super::Core;
use super::deal::Sharing;

/// Collects everybody's fresh keys.
pub struct Keying {
    core: Core,
    offers: BTreeMap<NodeId, KeyOffer>,
    keys: BTreeSet<[u8; 32]>,
}

impl Keying {
    /// A session's first phase.
    ///
    /// # Errors
    /// [`Failure`] where the cohort cannot have a session, or the session names another roster.
    pub fn open(session: SessionInputs, roster: Arc<Roster>) -> Result<Self, Failure> {
        let shape = Shape::of(session.cohort.len());
        Self::open_shaped(session, shape, roster)
    }

    pub(in super::super) fn open_shaped(
        session: SessionInputs,
        shape: Option<Shape>,
        roster: Arc<Roster>,
    ) -> Result<Self, Failure> {
        Ok(Self {
            core: Core::open(session, shape, roster)?,
            offers: BTreeMap::new(),
            keys: BTreeSet::new(),
        })
    }

    /// The session's id.
    #[must_use]
    pub fn sid(&self) -> SessionId {
        self.core.sid
    }

    /// Whether the graph is to be drawn, so that [`draw`](Self::draw) closes this phase and not
    /// [`close`](Self::close).
    #[must_use]
    pub fn is_drawn(&self) -> bool {
        self.core.shape.drawn
    }

    /// Who has not answered yet.
    #[must_use]
    pub fn awaited(&self) -> Vec<NodeId> {
        let spoken = |node: &NodeId| self.offers.contains_key(node);
        self.core.awaited(self.core.session.cohort.iter(), spoken)
    }

    /// Takes one node's keys.
    ///
    /// # Errors
    /// A [`Fault`] says why they are not counted.
    pub fn accept(&mut self, node: NodeId, offer: KeyOffer) -> Result<(), Fault> {
        let verdict = self.check(node, &offer);
        self.core.judge(node, verdict)?;
        self.keys.extend([offer.channel, offer.mask]);
        self.offers.insert(node, offer);
        Ok(())
    }

    fn check(&self, node: NodeId, offer: &KeyOffer) -> Result<(), Wrong> {
        let core = &self.core;
        let asked = core.session.cohort.binary_search(&node).is_ok();
        core.may_speak(node, asked, self.offers.contains_key(&node))?;
        let statement = statements::keys(&core.sid, node, offer, core.shape.drawn);
        core.signed(node, &statement, &offer.signature)?;
        let known = |key| self.keys.contains(key);
        if offer.channel == offer.mask || known(&offer.channel) || known(&offer.mask) {
            return Err(Wrong::SameKey);
        }
        if keys::low_order(&offer.channel) || keys::low_order(&offer.mask) {
            return Err(Wrong::LowOrder);
        }
        Ok(())
    }

    /// Everybody's keys (U1), to be sent to each of them, and the phase of shares.
    ///
    /// # Errors
    /// [`Failure`] where too few are left, or the graph is to be drawn first.
    pub fn close(self) -> Result<(Vec<(NodeId, KeyOffer)>, Sharing), Failure> {
        if self.core.shape.drawn {
            return Err(Failure::OtherGraph);
        }
        self.core.enough("keys", self.offers.len())?;
        let offers = self.offers.iter().map(|(n, o)| (*n, *o)).collect();
        let graph = Graph::complete(self.offers.keys().copied().collect());
        Ok((offers, Sharing::new(self.core, graph, self.offers)))
    }

    /// Everybody's keys (U1), to be sent to each of them, and the phase in which the graph is drawn.
    ///
    /// # Errors
    /// [`Failure`] where too few are left, or everybody is everybody's neighbour.
    pub fn draw(self) -> Result<(Vec<(NodeId, KeyOffer)>, Drawing), Failure> {
        if !self.core.shape.drawn {
            return Err(Failure::OtherGraph);
        }
        self.core.enough("keys", self.offers.len())?;
        let offers = self.offers.iter().map(|(n, o)| (*n, *o)).collect();
        let drawing = Drawing {
            core: self.core,
            offers: self.offers,
            openings: BTreeMap::new(),
        };
        Ok((offers, drawing))
    }
}

/// Collects everybody's part in drawing the graph.
pub struct Drawing {
    core: Core,
    offers: BTreeMap<NodeId, KeyOffer>,
    openings: BTreeMap<NodeId, DrawOpening>,
}

impl Drawing {
    /// Who has not answered yet.
    #[must_use]
    pub fn awaited(&self) -> Vec<NodeId> {
        let spoken = |node: &NodeId| self.openings.contains_key(node);
        self.core.awaited(self.offers.keys(), spoken)
    }

    /// Takes one node's part.
    ///
    /// # Errors
    /// A [`Fault`] says why it is not counted.
    pub fn accept(&mut self, node: NodeId, opening: DrawOpening) -> Result<(), Fault> {
        let core = &self.core;
        let offer = self.offers.get(&node);
        let spoken = self.openings.contains_key(&node);
        let verdict = core
            .may_speak(node, offer.is_some(), spoken)
            .and_then(|()| {
                let draw = statements::draw(&core.sid, node, &opening.0);
                match offer.is_some_and(|offer| offer.draw == draw) {
                    true => Ok(()),
                    false => Err(Wrong::Draw),
                }
            });
        self.core.judge(node, verdict)?;
        self.openings.insert(node, opening);
        Ok(())
    }

    /// Everybody's part, to be sent to each of them, and the phase of shares.
    ///
    /// # Errors
    /// [`Failure::Unopened`] where somebody's is missing. Who could leave parts out when all are known
    /// could choose among very many graphs.
    pub fn close(self) -> Result<(Vec<(NodeId, DrawOpening)>, Sharing), Failure> {
        let Self {
            core,
            offers,
            openings,
        } = self;
        if let Some(&silent) = offers.keys().find(|&node| !openings.contains_key(node)) {
            return Err(Failure::Unopened(silent));
        }
        let parts: Vec<_> = openings.iter().map(|(n, o)| (*n, o.0)).collect();
        let graph = Graph::drawn(&core.sid, &parts, &core.shape);
        let openings = openings.into_iter().collect();
        Ok((openings, Sharing::new(core, graph, offers)))
    }
}
