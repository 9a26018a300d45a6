use super::*;
use crate::sample;
use ward_core::TensorSpec;

#[test]
fn names_are_readable_and_safe() {
    assert_eq!(
        slug("2026-11-24T14:00:00Z", "quickstart", "a1b2c3"),
        "2026-11-24T14-00-00_quickstart_a1b2c3"
    );
    assert_eq!(slug("", "../../etc/passwd", ""), "etc-passwd");
    assert_eq!(slug("", "医院", "/"), "run");
}

#[test]
fn two_runs_of_one_name_get_two_folders() {
    let root = tempfile::tempdir().unwrap();
    let first = RunDir::create(root.path(), "same").unwrap();
    let second = RunDir::create(root.path(), "same").unwrap();
    assert_ne!(first.path(), second.path());
    assert_eq!(second.name(), "same-2");
}

#[test]
fn every_file_comes_back_as_it_was_written() {
    let root = tempfile::tempdir().unwrap();
    let story = sample::Sample::new(4, 3);
    let dir = story.write(root.path());
    let dir = RunDir::open(dir.path()).unwrap();
    assert_eq!(dir.manifest().unwrap(), story.manifest);
    assert_eq!(dir.hospitals().unwrap(), story.cards);
    assert_eq!(dir.results().unwrap(), story.results);
    assert_eq!(dir.config().unwrap(), story.config);
}

#[test]
fn the_latest_checkpoint_is_the_last_whole_one() {
    let root = tempfile::tempdir().unwrap();
    let dir = RunDir::create(root.path(), "run").unwrap();
    assert_eq!(dir.latest_checkpoint().unwrap(), None);
    let layout = Layout {
        tensors: vec![TensorSpec {
            name: "w".into(),
            shape: vec![2],
        }],
    };
    for round in [5, 10, 12_000] {
        dir.write_checkpoint(RoundId(round), &Params(vec![1.0, 2.0]), &layout, &round)
            .unwrap();
    }
    // A crash between the two files of round 12,001.
    save_params(
        &dir.checkpoint(RoundId(12_001)).params,
        &Params(vec![0.0; 2]),
        &layout,
    )
    .unwrap();
    let latest = dir.latest_checkpoint().unwrap().unwrap();
    assert_eq!(latest.round, RoundId(12_000));
    assert_eq!(crate::load_state::<u32>(&latest.state).unwrap(), 12_000);
    assert!(
        dir.checkpoint(RoundId(5))
            .params
            .ends_with("round-0005.safetensors")
    );
}

#[test]
fn a_listing_shows_runs_in_order_and_says_which_are_damaged() {
    let root = tempfile::tempdir().unwrap();
    assert!(list(&root.path().join("nowhere")).unwrap().is_empty());
    sample::Sample::new(3, 2).write(root.path());
    let broken = RunDir::create(root.path(), "9-broken").unwrap();
    fs::write(broken.path().join("manifest.json"), "{").unwrap();
    fs::create_dir(root.path().join("not-a-run")).unwrap();
    let runs = list(root.path()).unwrap();
    assert_eq!(runs.len(), 2);
    assert!(runs[0].manifest.is_some() && runs[0].problem.is_none());
    assert!(runs[1].problem.as_ref().unwrap().contains("manifest.json"));
    assert!(matches!(
        RunDir::open(&root.path().join("not-a-run")),
        Err(FileError::NotARun { .. })
    ));
}
