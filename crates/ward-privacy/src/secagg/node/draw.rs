//! The drawing of the graph, from what every node committed to before anybody's part was known.

use ward_core::NodeId;
use ward_core::secagg::{DrawOpening, KeyOffer, ShareOffer};

use super::super::graph::Graph;
use super::super::keys::SecretKey;
use super::super::refused::Refused;
use super::super::secret::SecretRng;
use super::super::statements;
use super::Here;
use super::deal::{Shared, deal};

/// A node that has shown its part in drawing the graph.
pub struct Opened {
    pub(super) here: Here,
    pub(super) channel: SecretKey,
    pub(super) mask: SecretKey,
    pub(super) offers: Vec<(NodeId, KeyOffer)>,
}

impl Opened {
    /// Draws the graph from everybody's part, agrees with the neighbours in it, and shares this node's
    /// two secrets among them. The parts are those of everybody whose keys this node was shown before it
    /// showed its own part: so nobody who knew it could choose whose parts count.
    ///
    /// # Errors
    /// [`Refused`] where a part is missing or not the one that was committed to.
    pub fn share(
        self,
        openings: &[(NodeId, DrawOpening)],
        rng: &mut SecretRng,
    ) -> Result<(Shared, ShareOffer), Refused> {
        let here = self.here;
        let nodes = openings.iter().map(|(node, _)| node);
        if !nodes.eq(self.offers.iter().map(|(node, _)| node)) {
            return Err(Refused::Openings);
        }
        let mut parts = Vec::with_capacity(openings.len());
        for ((node, DrawOpening(opening)), (_, offer)) in openings.iter().zip(&self.offers) {
            if statements::draw(&here.sid, *node, opening) != offer.draw {
                return Err(Refused::Draw(*node));
            }
            parts.push((*node, *opening));
        }
        let graph = Graph::drawn(&here.sid, &parts, &here.shape);
        deal(here, &self.channel, &self.mask, &self.offers, graph, rng)
    }
}
