//! Laws of the whole protocol, played by all nodes and a coordinator in one thread.

mod colluders;
mod drop_outs;
mod evil_coordinator;
mod evil_node;
mod golden;
mod hex;
mod journals;
mod known_answers;
mod standards;
mod table;
mod uniform;
mod widths;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::Arc;

use ward_core::secagg::KeyOffer;
use ward_core::{
    Delta, LocalUpdate, MaskSuite, NodeId, RingSpec, RoundId, Upload, Weighting, WordWidth,
};

use super::coordinator::{Keying, Sharing, Unmasked};
use super::node::{self, Consented, Masked, Offered, Setting, Shared};
use super::shape::Shape;
use super::*;
use crate::seal::{trial, trial_order};

pub(super) const ONE: NonZeroUsize = NonZeroUsize::MIN;

/// Ten hospitals of weight 100 fill 10 x 100 x 2^7 x 2^14 of 2^31.
pub(super) const NARROW_RING: RingSpec = RingSpec {
    fraction_bits: 14,
    range: 128.0,
    most_weight: 100,
};

pub(super) const RING: RingSpec = RingSpec {
    fraction_bits: 24,
    range: 128.0,
    most_weight: 1 << 16,
};

/// A federation of `n` nodes and one session of all of them.
pub(super) struct World {
    pub(super) session: SessionInputs,
    pub(super) shape: Shape,
    pub(super) roster: Arc<Roster>,
    pub(super) identities: Vec<Arc<Identity>>,
}

impl World {
    pub(super) fn new(n: usize, length: u64) -> Self {
        let identities: Vec<Arc<Identity>> = (0..n)
            .map(|i| {
                let mut seed = [0x40; 32];
                seed[..4].copy_from_slice(&(i as u32).to_le_bytes());
                Arc::new(Identity::from_bytes(&seed))
            })
            .collect();
        let cohort: Vec<NodeId> = (0..n as u32).map(|i| NodeId(3 * i + 1)).collect();
        let members = cohort.iter().zip(&identities).map(|(node, identity)| {
            let member = Member {
                key: identity.key(),
                certificate: [0; 32],
            };
            (*node, member)
        });
        let roster = Arc::new(Roster::new("west".into(), 1, members.collect()).unwrap());
        let session = SessionInputs {
            federation: "west".into(),
            job: "run".into(),
            round: RoundId(7),
            attempt: 0,
            model: model_digest(&[0.5, -1.0]),
            task: [2; 32],
            params: MaskingParams {
                suite: MaskSuite::ChaCha20,
                width: WordWidth::Wide,
                ring: RING,
                weighting: Weighting::Examples,
                length,
                min_survivors: 3,
            },
            roster: roster.digest(),
            cohort,
        };
        Self {
            session,
            shape: Shape::of(n).unwrap(),
            roster,
            identities,
        }
    }

    /// The same, with words of 32 bits and a ring that fits them.
    pub(super) fn narrow(n: usize, length: u64) -> Self {
        let mut world = Self::new(n, length);
        world.session.params.width = WordWidth::Narrow;
        world.session.params.ring = NARROW_RING;
        world
    }

    pub(super) fn id(&self, i: usize) -> NodeId {
        self.session.cohort[i]
    }

    pub(super) fn index(&self, node: NodeId) -> usize {
        self.session.cohort.binary_search(&node).unwrap()
    }

    pub(super) fn setting(&self, i: usize) -> Setting {
        Setting {
            session: self.session.clone(),
            me: self.id(i),
            roster: self.roster.clone(),
            identity: self.identities[i].clone(),
            least_survivors: 3,
        }
    }

    pub(super) fn rng(&self, i: usize) -> SecretRng {
        let mut seed = [0x51; 32];
        seed[..4].copy_from_slice(&(i as u32).to_le_bytes());
        SecretRng::from_seed(seed)
    }

    pub(super) fn begin(
        &self,
        i: usize,
        journal: &mut dyn Journal,
    ) -> Result<(Offered, KeyOffer), Refused> {
        node::begin_shaped(self.setting(i), self.shape, journal, &mut self.rng(i))
    }

    pub(super) fn keying(&self) -> Keying {
        Keying::open_shaped(self.session.clone(), Some(self.shape), self.roster.clone()).unwrap()
    }

    /// What node `i` would upload in the clear.
    pub(super) fn upload(&self, i: usize) -> Upload {
        let length = self.session.params.length as usize;
        let delta = (0..length).map(|j| ((i * 31 + j * 17) % 255) as f32 - 127.25);
        let update = LocalUpdate {
            delta: Delta(delta.collect()),
            extras: Vec::new(),
            examples: 10 + i as u64,
            noised: None,
            loss: 0.25 + (i % 90) as f64,
        };
        let params = &self.session.params;
        trial(update, &trial_order(params.weighting, params.ring)).unwrap()
    }

