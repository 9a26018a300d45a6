//! One source of settings: a file, an environment variable, or something on the command line.

use std::ops::Range;

use toml_edit::{Document, Item, Key, Table, Value};

use super::locate::{Part, Path, Place, places};
use crate::codes::Code;
use crate::failure::{Failure, Finding};

/// A source of settings, and where in its text each key stands.
#[derive(Debug, Clone)]
pub struct Layer {
    /// What people call it: `configs/quickstart.toml`, `--set training.batch_size=64`.
    pub name: String,
    /// Its text, as written.
    pub text: String,
    places: Vec<Place>,
    table: Table,
    /// Whether its inline tables replace what is below instead of being merged into it.
    pub(super) replaces: bool,
}

impl Layer {
    /// The layer of a file's text.
    ///
    /// # Errors
    /// When the text is not TOML.
    pub fn file(name: &str, text: &str) -> Result<Self, Failure> {
        match Document::parse(text.to_owned()) {
            Ok(document) => Ok(Self::parsed(name, text, document, false)),
            Err(error) => {
                let finding = Finding::new(Code::NotToml, format!("{name} is not TOML"));
                let label = error.message().to_owned();
                Err(match error.span() {
                    Some(span) if !text.is_empty() => {
                        finding.at(name, text, visible(text, &span), label).into()
                    }
                    _ => finding.help(label).into(),
                })
            }
        }
    }

    /// The layer of `--set path=value`: the value is read as TOML, and as text where it is none.
    ///
    /// # Errors
    /// When there is no path or no equals sign.
    pub fn set(assignment: &str) -> Result<Self, Failure> {
        Self::assigned(&format!("--set {assignment}"), assignment)
    }

    /// The layer of a command-line flag or environment variable that sets `path`.
    ///
    /// # Errors
    /// When `path` is no path.
    pub fn text(name: &str, path: &str, value: &str) -> Result<Self, Failure> {
        Self::as_text(name, &format!("{path}={value}"), path, value)
    }

    /// As [`Layer::set`] under another name.
    ///
    /// # Errors
    /// When there is no path or no equals sign.
    pub fn assigned(name: &str, assignment: &str) -> Result<Self, Failure> {
        let misunderstood = |why: &str| {
            Failure::new(
                Code::BadOverride,
                format!("`{name}` cannot be understood: {why}"),
            )
            .help("write --set path=value, for example --set training.batch_size=64")
        };
        let Some((path, value)) = assignment.split_once('=') else {
            return Err(misunderstood("it has no `=`"));
        };
        if path.trim_start().starts_with(['[', '#']) {
            return Err(misunderstood("a path has no brackets and no `#`"));
        }
        if let Ok(document) = Document::parse(assignment.to_owned())
            && document.len() == 1
        {
            return Ok(Self::parsed(name, assignment, document, true));
        }
        Self::as_text(name, assignment, path, value)
            .map_err(|_| misunderstood("what stands before `=` is no dotted path"))
    }

    /// `assignment` is `path=value`, the value taken as it is.
    fn as_text(name: &str, assignment: &str, path: &str, value: &str) -> Result<Self, Failure> {
        let keys = Key::parse(path.trim()).map_err(|_| {
            Failure::new(Code::BadOverride, format!("`{name}` cannot be understood"))
        })?;
        let path_end = assignment.len() - value.len() - 1;
        let mut item = Item::Value(Value::from(value));
        let mut found = Vec::new();
        for depth in (1..=keys.len()).rev() {
            let names: Path = keys[..depth]
                .iter()
                .map(|key| key.get().to_owned())
                .collect();
            let whole = depth == keys.len();
            let span = if whole {
                path_end + 1..assignment.len()
            } else {
                0..path_end
            };
            found.push(Place {
                path: names,
                key: Some(0..path_end),
                value: Some(span),
            });
            let mut table = Table::new();
            table.set_implicit(true);
            table.insert(keys[depth - 1].get(), item);
            item = Item::Table(table);
        }
        let table = item.into_table().unwrap_or_default();
        Ok(Self {
            name: name.to_owned(),
            text: assignment.to_owned(),
            places: found,
            table,
            replaces: true,
        })
    }

