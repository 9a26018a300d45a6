//! Files that stand on others, and a hospital's own.

use super::*;

#[test]
fn a_file_stands_on_the_one_it_extends() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("base.toml", GOOD);
    fs::create_dir(folder.path().join("sub")).unwrap();
    write(
        "sub/exp.toml",
        "extends = \"../base.toml\"\nseed = 9\n[training]\nepochs = 2\n[strategy.fedprox]\n\
         [data.emr-risk]\nshift = true\n",
    );
    let path = folder.path().join("sub/exp.toml");
    let loaded = Experiment::load(&path, sets(&["seed=11"])).unwrap();
    let experiment = &loaded.value;
    assert_eq!((experiment.seed, experiment.rounds), (11, 60));
    assert_eq!(
        (experiment.training.epochs, experiment.training.steps),
        (Some(2), None)
    );
    assert_eq!(experiment.strategy.id(), "fedprox");
    assert_eq!(loaded.folder(), folder.path().join("sub"));
    assert!(experiment.to_toml().unwrap().contains("shift = true"));

    // A mistake in the base is shown in the base.
    write(
        "base.toml",
        &GOOD.replace("batch_size = 32", "batch_size = -32"),
    );
    let failure = Experiment::load(&path, Vec::new()).unwrap_err();
    assert!(
        failure.render(200, false).contains("base.toml:"),
        "{failure}"
    );
}

#[test]
fn files_that_extend_each_other_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("a.toml"), "extends = \"b.toml\"\n").unwrap();
    fs::write(path("b.toml"), "extends = \"a.toml\"\n").unwrap();
    let failure = Experiment::load(&path("a.toml"), Vec::new()).unwrap_err();
    assert_eq!(failure.code(), Code::Extends);
    for i in 0..9 {
        let next = format!("extends = \"c{}.toml\"\n", i + 1);
        fs::write(path(&format!("c{i}.toml")), next).unwrap();
    }
    let failure = Experiment::load(&path("c0.toml"), Vec::new()).unwrap_err();
    assert_eq!(failure.code(), Code::Extends);
    fs::write(path("a.toml"), "extends = 3\n").unwrap();
    let failure = Experiment::load(&path("a.toml"), Vec::new()).unwrap_err();
    assert_eq!(failure.code(), Code::WrongType);
}

#[test]
fn a_file_that_cannot_be_read_is_told_with_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("quickstart.toml"), "").unwrap();
    let load = |path: &Path| Experiment::load(path, Vec::new()).unwrap_err();
    let failure = load(&folder.path().join("quikstart.toml"));
    let text = failure
        .render(400, false)
        .replace(&folder.path().display().to_string(), "DIR");
    expect![[r#"
        WR0101

          × cannot read DIR/quikstart.toml: No such file or directory (os error 2)
          help: did you mean DIR/quickstart.toml?

          `wardround explain WR0101` says more
    "#]]
    .assert_eq(&text);
    assert_eq!(load(folder.path()).code(), Code::FileUnreadable);
    assert_eq!(
        load(Path::new("/no/such/folder/x.toml")).code(),
        Code::FileUnreadable
    );
    fs::write(folder.path().join("latin1.toml"), b"# f\nname = \"\xe9\"\n").unwrap();
    let failure = load(&folder.path().join("latin1.toml"));
    assert_eq!(failure.code(), Code::NotToml);
    assert!(failure.to_string().contains("line 2"), "{failure}");
}

#[test]
fn the_environment_gives_addresses_and_the_token_nothing_else() {
    let variables = [(LISTEN_VARIABLE, "coordinator.listen")];
    let look_up = |name: &str| (name == LISTEN_VARIABLE).then(|| "0.0.0.0:80".to_owned());
    let layers = load::from_environment(&variables, look_up).unwrap();
    let failure = Experiment::parse(Path::new("exp.toml"), SMALL, layers).unwrap_err();
    assert_eq!(failure.code(), Code::BadAddress);
    assert!(
        failure
            .render(100, false)
            .contains("environment WARDROUND_LISTEN")
    );
    let secret = types::Secret("hunter2".into());
    assert!(!format!("{secret:?}").contains("hunter2"));
}

#[test]
fn a_hospital_s_file_names_its_experiment_and_may_have_data_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    fs::create_dir(folder.path().join("node")).unwrap();
    write("exp.toml", SMALL);
    let plain = "name = \"township-1\"\ncoordinator = \"http://127.0.0.1:7443\"\n\
                 experiment = \"../exp.toml\"\n";
    write("node/plain.toml", plain);
    write(
        "node/own.toml",
        &format!("{plain}[data.emr-risk]\nshift = true\n"),
    );
    let load = |name: &str| HospitalConfig::load(&folder.path().join(name), Vec::new());
    for (name, at) in [("node/plain.toml", ""), ("node/own.toml", "node")] {
        let hospital = load(name).unwrap();
        let experiment = hospital.experiment().unwrap();
        let (data, relative_to) = hospital.data(&experiment);
        assert_eq!(data.id(), "emr-risk");
        let expected = folder.path().join(at).canonicalize().unwrap();
        assert_eq!(relative_to.canonicalize().unwrap(), expected);
    }
    write(
        "node/wrong.toml",
        "name = \"a/b\"\ncoordinator = \"127.0.0.1\"\nexperiment = \"\"\n",
    );
    let failure = load("node/wrong.toml").unwrap_err();
    let said = failure.to_string();
    for part in [
        "3 problems",
        "WR0205: `name`",
        "WR0210: `coordinator`",
        "`experiment`",
    ] {
        assert!(said.contains(part), "{said}");
    }
}
