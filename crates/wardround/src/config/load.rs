//! From files, environment and command line to a typed configuration.
//!
//! Layers, lowest first: the file that `extends` names, the file, addresses from the environment,
//! the command line. They are merged as TOML and read once; whatever is wrong is shown in the
//! layer that said it.

use std::fs::File;
use std::io::Read as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use toml_edit::{Document, DocumentMut, Item, Table, TableLike, Value};

use super::layer::Layer;
use super::locate::{Part, dotted, meaning, path_of, places};
use super::merge::{Shape, merge};
use super::problem::Problem;
use super::suggest::closest;
use super::understand::understand;
use crate::codes::Code;
use crate::failure::{Failure, Finding};

/// The largest file that is read as a configuration.
const LARGEST: u64 = 16 << 20;
/// The longest chain of files that extend each other.
const LONGEST_CHAIN: usize = 8;
/// The most findings that one report shows.
const MOST_FINDINGS: usize = 20;

/// A configuration, and where each of its settings came from.
#[derive(Debug)]
pub struct Loaded<T> {
    /// The settings.
    pub value: T,
    /// The file that was named.
    pub path: PathBuf,
    layers: Vec<Layer>,
}

impl<T> Loaded<T> {
    /// The folder of the file: what relative paths in it are relative to.
    #[must_use]
    pub fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }

    /// Refuses all of `problems` in one report, each shown where its setting was given.
    ///
    /// # Errors
    /// When there are any.
    pub fn refuse(&self, problems: Vec<Problem>) -> Result<(), Failure> {
        let findings = problems.into_iter().map(|problem| {
            let said = format!("`{}` {}", problem.path, problem.message);
            let path = path_of(&problem.path);
            let finding = Finding::new(problem.code, said);
            let finding = match stands(&self.layers, &path, Part::Value) {
                Some((layer, span)) => {
                    let span = match &problem.within {
                        Some(within) => inside(&layer.text, span, within),
                        None => span,
                    };
                    finding.at(&layer.name, &layer.text, span, "here")
                }
                None => finding,
            };
            match problem.help {
                Some(help) => finding.help(help),
                None => finding,
            }
        });
        match Failure::all(&self.path.display().to_string(), findings.collect()) {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }
}

/// Reads the file at `path`, and what it extends, with `above` on top.
///
/// # Errors
/// Everything that is wrong with the text, its keys and the types of its values.
pub fn load<T: DeserializeOwned + Serialize>(
    path: &Path,
    above: Vec<Layer>,
    shape: &Shape,
) -> Result<Loaded<T>, Failure> {
    let mut layers = Vec::new();
    read_chain(path, &mut Vec::new(), &mut layers)?;
    layers.extend(above);
    let value = typed(&path.display().to_string(), &layers, shape)?;
    Ok(Loaded {
        value,
        path: path.to_owned(),
        layers,
    })
}

/// Reads a text that stands in for the file `path`; it cannot extend another.
///
/// # Errors
/// As [`load`].
pub fn parse<T: DeserializeOwned + Serialize>(
    path: &Path,
    text: &str,
    above: Vec<Layer>,
    shape: &Shape,
) -> Result<Loaded<T>, Failure> {
    let mut layers = vec![Layer::file(&path.display().to_string(), text)?];
    layers.extend(above);
    stacked(path, layers, shape)
}

/// Reads `layers`, the lowest first, as though they were the file `path`.
///
/// # Errors
/// As [`load`].
pub fn stacked<T: DeserializeOwned + Serialize>(
    path: &Path,
    layers: Vec<Layer>,
    shape: &Shape,
) -> Result<Loaded<T>, Failure> {
    let value = typed(&path.display().to_string(), &layers, shape)?;
    Ok(Loaded {
        value,
        path: path.to_owned(),
        layers,
    })
}

/// One layer for each of `variables`, (name, dotted path), that is set and not empty.
///
/// # Errors
/// When a path is none.
pub fn from_environment(
    variables: &[(&str, &str)],
    look_up: impl Fn(&str) -> Option<String>,
) -> Result<Vec<Layer>, Failure> {
    variables
        .iter()
        .filter_map(|(name, path)| Some((name, path, look_up(name).filter(|v| !v.is_empty())?)))
        .map(|(name, path, value)| Layer::text(&format!("environment {name}"), path, &value))
        .collect()
}

