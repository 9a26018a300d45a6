//! Tensors in memory, by their hash: models that nodes may fetch, and what nodes have pushed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use ward_core::{Digest, NodeId, Params};
use ward_wire::{ChunkRefusal, Expected, Manifest, Reassembler, Tensor, Unreadable, proto};

/// Models kept for nodes to fetch; an older one belongs to a phase that is over.
const MODELS_OFFERED: usize = 4;
/// Tensors that one node may have here at one time; the oldest makes room.
const TENSORS_A_NODE: usize = 2;

/// Why a chunk is not stored.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum NotStored {
    /// It is wrong.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// There is no room now.
    #[error("the store holds {held} of {quota} bytes; there is no room for {needed} more now")]
    Full { held: u64, quota: u64, needed: u64 },
}

impl From<ChunkRefusal> for NotStored {
    fn from(refusal: ChunkRefusal) -> Self {
        Self::Unreadable(refusal.into())
    }
}

#[derive(Debug)]
enum State {
    Partial(Reassembler),
    Whole(Tensor),
}

/// A tensor on its way from a node.
#[derive(Debug)]
struct Incoming {
    state: State,
    /// Bytes of all messages that brought it, those that were refused included.
    wire_bytes: u64,
    began: u64,
}

impl Incoming {
    fn manifest(&self) -> &Manifest {
        match &self.state {
            State::Partial(partial) => partial.manifest(),
            State::Whole(tensor) => tensor.manifest(),
        }
    }

    fn held(&self) -> u64 {
        match &self.state {
            State::Partial(partial) => partial.held(),
            State::Whole(tensor) => tensor.manifest().total(),
        }
    }
}

/// What has become of a pushed tensor so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) tensor: Digest,
    pub(crate) held: u64,
    pub(crate) total: u64,
}

/// All tensors of a coordinator.
#[derive(Debug)]
pub(crate) struct Store {
    expected: Expected,
    quota: u64,
    models: VecDeque<(Arc<Params>, Tensor)>,
    incoming: BTreeMap<(NodeId, Digest), Incoming>,
    clock: u64,
}

impl Store {
    /// A store for `expected` tensors of nodes, holding at most `quota` bytes of them.
    pub(crate) fn new(expected: Expected, quota: u64) -> Self {
        Self {
            expected,
            quota,
            models: VecDeque::new(),
            incoming: BTreeMap::new(),
            clock: 0,
        }
    }

    /// Offers a model to the nodes. The same model is hashed once, however many nodes get it.
    pub(crate) fn offer(&mut self, params: &Arc<Params>) -> Manifest {
        if let Some((_, tensor)) = self.models.iter().find(|(p, _)| Arc::ptr_eq(p, params)) {
            return *tensor.manifest();
        }
        let tensor = Tensor::of_params(params);
        let manifest = *tensor.manifest();
        self.models.retain(|(_, old)| *old.manifest() != manifest);
        self.models.push_back((params.clone(), tensor));
        if self.models.len() > MODELS_OFFERED {
            self.models.pop_front();
        }
        manifest
    }

    /// An offered model.
    pub(crate) fn model(&self, hash: Digest) -> Option<Tensor> {
        let found = self.models.iter().find(|(_, t)| t.manifest().hash == hash);
        found.map(|(_, tensor)| tensor.clone())
    }

    /// Bytes held of a tensor that `node` is pushing.
    pub(crate) fn held(&self, node: NodeId, manifest: &Manifest) -> u64 {
        let incoming = self.incoming.get(&(node, manifest.hash));
        incoming.map_or(0, Incoming::held)
    }

    /// Takes a chunk from `node`. `first` says that it is the tensor's first in its stream: then
    /// offset 0 begins the tensor anew.
    pub(crate) fn accept(
        &mut self,
        node: NodeId,
        chunk: proto::TensorChunk,
        first: bool,
        wire_bytes: u64,
    ) -> Result<Progress, NotStored> {
        let manifest = chunk.manifest.clone();
        let manifest: Manifest = manifest
            .ok_or(Unreadable::Missing("chunk.manifest"))?
            .try_into()?;
        self.expected.admits(&manifest)?;
        let key = (node, manifest.hash);
        if !self.incoming.contains_key(&key) {
            self.make_room(node, &manifest)?;
        }
        self.clock += 1;
        let fresh = Reassembler::new(manifest, self.expected)?;
        let incoming = self.incoming.entry(key).or_insert(Incoming {
            state: State::Partial(fresh),
            wire_bytes: 0,
            began: self.clock,
        });
        incoming.wire_bytes += wire_bytes;
        if first && chunk.offset == 0 {
            incoming.state = State::Partial(Reassembler::new(manifest, self.expected)?);
        }
        let partial = match &mut incoming.state {
            State::Partial(partial) => partial,
            State::Whole(tensor) => {
                let (offset, held) = (chunk.offset, tensor.manifest().total());
                return Err(ChunkRefusal::Repeated { offset, held }.into());
            }
        };
        partial.accept(chunk)?;
        let (tensor, held, total) = (manifest.hash, partial.held(), manifest.total());
        if partial.is_full() {
            self.complete(key)?;
        }
        Ok(Progress {
            tensor,
            held,
            total,
        })
    }

