//! Did you mean ...?

/// The name among `known` that `word` was probably meant to be.
#[must_use]
pub fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let squeeze = |text: &str| -> String {
        text.chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect()
    };
    let wanted = squeeze(word);
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&wanted, &squeeze(name)), name))
        .filter(|(distance, name)| *distance <= name.len().max(word.len()) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// `a`, `b` or `c`.
#[must_use]
pub fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_finger_find_what_was_meant() {
        let known = ["batch_size", "batches", "epochs", "steps"];
        assert_eq!(closest("batchsize", known), Some("batch_size"));
        assert_eq!(closest("Batch-Size", known), Some("batch_size"));
        assert_eq!(closest("epoch", known), Some("epochs"));
        assert_eq!(closest("stpes", known), Some("steps"));
    }

    #[test]
    fn nothing_is_suggested_for_something_else() {
        assert_eq!(closest("colour", ["batch_size", "epochs"]), None);
        assert_eq!(closest("x", ["l2", "mu"]), None);
        assert_eq!(closest("", ["epochs"]), None);
    }

    #[test]
    fn lists_read_as_a_person_writes_them() {
        assert_eq!(one_of(&["a"]), "`a`");
        assert_eq!(one_of(&["a", "b", "c"]), "`a`, `b` or `c`");
    }
}
