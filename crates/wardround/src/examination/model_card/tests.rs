use super::*;

fn card() -> ModelCard {
    let participants = vec!["a".to_owned(), "b".to_owned()];
    let config = "rounds = 1\n".to_owned();
    ModelCard {
        name: "small".into(),
        scenario: "emr-risk".into(),
        strategy: "fedavg".into(),
        rounds: 1,
        seed: 7,
        version: "0".into(),
        config_digest: Digest::of(config.as_bytes()),
        data_digest: None,
        participants_digest: digest_of(&participants),
        model_digest: Digest::of(b"model"),
        hospitals: 3,
        participants,
        external: vec!["c".into()],
        results: Vec::new(),
        examinations: vec![Examination::new("edge", "The model at the edge")],
        config,
    }
}

#[test]
fn a_card_that_was_changed_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let read = |card: &ModelCard| {
        file::write_json(&path, card).unwrap();
        ModelCard::read(folder.path())
    };
    assert_eq!(read(&card()).unwrap(), (card(), path.clone()));
    let mut other = card();
    other.config.push('#');
    assert_eq!(read(&other).unwrap_err().code(), Code::NotReplayed);
    let mut other = card();
    other.participants.pop();
    let failure = read(&other).unwrap_err().render(200, false);
    assert!(failure.contains("list of participants"), "{failure}");
}

#[test]
fn the_page_says_what_and_who() {
    let page = card().page();
    for told in [
        "# Model card: small",
        "2 of 3",
        "* kept outside: c",
        "## The model at the edge",
    ] {
        assert!(page.contains(told), "{told}");
    }
}
