//! Personalisations in a config: what is refused, where it is shown, and what goes together.

use ward_core::{LocalWork, Personalisation};

use super::*;

const DATA: &str = "rounds = 5
[data.emr-risk]
population = \"ward-3\"
[training]
epochs = 2
";

/// The report on `text` once the data are open.
fn told(text: &str, expected: &Expect) {
    let loaded = parse(&format!("{DATA}{text}"), &[]);
    let failure = loaded.and_then(|loaded| loaded.open().map(|_| ()));
    expected.assert_eq(&failure.unwrap_err().render(100, false));
}

/// What the order of a round says of it.
fn ordered(text: &str) -> Personalisation {
    let text = format!("{DATA}[model.mlp]\nhidden = [4]\n[round]\ncheckpoint_every = 1\n{text}");
    let loaded = parse(&text, &[]).unwrap();
    let opened = loaded.open().unwrap();
    let order = loaded
        .value
        .order(&opened.model, opened.ring, opened.federation.roster());
    order.personalisation
}

#[test]
fn a_pattern_that_matches_nothing_is_answered_with_the_names_there_are() {
    told(
        "[model.mlp]\nhidden = [4]\n[round]\ncheckpoint_every = 1\n\
         [personalisation.fedper]\nprivate = [\"head.*\", \"dense2.*\"]\n",
        &expect![[r#"
            WR0202

              × `personalisation.fedper.private` names `head.*`, and the model has no such tensor
                ╭─[exp.toml:11:11]
             10 │ [personalisation.fedper]
             11 │ private = ["head.*", "dense2.*"]
                ·           ───────────┬──────────
                ·                      ╰── here
                ╰────
              help: its tensors are dense1.weight, dense1.bias, dense2.weight, dense2.bias

              `wardround explain WR0202` says more
        "#]],
    );
}

#[test]
fn the_built_in_models_have_no_normalisation_layers() {
    told(
        "[model.mlp]\nhidden = [4]\n[round]\ncheckpoint_every = 1\n[personalisation.fedbn]\n",
        &expect![[r#"
            WR0202

              × `personalisation.fedbn.private` names `*norm*`, and the model has no such tensor
                ╭─[exp.toml:10:1]
              9 │ checkpoint_every = 1
             10 │ [personalisation.fedbn]
                · ───────────┬───────────
                ·            ╰── here
                ╰────
              help: its tensors are dense1.weight, dense1.bias, dense2.weight, dense2.bias

              `wardround explain WR0202` says more
        "#]],
    );
}

#[test]
fn a_model_that_is_all_head_has_nothing_to_share() {
    told(
        "[model.logistic]\n[round]\ncheckpoint_every = 1\n[personalisation.fedper]\n",
        &expect![[r#"
            WR0202

              × `personalisation.fedper.private` leaves nothing to learn together: every tensor of the model
              │ is private
               ╭─[exp.toml:9:1]
             8 │ checkpoint_every = 1
             9 │ [personalisation.fedper]
               · ────────────┬───────────
               ·             ╰── here
               ╰────
              help: its tensors are dense1.weight, dense1.bias

              `wardround explain WR0202` says more
        "#]],
    );
}

#[test]
fn all_that_is_out_of_range_is_told_at_its_line() {
    let above = [
        "personalisation.apfl.alpha=1.5",
        "personalisation.ditto={lambda=21.0}",
        "personalisation.fine-tuning={epochs=1,steps=0}",
        "personalisation.fedrep={head_epochs=0}",
    ];
    let paths: Vec<Vec<String>> = above
        .iter()
        .map(|set| {
            let failure = parse(SMALL, &[set, "round.checkpoint_every=1"]).unwrap_err();
            let report = failure.render(200, false);
            let named = report
                .split('`')
                .filter(|word| word.starts_with("personal"));
            named.map(str::to_owned).collect()
        })
        .collect();
    assert_eq!(
        paths,
        [
            &["personalisation.apfl.alpha"][..],
            &["personalisation.ditto.lambda"],
            &[
                "personalisation.fine-tuning.steps",
                "personalisation.fine-tuning.steps"
            ],
            &["personalisation.fedrep.head_epochs"],
        ]
    );
}

#[test]
fn what_hospitals_remember_is_saved_every_round() {
    for (id, remembers) in [
        ("fine-tuning", false),
        ("private-intercept", true),
        ("ditto", true),
        ("apfl", true),
    ] {
        let set = format!("personalisation.{id}={{}}");
        let refused = parse(SMALL, &[&set, "round.checkpoint_every=5"]).is_err();
        assert_eq!(refused, remembers, "{id}");
        assert!(parse(SMALL, &[&set, "round.checkpoint_every=1"]).is_ok());
    }
}

#[test]
fn the_order_names_tensors_and_work() {
    let head = vec!["dense2.weight".to_owned(), "dense2.bias".to_owned()];
    let private = |tensors: &[String], head_first| Personalisation::Private {
        tensors: tensors.to_vec(),
        head_first,
    };
    let tuned = |work| Personalisation::FineTuning {
        work,
        learning_rate: None,
    };
    for (text, expected) in [
        ("[personalisation.fedper]", private(&head, None)),
        (
            "[personalisation.fedrep]",
            private(&head, Some(LocalWork::Epochs(10))),
        ),
        (
            "[personalisation.fedrep]\nhead_steps = 3",
            private(&head, Some(LocalWork::Steps(3))),
        ),
        (
            "[personalisation.fedbn]\nprivate = [\"*1.b*\"]",
            private(&["dense1.bias".to_owned()], None),
        ),
        (
            "[personalisation.private-intercept]",
            private(&head[1..], None),
        ),
        ("[personalisation.fine-tuning]", tuned(LocalWork::Epochs(2))),
        (
            "[personalisation.fine-tuning]\nsteps = 7",
            tuned(LocalWork::Steps(7)),
        ),
    ] {
        assert_eq!(ordered(text), expected, "{text}");
    }
}