/// Layers of `path` and everything below it, the lowest first.
fn read_chain(
    path: &Path,
    seen: &mut Vec<PathBuf>,
    layers: &mut Vec<Layer>,
) -> Result<(), Failure> {
    let name = path.display().to_string();
    let text = read(path)?;
    let same = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let circle = seen.contains(&same);
    seen.push(same);
    if circle || seen.len() > LONGEST_CHAIN {
        let chain: Vec<String> = seen.iter().map(|path| path.display().to_string()).collect();
        let what = if circle {
            "in a circle"
        } else {
            "in too long a chain"
        };
        return Err(
            Failure::new(Code::Extends, format!("files extend each other {what}"))
                .help(chain.join("\nextends ")),
        );
    }
    let layer = Layer::file(&name, &text)?;
    match layer.word("extends") {
        None => {}
        Some(Ok(base)) => {
            let base = path.parent().unwrap_or(Path::new("")).join(base);
            read_chain(&base, seen, layers)?;
        }
        Some(Err(())) => {
            let finding = Finding::new(Code::WrongType, "`extends` must be text in quotes");
            let place = path_of("extends");
            return Err(placed(finding, &[layer], &place, Part::Value, "not text").into());
        }
    }
    layers.push(layer);
    Ok(())
}

fn read(path: &Path) -> Result<String, Failure> {
    let name = path.display();
    let unreadable = |why: String| {
        let failure = Failure::new(Code::FileUnreadable, format!("cannot read {name}: {why}"));
        match beside(path) {
            Some(help) => failure.help(help),
            None => failure,
        }
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
    let most = LARGEST + 1;
    file.take(most)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(error.to_string()))?;
    if bytes.len() as u64 > LARGEST {
        return Err(unreadable(format!(
            "it is larger than {} MiB",
            LARGEST >> 20
        )));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..good]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        Failure::new(
            Code::NotToml,
            format!("{name} is not TOML: line {line} is not UTF-8"),
        )
        .help("save the file as UTF-8")
    })
}

/// The configurations beside a file that cannot be read.
fn beside(path: &Path) -> Option<String> {
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty());
    let place = folder.map_or("this folder".to_owned(), |f| f.display().to_string());
    let Ok(entries) = std::fs::read_dir(folder.unwrap_or(Path::new("."))) else {
        return Some(format!("there is no folder {place}"));
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".toml")).collect();
    names.sort();
    let wanted = path.file_name()?.to_string_lossy().into_owned();
    let others = names
        .iter()
        .map(String::as_str)
        .filter(|name| *name != wanted);
    Some(match (names.len(), closest(&wanted, others)) {
        (0, _) => format!("there is no .toml file in {place}"),
        (_, Some(near)) => format!("did you mean {}?", path.with_file_name(near).display()),
        _ => format!(
            "in {place} there are {}",
            ward_observe::text::names(&names, 12)
        ),
    })
}

/// Deserialises all layers as one; whatever is wrong is collected, not only the first.
fn typed<T: DeserializeOwned + Serialize>(
    name: &str,
    layers: &[Layer],
    shape: &Shape,
) -> Result<T, Failure> {
    let mut table = merge(layers, shape);
    table.remove("extends");
    let mut findings = not_finite(&table, layers);
    let mut removed = Vec::new();
    while findings.len() < MOST_FINDINGS {
        let text = DocumentMut::from(table.clone()).to_string();
        let error = match toml::from_str::<T>(&text) {
            Ok(value) => {
                findings.extend(cut_short(&table, &value, layers));
                if findings.is_empty() {
                    return Ok(value);
                }
                break;
            }
            Err(error) => error,
        };
        let known = Document::parse(text)
            .map(|document| places(&document))
            .unwrap_or_default();
        // A key that the file as a whole lacks is told with an empty span at its start.
        let span = error.span().filter(|span| !span.is_empty());
        let meant = span.and_then(|span| meaning(&known, &span));
        let (path, part) = meant.unwrap_or((Vec::new(), Part::Value));
        // Taking a wrong key out may leave its table short of it: that is no second mistake.
        if removed
            .iter()
            .any(|gone: &Vec<String>| gone.starts_with(&path))
        {
            break;
        }
        let understood = understand(error.message(), &dotted(&path), name);
        let mut finding = Finding::new(understood.code, understood.message);
        if let Some(help) = understood.help {
            finding = finding.help(help);
        }
        findings.push(placed(finding, layers, &path, part, &understood.label));
        if understood.code == Code::MissingKey || !remove(&mut table, &path) {
            break;
        }
        removed.push(path);
    }
    Err(Failure::all(name, findings)
        .unwrap_or_else(|| Failure::new(Code::Internal, format!("{name} cannot be read"))))
}

