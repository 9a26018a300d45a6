//! What hospitals remember between rounds, on disk: only those at work hold theirs in memory.
//!
//! One file a run and kind of state, `NAME.RUN.KIND.states`, with room for two entries a node: what it remembered last and
//! the time before. A round that is played again after a crash begins with what there was before it.
//! Rows of nodes that never took part are holes that take no room on disk. Each entry ends in a
//! digest, so that one that a crash tore is not taken for a state.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ward_core::{Address, Digest, NodeState, NodeStates, RoundId, RunId, StateKind};

/// The states of many hospitals, or of one, in one folder.
pub struct NodeStateFiles {
    folder: PathBuf,
    name: String,
    /// Numbers in one model.
    parameters: usize,
    /// The files of the run that was asked about last, one for each kind.
    open: Mutex<Vec<(RunId, StateKind, Arc<File>)>>,
}

/// One of a node's two entries.
struct Entry {
    round: RoundId,
    /// How often the node had taken part, this round included.
    times: u32,
    values: Vec<f32>,
}

/// Bytes before an entry's values: round, times, and how many values.
const HEAD: usize = 12;
/// Bytes of the digest behind them.
const DIGEST: usize = 32;

impl NodeStateFiles {
    /// States of models of `parameters` numbers, in files of `folder` that begin with `name`.
    #[must_use]
    pub fn new(folder: &Path, name: &str, parameters: usize) -> Self {
        Self {
            folder: folder.to_owned(),
            name: name.to_owned(),
            parameters,
            open: Mutex::default(),
        }
    }

    fn file(&self, run: RunId, kind: StateKind) -> io::Result<Arc<File>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|(of, ..)| *of == run);
        if let Some((.., file)) = open.iter().find(|(_, of, _)| *of == kind) {
            return Ok(file.clone());
        }
        fs::create_dir_all(&self.folder)?;
        let path = self
            .folder
            .join(format!("{}.{run}.{}.states", self.name, kind.name()));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        // They tell of patients: nobody else on the host reads them.
        let file = Arc::new(options.mode(0o600).open(path)?);
        open.push((run, kind, file.clone()));
        Ok(file)
    }

    /// Bytes of one entry.
    fn size(&self, kind: StateKind) -> usize {
        HEAD + 4 * kind.numbers(self.parameters) + DIGEST
    }

    fn place(&self, address: Address, kind: StateKind, slot: u64) -> u64 {
        (2 * u64::from(address.node.0) + slot) * self.size(kind) as u64
    }

    /// A node's two entries; `None` where there is none, or a torn one.
    fn entries(
        &self,
        run: RunId,
        address: Address,
        kind: StateKind,
    ) -> io::Result<[Option<Entry>; 2]> {
        let file = self.file(run, kind)?;
        let mut bytes = vec![0; 2 * self.size(kind)];
        read_to_the_end(&file, &mut bytes, self.place(address, kind, 0))?;
        let (first, second) = bytes.split_at(self.size(kind));
        Ok([Entry::read(first), Entry::read(second)])
    }
}

impl NodeStates for NodeStateFiles {
    fn recall(
        &self,
        run: RunId,
        address: Address,
        kind: StateKind,
    ) -> Result<Option<NodeState>, String> {
        let entries = self.entries(run, address, kind);
        let entries = entries.map_err(|error| format!("it cannot be read: {error}"))?;
        let earlier = |entry: &&Entry| entry.round < address.round;
        let last = entries.iter().flatten().filter(earlier);
        if let Some(entry) = last.max_by_key(|entry| entry.round) {
            let values = entry.values.clone();
            return Ok(Some(NodeState { kind, values }));
        }
        match entries.iter().flatten().min_by_key(|entry| entry.round) {
            Some(entry) if entry.times > 1 => Err(format!(
                "it goes back to round {}, and round {} is played again",
                entry.round.0 + 1,
                address.round.0 + 1
            )),
            _ => Ok(None),
        }
    }

    fn keep(&self, run: RunId, address: Address, state: &NodeState) -> Result<(), String> {
        let NodeState { kind, values } = state;
        let expected = kind.numbers(self.parameters);
        if values.len() != expected {
            return Err(format!("{} numbers, not {expected}", values.len()));
        }
        let write = || {
            let entries = self.entries(run, address, *kind)?;
            // The newest of the rounds before this one is what a repetition begins with.
            let earlier = |slot: usize| match &entries[slot] {
                Some(entry) if entry.round < address.round => Some((entry.round, entry.times)),
                _ => None,
            };
            let kept = usize::from(earlier(1) > earlier(0));
            let entry = Entry {
                round: address.round,
                times: earlier(kept).map_or(1, |(_, times)| times + 1),
                values: values.clone(),
            };
            let place = self.place(address, *kind, 1 - kept as u64);
            self.file(run, *kind)?.write_all_at(&entry.bytes(), place)
        };
        write().map_err(|error: io::Error| format!("it cannot be written: {error}"))
    }
}

