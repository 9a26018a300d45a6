//! Texts from a file, as errors show them.

/// The most columns that an error lists, and the most characters of a cell that it shows.
const SHOWN_COLUMNS: usize = 40;
const SHOWN_CHARACTERS: usize = 40;

/// What to say of a column that is not there.
pub(super) fn no_such_column(name: &str, columns: &[String]) -> String {
    let near = columns
        .iter()
        .map(|column| {
            (
                distance(&name.to_lowercase(), &column.to_lowercase()),
                column,
            )
        })
        .filter(|&(distance, _)| distance <= 1 + name.chars().count() / 4)
        .min_by_key(|&(distance, _)| distance)
        .map_or_else(String::new, |(_, column)| {
            format!("; did you mean `{}`?", shown(column))
        });
    let list: Vec<String> = columns
        .iter()
        .take(SHOWN_COLUMNS)
        .map(|c| shown(c))
        .collect();
    let more = if columns.len() > SHOWN_COLUMNS {
        ", ..."
    } else {
        ""
    };
    format!(
        "there is no column `{}`{near} (columns: {}{more})",
        shown(name),
        list.join(", ")
    )
}

/// Insertions, deletions and replacements between two short texts; longer ones are far apart.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) =
        (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, right) in b.iter().enumerate() {
            let replaced = above[j] + usize::from(left != right);
            row.push(replaced.min(above[j + 1] + 1).min(row[j] + 1));
        }
        above = row;
    }
    above[b.len()]
}

/// A text from a file, as an error shows it.
pub(super) fn shown(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(SHOWN_CHARACTERS)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(SHOWN_CHARACTERS).is_some() {
        shown += "...";
    }
    shown
}
