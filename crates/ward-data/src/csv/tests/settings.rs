//! Settings that contradict themselves are told what to change, and settings survive a round trip.

use super::*;

const GOOD: &str =
    "label = \"y\"\nfile = \"f\"\nhospital_column = \"h\"\nfeatures = [{ column = \"x\" }]";

/// Paths of what is wrong with the good settings when some of their text is replaced.
fn wrong(from: &str, to: &str) -> Vec<String> {
    assert!(GOOD.contains(from));
    let problems = settings(&GOOD.replace(from, to)).problems("data.csv");
    for problem in &problems {
        let is_short = problem.message.len() < 260 && !problem.message.ends_with('.');
        assert!(is_short, "{}", problem.message);
    }
    let paths = problems.into_iter().map(|problem| problem.path);
    paths
        .map(|path| path.trim_start_matches("data.csv.").to_owned())
        .collect()
}

#[test]
fn contradictions_are_found_before_a_file_is_opened() {
    let h = "hospital_column = \"h\"";
    let x = "{ column = \"x\" }";
    let a = "{ name = \"a\", file = \"f\" }";
    for (from, to, paths) in [
        ("", "", &[][..]),
        ("file = \"f\"\nhospital_column = \"h\"", "", &["hospitals"]),
        ("file = \"f\"", "", &["hospitals"]),
        (h, "", &["file"]),
        (h, "partition = { hospitals = 2 }", &[]),
        (
            h,
            "partition = { hospitals = 0, alpha = 1.0 }",
            &["partition.hospitals", "partition.alpha"],
        ),
        (
            h,
            "hospital_column = \"h\"\npartition = { hospitals = 2 }",
            &["hospital_column"],
        ),
        (h, &format!("hospitals = [{a}]"), &["file"]),
        (
            "file = \"f\"",
            &format!("hospitals = [{a}]"),
            &["hospital_column"],
        ),
        (
            "file = \"f\"\nhospital_column = \"h\"",
            &format!("hospitals = [{a}, {a}, {{ name = \" \", file = \"f\" }}]"),
            &["hospitals.1.name", "hospitals.2.name"],
        ),
        (
            "file = \"f\"\nhospital_column = \"h\"",
            &format!("tiers = {{ a = \"b\" }}\nhospitals = [{a}]\npartition = {{ hospitals = 2 }}"),
            &["partition", "tiers"],
        ),
        (
            h,
            "hospital_column = \"h\"\ntags = { a = { region = \"west\", \"2nd\" = \"x\", tier = \"x\" } }",
            &["tags.a", "tags.a"],
        ),
        (
            "file = \"f\"\nhospital_column = \"h\"",
            &format!("tags = {{ a = {{ x = \"1\" }} }}\nhospitals = [{a}]"),
            &["tags"],
        ),
        (
            "file = \"f\"\nhospital_column = \"h\"",
            "hospitals = [{ name = \"a\", file = \"f\", tags = { in = \"x\" } }]",
            &["hospitals.0.tags"],
        ),
        ("\"y\"", "\"y > \"", &["label"]),
        ("\"y\"", "\"x > 3\"", &["features.0.column"]),
        (h, "hospital_column = \"h\"\nheader = false", &["header"]),
        (
            h,
            "hospital_column = \"h\"\ncolumns = [\"h\", \"y\", \"x\"]",
            &["columns"],
        ),
        (
            h,
            "hospital_column = \"h\"\nheader = false\ncolumns = [\"h\", \"y\", \"x\"]",
            &[],
        ),
        (
            h,
            "hospital_column = \"h\"\nheader = false\ncolumns = [\"q\", \"q\", \"z\"]",
            &["columns", "label", "hospital_column", "features.0.column"],
        ),
        (
            h,
            "hospital_column = \"h\"\ndelimiter = \"é\"",
            &["delimiter"],
        ),
        (
            h,
            "hospital_column = \"h\"\ntest_column = \"s\"",
            &["test_column"],
        ),
        (
            h,
            "hospital_column = \"h\"\ntest_value = \"s\"",
            &["test_value"],
        ),
        (
            h,
            "hospital_column = \"h\"\ntest_share = 1.0",
            &["test_share"],
        ),
        (
            h,
            "hospital_column = \"h\"\ntest_share = nan",
            &["test_share"],
        ),
        (
            h,
            "hospital_column = \"h\"\ntest_share = 0.1\ntest_column = \"x\"\ntest_value = \"1\"",
            &["test_share", "features.0.column"],
        ),
        ("[{ column = \"x\" }]", "[]", &["features"]),
        (
            x,
            "{ column = \"x\" }, { column = \"x\" }",
            &["features.1.column"],
        ),
        (
            x,
            "{ column = \"x\", levels = [\"1\"] }",
            &["features.0.kind"],
        ),
        (
            x,
            "{ column = \"x\", kind = \"category\" }",
            &["features.0.levels"],
        ),
        (
            x,
            "{ column = \"x\", kind = \"category\", levels = [\"1\", \"1.0\", \"?\"], missing_if = [0] }",
            &[
                "features.0.missing_if",
                "features.0.levels",
                "features.0.levels",
            ],
        ),
    ] {
        assert_eq!(wrong(from, to), paths, "{to}");
    }
}

#[test]
fn a_contradiction_opens_nothing() {
    let files = Files::new(&GOOD.replace("\"y\"", "\"y > \""), &[]);
    assert!(
        files.error().starts_with("data.csv.label: "),
        "{}",
        files.error()
    );
}

#[test]
fn settings_survive_a_round_trip_and_know_no_other_word() {
    let full = format!(
        "{GOOD}\nfolder = \"d\"\nheader = false\ncolumns = [\"a\"]\ndelimiter = \";\"\n\
         missing = [\"-\"]\ndrop_rows_without_label = true\nmissing_values = \"drop-row\"\n\
         test_column = \"t\"\ntest_value = \"v\"\ntest_share = 0.5\nconsent_column = \"c\"\ntiers = {{ a = \"b\" }}\n\
         tags = {{ a = {{ region = \"west\" }} }}\n\
         partition = {{ hospitals = 3, kind = \"quantity\", alpha = 0.5, minimum = 4 }}\n\
         hospitals = [{{ name = \"a\", file = \"f\", tier = \"t\", tags = {{ x = \"1\" }} }}]"
    );
    let category = full.replace(
        "{ column = \"x\" }",
        "{ column = \"x\", kind = \"category\", levels = [\"1\"], unlisted = \"error\" }, \
         { column = \"z\", missing_if = [0, 1.5] }",
    );
    for text in [GOOD, &full, &category] {
        let config = settings(text);
        let written = toml::to_string(&config).expect("a config has no value that TOML lacks");
        assert_eq!(settings(&written), config, "{written}");
    }
    assert!(toml::from_str::<CsvConfig>(&format!("{GOOD}\nlabels = 1")).is_err());
}
