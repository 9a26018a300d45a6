//! Results on standard output.

use std::io::{ErrorKind, Write as _};

use serde::Serialize;

use crate::codes::Code;
use crate::failure::Failure;

/// Writes `text` to standard output. A reader that has gone away, such as `head`, is no error.
///
/// # Errors
/// When standard output cannot be written.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(Code::CannotWrite, "cannot write to standard output").caused_by(error))
        }
        _ => Ok(()),
    }
}

/// Writes one JSON value and a line feed to standard output.
///
/// # Errors
/// When it cannot be written, or is no JSON.
pub fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| {
        Failure::new(Code::Internal, "the result cannot be written as JSON").caused_by(error)
    })?;
    print(&format!("{text}\n"))
}

/// A value as its JSON text says it: single-precision numbers keep their short form, `0.1`.
pub(super) fn as_written(value: &impl Serialize) -> serde_json::Value {
    let text = serde_json::to_string(value).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// Writes `text` to `path`, or to standard output where there is none.
///
/// # Errors
/// When it cannot be written.
pub(super) fn write_or_print(path: Option<&std::path::Path>, text: &str) -> Result<(), Failure> {
    match path {
        None => print(text),
        Some(path) => Ok(ward_observe::file::write_whole(path, text.as_bytes())?),
    }
}

/// Rows of cells as text: columns as wide as their widest cell, two spaces between, none at the end.
#[must_use]
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn single_precision_is_not_told_in_double() {
        assert_eq!(super::as_written(&0.1_f32).to_string(), "0.1");
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [
            vec!["a".into(), "b".into()],
            vec!["long".into(), "é".into(), "c".into()],
        ];
        assert_eq!(super::table(&rows), "a     b\nlong  é  c\n");
        assert_eq!(super::table(&[]), "");
    }
}