impl Entry {
    fn bytes(&self) -> Vec<u8> {
        let head = [self.round.0, self.times, self.values.len() as u32];
        let mut bytes: Vec<u8> = head.iter().flat_map(|word| word.to_le_bytes()).collect();
        bytes.extend(self.values.iter().flat_map(|value| value.to_le_bytes()));
        let digest = Digest::of(&bytes);
        bytes.extend(digest.0);
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (body, digest) = bytes.split_at(bytes.len() - DIGEST);
        let (words, _) = body.as_chunks::<4>();
        let (head, values) = words.split_at(HEAD / 4);
        let [round, times, count] = [0, 1, 2].map(|i| u32::from_le_bytes(head[i]));
        let whole = count as usize == values.len() && times > 0;
        (whole && Digest::of(body).0 == digest).then(|| Self {
            round: RoundId(round),
            times,
            values: values.iter().map(|v| f32::from_le_bytes(*v)).collect(),
        })
    }
}

/// Fills `bytes` from `place`; what lies behind the file's end is zero, as in its holes.
fn read_to_the_end(file: &File, mut bytes: &mut [u8], mut place: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.read_at(bytes, place) {
            Ok(0) => break,
            Ok(read) => {
                bytes = &mut bytes[read..];
                place += read as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl fmt::Debug for NodeStateFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeStateFiles({})", self.folder.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ward_core::NodeId;

    const RUN: RunId = RunId(7);
    const KIND: StateKind = StateKind::FedDyn;

    fn at(round: u32, node: u32) -> Address {
        Address {
            round: RoundId(round),
            node: NodeId(node),
        }
    }

    fn state(value: f32) -> NodeState {
        NodeState {
            kind: KIND,
            values: vec![value, -value, 0.5],
        }
    }

    #[test]
    fn a_round_that_is_played_again_begins_with_what_there_was_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let states = || NodeStateFiles::new(folder.path(), "hospitals", 3);
        for round in [2, 5, 9] {
            states()
                .keep(RUN, at(round, 4), &state(round as f32))
                .unwrap();
        }
        assert_eq!(states().recall(RUN, at(12, 4), KIND), Ok(Some(state(9.0))));
        // Round 10 was reached, and is played once more with another outcome.
        assert_eq!(states().recall(RUN, at(9, 4), KIND), Ok(Some(state(5.0))));
        states().keep(RUN, at(9, 4), &state(9.5)).unwrap();
        assert_eq!(states().recall(RUN, at(10, 4), KIND), Ok(Some(state(9.5))));
        assert_eq!(states().recall(RUN, at(9, 4), KIND), Ok(Some(state(5.0))));
        let lost = states().recall(RUN, at(3, 4), KIND).unwrap_err();
        assert_eq!(lost, "it goes back to round 6, and round 4 is played again");
    }

    #[test]
    fn nobody_remembers_a_first_time_another_node_or_another_run() {
        let folder = tempfile::tempdir().unwrap();
        let states = NodeStateFiles::new(folder.path(), "hospitals", 3);
        states.keep(RUN, at(3, 70_000), &state(1.0)).unwrap();
        for (run, address) in [
            (RUN, at(3, 70_000)),
            (RUN, at(9, 69_999)),
            (RUN, at(9, 70_001)),
            (RunId(8), at(9, 70_000)),
        ] {
            assert_eq!(states.recall(run, address, KIND), Ok(None));
        }
        assert_eq!(
            states.recall(RUN, at(4, 70_000), KIND),
            Ok(Some(state(1.0)))
        );
    }

    #[test]
    fn a_torn_entry_is_not_a_state() {
        let folder = tempfile::tempdir().unwrap();
        let states = NodeStateFiles::new(folder.path(), "hospitals", 3);
        states.keep(RUN, at(0, 0), &state(1.0)).unwrap();
        states.keep(RUN, at(1, 0), &state(2.0)).unwrap();
        let path = folder
            .path()
            .join("hospitals.0000000000000007.feddyn.states");
        let file = OpenOptions::new().write(true).open(path).unwrap();
        let second = states.place(at(1, 0), KIND, 0);
        file.write_all_at(&[9], second + 20).unwrap();
        assert_eq!(states.recall(RUN, at(2, 0), KIND), Ok(Some(state(1.0))));
    }

    #[test]
    fn two_kinds_of_state_are_kept_side_by_side() {
        let folder = tempfile::tempdir().unwrap();
        let states = NodeStateFiles::new(folder.path(), "hospitals", 3);
        let other = |value| NodeState {
            kind: StateKind::Private(1),
            values: vec![value],
        };
        for round in 0..3 {
            let value = round as f32;
            states.keep(RUN, at(round, 1), &state(value)).unwrap();
            states.keep(RUN, at(round, 1), &other(-value)).unwrap();
        }
        let next = at(3, 1);
        assert_eq!(states.recall(RUN, next, KIND), Ok(Some(state(2.0))));
        let kind = StateKind::Private(1);
        assert_eq!(states.recall(RUN, next, kind), Ok(Some(other(-2.0))));
        assert_eq!(states.recall(RUN, next, StateKind::Ditto), Ok(None));
    }

    #[test]
    fn a_state_of_another_size_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let states = NodeStateFiles::new(folder.path(), "hospitals", 2);
        let refused = states.keep(RUN, at(0, 0), &state(1.0)).unwrap_err();
        assert_eq!(refused, "3 numbers, not 2");
    }
}
