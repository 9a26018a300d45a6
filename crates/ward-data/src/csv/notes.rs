//! What a user should know of hospitals' rows before trusting the results, one line per matter.

use std::collections::BTreeMap;

/// The most hospitals that one line names.
const NAMED: usize = 8;

/// Something about one hospital's rows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Note {
    /// All training rows have this label.
    OneClass(u8),
    /// There is nothing to test on.
    NoTestRows,
    /// A column is missing in all training rows.
    Absent(String),
    /// A column has one value in all training rows.
    Constant(String),
}

/// One line per matter, naming the hospitals in the order of their ids.
pub(super) fn lines<'a>(notes: impl Iterator<Item = (&'a str, &'a [Note])>) -> Vec<String> {
    let mut matters: BTreeMap<&Note, Vec<&str>> = BTreeMap::new();
    for (hospital, notes) in notes {
        for note in notes {
            matters.entry(note).or_default().push(hospital);
        }
    }
    matters
        .into_iter()
        .map(|(note, hospitals)| line(note, &hospitals))
        .collect()
}

fn line(note: &Note, hospitals: &[&str]) -> String {
    let mut who = hospitals
        .iter()
        .take(NAMED)
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    if hospitals.len() > NAMED {
        who += &format!(" and {} more", hospitals.len() - NAMED);
    }
    match note {
        Note::OneClass(label) => format!("all training rows have label {label}: {who}"),
        Note::NoTestRows => format!("no test rows, so no score: {who}"),
        Note::Absent(column) => {
            format!("column `{column}` is missing in all training rows, and read as 0: {who}")
        }
        Note::Constant(column) => {
            format!("column `{column}` has one value in all training rows: {who}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matter_of_many_hospitals_is_one_line() {
        let names: Vec<String> = (0..11).map(|h| format!("h{h}")).collect();
        let notes = [Note::NoTestRows];
        let all = lines(names.iter().map(|name| (name.as_str(), notes.as_slice())));
        let expected = "no test rows, so no score: h0, h1, h2, h3, h4, h5, h6, h7 and 3 more";
        assert_eq!(all, [expected]);
    }
}
