//! Hospitals with their rows, as a source.

use std::path::Path;

use ward_core::{Evaluation, NodeId, NodeInfo, RoundId, Seed};

use super::config::CsvConfig;
use super::features::{self, Medians};
use super::notes::{self, Note};
use super::pools::{self, Whose};
use super::read::{Parsed, RowReader};
use super::split::split;
use super::table::Table;
use crate::source::{DataError, Source};
use crate::{HospitalData, Rows};

/// Files of your own, read and checked.
#[derive(Debug)]
pub struct CsvSource {
    roster: Vec<NodeInfo>,
    names: Vec<String>,
    shape: [usize; 1],
    /// Whether rows of patients who do not consent are left out.
    asks_consent: bool,
    /// By node; another hospital's rows are not there where one hospital opened its own.
    hospitals: Vec<Option<Hospital>>,
}

#[derive(Debug)]
struct Hospital {
    data: HospitalData,
    notes: Vec<Note>,
}

impl CsvSource {
    /// Reads every hospital's rows. Relative paths are relative to `folder`.
    ///
    /// # Errors
    /// [`DataError`] with file, line and remedy.
    pub fn open(config: &CsvConfig, folder: &Path, seed: Seed) -> Result<Self, DataError> {
        Self::read(config, folder, seed, Whose::Everybodys)
    }

    /// Reads the rows of the hospital called `name`, and no other hospital's file. Everyone is on
    /// the roster, and the rows are those that [`Self::open`] gives it.
    ///
    /// # Errors
    /// [`DataError`], also when nobody has that name.
    pub fn open_one(
        config: &CsvConfig,
        folder: &Path,
        seed: Seed,
        name: &str,
    ) -> Result<Self, DataError> {
        Self::read(config, folder, seed, Whose::Only(name))
    }

    /// Reads nobody's rows: who takes part is enough for a coordinator. Where each hospital has a
    /// file of its own, none is opened.
    ///
    /// # Errors
    /// [`DataError`] with file, line and remedy.
    pub fn enrol(config: &CsvConfig, folder: &Path, seed: Seed) -> Result<Self, DataError> {
        Self::read(config, folder, seed, Whose::Nobodys)
    }

    /// The rows of one more file, all of them, which is no hospital's: a coordinator's own. It has the
    /// columns of the others.
    ///
    /// # Errors
    /// [`DataError`] with file, line and remedy.
    pub fn root(config: &CsvConfig, folder: &Path, file: &Path) -> Result<Rows, DataError> {
        let table = Table::open(config, folder, file)?;
        let reader = RowReader::new(config, &table)?;
        let mut parsed = Parsed::new(config.features.len());
        table.rows(|row| reader.read(row, &mut parsed))?;
        if parsed.labels.is_empty() {
            return Err(table.wrong("there is no row to train on below the header"));
        }
        let all: Vec<usize> = (0..parsed.labels.len()).collect();
        let (rows, _) = Medians::of(&parsed, &all).fill(config, &parsed, &all);
        Ok(rows)
    }

    fn read(
        config: &CsvConfig,
        folder: &Path,
        seed: Seed,
        whose: Whose<'_>,
    ) -> Result<Self, DataError> {
        if let Some(problem) = config.problems("data.csv").first() {
            let message = format!("{}: {}", problem.path, problem.message);
            return Err(DataError::Federation(message));
        }
        let pools = pools::read(config, folder, seed, whose)?;
        let mut source = Self {
            roster: Vec::with_capacity(pools.len()),
            names: features::names(config),
            shape: [features::names(config).len()],
            asks_consent: config.consent_column.is_some(),
            hospitals: Vec::with_capacity(pools.len()),
        };
        // A map is sorted by name, so ids are the same for everyone who opens the same data.
        for (index, (name, (tier, parsed))) in pools.into_iter().enumerate() {
            let info = NodeInfo {
                node: NodeId(index as u32),
                tags: config.tags_of(&name),
                name,
                tier,
            };
            let make = |parsed| hospital(config, &info, &parsed, seed);
            source.hospitals.push(parsed.map(make).transpose()?);
            source.roster.push(info);
        }
        if let Whose::Only(name) = whose
            && !source.roster.iter().any(|info| info.name == name)
        {
            let names = source.roster.iter().take(30).map(|info| info.name.as_str());
            let names = names.collect::<Vec<_>>().join(", ");
            return Err(DataError::Federation(format!(
                "no hospital is called `{name}`; there are {names}"
            )));
        }
        Ok(source)
    }
}

