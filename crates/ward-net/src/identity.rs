//! Who is calling: the seam where certificates will be plugged in.

use std::collections::BTreeMap;

use ward_core::{Digest, NodeId, NodeInfo};

/// What a caller shows when it joins. Certificates will be another field.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Credentials<'a> {
    /// The hospital's name, as the caller says.
    pub name: &'a str,
    /// The token it shows.
    pub join_token: &'a str,
}

impl<'a> Credentials<'a> {
    /// A name and a token.
    #[must_use]
    pub fn new(name: &'a str, join_token: &'a str) -> Self {
        Self { name, join_token }
    }
}

/// Why a caller is not let in. It does not tell a wrong name from a wrong token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not on the roster, or its join token is wrong")]
pub struct Unidentified(pub String);

/// Says which node a caller is. Asked once a session; after it, the session's token is the proof.
pub trait Identify: Send + Sync + 'static {
    /// The node that `credentials` prove.
    ///
    /// # Errors
    /// [`Unidentified`] when they prove nothing.
    fn identify(&self, credentials: Credentials<'_>) -> Result<NodeId, Unidentified>;
}

/// Identity by a secret word.
///
/// **Not secure without TLS**: whoever sees the traffic sees the word and the session token, and
/// can speak for the hospital. It keeps honest processes apart, no more.
pub struct JoinTokens {
    nodes: BTreeMap<String, (NodeId, Digest)>,
}

impl std::fmt::Debug for JoinTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "JoinTokens({} nodes, redacted)", self.nodes.len())
    }
}

impl JoinTokens {
    /// One word for the whole roster.
    #[must_use]
    pub fn shared(roster: &[NodeInfo], token: &str) -> Self {
        Self::each(roster, |_| Some(token.to_owned()))
    }

    /// A word for each hospital; one without a word cannot join.
    #[must_use]
    pub fn each(roster: &[NodeInfo], token: impl Fn(&NodeInfo) -> Option<String>) -> Self {
        let entry = |info: &NodeInfo| {
            let digest = Digest::of(token(info)?.as_bytes());
            Some((info.name.clone(), (info.node, digest)))
        };
        Self {
            nodes: roster.iter().filter_map(entry).collect(),
        }
    }
}

impl Identify for JoinTokens {
    fn identify(&self, credentials: Credentials<'_>) -> Result<NodeId, Unidentified> {
        // Digests are compared, so the time it takes tells nothing of the word.
        let shown = Digest::of(credentials.join_token.as_bytes());
        match self.nodes.get(credentials.name) {
            Some((node, digest)) if *digest == shown => Ok(*node),
            _ => Err(Unidentified(credentials.name.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roster() -> Vec<NodeInfo> {
        ["a", "b"]
            .iter()
            .enumerate()
            .map(|(i, name)| NodeInfo {
                node: NodeId(i as u32),
                name: (*name).to_owned(),
                tier: "county".to_owned(),
                ..NodeInfo::default()
            })
            .collect()
    }

    #[test]
    fn a_name_and_its_word_are_a_node() {
        let tokens = JoinTokens::shared(&roster(), "open");
        let ask = |name, word| tokens.identify(Credentials::new(name, word));
        assert_eq!(ask("b", "open"), Ok(NodeId(1)));
        assert_eq!(ask("b", "shut"), Err(Unidentified("b".into())));
        assert_eq!(ask("c", "open"), Err(Unidentified("c".into())));
        assert!(!format!("{tokens:?}").contains("open"));
    }

    #[test]
    fn a_word_of_its_own_does_not_open_for_others() {
        let word = |info: &NodeInfo| (info.name == "a").then(|| "mine".to_owned());
        let tokens = JoinTokens::each(&roster(), word);
        let ask = |name, word| tokens.identify(Credentials::new(name, word));
        assert_eq!(ask("a", "mine"), Ok(NodeId(0)));
        assert!(ask("b", "mine").is_err());
        assert!(ask("b", "").is_err());
    }
}