    /// The sum of what `nodes` would upload in the clear: words, weight, mean loss.
    pub(super) fn plain(&self, nodes: &[NodeId]) -> (Vec<u64>, u64, f64) {
        let mut words = vec![0; self.session.params.length as usize];
        let (mut weight, mut loss) = (0, 0.0);
        for &node in nodes {
            let upload = self.upload(self.index(node));
            crate::ring::add(&mut words, &upload.words);
            weight += upload.weight;
            loss += upload.loss * upload.weight as f64;
        }
        (words, weight, loss / weight as f64)
    }

    pub(super) fn assert_is_plain(&self, sum: &Unmasked) {
        let (words, weight, loss) = self.plain(&sum.survivors);
        assert_eq!(sum.words, words);
        assert_eq!(sum.weight, weight);
        assert!((sum.loss - loss).abs() < 1e-6);
    }
}

/// When a node is lost: before it sends its message of this phase; 6 is never.
pub(super) type Lost = BTreeMap<NodeId, u8>;

/// Everybody's journal.
pub(super) type Journals = BTreeMap<NodeId, MemoryJournal>;

/// What a session came to, and who revealed shares.
pub(super) struct Played {
    pub(super) sum: Result<Unmasked, Failure>,
    pub(super) revealed: BTreeSet<NodeId>,
}

/// Plays a whole session in which nodes are lost as told.
pub(super) fn play(world: &World, lost: &Lost) -> Played {
    let mut revealed = BTreeSet::new();
    let sum = played(world, lost, &mut revealed);
    Played { sum, revealed }
}

fn played(
    world: &World,
    lost: &Lost,
    revealed: &mut BTreeSet<NodeId>,
) -> Result<Unmasked, Failure> {
    let there = |node: NodeId, phase: u8| lost.get(&node).is_none_or(|&when| when > phase);
    let mut journals = Journals::new();
    let mut rngs: BTreeMap<NodeId, SecretRng> = BTreeMap::new();
    let mut keying = world.keying();
    let mut offered: BTreeMap<NodeId, Offered> = BTreeMap::new();
    for i in 0..world.session.cohort.len() {
        let node = world.id(i);
        rngs.insert(node, world.rng(1_000 + i));
        if there(node, 1) {
            let (state, offer) = world.begin(i, journals.entry(node).or_default()).unwrap();
            keying.accept(node, offer).unwrap();
            offered.insert(node, state);
        }
    }

    let mut shared: BTreeMap<NodeId, Shared> = BTreeMap::new();
    let mut sharing: Sharing;
    if keying.is_drawn() {
        let (offers, mut drawing) = keying.draw()?;
        let mut opened = BTreeMap::new();
        for (node, state) in offered {
            let (state, opening) = state.open(&offers).unwrap();
            drawing.accept(node, opening).unwrap();
            opened.insert(node, state);
        }
        let (openings, next) = drawing.close()?;
        sharing = next;
        for (node, state) in opened {
            if there(node, 2) {
                let rng = rngs.get_mut(&node).unwrap();
                let (state, offer) = state.share(&openings, rng).unwrap();
                sharing.accept(node, offer).unwrap();
                shared.insert(node, state);
            }
        }
    } else {
        let (offers, next) = keying.close()?;
        sharing = next;
        for (node, state) in offered {
            if there(node, 2) {
                let (state, offer) = state.share(&offers, rngs.get_mut(&node).unwrap()).unwrap();
                sharing.accept(node, offer).unwrap();
                shared.insert(node, state);
            }
        }
    }

    let (letters, mut collecting) = sharing.close()?;
    let mut masked: BTreeMap<NodeId, Masked> = BTreeMap::new();
    for (node, shares) in letters {
        if there(node, 3) {
            let state = shared.remove(&node).unwrap();
            // With a graph too many of whose nodes are lost, a node may find too few neighbours.
            let Ok(masking) = state.receive(&shares) else {
                continue;
            };
            let upload = world.upload(world.index(node));
            let (state, upload) = masking.mask(upload, ONE).unwrap();
            collecting.accept(node, &upload).unwrap();
            masked.insert(node, state);
        }
    }

    let (survivors, mut consenting) = collecting.close()?;
    let mut consented: BTreeMap<NodeId, Consented> = BTreeMap::new();
    for (node, state) in masked {
        if there(node, 4) {
            let journal = journals.get_mut(&node).unwrap();
            let (state, consent) = state.consent(&survivors, journal).unwrap();
            consenting.accept(node, consent).unwrap();
            consented.insert(node, state);
        }
    }

    let (consents, mut unmasking) = consenting.close()?;
    for (node, state) in consented {
        if there(node, 5) {
            let journal = journals.get_mut(&node).unwrap();
            let revelation = state.reveal(&consents, journal).unwrap();
            unmasking.accept(node, &revelation).unwrap();
            revealed.insert(node);
        }
    }
    unmasking.close(NonZeroUsize::new(2).unwrap())
}