    fn parsed(name: &str, text: &str, document: Document<String>, replaces: bool) -> Self {
        Self {
            name: name.to_owned(),
            text: text.to_owned(),
            places: places(&document),
            table: document.into_mut().as_table().clone(),
            replaces,
        }
    }

    /// Its settings.
    #[must_use]
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// A top-level text, and where it stands.
    #[must_use]
    pub fn word(&self, key: &str) -> Option<Result<&str, ()>> {
        self.table.get(key).map(|item| item.as_str().ok_or(()))
    }

    /// Where the key `path` or its value stands.
    #[must_use]
    pub fn span(&self, path: &[String], part: Part) -> Option<Range<usize>> {
        let place = self.places.iter().find(|place| place.path == path)?;
        let span = match part {
            Part::Key => place.key.as_ref().or(place.value.as_ref()),
            Part::Value => place.value.as_ref().or(place.key.as_ref()),
        };
        span.map(|span| visible(&self.text, span))
    }
}

/// A span that can be underlined: inside the text and at least one character wide where possible.
fn visible(text: &str, span: &Range<usize>) -> Range<usize> {
    let mut start = text.floor_char_boundary(span.start);
    // The end of a line: the character before it is what is incomplete.
    if start == text.len() || text[start..].starts_with(['\n', '\r']) {
        start = text[..start]
            .char_indices()
            .next_back()
            .map_or(start, |(at, c)| if c == '\n' { start } else { at });
    }
    let end = text.ceil_char_boundary(span.end.clamp(start, text.len()));
    if end > start {
        return start..end;
    }
    start
        ..text[start..]
            .chars()
            .next()
            .map_or(start, |c| start + c.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::locate::path_of;

    fn set(text: &str) -> (String, String) {
        let layer = Layer::set(text).unwrap();
        let place = layer
            .places
            .iter()
            .max_by_key(|place| place.path.len())
            .unwrap();
        let item = place
            .path
            .iter()
            .fold(Item::Table(layer.table.clone()), |item, key| {
                item.get(key).cloned().unwrap_or_default()
            });
        let span = layer.span(&place.path, Part::Value).unwrap();
        (item.type_name().to_owned(), text[span].to_owned())
    }

    #[test]
    fn a_value_is_toml_and_otherwise_text() {
        assert_eq!(
            set("training.batch_size=64"),
            ("integer".into(), "64".into())
        );
        assert_eq!(set("training.l2 = 1e-3"), ("float".into(), "1e-3".into()));
        assert_eq!(
            set("baselines.alone=false"),
            ("boolean".into(), "false".into())
        );
        assert_eq!(
            set("data.emr-risk.units=mixed"),
            ("string".into(), "mixed".into())
        );
        assert_eq!(
            set("data.csv.folder=../x=y"),
            ("string".into(), "../x=y".into())
        );
        assert_eq!(set("name=\"7\""), ("string".into(), "\"7\"".into()));
        assert_eq!(set("name="), ("string".into(), "=".into()));
        assert_eq!(
            set("strategy={fedprox={mu=0.5}}"),
            ("float".into(), "0.5".into())
        );
    }

    #[test]
    fn what_is_no_assignment_is_refused() {
        for text in [
            "",
            "=",
            "rounds",
            "=3",
            "a b=3",
            "[training]=3",
            "# a=1",
            "a..b=2",
            "a\nb=2",
        ] {
            let code = Layer::set(text).map(|_| ()).unwrap_err().code();
            assert_eq!(code, Code::BadOverride, "{text}");
        }
    }

    #[test]
    fn text_from_outside_is_never_read_as_toml() {
        let layer = Layer::text("WARDROUND_LISTEN", "coordinator.listen", "7443").unwrap();
        assert_eq!(layer.table["coordinator"]["listen"].as_str(), Some("7443"));
        assert!(
            layer
                .span(&path_of("coordinator.listen"), Part::Key)
                .is_some()
        );
    }
}