    /// Checks a tensor of which every byte is there; a forged one is forgotten.
    fn complete(&mut self, key: (NodeId, Digest)) -> Result<(), ChunkRefusal> {
        let Some(incoming) = self.incoming.remove(&key) else {
            return Ok(());
        };
        let State::Partial(partial) = incoming.state else {
            return Ok(());
        };
        let state = State::Whole(partial.finish()?);
        self.incoming.insert(key, Incoming { state, ..incoming });
        Ok(())
    }

    /// Takes out a complete tensor, and the bytes of the messages that brought it.
    pub(crate) fn take(&mut self, node: NodeId, manifest: &Manifest) -> Option<(Tensor, u64)> {
        let key = (node, manifest.hash);
        let whole = |i: &Incoming| matches!(&i.state, State::Whole(t) if t.manifest() == manifest);
        if !self.incoming.get(&key).is_some_and(whole) {
            return None;
        }
        let incoming = self.incoming.remove(&key)?;
        match incoming.state {
            State::Whole(tensor) => Some((tensor, incoming.wire_bytes)),
            State::Partial(_) => None,
        }
    }

    /// Drops everything that `node` has pushed.
    pub(crate) fn forget(&mut self, node: NodeId) {
        self.incoming.retain(|(owner, _), _| *owner != node);
    }

    /// Makes room for one more tensor of `node`: its own oldest goes, others' stay.
    fn make_room(&mut self, node: NodeId, manifest: &Manifest) -> Result<(), NotStored> {
        let own = self
            .incoming
            .iter()
            .filter(|((owner, _), _)| *owner == node);
        if own.clone().count() >= TENSORS_A_NODE
            && let Some(oldest) = own.min_by_key(|(_, i)| i.began).map(|(key, _)| *key)
        {
            self.incoming.remove(&oldest);
        }
        // A tensor counts in full from its first byte, so that what is begun can be ended.
        let held: u64 = self.incoming.values().map(|i| i.manifest().total()).sum();
        let (quota, needed) = (self.quota, manifest.total());
        if held.saturating_add(needed) > quota {
            return Err(NotStored::Full {
                held,
                quota,
                needed,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ward_core::WordWidth;
    use ward_wire::chunks;

    const A: NodeId = NodeId(0);
    const B: NodeId = NodeId(1);

    fn two_words() -> Expected {
        Expected::words(2, WordWidth::Wide)
    }

    fn push(store: &mut Store, node: NodeId, tensor: &Tensor) -> Result<Progress, NotStored> {
        let chunk = chunks(tensor, 0).next().unwrap();
        store.accept(node, chunk, true, 100)
    }

    #[test]
    fn a_pushed_tensor_is_taken_once_and_by_its_owner() {
        let mut store = Store::new(two_words(), 1000);
        let tensor = Tensor::of_words(&[1, 2]);
        push(&mut store, A, &tensor).unwrap();
        assert_eq!(store.held(A, tensor.manifest()), 16);
        assert_eq!(store.take(B, tensor.manifest()), None);
        assert_eq!(
            store.take(A, tensor.manifest()),
            Some((tensor.clone(), 100))
        );
        assert_eq!(store.take(A, tensor.manifest()), None);
    }

    #[test]
    fn a_tensor_of_another_size_is_not_begun() {
        let mut store = Store::new(two_words(), 1000);
        let refused = push(&mut store, A, &Tensor::of_words(&[1, 2, 3])).unwrap_err();
        assert!(
            refused
                .to_string()
                .contains("3 U64 was announced, 2 U64 fit")
        );
        assert!(store.incoming.is_empty());
    }

    #[test]
    fn a_forged_tensor_is_forgotten() {
        let mut store = Store::new(two_words(), 1000);
        let tensor = Tensor::of_words(&[1, 2]);
        let mut chunk = chunks(&tensor, 0).next().unwrap();
        chunk.data = vec![9; 16].into();
        let refused = store.accept(A, chunk, true, 100).unwrap_err();
        assert!(refused.to_string().contains("was announced"));
        assert_eq!(store.held(A, tensor.manifest()), 0);
    }

    #[test]
    fn the_quota_stops_others_and_a_node_only_replaces_its_own() {
        let mut store = Store::new(two_words(), 48);
        for words in [[1, 1], [2, 2], [3, 3]] {
            push(&mut store, A, &Tensor::of_words(&words)).unwrap();
        }
        assert_eq!(store.held(A, Tensor::of_words(&[1, 1]).manifest()), 0);
        push(&mut store, B, &Tensor::of_words(&[4, 4])).unwrap();
        let (held, quota, needed) = (48, 48, 16);
        assert_eq!(
            push(&mut store, NodeId(2), &Tensor::of_words(&[5, 5])),
            Err(NotStored::Full {
                held,
                quota,
                needed
            })
        );
        store.forget(A);
        assert!(push(&mut store, NodeId(2), &Tensor::of_words(&[5, 5])).is_ok());
    }

    #[test]
    fn the_last_models_are_offered() {
        let mut store = Store::new(two_words(), 0);
        let model = |i: u32| Arc::new(Params(vec![i as f32, 0.0]));
        let first = store.offer(&model(0));
        assert_eq!(store.offer(&model(0)), first);
        assert!(store.model(first.hash).is_some());
        (1..=MODELS_OFFERED as u32).for_each(|i| {
            store.offer(&model(i));
        });
        assert!(store.model(first.hash).is_none());
        assert_eq!(store.models.len(), MODELS_OFFERED);
    }
}
