//! Four real hospitals: UCI data set 45. Expected counts are of the data's own README.

use std::io::Write as _;
use std::path::PathBuf;

use super::*;

/// The folder of the data, which are not in this repository.
fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("WARDROUND_HEART_DIR").map(PathBuf::from);
    if folder.is_none() {
        // Past the harness, which hides what a passing test prints.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: set WARDROUND_HEART_DIR to a folder with flamby_split.csv and UCI's four \
             processed.*.data (https://archive.ics.uci.edu/dataset/45)"
        );
    }
    folder
}

/// (training negatives, positives), (test negatives, positives) of one hospital.
fn counts(data: &HospitalData) -> [usize; 4] {
    let (train, test) = (&data.train, &data.test);
    [train.count(0), train.count(1), test.count(0), test.count(1)]
}

#[test]
fn flambys_rows_are_split_as_flamby_splits_them() {
    let Some(folder) = folder() else { return };
    let config = include_str!("../../../../../configs/heart.toml");
    let config: toml::Value = toml::from_str(config).expect("TOML");
    let config = config["data"]["csv"].clone();
    let mut config: CsvConfig = config.try_into().expect("configs/heart.toml");
    config.folder = ".".into();
    let source = CsvSource::open(&config, &folder, Seed::run(1)).expect("the data");
    assert_eq!(source.shape(), [13]);
    let found: Vec<_> = source
        .roster()
        .iter()
        .map(|info| (info.name.as_str(), counts(&hospital(&source, info.node.0))))
        .collect();
    assert_eq!(
        found,
        [
            ("cleveland", [108, 91, 56, 48]),
            ("hungarian", [107, 65, 56, 33]),
            ("switzerland", [0, 30, 1, 15]),
            ("va", [19, 66, 10, 35]),
        ]
    );
    assert_eq!(
        source.warnings(),
        [
            "all training rows have label 1: switzerland",
            "column `chol` has one value in all training rows: switzerland",
        ]
    );
}

/// UCI's own files, as the comment in configs/heart.toml reads them.
fn raw(missing_values: &str) -> String {
    let mut config = format!(
        "header = false\nlabel = \"num > 0\"\nmissing_values = \"{missing_values}\"\ncolumns = \
         [\"age\", \"sex\", \"cp\", \"trestbps\", \"chol\", \"fbs\", \"restecg\", \"thalach\", \
         \"exang\", \"oldpeak\", \"slope\", \"ca\", \"thal\", \"num\"]\n"
    );
    for name in ["cleveland", "hungarian", "switzerland", "va"] {
        config += &format!("[[hospitals]]\nname = \"{name}\"\nfile = \"processed.{name}.data\"\n");
    }
    for column in [
        "age", "sex", "trestbps", "chol", "fbs", "thalach", "exang", "oldpeak",
    ] {
        config += &format!("[[features]]\ncolumn = \"{column}\"\n");
    }
    config +=
        "[[features]]\ncolumn = \"cp\"\nkind = \"category\"\nlevels = [\"2\", \"3\", \"4\"]\n";
    config + "[[features]]\ncolumn = \"restecg\"\nkind = \"category\"\nlevels = [\"1\", \"2\"]\n"
}

/// Rows and positives of each hospital.
fn totals(source: &CsvSource) -> Vec<(usize, usize)> {
    let of = |[a, b, c, d]: [usize; 4]| (a + b + c + d, b + d);
    source
        .roster()
        .iter()
        .map(|info| of(counts(&hospital(source, info.node.0))))
        .collect()
}

#[test]
fn the_four_raw_files_hold_the_rows_that_the_readme_counts() {
    let Some(folder) = folder() else { return };
    let config = settings(&raw("median-and-indicator"));
    let source = CsvSource::open(&config, &folder, Seed::run(1)).expect("the data");
    assert_eq!(source.shape(), [13 + 10]);
    assert_eq!(
        totals(&source),
        [(303, 139), (294, 106), (123, 115), (200, 149)]
    );
    let imputed = |node| {
        let facts = hospital(&source, node).facts;
        facts
            .into_iter()
            .find(|(name, _)| name == "values imputed")
            .map(|(_, n)| n)
    };
    // Missing values of the ten columns, as the README counts them.
    let expected = [
        0,
        1 + 23 + 8 + 1 + 1 + 1,
        2 + 75 + 1 + 1 + 1 + 6,
        56 + 7 + 7 + 53 + 53 + 56,
    ];
    for (node, expected) in (0..).zip(expected) {
        let expected = (expected > 0).then(|| expected.to_string());
        assert_eq!(imputed(node), expected);
    }
}

#[test]
fn the_raw_files_without_incomplete_rows_are_flambys_rows() {
    let Some(folder) = folder() else { return };
    let raw = settings(&raw("drop-row"));
    let raw = CsvSource::open(&raw, &folder, Seed::run(1)).expect("the data");
    let flamby = settings(
        "file = \"flamby_split.csv\"\nhospital_column = \"centre_name\"\nlabel = \"y\"\nfeatures = \
         [{ column = \"age\" }, { column = \"sex\" }, { column = \"trestbps\" }, { column = \"chol\" }, \
         { column = \"fbs\" }, { column = \"thalach\" }, { column = \"exang\" }, { column = \"oldpeak\" }, \
         { column = \"cp_2.0\" }, { column = \"cp_3.0\" }, { column = \"cp_4.0\" }, \
         { column = \"restecg_1.0\" }, { column = \"restecg_2.0\" }]",
    );
    let flamby = CsvSource::open(&flamby, &folder, Seed::run(1)).expect("the data");
    for node in 0..4 {
        assert_eq!(
            all_rows(&hospital(&raw, node)),
            all_rows(&hospital(&flamby, node))
        );
    }
}
