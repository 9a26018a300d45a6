//! A program with a burn module of its own: the example, played in one process and in many.

use std::path::PathBuf;
use std::process::Command;

use crate::lab::{Lab, summary, text};

/// The example, which is built beside the tests.
fn program() -> PathBuf {
    let wardround = PathBuf::from(env!("CARGO_BIN_EXE_wardround"));
    wardround.with_file_name("examples").join("own_model")
}

#[test]
fn a_module_of_ones_own_is_trained_alike_in_one_process_and_in_many() {
    let experiment = include_str!("../../../../configs/own-model.toml")
        .replace("rounds = 15", "rounds = 3")
        .replace(
            "[round]",
            "[baselines]\nalone = false\npooled = false\n\n[round]",
        );
    let lab = Lab::new(&experiment);
    let play = |words: &[&str]| {
        let mut command = Command::new(program());
        command.args(words).args(["e.toml", "--format", "json"]);
        command.current_dir(lab.path("")).output().unwrap()
    };
    let simulated = play(&["run"]);
    let told = String::from_utf8_lossy(&simulated.stderr).into_owned();
    assert!(told.contains("cannot be fused: burn trains it"), "{told}");
    let digest = text(&summary(&simulated), "model_digest");
    assert_eq!(digest, text(&summary(&play(&["up"])), "model_digest"));
    let refused = lab.output("run e.toml");
    assert_eq!(refused.status.code(), Some(3));
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        told.contains("this program has no model `residual` of its own"),
        "{told}"
    );
}
