//! What the deserialiser said, in words for a person.

use super::suggest::{closest, one_of};
use crate::codes::Code;

/// One error of the deserialiser, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Understood {
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) label: String,
    pub(super) help: Option<String>,
}

/// `path` is the dotted path of the key or value that the error is about; empty at the root.
pub(super) fn understand(said: &str, path: &str, name: &str) -> Understood {
    let quoted = quoted(said);
    let place = if path.is_empty() {
        name.to_owned()
    } else {
        format!("`{path}`")
    };
    if let Some((&word, known)) = quoted.split_first() {
        if said.starts_with("unknown field") {
            return unknown(Code::UnknownKey, &place, "key", word, known);
        }
        if said.starts_with("unknown variant") {
            return unknown(Code::UnknownChoice, &place, "choice", word, known);
        }
        if said.starts_with("missing field") {
            return Understood {
                code: Code::MissingKey,
                message: format!("the key `{word}` is missing in {place}"),
                label: format!("`{word}` belongs here"),
                help: Some(format!(
                    "add `{word} = ...`; `wardround schema` says what it means"
                )),
            };
        }
    }
    if said.starts_with("wanted exactly 1 element") || said.ends_with("expected newtype variant") {
        return Understood {
            code: Code::OneChoice,
            message: format!("{place} needs exactly one table that says which it is"),
            label: if said.contains("unit variant") {
                "a word"
            } else {
                "none or several"
            }
            .to_owned(),
            help: Some(format!("keep one, written as a header: [{path}.NAME]")),
        };
    }
    let (got, wanted) = match said.split_once(", expected ") {
        Some((got, wanted)) => (got, in_words(wanted)),
        None => (said, String::new()),
    };
    if let Some(got) = got
        .strip_prefix("invalid type: ")
        .or(got.strip_prefix("invalid value: "))
    {
        return Understood {
            code: Code::WrongType,
            message: format!("{place} must be {wanted}"),
            label: format!("this is {}", article(got)),
            help: None,
        };
    }
    let label = match wanted.as_str() {
        "" => said.to_owned(),
        _ => format!("{got}, where {wanted} is needed"),
    };
    let message = format!("{place} cannot be used");
    Understood {
        code: Code::WrongType,
        message,
        label,
        help: None,
    }
}

fn unknown(code: Code, place: &str, kind: &str, word: &str, known: &[&str]) -> Understood {
    let list = match known.len() {
        0 => format!("no {kind} is known here"),
        1 => format!("the only one is {}", one_of(known)),
        _ => format!("there are {}", one_of(known).replace(" or `", " and `")),
    };
    let help = match closest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? {}", capital(&list)),
        None => list,
    };
    // The path ends with the word itself where the error is about a key.
    let message = match place.trim_matches('`').rsplit_once('.') {
        Some((table, last)) if last == word => format!("unknown {kind} `{word}` in `{table}`"),
        None if place.trim_matches('`') == word => format!("unknown {kind} `{word}`"),
        _ => format!("unknown {kind} `{word}` for {place}"),
    };
    Understood {
        code,
        message,
        label: format!("no such {kind}"),
        help: Some(help),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// The words between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// Rust's idea of a type as a person's.
fn in_words(wanted: &str) -> String {
    match wanted {
        "u8" => "a whole number from 0 to 255".to_owned(),
        "u16" => "a whole number from 0 to 65535".to_owned(),
        "u32" => "a whole number from 0 to 4294967295".to_owned(),
        "u64" | "usize" => "a whole number, 0 or more".to_owned(),
        "i64" | "i32" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "a string" => "text in quotes".to_owned(),
        "a sequence" => "a list in brackets".to_owned(),
        "a map" => "a table".to_owned(),
        other if other.starts_with("struct ") || other.starts_with("enum ") => "a table".to_owned(),
        other => other.replace("an array of length", "a list of").to_owned(),
    }
}

/// What was found: `string "abc"`, `integer `-1``.
fn article(got: &str) -> String {
    let (kind, rest) = got.split_once(' ').unwrap_or((got, ""));
    match kind {
        "string" => format!("the text {rest}"),
        "integer" => format!("the whole number {}", rest.trim_matches('`')),
        "floating" => format!(
            "the number {}",
            rest.trim_start_matches("point ").trim_matches('`')
        ),
        "boolean" => rest.trim_matches('`').to_owned(),
        "map" => "a table".to_owned(),
        "sequence" => "a list".to_owned(),
        _ => got.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_is_answered_with_the_one_meant() {
        let said = "unknown field `batchsize`, expected one of `epochs`, `steps`, `batch_size`";
        let understood = understand(said, "training.batchsize", "x.toml");
        assert_eq!(understood.code, Code::UnknownKey);
        assert_eq!(understood.message, "unknown key `batchsize` in `training`");
        assert_eq!(
            understood.help.unwrap(),
            "did you mean `batch_size`? There are `epochs`, `steps` and `batch_size`"
        );
    }

    #[test]
    fn types_are_told_in_words() {
        let said = "invalid type: string \"abc\", expected u32";
        let understood = understand(said, "rounds", "x.toml");
        assert_eq!(
            understood.message,
            "`rounds` must be a whole number from 0 to 4294967295"
        );
        assert_eq!(understood.label, "this is the text \"abc\"");
        let said = "invalid type: floating point `1.5`, expected a boolean";
        assert_eq!(
            understand(said, "a", "x.toml").label,
            "this is the number 1.5"
        );
    }

    #[test]
    fn whatever_is_said_something_is_understood() {
        for said in [
            "",
            "`",
            "expected `",
            "unknown field ``",
            "invalid type: , expected ",
            "é`é",
        ] {
            assert!(!understand(said, "", "x.toml").message.is_empty());
        }
    }
}
