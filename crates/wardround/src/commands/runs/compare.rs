//! Two runs side by side: settings that differ, and results.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use ward_core::Digest;
use ward_observe::{Model, RunDir, text};

use super::results;
use crate::codes::Code;
use crate::commands::output::table;
use crate::failure::Failure;

/// What differs between two runs.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Comparison {
    left: String,
    right: String,
    /// Whether the final models are the same bits; `None` where one is not there.
    same_model: Option<bool>,
    /// Settings that differ.
    settings: Vec<Setting>,
    /// Results of both for everybody and by tier.
    results: Vec<Pair>,
}

/// One setting that differs; `None` where a run lacks it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Setting {
    path: String,
    left: Option<String>,
    right: Option<String>,
}

/// One result in both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Pair {
    group: String,
    model: Model,
    metric: String,
    left: Option<f64>,
    right: Option<f64>,
}

impl Comparison {
    pub(super) fn of(left: &RunDir, right: &RunDir) -> Result<Self, Failure> {
        let digest =
            |dir: &RunDir| -> Result<Option<Digest>, Failure> { Ok(dir.manifest()?.model_digest) };
        let same_model = match (digest(left)?, digest(right)?) {
            (Some(left), Some(right)) => Some(left == right),
            _ => None,
        };
        let mut pairs: Vec<Pair> = Vec::new();
        for (row, on_left) in results(left)?
            .into_iter()
            .map(|row| (row, true))
            .chain(results(right)?.into_iter().map(|row| (row, false)))
        {
            let known = pairs.iter_mut().find(|pair| {
                pair.group == row.group && pair.model == row.model && pair.metric == row.metric
            });
            let value = Some(row.value);
            match (known, on_left) {
                (Some(pair), true) => pair.left = value,
                (Some(pair), false) => pair.right = value,
                (None, _) => {
                    let (left, right) = if on_left {
                        (value, None)
                    } else {
                        (None, value)
                    };
                    let (group, model, metric) = (row.group, row.model, row.metric);
                    pairs.push(Pair {
                        group,
                        model,
                        metric,
                        left,
                        right,
                    });
                }
            }
        }
        Ok(Self {
            left: left.name(),
            right: right.name(),
            same_model,
            settings: differing(&settings(left)?, &settings(right)?),
            results: pairs,
        })
    }
}

/// Every setting of a run by its dotted path.
fn settings(dir: &RunDir) -> Result<BTreeMap<String, String>, Failure> {
    let path = dir.config_path();
    let damaged = |error: toml::de::Error| {
        let message = format!("`{}` is damaged: {}", path.display(), error.message());
        Failure::new(Code::NotARun, message)
    };
    let table: toml::Table = toml::from_str(&dir.config()?).map_err(damaged)?;
    let mut found = BTreeMap::new();
    flatten("", &toml::Value::Table(table), &mut found);
    Ok(found)
}

fn flatten(path: &str, value: &toml::Value, found: &mut BTreeMap<String, String>) {
    match value {
        toml::Value::Table(table) if !table.is_empty() => {
            for (name, value) in table {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                flatten(&path, value, found);
            }
        }
        other => {
            found.insert(path.to_owned(), other.to_string());
        }
    }
}

fn differing(left: &BTreeMap<String, String>, right: &BTreeMap<String, String>) -> Vec<Setting> {
    let mut paths: Vec<&String> = left.keys().chain(right.keys()).collect();
    paths.sort();
    paths.dedup();
    paths
        .into_iter()
        .filter(|path| left.get(*path) != right.get(*path))
        .map(|path| Setting {
            path: path.clone(),
            left: left.get(path).cloned(),
            right: right.get(path).cloned(),
        })
        .collect()
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dash = || "-".to_owned();
        writeln!(
            f,
            "left   {}\nright  {}",
            text::plain(&self.left),
            text::plain(&self.right)
        )?;
        writeln!(
            f,
            "models {}\n",
            match self.same_model {
                Some(true) => "the same, bit for bit",
                Some(false) => "differ",
                None => "not both there",
            }
        )?;
        if self.settings.is_empty() {
            writeln!(f, "no setting differs")?;
        } else {
            let mut rows = vec![["SETTING", "LEFT", "RIGHT"].map(str::to_owned).to_vec()];
            for Setting { path, left, right } in &self.settings {
                let side = |side: &Option<String>| side.as_deref().map_or_else(dash, text::plain);
                rows.push(vec![text::plain(path), side(left), side(right)]);
            }
            f.write_str(&table(&rows))?;
        }
        let value = |side: Option<f64>| side.map_or_else(dash, text::value);
        let mut rows = vec![
            ["GROUP", "MODEL", "METRIC", "LEFT", "RIGHT", "CHANGE"]
                .map(str::to_owned)
                .to_vec(),
        ];
        for pair in &self.results {
            let change = match (pair.left, pair.right) {
                (Some(left), Some(right)) => format!("{:+.3}", right - left),
                _ => dash(),
            };
            let name = text::plain(&pair.group);
            let (model, metric) = (pair.model.to_string(), text::plain(&pair.metric));
            rows.push(vec![
                name,
                model,
                metric,
                value(pair.left),
                value(pair.right),
                change,
            ]);
        }
        if rows.len() > 1 {
            write!(f, "\n{}", table(&rows))?;
        }
        Ok(())
    }
}
