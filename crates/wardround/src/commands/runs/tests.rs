//! Run directories listed, shown, compared, removed and exported.

use ward_core::{Digest, Estimate, Outcome};
use ward_observe::{Manifest, Model};

use super::*;

fn run(root: &Path, slug: &str, seed: u64, value: f64, ended: bool) -> PathBuf {
    let dir = RunDir::create(root, slug).unwrap();
    let config = format!("seed = {seed}\n[training]\nepochs = 1\n");
    dir.write_config(&config).unwrap();
    let mut manifest = Manifest::new(slug, "quick, \"start\"", "emr-risk", seed, &config);
    manifest.outcome = ended.then_some(Outcome::Completed);
    manifest.model_digest = ended.then(|| Digest::of(&[seed as u8]));
    dir.write_manifest(&manifest).unwrap();
    if ended {
        let estimate = Estimate {
            value,
            n: 10,
            standard_error: 0.0,
        };
        let row = |group: &str, model| ResultRow::of(group, model, "auc", &estimate);
        let rows = vec![row("all", Model::Federated), row("township", Model::Alone)];
        dir.write_results(&rows).unwrap();
    }
    dir.path().to_owned()
}

#[test]
fn runs_are_listed_oldest_first_with_their_headline() {
    let root = tempfile::tempdir().unwrap();
    run(root.path(), "b", 2, 0.75, true);
    run(root.path(), "a", 1, 0.5, false);
    std::fs::create_dir(root.path().join("not-a-run")).unwrap();
    let runs = ward_observe::list(root.path()).unwrap();
    let text = list::as_text(&runs, root.path());
    expect_test::expect![[r#"
        RUN  EXPERIMENT      SEED  ROUNDS  ENDED      FEDERATED  MODEL
        a    quick, "start"  1     0       not ended  -          -
        b    quick, "start"  2     0       completed  auc 0.750  ab13bedf42e8
    "#]]
    .assert_eq(&text);
    assert_eq!(list::as_json(&runs)[1]["manifest"]["seed"], 2);
    let empty = root.path().join("none");
    let runs = ward_observe::list(&empty).unwrap();
    assert!(list::as_text(&runs, Path::new("none")).contains("no runs in none"));
}

#[test]
fn one_run_is_shown_with_its_results_by_group() {
    let root = tempfile::tempdir().unwrap();
    let path = run(root.path(), "a", 1, 0.75, true);
    let dir = open(&path).unwrap();
    let (manifest, rows) = (dir.manifest().unwrap(), results(&dir).unwrap());
    let text = list::run_as_text(&dir, &manifest, &rows);
    let results = text.split_once("\n\n").unwrap().1;
    expect_test::expect![[r#"
        auc       alone  federated  personal  pooled  ceiling
        all       -      0.750      -         -       -
        township  0.750  -          -         -       -
    "#]]
    .assert_eq(results);
    assert_eq!(
        list::run_as_json(&dir, &manifest, &rows)["results"][0]["value"],
        0.75
    );
}

#[test]
fn two_runs_are_compared_by_settings_and_results() {
    let root = tempfile::tempdir().unwrap();
    let (left, right) = (
        run(root.path(), "a", 1, 0.75, true),
        run(root.path(), "b", 2, 0.5, true),
    );
    let compare = |left: &Path, right: &Path| {
        compare::Comparison::of(&open(left).unwrap(), &open(right).unwrap())
            .unwrap()
            .to_string()
    };
    expect_test::expect![[r#"
        left   a
        right  b
        models differ

        SETTING  LEFT  RIGHT
        seed     1     2

        GROUP     MODEL      METRIC  LEFT   RIGHT  CHANGE
        all       federated  auc     0.750  0.500  -0.250
        township  alone      auc     0.750  0.500  -0.250
    "#]]
    .assert_eq(&compare(&left, &right));
    let same = compare(&left, &left);
    assert!(same.contains("bit for bit") && same.contains("no setting differs"));
}

#[test]
fn results_are_exported_as_csv_that_no_spreadsheet_can_misread() {
    let root = tempfile::tempdir().unwrap();
    let path = run(root.path(), "a", 1, 0.75, true);
    expect_test::expect![[r#"
        run,name,scenario,seed,strategy,group,model,metric,value,ci_low,ci_high,n
        a,"quick, ""start""",emr-risk,1,,all,federated,auc,0.75,0.75,0.75,10
        a,"quick, ""start""",emr-risk,1,,township,alone,auc,0.75,0.75,0.75,10
    "#]]
    .assert_eq(&export(&[path]).unwrap());
    assert_eq!(quoted("=1+1"), "'=1+1");
    assert_eq!(quoted("-0.5"), "-0.5");
    assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
    let running = run(root.path(), "b", 1, 0.75, false);
    assert_eq!(export(&[running]).unwrap_err().code(), Code::NotARun);
}

#[test]
fn only_runs_that_have_ended_are_removed_and_nothing_else_ever() {
    let root = tempfile::tempdir().unwrap();
    let ended = run(root.path(), "a", 1, 0.75, true);
    let running = run(root.path(), "b", 1, 0.75, false);
    let folder = root.path().join("letters");
    std::fs::create_dir(&folder).unwrap();
    let link = root.path().join("link");
    std::os::unix::fs::symlink(&ended, &link).unwrap();
    for kept in [&folder, &running, &link, &root.path().join("absent")] {
        assert!(remove(&[ended.clone(), kept.clone()], false).is_err());
        assert!(
            ended.exists(),
            "removed although {} could not be",
            kept.display()
        );
    }
    remove(std::slice::from_ref(&ended), false).unwrap();
    remove(std::slice::from_ref(&running), true).unwrap();
    assert!(!ended.exists() && !running.exists() && folder.exists());
}
