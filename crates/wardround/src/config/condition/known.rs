//! What a condition says, against the hospitals there are: tags and values that nobody has.

use std::collections::BTreeSet;

use ward_core::NodeInfo;

use super::{Condition, Mistake, Word, value};
use crate::config::suggest::{closest, one_of};

/// The most words that are listed.
const MOST_LISTED: usize = 12;

impl Condition {
    /// Tags that no hospital of `roster` has, and values that no hospital's tag has.
    #[must_use]
    pub fn unknown(&self, roster: &[NodeInfo]) -> Vec<Mistake> {
        let mut found = Vec::new();
        self.comparisons(&mut |tag, values| {
            let known: BTreeSet<&str> = roster
                .iter()
                .filter_map(|info| value(info, &tag.text))
                .collect();
            if known.is_empty() {
                let others = roster.iter().flat_map(|info| info.tags.keys());
                let mut tags = BTreeSet::from(["name", "tier"]);
                tags.extend(others.map(String::as_str));
                let message = format!("no hospital has the tag `{}`", tag.text);
                found.push(mistake(tag, message, &tags));
                return;
            }
            for word in values.iter().filter(|word| !known.contains(&*word.text)) {
                let message = format!("no hospital's {} is `{}`", tag.text, word.text);
                found.push(mistake(word, message, &known));
            }
        });
        found
    }
}

/// A mistake with the word that was probably meant, and what there is.
fn mistake(word: &Word, message: String, known: &BTreeSet<&str>) -> Mistake {
    let words: Vec<&str> = known.iter().copied().collect();
    let there_are = match words.len() > MOST_LISTED {
        true => format!("there are {} others", words.len()),
        false => format!("say {}", one_of(&words)),
    };
    let help = match closest(&word.text, words) {
        Some(meant) => format!("did you mean `{meant}`? Otherwise {there_are}"),
        None => there_are,
    };
    Mistake {
        at: word.at.clone(),
        message,
        help: Some(help),
    }
}
