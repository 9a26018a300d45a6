//! Whose rows are whose: a file each, a column that says it, or a partition.

use std::collections::BTreeMap;
use std::path::Path;

use ward_core::Seed;

use super::check::wrong_name;
use super::config::{CsvConfig, DEFAULT_TIER};
use super::read::{Parsed, RowReader};
use super::table::Table;
use crate::partition::PartitionConfig;
use crate::source::DataError;

/// Tier and rows of each hospital, by name; `None` for the rows of all others than the only one
/// that is asked for.
pub(super) type Pools = BTreeMap<String, (String, Option<Parsed>)>;

/// Whose rows are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose<'a> {
    Everybodys,
    /// Those of the hospital of this name.
    Only(&'a str),
    /// The roster is enough.
    Nobodys,
}

impl Whose<'_> {
    fn includes(self, name: &str) -> bool {
        match self {
            Self::Everybodys => true,
            Self::Only(only) => only == name,
            Self::Nobodys => false,
        }
    }
}

/// Reads the rows of every hospital, of one only, or of none.
pub(super) fn read(
    config: &CsvConfig,
    folder: &Path,
    seed: Seed,
    whose: Whose<'_>,
) -> Result<Pools, DataError> {
    let Some(file) = &config.file else {
        return one_file_each(config, folder, whose);
    };
    let table = Table::open(config, folder, file)?;
    match &config.partition {
        None => by_column(config, &table, whose),
        Some(partition) => partitioned(config, &table, partition, seed, whose),
    }
}

/// A file for each hospital.
fn one_file_each(config: &CsvConfig, folder: &Path, whose: Whose<'_>) -> Result<Pools, DataError> {
    let mut pools = Pools::new();
    for hospital in &config.hospitals {
        let mut pool = None;
        if whose.includes(&hospital.name) {
            let table = Table::open(config, folder, &hospital.file)?;
            let reader = RowReader::new(config, &table)?;
            let mut parsed = Parsed::new(config.features.len());
            table.rows(|row| reader.read(row, &mut parsed))?;
            if parsed.labels.is_empty() {
                return Err(table.wrong(no_rows(&hospital.name, &parsed)));
            }
            pool = Some(parsed);
        }
        let tier = hospital.tier.as_deref().unwrap_or(DEFAULT_TIER).to_owned();
        pools.insert(hospital.name.clone(), (tier, pool));
    }
    Ok(pools)
}

/// One file, whose rows say whose they are. Rows of others are not looked into.
fn by_column(config: &CsvConfig, table: &Table, whose: Whose<'_>) -> Result<Pools, DataError> {
    let column = config.hospital_column.as_deref().unwrap_or_default();
    let column = table.column(column, "hospital_column")?;
    let reader = RowReader::new(config, table)?;
    let mut pools = Pools::new();
    table.rows(|row| {
        let name = row.cell(column)?;
        if !pools.contains_key(name) {
            if let Some(problem) = wrong_name(name) {
                return Err(row.wrong_cell(column, &format!("names no hospital: {problem}")));
            }
            let tier = config.tiers.get(name).map_or(DEFAULT_TIER, String::as_str);
            let wanted = whose.includes(name);
            let pool = wanted.then(|| Parsed::new(config.features.len()));
            pools.insert(name.to_owned(), (tier.to_owned(), pool));
        }
        match pools.get_mut(name) {
            Some((_, Some(parsed))) => reader.read(row, parsed),
            _ => Ok(()),
        }
    })?;
    if pools.is_empty() {
        return Err(table.wrong("there is no row below the header"));
    }
    let tiers = config.tiers.keys().map(|name| ("tiers", name));
    let tags = config.tags.keys().map(|name| ("tags", name));
    if let Some((key, name)) = tiers
        .chain(tags)
        .find(|(_, name)| !pools.contains_key(*name))
    {
        return Err(table.wrong(format!(
            "data.csv.{key} has `{name}`, and no row names that hospital; correct the name"
        )));
    }
    for (name, (_, pool)) in &pools {
        if let Some(parsed) = pool.as_ref().filter(|parsed| parsed.labels.is_empty()) {
            return Err(table.wrong(no_rows(name, parsed)));
        }
    }
    Ok(pools)
}

/// One pool, split among hospitals that do not exist.
fn partitioned(
    config: &CsvConfig,
    table: &Table,
    partition: &PartitionConfig,
    seed: Seed,
    whose: Whose<'_>,
) -> Result<Pools, DataError> {
    let reader = RowReader::new(config, table)?;
    let mut pool = Parsed::new(config.features.len());
    table.rows(|row| reader.read(row, &mut pool))?;
    // Marked test rows are dealt out on their own, so that each hospital has the training rows that
    // it is to have at least.
    let (test, train): (Vec<usize>, Vec<usize>) =
        (0..pool.labels.len()).partition(|&row| pool.marked[row]);
    let deal = |rows: &[usize], minimum: usize, name: &str| {
        let labels: Vec<u8> = rows.iter().map(|&row| pool.labels[row]).collect();
        partition.deal(&labels, minimum, name, seed)
    };
    let minimum = partition.minimum as usize;
    let (Some(mut dealt), Some(tests)) = (deal(&train, minimum, "train"), deal(&test, 0, "test"))
    else {
        return Err(table.wrong(format!(
            "{} hospitals of at least {minimum} rows need more than the {} there are; lower \
             `hospitals` or `minimum` in [data.csv.partition]",
            partition.hospitals,
            train.len()
        )));
    };
    let mut pools = Pools::new();
    for ((name, mine), mine_to_test) in partition.names().into_iter().zip(&mut dealt).zip(&tests) {
        let wanted = whose.includes(&name);
        let parsed = wanted.then(|| {
            let mut rows: Vec<usize> = mine.iter().map(|&row| train[row]).collect();
            rows.extend(mine_to_test.iter().map(|&row| test[row]));
            rows.sort_unstable();
            pool.select(&rows)
        });
        pools.insert(name, (DEFAULT_TIER.to_owned(), parsed));
    }
    Ok(pools)
}

fn no_rows(name: &str, parsed: &Parsed) -> String {
    match parsed.dropped {
        0 if parsed.without_consent > 0 => format!(
            "hospital `{name}` has no rows left: none of its {} patients consents; remove the hospital, or \
             correct data.csv.consent_column",
            parsed.without_consent
        ),
        0 => format!("hospital `{name}` has no rows; remove it or give it some"),
        n => format!(
            "hospital `{name}` has no rows left: all {n} miss a value; use another \
             data.csv.missing_values, or remove the hospital or the features it does not have"
        ),
    }
}
