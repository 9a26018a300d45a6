//! The program as a person meets it: what it prints, where, and how it ends.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use expect_test::{Expect, expect};
use tempfile::TempDir;

const SMALL: &str = "name = \"small\"
rounds = 5

[data.emr-risk]
population = \"ward-3\"

[model.logistic]

[training]
epochs = 1
";

/// A folder with `small.toml` in it.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.toml"), SMALL).unwrap();
    folder
}

fn wardround(folder: &Path, line: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wardround"))
        .args(line.split_whitespace())
        .current_dir(folder)
        .env_remove("WARDROUND_LISTEN")
        .env_remove("WARDROUND_TOKEN")
        .env_remove("WARDROUND_COORDINATOR")
        .output()
        .unwrap()
}

/// Exit code and standard error; nothing is on standard output.
fn refused(folder: &Path, line: &str, code: i32, expected: &Expect) {
    let output = wardround(folder, line);
    assert_eq!(output.status.code(), Some(code), "{line}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{line}");
    expected.assert_eq(&String::from_utf8_lossy(&output.stderr));
}

/// Standard output of a command that succeeds without a word on standard error.
fn told(folder: &Path, line: &str) -> String {
    let output = wardround(folder, line);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(
        (output.status.code(), errors.as_str()),
        (Some(0), ""),
        "{line}"
    );
    String::from_utf8(output.stdout).unwrap()
}

fn json(folder: &Path, line: &str) -> serde_json::Value {
    serde_json::from_str(&told(folder, line)).unwrap()
}

#[test]
fn a_misspelt_key_is_refused_with_code_3() {
    let folder = folder();
    let text = SMALL.replace("population", "poplation");
    fs::write(folder.path().join("wrong.toml"), text).unwrap();
    refused(folder.path(), "plan wrong.toml", 3, &expect![[""]]);
}

#[test]
fn a_file_that_is_not_there_is_refused_with_what_is() {
    refused(folder().path(), "plan smal.toml", 3, &expect![[""]]);
}

#[test]
fn several_impossible_values_are_refused_at_once() {
    let line = "plan small.toml --set rounds=0 --set training.l2=-1 --set round.quorum=2";
    refused(folder().path(), line, 3, &expect![[""]]);
}

#[test]
fn what_does_not_fit_the_data_is_refused_before_anything_starts() {
    let line = "plan small.toml --set model={cnn={}} --set sampler.uniform.count=9";
    refused(folder().path(), line, 3, &expect![[""]]);
}

#[test]
fn an_override_without_a_value_is_refused() {
    refused(
        folder().path(),
        "plan small.toml --set rounds",
        3,
        &expect![[""]],
    );
}

#[test]
fn files_that_extend_each_other_are_refused() {
    let folder = folder();
    fs::write(folder.path().join("a.toml"), "extends = \"b.toml\"\n").unwrap();
    fs::write(folder.path().join("b.toml"), "extends = \"a.toml\"\n").unwrap();
    let output = wardround(folder.path(), "plan a.toml");
    assert_eq!(output.status.code(), Some(3));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        text.contains("WR0107") && text.contains("in a circle"),
        "{text}"
    );
}

#[test]
fn a_word_that_is_no_verb_is_a_mistake_of_usage() {
    refused(folder().path(), "rnu small.toml", 2, &expect![[""]]);
}

#[test]
fn an_unknown_code_is_a_mistake_of_usage() {
    refused(folder().path(), "explain WR9999", 2, &expect![[""]]);
}

#[test]
fn a_folder_that_is_no_run_is_refused() {
    refused(folder().path(), "runs show .", 1, &expect![[""]]);
}

#[test]
fn help_shows_the_way_in() {
    expect![[""]].assert_eq(&told(folder().path(), "--help"));
}

#[test]
fn lists_are_lists_of_objects_with_an_id() {
    let folder = folder();
    for verb in ["scenarios", "strategies"] {
        let list = json(folder.path(), &format!("{verb} --format json"));
        let list = list.as_array().unwrap();
        assert!(
            list.len() >= 3 && list.iter().all(|entry| entry["id"].is_string()),
            "{verb}"
        );
        assert!(told(folder.path(), verb).contains(list[0]["id"].as_str().unwrap()));
    }
}

#[test]
fn a_plan_tells_settings_and_costs_as_json_too() {
    let plan = json(folder().path(), "plan small.toml --seed 7 --format json");
    assert_eq!(plan["config"]["seed"], 7);
    assert_eq!(
        plan["config"]["training"]["optimizer"]["sgd"]["learning_rate"],
        0.05
    );
    assert_eq!(plan["forecast"]["hospitals"], 3);
    assert_eq!(plan["forecast"]["messages_up"], 30);
    assert!(plan["forecast"]["bytes_up"].as_u64().unwrap() > 3 * 5 * 13 * 8);
}

#[test]
fn a_quiet_plan_is_a_file_to_run_from() {
    let folder = folder();
    let resolved = told(
        folder.path(),
        "plan small.toml --set round.quorum=0.7 --quiet",
    );
    fs::write(folder.path().join("resolved.toml"), &resolved).unwrap();
    assert_eq!(told(folder.path(), "plan resolved.toml --quiet"), resolved);
    assert!(resolved.contains("quorum = 0.7\n"));
}

#[test]
fn no_runs_are_no_error_and_scripts_are_made_for_every_shell() {
    let folder = folder();
    assert_eq!(told(folder.path(), "runs"), "no runs in runs\n");
    assert_eq!(
        json(folder.path(), "runs ls --format json"),
        serde_json::json!([])
    );
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(told(folder.path(), &format!("completions {shell}")).contains("wardround"));
    }
}

#[test]
fn the_schema_is_written_where_asked() {
    let folder = folder();
    assert_eq!(told(folder.path(), "schema -o schema.json"), "");
    let written = fs::read_to_string(folder.path().join("schema.json")).unwrap();
    assert_eq!(written, told(folder.path(), "schema"));
    assert!(told(folder.path(), "schema hospital").contains("state_dir"));
}
