//! Who signs with what in masked rounds: drawn anew for a simulation, or on disk for a deployment, as
//! the signed list of everybody's public keys and one secret file a hospital.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use ward_core::{NodeId, NodeInfo};
use ward_observe::file;
use ward_privacy::secagg::{
    FileJournal, Identity, IdentityKey, Journal, Member, MemoryJournal, NoJournal, Roster,
    SecretRng,
};
use ward_round::Secrets;
use zeroize::Zeroizing;

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

/// `roster.json`: everybody's public keys, signed by the federation's root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterFile {
    /// The federation's name.
    pub federation: String,
    /// Raised with each new roster, and when a hospital has lost its journal.
    pub epoch: u32,
    /// Everybody.
    pub members: Vec<RosterEntry>,
    /// The root's Ed25519 key.
    pub root: String,
    /// Its signature.
    pub signature: String,
}

/// One hospital of a [`RosterFile`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterEntry {
    /// Its id in the experiment.
    pub node: u32,
    /// Its name.
    pub name: String,
    /// Its Ed25519 key.
    pub key: String,
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

/// Where the hospital `name` writes down what it must not forget.
#[must_use]
pub fn journal_path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.journal"))
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
    /// and an empty journal. Gives the
    /// root's public key, which hospitals are to be told on another way.
    ///
    /// # Errors
    /// When a file cannot be written, or is there already.
    pub fn write(&self, folder: &Path, hospitals: &[NodeInfo]) -> Result<String, Failure> {
        let entry = |info: &NodeInfo| RosterEntry {
            node: info.node.0,
            name: info.name.clone(),
            key: hex(&self
                .roster
                .member(info.node)
                .map_or([0; 32], |member| member.key.0)),
        };
        let roster = RosterFile {
            federation: self.roster.federation().to_owned(),
            epoch: self.roster.epoch(),
            members: hospitals.iter().map(entry).collect(),
            root: hex(&self.root.key().0),
            signature: hex(&self.roster.sign(&self.root)),
        };
        for (info, seed) in hospitals.iter().zip(&self.seeds) {
            let path = key_path(folder, &info.name);
            let text = Zeroizing::new(format!("{}\n", hex(seed.as_slice())));
            private(&path, &text).map_err(|error| {
                let message = format!("cannot write the key `{}`", path.display());
                Failure::new(Code::CannotWrite, message).caused_by(error)
            })?;
        }
        for info in hospitals {
            FileJournal::create(&journal_path(folder, &info.name), &self.roster)
                .map_err(no_journal)?;
        }
        file::write_json(&roster_path(folder), &roster)?;
        Ok(roster.root)
    }
}

impl RosterFile {
    /// Reads a roster and checks its signature; `root` is the key that must have signed it, where that
    /// is known from elsewhere.
    ///
    /// # Errors
    /// When it cannot be read, or is not signed by its root.
    pub fn read(path: &Path, root: Option<&str>) -> Result<Arc<Roster>, Failure> {
        let unusable = |why: &str| {
            let message = format!("the roster `{}` {why}", path.display());
            Failure::new(Code::BadRoster, message)
                .help("`wardround roster EXP.toml DIR` makes one, with everybody's keys")
        };
        let file: Self =
            file::read_json(path).map_err(|error| unusable("cannot be read").caused_by(error))?;
        if root.is_some_and(|root| root != file.root) {
            return Err(unusable(
                "is signed by another root than this hospital believes",
            ));
        }
        let key = |entry: &RosterEntry| {
            let key = unhex(&entry.key)?;
            Some((NodeId(entry.node), IdentityKey(key)))
        };
        let members: Option<BTreeMap<_, _>> = file.members.iter().map(key).collect();
        let (Some(members), Some(root), Some(signature)) =
            (members, unhex(&file.root), unhex(&file.signature))
        else {
            return Err(unusable("holds something that is no key"));
        };
        let roster = roster(&file.federation, file.epoch, members)?;
        if !roster.verify(&IdentityKey(root), &signature) {
            return Err(unusable("was changed after it was signed"));
        }
        Ok(Arc::new(roster))
    }
}

/// What a deployed hospital needs: its key from `key`, its journal at `journal`.
///
/// # Errors
/// When a file cannot be read, or the roster lists no such key.
pub fn deployed(
    key: &Path,
    journal: &Path,
    roster: Arc<Roster>,
    policy: Policy,
) -> Result<Secrets, Failure> {
    let unusable = |why: String| {
        let message = format!("the key `{}` {why}", key.display());
        Failure::new(Code::BadRoster, message)
    };
    let text = fs::read_to_string(key)
        .map_err(|error| unusable("cannot be read".to_owned()).caused_by(error))?;
    let text = Zeroizing::new(text);
    let seed = unhex(text.trim()).map(Zeroizing::new);
    let seed = seed.ok_or_else(|| unusable("is not 64 hexadecimal digits".to_owned()))?;
    let journal = FileJournal::open(journal, &roster).map_err(no_journal)?;
    secrets(
        Identity::from_bytes(&seed),
        roster,
        Box::new(journal),
        policy,
    )
}

fn no_journal(error: NoJournal) -> Failure {
    Failure::new(
        Code::BadRoster,
        "the journal of masked rounds cannot be used",
    )
    .caused_by(error)
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

fn roster(
    federation: &str,
    epoch: u32,
    keys: BTreeMap<NodeId, IdentityKey>,
) -> Result<Roster, Failure> {
    let member = |key| Member {
        key,
        certificate: [0; 32],
    };
    let members = keys.into_iter().map(|(node, key)| (node, member(key)));
    Roster::new(federation.to_owned(), epoch, members.collect())
        .map_err(|error| Failure::new(Code::BadRoster, error.to_string()))
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()?;
    }
    Some(bytes)
}
