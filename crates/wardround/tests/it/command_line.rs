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
        .env_remove("COLUMNS")
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
    refused(
        folder.path(),
        "plan wrong.toml",
        3,
        &expect![[r#"
        WR0103

          × unknown key `poplation` in `data.emr-risk`
           ╭─[wrong.toml:5:1]
         4 │ [data.emr-risk]
         5 │ poplation = "ward-3"
           · ────┬────
           ·     ╰── no such key
         6 │ 
           ╰────
          help: did you mean `population`? There are `population`, `sizes`, `misdiagnosis`, `consent`,
                `withdrawal`, `shift`, `units`, `harmonise`, `features` and `drift`

          `wardround explain WR0103` says more
    "#]],
    );
}

#[test]
fn a_file_that_is_not_there_is_refused_with_what_is() {
    refused(
        folder().path(),
        "plan smal.toml",
        3,
        &expect![[r#"
            WR0101

              × cannot read smal.toml: No such file or directory (os error 2)
              help: did you mean small.toml?

              `wardround explain WR0101` says more
        "#]],
    );
}

#[test]
fn several_impossible_values_are_refused_at_once() {
    let line = "plan small.toml --set rounds=0 --set training.l2=-1 --set round.quorum=2";
    refused(
        folder().path(),
        line,
        3,
        &expect![[r#"
          × 3 problems in small.toml

        Error: WR0201

          × `round.quorum` must be a share above 0 and up to 1, not 2
           ╭─[--set round.quorum=2:1:14]
         1 │ round.quorum=2
           ·              ┬
           ·              ╰── here
           ╰────

        Error: WR0201

          × `rounds` must be at least 1, not 0
           ╭─[--set rounds=0:1:8]
         1 │ rounds=0
           ·        ┬
           ·        ╰── here
           ╰────

        Error: WR0201

          × `training.l2` must be 0 or more, not -1
           ╭─[--set training.l2=-1:1:13]
         1 │ training.l2=-1
           ·             ─┬
           ·              ╰── here
           ╰────

          `wardround explain WR0201` says more
    "#]],
    );
}

#[test]
fn what_does_not_fit_the_data_is_refused_before_anything_starts() {
    let line = "plan small.toml --set model={cnn={}} --set sampler.uniform.count=9";
    refused(
        folder().path(),
        line,
        3,
        &expect![[r#"
          × 2 problems in small.toml

        Error: WR0203

          × `model` does not fit the data: a cnn reads images (channels x height x width); these rows have
          │ shape [12]; use mlp
           ╭─[--set model={cnn={}}:1:7]
         1 │ model={cnn={}}
           ·       ────┬───
           ·           ╰── here
           ╰────

        Error: WR0207

          × `sampler.uniform.count` asks for 9 hospitals, and there are 3
           ╭─[--set sampler.uniform.count=9:1:23]
         1 │ sampler.uniform.count=9
           ·                       ┬
           ·                       ╰── here
           ╰────

          `wardround explain WR0203`, `wardround explain WR0207` say more
    "#]],
    );
}

#[test]
fn an_override_without_a_value_is_refused() {
    refused(
        folder().path(),
        "plan small.toml --set rounds",
        3,
        &expect![[r#"
            WR0109

              × `--set rounds` cannot be understood: it has no `=`
              help: write --set path=value, for example --set training.batch_size=64

              `wardround explain WR0109` says more
        "#]],
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
    refused(
        folder().path(),
        "rnu small.toml",
        2,
        &expect![[r#"
        error: unrecognized subcommand 'rnu'

          tip: a similar subcommand exists: 'runs'

        Usage: wardround [OPTIONS] <COMMAND>

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn an_unknown_code_is_a_mistake_of_usage() {
    refused(
        folder().path(),
        "explain WR9999",
        2,
        &expect![[r#"
            WR0001

              × there is no error code `WR9999`
              help: `wardround explain` lists all

              `wardround explain WR0001` says more
        "#]],
    );
}

#[test]
fn a_folder_that_is_no_run_is_refused() {
    refused(
        folder().path(),
        "runs show .",
        1,
        &expect![[r#"
        WR0502

          × `.` is not a run directory: it has no `manifest.json`, `events.jsonl` or
          │ `config.resolved.toml`

          `wardround explain WR0502` says more
    "#]],
    );
}

#[test]
fn help_shows_the_way_in() {
    expect![[r#"
        Federated learning across hospitals: one model, and the patients stay where they are

        Usage: wardround [OPTIONS] <COMMAND>

        Commands:
          run          Simulate an experiment in this process
          up           Start a whole federation on this host: a coordinator and every hospital as a process
          coordinator  Serve an experiment to hospitals over gRPC
          hospital     Take part in an experiment as one hospital
          roster       Make the keys with which hospitals hide updates in their sum
          plan         Check an experiment and forecast what it will cost, without starting it
          report       Make one self-contained page of one run, or of several side by side
          runs         List, show, compare, remove and export runs
          scenarios    List the sources of data
          strategies   List the strategies with their settings, defaults and papers; check what one claims
          samplers     List the samplers with their settings and papers
          privacy      Compute what differential privacy costs: epsilon from noise, noise from epsilon
          schema       Print the JSON Schema of the experiment file
          explain      Explain an error code; without one, list all
          completions  Print a completion script for a shell
          help         Print this message or the help of the given subcommand(s)

        Options:
          -q, --quiet       Say nothing but errors and results
          -v, --verbose...  Say more; twice, still more
          -h, --help        Print help
          -V, --version     Print version

        Start with: wardround run configs/quickstart.toml

        Exit codes: 0 ok, 1 the run failed, 2 usage, 3 configuration, 4 data, 5 connection,
        6 quorum lost, 130 and 143 interrupted with everything saved.
    "#]].assert_eq(&told(folder().path(), "--help"));
}

#[test]
fn lists_are_lists_of_objects_with_an_id() {
    let folder = folder();
    for verb in ["scenarios", "strategies", "samplers"] {
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
fn a_strategy_s_claims_are_checked_and_an_unknown_one_is_refused() {
    let folder = folder();
    let card = json(folder.path(), "strategies check median --format json");
    assert_eq!(
        (&card["id"], &card["holds"]),
        (&"median".into(), &true.into())
    );
    let findings = card["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 8);
    for finding in findings {
        assert!(
            finding["holds"] == true && finding["counterexample"].is_null(),
            "{finding}"
        );
    }
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_wardround"));
    let refused = command
        .args(["strategies", "check", "medain"])
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("did you mean `median`?"), "{told}");
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

#[test]
fn privacy_tells_epsilon_its_accountant_and_whom_it_protects() {
    let folder = folder();
    let answer = |line: &str| json(folder.path(), &format!("privacy {line} --format json"));
    // Known answers dp014, dp092 and dp121 of `tests/vectors/dp_known_answers.csv`.
    for (line, epsilon, accountant) in [
        (
            "--noise-multiplier 1 --sampling-rate 0.1 --steps 1 --delta 1e-5",
            1.6845,
            "pld",
        ),
        (
            "--noise-multiplier 0.5 --sampler full --steps 1 --delta 0.01",
            5.9979,
            "gaussian-exact",
        ),
        (
            "--noise-multiplier 2 --sampler fixed --batch 100 --records 2000 --steps 1 --delta 1e-5",
            1.6984,
            "rdp",
        ),
    ] {
        let answer = answer(&format!("epsilon {line}"));
        let found = answer["epsilon"].as_f64().unwrap();
        assert!((found - epsilon).abs() < 1e-3, "{line}: {found}");
        assert_eq!(answer["accountant"], accountant);
        assert_eq!(answer["privacy_unit"], "patient");
    }
    let silent = answer("epsilon --noise-multiplier 0 --sampling-rate 0.1 --steps 1 --delta 1e-5");
    assert_eq!(silent["epsilon"], "inf");
    let noise = answer("noise --epsilon 3 --sampler shuffled --steps 20 --delta 1e-5");
    let (z, spent) = (&noise["noise_multiplier"], &noise["epsilon"]);
    assert!(
        spent.as_f64().unwrap() <= 3.0 && spent.as_f64().unwrap() > 2.999,
        "{noise}"
    );
    let back = format!("epsilon --noise-multiplier {z} --sampler shuffled --steps 20 --delta 1e-5");
    let again = answer(&back)["epsilon"].as_f64().unwrap();
    assert!((again - spent.as_f64().unwrap()).abs() < 1e-9, "{again}");
    assert_eq!(
        told(
            folder.path(),
            "privacy epsilon --noise-multiplier 1 --sampler full --steps 1 --delta 1e-5"
        ),
        "epsilon 4.3772 at delta 1e-5 for one patient added or removed (accountant: gaussian-exact)\n"
    );
}

#[test]
fn privacy_refuses_what_cannot_be_accounted_for() {
    let folder = folder();
    for (line, words) in [
        ("--steps 1 --delta 1e-5", "--sampling-rate is missing"),
        (
            "--sampling-rate 2 --steps 1 --delta 1e-5",
            "2 is not a probability",
        ),
        ("--sampling-rate 0.1 --steps 1 --delta 2", "delta of 2"),
        (
            "--sampler shuffled --sampling-rate 0.1 --steps 1 --delta 1e-5",
            "--sampling-rate says nothing",
        ),
        (
            "--sampler fixed --batch 20 --records 10 --steps 1 --delta 1e-5",
            "20 records out of 10",
        ),
    ] {
        let line = format!("privacy epsilon --noise-multiplier 1 {line}");
        let output = wardround(folder.path(), &line);
        assert_eq!(output.status.code(), Some(2), "{line}");
        let told = String::from_utf8_lossy(&output.stderr).replace("\n  │ ", " ");
        assert!(told.contains("WR0002") && told.contains(words), "{told}");
    }
}
