//! Who signs with what in masked rounds: drawn anew for a simulation, or on disk for a deployment, as
//! the signed list of everybody's public keys, and for each hospital a secret key and a journal beside it.

mod roster_file;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ward_core::{NodeId, NodeInfo};
use ward_observe::file;
use ward_privacy::secagg::{
    FileJournal, Identity, Journal, MemoryJournal, NoJournal, Roster, SecretRng,
};
use ward_round::Secrets;
use zeroize::Zeroizing;

pub use roster_file::{RosterEntry, RosterFile};
use roster_file::{read_hex, roster};

use crate::codes::Code;
use crate::config::Experiment;
use crate::failure::Failure;

/// A roster and the secret keys of everybody in it.
pub struct Keyring {
    roster: Arc<Roster>,
    seeds: Vec<Zeroizing<[u8; 32]>>,
    root: Identity,
}

/// What a hospital insists on, from its own copy of the experiment.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Over how many hospitals a sum must be at least.
    pub min_survivors: u32,
    /// Numbers in its model.
    pub parameters: usize,
}

impl Policy {
    /// Of `experiment`, for a model of `parameters` numbers; `None` where updates are not hidden.
    #[must_use]
    pub fn of(experiment: &Experiment, parameters: usize) -> Option<Self> {
        let config = experiment.secure_aggregation.as_ref()?;
        Some(Self {
            min_survivors: config.min_survivors,
            parameters,
        })
    }
}

/// Where a folder of keys has its roster.
#[must_use]
pub fn roster_path(folder: &Path) -> PathBuf {
    folder.join("roster.json")
}

/// Where a folder of keys has the secret key of the hospital `name`.
#[must_use]
pub fn key_path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.key"))
}

/// Where the hospital with the key in this file writes down what it must not forget: one is of no use
/// without the other.
fn journal_path(key: &Path) -> PathBuf {
    key.with_extension("journal")
}

impl Keyring {
    /// Fresh keys, from the operating system's randomness.
    ///
    /// # Errors
    /// When the system has none.
    pub fn draw(federation: &str, hospitals: &[NodeInfo]) -> Result<Self, Failure> {
        let mut random = random()?;
        let mut seed = || {
            let mut seed = Zeroizing::new([0; 32]);
            random.fill(seed.as_mut_slice());
            seed
        };
        let seeds: Vec<_> = hospitals.iter().map(|_| seed()).collect();
        let keys = seeds.iter().map(|seed| Identity::from_bytes(seed).key());
        let members = hospitals.iter().map(|info| info.node).zip(keys);
        let roster = roster(federation, 1, members.collect())?;
        Ok(Self {
            roster: Arc::new(roster),
            root: Identity::from_bytes(&seed()),
            seeds,
        })
    }

    /// Everybody's public keys.
    #[must_use]
    pub fn roster(&self) -> &Arc<Roster> {
        &self.roster
    }

    /// What a simulated hospital needs. It forgets with the process.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn secrets(&self, node: NodeId, policy: Policy) -> Result<Secrets, Failure> {
        let identity = Identity::from_bytes(&self.seeds[node.0 as usize]);
        let journal = Box::<MemoryJournal>::default();
        secrets(identity, self.roster.clone(), journal, policy)
    }

    /// Writes `roster.json`, and beside it a secret key for each hospital, readable by its owner alone,
    /// and an empty journal. Gives the root's public key, which hospitals are to be told by other means.
    ///
    /// # Errors
    /// When a file cannot be written, or a journal is there already.
    pub fn write(&self, folder: &Path, hospitals: &[NodeInfo]) -> Result<String, Failure> {
        let entry = |info: &NodeInfo| RosterEntry {
            node: info.node.0,
            name: info.name.clone(),
            key: hex::encode(self.roster.member(info.node).map_or([0; 32], |m| m.key.0)),
        };
        let roster = RosterFile {
            federation: self.roster.federation().to_owned(),
            epoch: self.roster.epoch(),
            members: hospitals.iter().map(entry).collect(),
            root: hex::encode(self.root.key().0),
            signature: hex::encode(self.roster.sign(&self.root)),
        };
        for (info, seed) in hospitals.iter().zip(&self.seeds) {
            let path = key_path(folder, &info.name);
            let text = Zeroizing::new(hex::encode(seed.as_slice()));
            private(&path, &text).map_err(|error| {
                let message = format!("cannot write the key `{}`", path.display());
                Failure::new(Code::CannotWrite, message).caused_by(error)
            })?;
            FileJournal::create(&journal_path(&path), &self.roster).map_err(no_journal)?;
        }
        file::write_json(&roster_path(folder), &roster)?;
        Ok(roster.root)
    }
}

/// What the deployed hospital `name` needs: its key from `key`, its journal beside that, and the roster
/// at `roster`, which the owner of `root` must have signed.
///
/// # Errors
/// When a file cannot be read, and when they do not fit each other.
pub fn deployed(
    name: &str,
    key: &Path,
    roster: &Path,
    root: &str,
    policy: Policy,
) -> Result<Secrets, Failure> {
    let unusable = |why: &str| {
        let message = format!("the key `{}` {why}", key.display());
        Failure::new(Code::BadRoster, message)
    };
    let text =
        fs::read_to_string(key).map_err(|error| unusable("cannot be read").caused_by(error))?;
    let text = Zeroizing::new(text);
    let seed = read_hex(text.trim()).map(Zeroizing::new);
    let seed = seed.ok_or_else(|| unusable("is not 64 hexadecimal digits"))?;
    let identity = Identity::from_bytes(&seed);
    let file = RosterFile::read(roster)?;
    if file.key_of(name) != Some(identity.key()) {
        return Err(unusable(&format!(
            "is not the one that the roster has of `{name}`"
        )));
    }
    let roster = file.verified(Some(root))?;
    let journal = FileJournal::open(&journal_path(key), &roster).map_err(no_journal)?;
    secrets(identity, roster, Box::new(journal), policy)
}

fn no_journal(error: NoJournal) -> Failure {
    let message = "the journal of masked rounds cannot be used";
    Failure::new(Code::BadRoster, message).caused_by(error)
}

fn secrets(
    identity: Identity,
    roster: Arc<Roster>,
    journal: Box<dyn Journal>,
    policy: Policy,
) -> Result<Secrets, Failure> {
    Ok(Secrets {
        identity: Arc::new(identity),
        roster,
        journal,
        random: random()?,
        least_survivors: policy.min_survivors,
        parameters: policy.parameters,
    })
}

fn random() -> Result<SecretRng, Failure> {
    SecretRng::from_os()
        .map_err(|error| Failure::new(Code::Internal, "no random bytes").caused_by(error))
}

/// Writes a file that only its owner may read.
pub(crate) fn private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = fs::OpenOptions::new();
    options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?
        .write_all(text.as_bytes())
}