/// `finding` shown where `path` stands.
fn placed(finding: Finding, layers: &[Layer], path: &[String], part: Part, label: &str) -> Finding {
    match stands(layers, path, part) {
        Some((layer, span)) => finding.at(&layer.name, &layer.text, span, label),
        None => finding,
    }
}

/// Where the highest layer that has `path`, or else its nearest parent, has it.
fn stands<'a>(
    layers: &'a [Layer],
    path: &[String],
    part: Part,
) -> Option<(&'a Layer, Range<usize>)> {
    (1..=path.len()).rev().find_map(|depth| {
        let part = if depth == path.len() {
            part
        } else {
            Part::Value
        };
        let spans = layers.iter().rev();
        let mut spans = spans.map(|layer| (layer, layer.span(&path[..depth], part)));
        spans.find_map(|(layer, span)| Some((layer, span?)))
    })
}

/// The bytes `within` a text whose value in the file is at `span`; all of it where what is written is
/// not what is meant, letter for letter.
fn inside(text: &str, span: Range<usize>, within: &Range<usize>) -> Range<usize> {
    let written = &text[span.clone()];
    let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''));
    let three = quote.is_some_and(|quote| written.starts_with(&quote.to_string().repeat(3)));
    if three || (quote == Some('"') && written.contains('\\')) {
        return span;
    }
    let start = span.start + usize::from(quote.is_some());
    // Nothing is left at the end: the quote there is underlined.
    let end = within.end.max(within.start + 1);
    let narrow = start + within.start..start + end;
    match narrow.end <= span.end && text.get(narrow.clone()).is_some() {
        true => narrow,
        false => span,
    }
}

/// Takes the setting at `path` out; says whether it was there.
fn remove(table: &mut Table, path: &[String]) -> bool {
    let Some((last, parents)) = path.split_last() else {
        return false;
    };
    let mut at: &mut dyn TableLike = table;
    for name in parents {
        if !at.get(name).is_some_and(Item::is_table_like) {
            // Inside a list: the whole list goes.
            return at.remove(name).is_some();
        }
        match at.get_mut(name).and_then(Item::as_table_like_mut) {
            Some(inner) => at = inner,
            None => return false,
        }
    }
    at.remove(last).is_some()
}

fn not_finite(table: &Table, layers: &[Layer]) -> Vec<Finding> {
    let mut found = Vec::new();
    for_each_value(table, &mut Vec::new(), &mut |path, value| {
        if value.as_float().is_some_and(|number| !number.is_finite()) {
            let message = format!("`{}` must be a finite number", dotted(path));
            let finding = Finding::new(Code::NotFinite, message);
            found.push(placed(finding, layers, path, Part::Value, "not finite"));
        }
    });
    found
}

/// Lists that are longer than what was read of them: fixed-length lists are read without a word
/// about the rest.
fn cut_short<T: Serialize>(table: &Table, value: &T, layers: &[Layer]) -> Vec<Finding> {
    let mut found = Vec::new();
    let Ok(read) = toml::Value::try_from(value) else {
        return found;
    };
    for_each_value(table, &mut Vec::new(), &mut |path, value| {
        let kept = path
            .iter()
            .try_fold(&read, |at, name| at.get(name.as_str()));
        if let (Some(given), Some(kept)) = (value.as_array(), kept.and_then(toml::Value::as_array))
            && given.len() > kept.len()
        {
            let needed = kept.len();
            let message = format!("`{}` must be a list of {needed}", dotted(path));
            let label = format!("this has {}", given.len());
            let finding = Finding::new(Code::WrongType, message);
            found.push(placed(finding, layers, path, Part::Value, &label));
        }
    });
    found
}

/// Calls `look` with each value that is no table, also inside lists.
fn for_each_value(
    table: &dyn TableLike,
    path: &mut Vec<String>,
    look: &mut dyn FnMut(&[String], &Value),
) {
    for (name, item) in table.iter() {
        path.push(name.to_owned());
        match item {
            Item::Value(value) => for_value(value, path, look),
            Item::ArrayOfTables(tables) => {
                for (index, table) in tables.iter().enumerate() {
                    path.push(index.to_string());
                    for_each_value(table, path, look);
                    path.pop();
                }
            }
            Item::Table(table) => for_each_value(table, path, look),
            Item::None => {}
        }
        path.pop();
    }
}

fn for_value(value: &Value, path: &mut Vec<String>, look: &mut dyn FnMut(&[String], &Value)) {
    if let Some(table) = value.as_inline_table() {
        return for_each_value(table, path, look);
    }
    look(path, value);
    for (index, element) in value.as_array().into_iter().flatten().enumerate() {
        path.push(index.to_string());
        for_value(element, path, look);
        path.pop();
    }
}
