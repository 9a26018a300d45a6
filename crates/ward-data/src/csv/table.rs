//! Reads a file row by row, with each row's line as an editor counts it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use csv::{ByteRecord, ReaderBuilder};

use super::config::CsvConfig;
use super::text::{no_such_column, shown};
use crate::source::DataError;

/// A file in memory, and the names of its columns.
pub(super) struct Table {
    path: PathBuf,
    bytes: Vec<u8>,
    columns: Vec<String>,
    header: bool,
    delimiter: u8,
}

/// One row of a table.
pub(super) struct Row<'a> {
    table: &'a Table,
    cells: &'a ByteRecord,
    line: u64,
}

impl Table {
    /// Reads a file and the names of its columns.
    pub(super) fn open(config: &CsvConfig, folder: &Path, file: &Path) -> Result<Self, DataError> {
        let path = folder.join(&config.folder).join(file);
        let mut bytes = std::fs::read(&path).map_err(|source| DataError::Unreadable {
            path: path.clone(),
            source,
        })?;
        if bytes.starts_with(b"\xEF\xBB\xBF") {
            bytes.drain(..3);
        }
        let mut table = Self {
            path,
            bytes,
            columns: Vec::new(),
            header: config.header,
            delimiter: u8::try_from(config.delimiter).unwrap_or(b','),
        };
        let mut first = None;
        table.records(|row| {
            first = Some((row.texts()?, row.line));
            Ok(false)
        })?;
        let Some((first, line)) = first else {
            return Err(table.wrong("the file is empty"));
        };
        let named = config.columns.as_ref().filter(|_| !config.header);
        if let Some(names) = named.filter(|names| names.len() != first.len()) {
            return Err(table.wrong_at(
                line,
                format!(
                    "the row has {} fields, and data.csv.columns names {}",
                    first.len(),
                    names.len()
                ),
            ));
        }
        table.columns = named.cloned().unwrap_or(first);
        let mut seen = BTreeSet::new();
        for column in table.columns.iter().filter(|column| !column.is_empty()) {
            if !seen.insert(column) {
                let column = shown(column);
                let problem = format!("two columns are called `{column}`; rename one");
                return Err(table.wrong_at(line, problem));
            }
        }
        Ok(table)
    }

    /// The place of a column that `field` of the config names.
    pub(super) fn column(&self, name: &str, field: &str) -> Result<usize, DataError> {
        if let Some(index) = self.columns.iter().position(|column| column == name) {
            return Ok(index);
        }
        let mut problem = format!("data.csv.{field}: {}", no_such_column(name, &self.columns));
        if let [only] = self.columns.as_slice()
            && let Some(sign) = [',', ';', '\t', '|']
                .into_iter()
                .find(|&sign| only.contains(sign))
        {
            problem += &format!("; is the delimiter {sign:?}? Set data.csv.delimiter");
        }
        Err(self.wrong(problem))
    }

    /// Calls `each` for every row after the header.
    pub(super) fn rows(
        &self,
        mut each: impl FnMut(&Row<'_>) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let mut header = self.header;
        self.records(|row| {
            if std::mem::take(&mut header) {
                return Ok(true);
            }
            let (fields, columns) = (row.cells.len(), self.columns.len());
            if fields != columns {
                return Err(row.wrong(format!(
                    "the row has {fields} fields where {columns} are expected; look for a missing \
                     or extra delimiter or an unclosed quote"
                )));
            }
            each(row).map(|()| true)
        })
    }

    /// Calls `each` for every record until it says `false`.
    fn records(
        &self,
        mut each: impl FnMut(&Row<'_>) -> Result<bool, DataError>,
    ) -> Result<(), DataError> {
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .from_reader(self.bytes.as_slice());
        let mut cells = ByteRecord::new();
        let (mut line, mut counted) = (1, 0);
        loop {
            let more = reader.read_byte_record(&mut cells);
            if !more.map_err(|error| self.wrong(error.to_string()))? {
                return Ok(());
            }
            // Where the reader stood is not where the record begins: the rest of a CRLF and empty
            // lines come between.
            let at = cells
                .position()
                .map_or(0, |position| position.byte() as usize);
            let blank = self.bytes[at..]
                .iter()
                .take_while(|byte| matches!(byte, b'\r' | b'\n'));
            let begin = at + blank.count();
            line += line_ends(&self.bytes, counted, begin);
            counted = begin;
            if !each(&Row {
                table: self,
                cells: &cells,
                line,
            })? {
                return Ok(());
            }
        }
    }

    /// An error of the whole file.
    pub(super) fn wrong(&self, problem: impl Into<String>) -> DataError {
        DataError::File {
            path: self.path.clone(),
            problem: problem.into(),
        }
    }

    fn wrong_at(&self, line: u64, problem: impl Into<String>) -> DataError {
        DataError::Cell {
            path: self.path.clone(),
            line,
            problem: problem.into(),
        }
    }
}

impl<'a> Row<'a> {
    /// The text of a cell without blanks at its ends.
    pub(super) fn cell(&self, column: usize) -> Result<&'a str, DataError> {
        let bytes = self.cells.get(column).unwrap_or_default();
        std::str::from_utf8(bytes).map(str::trim).map_err(|_| {
            self.wrong(format!(
                "{} is not UTF-8; save the file as UTF-8",
                self.table.columns.get(column).map_or_else(
                    || format!("field {}", column + 1),
                    |name| format!("column `{}`", shown(name)),
                )
            ))
        })
    }

    fn texts(&self) -> Result<Vec<String>, DataError> {
        (0..self.cells.len())
            .map(|column| Ok(self.cell(column)?.to_owned()))
            .collect()
    }

    /// An error of this row.
    pub(super) fn wrong(&self, problem: impl Into<String>) -> DataError {
        self.table.wrong_at(self.line, problem)
    }

    /// An error of one cell: ``column `age`: `old` is not a number``.
    pub(super) fn wrong_cell(&self, column: usize, problem: &str) -> DataError {
        let name = self.table.columns.get(column).map_or("", String::as_str);
        let cell = self.cell(column).unwrap_or_default();
        self.wrong(format!(
            "column `{}`: `{}` {problem}",
            shown(name),
            shown(cell)
        ))
    }
}

/// Line ends in `bytes[from..to]`: LF, CRLF or CR.
fn line_ends(bytes: &[u8], from: usize, to: usize) -> u64 {
    (from..to)
        .filter(|&at| match bytes[at] {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        })
        .count() as u64
}
