//! `roster.json`: everybody's public keys in masked rounds, signed by the federation's root.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use ward_core::NodeId;
use ward_observe::file;
use ward_privacy::secagg::{IdentityKey, Member, Roster};

use crate::codes::Code;
use crate::failure::Failure;

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

impl RosterFile {
    /// Reads a roster. It is not to be believed before it is [`verified`](Self::verified).
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        file::read_json(path).map_err(|error| {
            let message = format!("the roster `{}` cannot be read", path.display());
            unusable(message).caused_by(error)
        })
    }

    /// The key of the hospital `name`, as the file says.
    #[must_use]
    pub fn key_of(&self, name: &str) -> Option<IdentityKey> {
        let entry = self.members.iter().find(|entry| entry.name == name)?;
        read_hex(&entry.key).map(IdentityKey)
    }

    /// The roster, with its signature checked; `root` is the key that must have signed it, where that is
    /// known from elsewhere.
    ///
    /// # Errors
    /// When it is not signed by its root, or by another than `root`.
    pub fn verified(&self, root: Option<&str>) -> Result<Arc<Roster>, Failure> {
        if root.is_some_and(|root| root != self.root) {
            let message = "the roster is signed by another root than this hospital believes";
            return Err(unusable(message.to_owned()));
        }
        let key = |entry: &RosterEntry| {
            let key = read_hex(&entry.key)?;
            Some((NodeId(entry.node), IdentityKey(key)))
        };
        let members: Option<BTreeMap<_, _>> = self.members.iter().map(key).collect();
        let (Some(members), Some(root), Some(signature)) =
            (members, read_hex(&self.root), read_hex(&self.signature))
        else {
            return Err(unusable(
                "the roster holds something that is no key".to_owned(),
            ));
        };
        let roster = roster(&self.federation, self.epoch, members)?;
        if !roster.verify(&IdentityKey(root), &signature) {
            return Err(unusable(
                "the roster was changed after it was signed".to_owned(),
            ));
        }
        Ok(Arc::new(roster))
    }
}

fn unusable(message: String) -> Failure {
    Failure::new(Code::BadRoster, message)
        .help("`wardround roster EXP.toml DIR` makes one, with everybody's keys")
}

/// The roster of these keys.
pub(super) fn roster(
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

/// Exactly `N` bytes.
pub(super) fn read_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyring::{Keyring, Policy, deployed, key_path, roster_path};
    use ward_core::NodeInfo;

    const POLICY: Policy = Policy {
        min_survivors: 3,
        parameters: 2,
    };

    fn hospitals() -> Vec<NodeInfo> {
        let info = |n| NodeInfo {
            node: NodeId(n),
            name: format!("st. {n}"),
            ..NodeInfo::default()
        };
        (0..3).map(info).collect()
    }

    /// What a hospital is told of the files in a folder that `change` has been at.
    fn told(change: impl FnOnce(&Path)) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let keyring = Keyring::draw("west", &hospitals()).unwrap();
        let root = keyring.write(folder.path(), &hospitals()).unwrap();
        change(folder.path());
        let (key, roster) = (key_path(folder.path(), "st. 1"), roster_path(folder.path()));
        let secrets = deployed("st. 1", &key, &roster, &root, POLICY);
        secrets.err().map(|failure| failure.render(200, false))
    }

    fn edit(path: &Path, from: &str, to: &str) {
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.contains(from));
        std::fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    #[test]
    fn what_was_written_is_what_a_hospital_needs() {
        assert_eq!(told(|_| ()), None);
    }

    #[test]
    fn what_does_not_fit_is_refused_by_name() {
        let says = |words: &str, change: &dyn Fn(&Path)| {
            let told = told(change).unwrap();
            assert!(told.contains(words), "{told}");
        };
        says("changed after it was signed", &|folder| {
            edit(&roster_path(folder), "\"epoch\": 1", "\"epoch\": 2");
        });
        says("another root", &|folder| {
            Keyring::draw("west", &hospitals())
                .and_then(|keyring| {
                    let other = folder.join("other");
                    std::fs::create_dir(&other).unwrap();
                    keyring.write(&other, &hospitals())?;
                    std::fs::copy(roster_path(&other), roster_path(folder)).unwrap();
                    std::fs::copy(key_path(&other, "st. 1"), key_path(folder, "st. 1")).unwrap();
                    Ok(())
                })
                .unwrap();
        });
        says("not the one that the roster has of `st. 1`", &|folder| {
            std::fs::copy(key_path(folder, "st. 2"), key_path(folder, "st. 1")).unwrap();
        });
        says("64 hexadecimal digits", &|folder| {
            std::fs::write(key_path(folder, "st. 1"), "not a key").unwrap();
        });
        says("the roster `", &|folder| {
            std::fs::remove_file(roster_path(folder)).unwrap();
        });
        says("is missing", &|folder| {
            std::fs::remove_file(folder.join("st. 1.journal")).unwrap();
        });
    }

    #[test]
    fn a_key_is_its_owner_s_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        told(|folder| {
            let key = std::fs::metadata(key_path(folder, "st. 0")).unwrap();
            assert_eq!(key.permissions().mode() & 0o777, 0o600);
        });
    }
}
