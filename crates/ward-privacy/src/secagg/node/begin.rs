//! The beginning of a session: what it is about, fresh keys, and everybody's keys.

use std::collections::BTreeSet;

use ward_core::secagg::{DrawOpening, KeyOffer, ShareOffer};
use ward_core::{NodeId, Weighting};

use super::super::graph::Graph;
use super::super::journal::{Journal, Step};
use super::super::keys::SecretKey;
use super::super::refused::Refused;
use super::super::secret::{Secret, SecretRng};
use super::super::session::SessionId;
use super::super::shape::Shape;
use super::super::statements;
use super::deal::{self, Shared};
use super::draw::Opened;
use super::{Here, Setting, ascends, enough, within};
use crate::ring;

/// A node that has offered its fresh keys.
pub struct Offered {
    here: Here,
    channel: SecretKey,
    mask: SecretKey,
    draw: Secret,
}

/// Checks what the session is about, writes down that it begins, and draws fresh keys.
///
/// # Errors
/// [`Refused`] where the cohort, the roster, the policy or the journal does not allow it.
pub fn begin(
    setting: Setting,
    journal: &mut dyn Journal,
    rng: &mut SecretRng,
) -> Result<(Offered, KeyOffer), Refused> {
    let nodes = setting.session.cohort.len();
    let shape = Shape::of(nodes).ok_or(Refused::Cohort(nodes))?;
    begin_shaped(setting, shape, journal, rng)
}

pub(in super::super) fn begin_shaped(
    setting: Setting,
    shape: Shape,
    journal: &mut dyn Journal,
    rng: &mut SecretRng,
) -> Result<(Offered, KeyOffer), Refused> {
    check(&setting)?;
    let session = &setting.session;
    if let Some(known) = journal.remembered(&session.job, session.round)? {
        if known.revealed {
            return Err(Refused::AlreadyRevealed);
        }
        if session.attempt <= known.attempt {
            return Err(Refused::NotNew {
                attempt: session.attempt,
                latest: known.attempt,
            });
        }
    }
    let sid = SessionId::shaped(session, &shape);
    let (channel, mask) = (SecretKey::draw(rng), SecretKey::draw(rng));
    let draw = Secret::draw(rng);
    let mut offer = KeyOffer {
        channel: channel.public(),
        mask: mask.public(),
        draw: [0; 32],
        signature: [0; 64],
    };
    if shape.drawn {
        offer.draw = statements::draw(&sid, setting.me, draw.bytes());
    }
    offer.signature =
        setting
            .identity
            .sign(&statements::keys(&sid, setting.me, &offer, shape.drawn));
    let here = Here {
        setting,
        shape,
        sid,
        offer,
    };
    journal.record(here.line(Step::Began))?;
    let offered = Offered {
        here,
        channel,
        mask,
        draw,
    };
    Ok((offered, offer))
}

fn check(setting: &Setting) -> Result<(), Refused> {
    let Setting {
        session,
        me,
        roster,
        identity,
        least_survivors,
    } = setting;
    let (cohort, params) = (&session.cohort, &session.params);
    if !ascends(cohort) {
        return Err(Refused::NotAscending);
    }
    if session.roster != roster.digest() || session.federation != roster.federation() {
        return Err(Refused::OtherRoster);
    }
    if let Some(&stranger) = cohort.iter().find(|&&node| roster.member(node).is_none()) {
        return Err(Refused::Stranger(stranger));
    }
    let mine = roster.member(*me).map(|member| member.key);
    if cohort.binary_search(me).is_err() || mine != Some(identity.key()) {
        return Err(Refused::NotMe);
    }
    if params.min_survivors < *least_survivors {
        return Err(Refused::TooFewAsked {
            asked: params.min_survivors,
            least: *least_survivors,
        });
    }
    if params.min_survivors as usize > cohort.len() {
        return Err(Refused::TooManyAsked {
            asked: params.min_survivors,
            cohort: cohort.len(),
        });
    }
    let most = match params.weighting {
        Weighting::Examples => params.ring.most_weight,
        Weighting::Uniform => 1,
    };
    let total = most.saturating_mul(cohort.len() as u64);
    if !ring::fits(&params.ring, total, params.width) {
        return Err(Refused::Headroom);
    }
    Ok(())
}

impl Offered {
    /// Checks everybody's keys where a graph is to be drawn, and shows this node's part in drawing it.
    ///
    /// # Errors
    /// [`Refused`] where a key, a signature or the list is wrong, or where everybody is everybody's
    /// neighbour: then [`share`](Self::share) is the next step.
    pub fn open(self, offers: &[(NodeId, KeyOffer)]) -> Result<(Opened, DrawOpening), Refused> {
        if !self.here.shape.drawn {
            return Err(Refused::OtherGraph);
        }
        check_offers(&self.here, offers)?;
        let opening = DrawOpening(*self.draw.bytes());
        let opened = Opened {
            here: self.here,
            channel: self.channel,
            mask: self.mask,
            offers: offers.to_vec(),
        };
        Ok((opened, opening))
    }

    /// Checks everybody's keys (U1), agrees with everybody, and shares this node's two secrets.
    ///
    /// # Errors
    /// [`Refused`] where a key, a signature or the list is wrong, or where the graph is to be drawn
    /// first: then [`open`](Self::open) is the next step.
    pub fn share(
        self,
        offers: &[(NodeId, KeyOffer)],
        rng: &mut SecretRng,
    ) -> Result<(Shared, ShareOffer), Refused> {
        if self.here.shape.drawn {
            return Err(Refused::OtherGraph);
        }
        check_offers(&self.here, offers)?;
        let graph = Graph::complete(offers.iter().map(|(node, _)| *node).collect());
        deal::deal(self.here, &self.channel, &self.mask, offers, graph, rng)
    }
}

/// Everybody's keys: of the cohort, each once, each signed, none twice, the node's own as it made them.
fn check_offers(here: &Here, offers: &[(NodeId, KeyOffer)]) -> Result<(), Refused> {
    let Setting {
        session,
        me,
        roster,
        ..
    } = &here.setting;
    let nodes: Vec<NodeId> = offers.iter().map(|(node, _)| *node).collect();
    if !ascends(&nodes) {
        return Err(Refused::NotAscending);
    }
    within(&nodes, &session.cohort)?;
    let mine = offers.iter().find(|(node, _)| node == me);
    if mine.map(|(_, offer)| offer) != Some(&here.offer) {
        return Err(Refused::SelfMissing);
    }
    enough(nodes.len(), here.least())?;
    let mut keys = BTreeSet::new();
    for (node, offer) in offers {
        let statement = statements::keys(&here.sid, *node, offer, here.shape.drawn);
        if !roster.signed(*node, &statement, &offer.signature) {
            return Err(Refused::Signature(*node));
        }
        if !keys.insert(offer.channel) || !keys.insert(offer.mask) {
            return Err(Refused::SameKey(*node));
        }
    }
    Ok(())
}