/// Everything that one hospital has, made of its parsed rows.
fn hospital(
    config: &CsvConfig,
    info: &NodeInfo,
    parsed: &Parsed,
    seed: Seed,
) -> Result<Hospital, DataError> {
    let name = &info.name;
    let (train, test) = split(config, parsed, name, seed);
    if train.is_empty() {
        return Err(DataError::Federation(format!(
            "hospital `{name}` has {} rows to test on and none to train on; check \
             data.csv.test_column and data.csv.test_value",
            test.len()
        )));
    }
    let medians = Medians::of(parsed, &train);
    let (train_rows, imputed) = medians.fill(config, parsed, &train);
    let (test_rows, imputed_in_test) = medians.fill(config, parsed, &test);
    let imputed = imputed + imputed_in_test;

    let mut notes = Vec::new();
    let positive = train_rows.count(1);
    if positive == 0 || positive == train.len() {
        notes.push(Note::OneClass(u8::from(positive > 0)));
    }
    if test.is_empty() {
        notes.push(Note::NoTestRows);
    }
    let owned = |column: &str| column.to_owned();
    let absent = medians.absent(&config.features);
    notes.extend(absent.into_iter().map(owned).map(Note::Absent));
    let constant = features::constant(&config.features, parsed, &train);
    notes.extend(constant.into_iter().map(owned).map(Note::Constant));

    let share = positive as f64 / train.len() as f64;
    let mut facts = vec![
        ("training rows".to_owned(), train.len().to_string()),
        ("test rows".to_owned(), test.len().to_string()),
        ("share positive".to_owned(), format!("{share:.2}")),
    ];
    if imputed > 0 {
        facts.push(("values imputed".to_owned(), imputed.to_string()));
    }
    if parsed.without_consent > 0 {
        let consenting = parsed.labels.len() as u64 + parsed.dropped;
        let all = consenting + parsed.without_consent;
        let fact = format!("{consenting} of {all}");
        facts.push(("patients who consent".to_owned(), fact));
    }
    if parsed.dropped > 0 {
        facts.push(("rows left out".to_owned(), parsed.dropped.to_string()));
    }
    let data = HospitalData {
        info: info.clone(),
        train: train_rows,
        test: test_rows,
        facts,
    };
    Ok(Hospital { data, notes })
}

impl Source for CsvSource {
    fn id(&self) -> &'static str {
        "csv"
    }

    fn roster(&self) -> &[NodeInfo] {
        &self.roster
    }

    fn rows_in(&self, node: NodeId, _: RoundId) -> (u64, u64) {
        match self.hospitals.get(node.0 as usize) {
            Some(Some(Hospital { data, .. })) => (data.train.len() as u64, data.test.len() as u64),
            _ => (0, 0),
        }
    }

    fn hospital_in(&self, node: NodeId, _: RoundId) -> Result<HospitalData, DataError> {
        match self.hospitals.get(node.0 as usize) {
            Some(Some(hospital)) => Ok(hospital.data.clone()),
            Some(None) => Err(DataError::Federation(format!(
                "the rows of hospital {node} were not read: they are not this process's to see"
            ))),
            None => Err(DataError::NoSuchHospital(node)),
        }
    }

    fn asks_consent(&self, _: NodeId) -> bool {
        self.asks_consent
    }

    fn root(&self, _rows: u64) -> Option<Rows> {
        None
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn classes(&self) -> usize {
        2
    }

    fn feature_names(&self) -> Vec<String> {
        self.names.clone()
    }

    fn synthetic(&self) -> bool {
        false
    }

    fn ceiling(&self, _: &HospitalData, _: RoundId) -> Evaluation {
        Evaluation::default()
    }

    fn warnings(&self) -> Vec<String> {
        let known = self.hospitals.iter().flatten();
        notes::lines(known.map(|h| (h.data.info.name.as_str(), h.notes.as_slice())))
    }
}
