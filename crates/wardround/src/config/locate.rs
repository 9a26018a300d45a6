//! Where in a TOML text a key and its value stand.

use std::ops::Range;

use toml_edit::{Document, Item, Key, TableLike, Value};

/// Names from the root to a key; an element of an array is named by its number from 0.
pub type Path = Vec<String>;

/// Where one key stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Names from the root.
    pub path: Path,
    /// Bytes of the key; an array's element has none.
    pub key: Option<Range<usize>>,
    /// Bytes of the value; of a table, its header.
    pub value: Option<Range<usize>>,
}

/// Every key of a document, parents before their children.
#[must_use]
pub fn places(document: &Document<String>) -> Vec<Place> {
    let mut found = Vec::new();
    in_table(document.as_table(), &mut Vec::new(), &mut found);
    found
}

fn in_table(table: &dyn TableLike, path: &mut Path, found: &mut Vec<Place>) {
    for (name, item) in table.iter() {
        path.push(name.to_owned());
        let key = table.key(name).and_then(Key::span);
        found.push(Place {
            path: path.clone(),
            key,
            value: item.span(),
        });
        in_item(item, path, found);
        path.pop();
    }
}

fn in_item(item: &Item, path: &mut Path, found: &mut Vec<Place>) {
    if let Some(table) = item.as_table_like() {
        in_table(table, path, found);
    } else if let Some(tables) = item.as_array_of_tables() {
        for (index, table) in tables.iter().enumerate() {
            path.push(index.to_string());
            found.push(Place {
                path: path.clone(),
                key: None,
                value: table.span(),
            });
            in_table(table, path, found);
            path.pop();
        }
    } else if let Some(value) = item.as_value() {
        in_value(value, path, found);
    }
}

fn in_value(value: &Value, path: &mut Path, found: &mut Vec<Place>) {
    if let Some(table) = value.as_inline_table() {
        in_table(table, path, found);
    } else if let Some(array) = value.as_array() {
        for (index, element) in array.iter().enumerate() {
            path.push(index.to_string());
            found.push(Place {
                path: path.clone(),
                key: None,
                value: element.span(),
            });
            in_value(element, path, found);
            path.pop();
        }
    }
}

/// The path that a dotted text such as `training.optimizer.sgd` means.
#[must_use]
pub fn path_of(dotted: &str) -> Path {
    match Key::parse(dotted) {
        Ok(keys) => keys.iter().map(|key| key.get().to_owned()).collect(),
        // Not TOML's idea of a key, such as an array's `data.csv.hospitals.0.`.
        Err(_) => dotted
            .split('.')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect(),
    }
}

/// The path as a person writes it.
#[must_use]
pub fn dotted(path: &[String]) -> String {
    let names: Vec<String> = path
        .iter()
        .map(|name| Key::new(name.as_str()).display_repr().into_owned())
        .collect();
    names.join(".")
}

/// The bytes of the value at a dotted path of a TOML text; `None` where it is not there.
#[must_use]
pub fn locate(text: &str, dotted_path: &str) -> Option<Range<usize>> {
    let document = Document::parse(text.to_owned()).ok()?;
    let path = path_of(dotted_path);
    places(&document)
        .into_iter()
        .find(|place| place.path == path)?
        .value
}

/// What an error's span means: the narrowest key or value that holds it.
#[must_use]
pub fn meaning(places: &[Place], span: &Range<usize>) -> Option<(Path, Part)> {
    let holds = |range: &Range<usize>| range.start <= span.start && span.end <= range.end;
    let mut best: Option<(usize, &Place, Part)> = None;
    for place in places {
        for (range, part) in [(&place.value, Part::Value), (&place.key, Part::Key)] {
            if let Some(range) = range.as_ref().filter(|range| holds(range))
                && best.is_none_or(|(width, ..)| range.len() <= width)
            {
                best = Some((range.len(), place, part));
            }
        }
    }
    best.map(|(_, place, part)| (place.path.clone(), part))
}

/// A key or its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The key.
    Key,
    /// The value.
    Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "name = \"é\"\n[training]\nbatch_size = 32\n[model.cnn]\nkernels = [5, 33]\n\
                        [[data.csv.hospitals]]\nname = \"a\"\n[[data.csv.hospitals]]\nname = \"b\"\n\
                        [strategy]\nfedprox = { mu = 0.1 }\n";

    fn text_at(path: &str) -> Option<&'static str> {
        locate(TEXT, path).map(|span| &TEXT[span])
    }

    #[test]
    fn values_are_found_by_their_path() {
        assert_eq!(text_at("name"), Some("\"é\""));
        assert_eq!(text_at("training.batch_size"), Some("32"));
        assert_eq!(text_at("training"), Some("[training]"));
        assert_eq!(text_at("model.cnn.kernels.1"), Some("33"));
        assert_eq!(text_at("data.csv.hospitals.1.name"), Some("\"b\""));
        assert_eq!(text_at("strategy.fedprox.mu"), Some("0.1"));
        assert_eq!(text_at("strategy.fedprox.mumu"), None);
        assert_eq!(text_at(""), None);
        assert_eq!(locate("not toml", "not"), None);
    }

    #[test]
    fn a_span_means_the_narrowest_key_or_value() {
        let document = Document::parse(TEXT.to_owned()).unwrap();
        let places = places(&document);
        let meant = |part: &str| {
            let start = TEXT.find(part).unwrap();
            meaning(&places, &(start..start + part.len()))
        };
        assert_eq!(
            meant("batch_size"),
            Some((path_of("training.batch_size"), Part::Key))
        );
        assert_eq!(
            meant("33"),
            Some((path_of("model.cnn.kernels.1"), Part::Value))
        );
        assert_eq!(
            meant("[5, 33]"),
            Some((path_of("model.cnn.kernels"), Part::Value))
        );
        assert_eq!(
            meant("[training]"),
            Some((path_of("training"), Part::Value))
        );
        assert_eq!(meant("\n[training]\n"), None);
    }

    #[test]
    fn paths_survive_being_written() {
        for path in [
            vec!["a", "b"],
            vec!["a.b", "c d"],
            vec!["é"],
            vec!["hospitals", "0"],
        ] {
            let path: Path = path.into_iter().map(str::to_owned).collect();
            assert_eq!(path_of(&dotted(&path)), path);
        }
    }
}
