//! Which of a hospital's rows are for training, and which for testing.

use rand_chacha::ChaCha8Rng;
use ward_core::{Purpose, Seed};

use super::config::CsvConfig;
use super::read::Parsed;
use crate::partition::shuffle;

/// Draws the rows to test on.
const TEST_ROWS: Purpose = Purpose("test-rows");

/// Training and test rows of the hospital called `name`, each ascending: as a column marks them, or
/// drawn at (seed, name, label), so that no other hospital's rows matter.
pub(super) fn split(
    config: &CsvConfig,
    parsed: &Parsed,
    name: &str,
    seed: Seed,
) -> (Vec<usize>, Vec<usize>) {
    let rows = 0..parsed.labels.len();
    if config.test_column.is_some() {
        return rows.partition(|&row| !parsed.marked[row]);
    }
    let mut is_test = vec![false; parsed.labels.len()];
    let place = seed.purpose(TEST_ROWS).child(name, 0);
    for label in 0..=1_u8 {
        let of_label = rows.clone().filter(|&row| parsed.labels[row] == label);
        let mut of_label: Vec<usize> = of_label.collect();
        let drawn = (config.drawn_test_share() * of_label.len() as f64).round() as usize;
        let drawn = drawn.min(of_label.len().saturating_sub(1));
        let mut rng: ChaCha8Rng = place.child("label", u64::from(label)).stream();
        shuffle(&mut of_label, &mut rng);
        for &row in &of_label[..drawn] {
            is_test[row] = true;
        }
    }
    rows.partition(|&row| !is_test[row])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(labels: Vec<u8>) -> Parsed {
        let marked = vec![false; labels.len()];
        Parsed {
            labels,
            marked,
            ..Parsed::default()
        }
    }

    fn config(share: f64) -> CsvConfig {
        let value = serde_json::json!({ "label": "y", "test_share": share });
        serde_json::from_value(value).expect("a config")
    }

    #[test]
    fn every_label_gives_its_share_and_keeps_a_training_row() {
        let labels: Vec<u8> = (0..100).map(|row| u8::from(row % 10 == 0)).collect();
        let pool = parsed(labels);
        for (share, sick, well) in [(0.0, 0, 0), (0.2, 2, 18), (0.5, 5, 45), (0.99, 9, 89)] {
            let (train, test) = split(&config(share), &pool, "a", Seed::run(1));
            let of = |label| {
                test.iter()
                    .filter(|&&row| pool.labels[row] == label)
                    .count()
            };
            assert_eq!((of(1), of(0)), (sick, well), "{share}");
            assert_eq!(train.len() + test.len(), 100);
        }
        let (train, test) = split(&config(0.9), &parsed(vec![1]), "a", Seed::run(1));
        assert_eq!((train, test), (vec![0], vec![]));
    }

    #[test]
    fn a_split_is_drawn_by_seed_and_name() {
        let pool = parsed(vec![0; 200]);
        let test = |name, seed| split(&config(0.3), &pool, name, Seed::run(seed)).1;
        assert_eq!(test("a", 1), test("a", 1));
        assert_ne!(test("a", 1), test("b", 1));
        assert_ne!(test("a", 1), test("a", 2));
    }
}
