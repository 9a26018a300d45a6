//! Adversaries in a config: what is refused, where it is shown, and what reads back.

use super::*;

const FOUR: &str = "[adversaries]\ncount = 4\n";

fn problems(text: &str, above: &[&str]) -> String {
    let loaded = parse(&format!("{GOOD}\n{text}"), above);
    let failure = loaded.and_then(|loaded| loaded.open().map(|_| ()));
    failure.unwrap_err().render(100, false)
}

#[test]
fn all_that_cannot_be_played_is_told_at_once_at_its_line() {
    refused(
        &format!(
            "{SMALL}[adversaries]\ncount = 0\nshare = 0.2\nfrom_round = 5\n\
             [adversaries.attack.sign-flip]\nscale = 0.0\n"
        ),
        &[],
        &expect![[r#"
              × 4 problems in exp.toml

            Error: WR0201

              × `adversaries.count` must be at least 1, not 0
               ╭─[exp.toml:8:9]
             7 │ [adversaries]
             8 │ count = 0
               ·         ┬
               ·         ╰── here
             9 │ share = 0.2
               ╰────

            Error: WR0206

              × `adversaries.share` says the same as `count`: give one of them
                ╭─[exp.toml:9:9]
              8 │ count = 0
              9 │ share = 0.2
                ·         ─┬─
                ·          ╰── here
             10 │ from_round = 5
                ╰────

            Error: WR0201

              × `adversaries.from_round` is 5, and the last of 5 rounds is 4: nobody would ever misbehave
                ╭─[exp.toml:10:14]
              9 │ share = 0.2
             10 │ from_round = 5
                ·              ┬
                ·              ╰── here
             11 │ [adversaries.attack.sign-flip]
                ╰────

            Error: WR0201

              × `adversaries.attack.sign-flip.scale` must be above 0, not 0
                ╭─[exp.toml:12:9]
             11 │ [adversaries.attack.sign-flip]
             12 │ scale = 0.0
                ·         ─┬─
                ·          ╰── here
                ╰────

              `wardround explain WR0201`, `wardround explain WR0206` say more
        "#]],
    );
}

#[test]
fn an_attack_that_does_not_exist_is_underlined_in_its_header() {
    refused(
        &format!("{SMALL}{FOUR}[adversaries.attack.sign-flop]\n"),
        &[],
        &expect![[r#"
            WR0104

              × unknown choice `sign-flop` in `adversaries.attack`
               ╭─[exp.toml:9:21]
             8 │ count = 4
             9 │ [adversaries.attack.sign-flop]
               ·                     ────┬────
               ·                         ╰── no such choice
               ╰────
              help: did you mean `sign-flip`? There are `sign-flip`, `ipm`, `optimal-ipm`, `alie`, `optimal-
                    alie`, `gaussian-noise`, `non-finite`, `mimic`, `min-max`, `min-sum`, `free-rider`,
                    `inflated-count`, `label-flip`, `feature-noise`, `backdoor` and `straggler`

              `wardround explain WR0104` says more
        "#]],
    );
}

#[test]
fn hospitals_must_be_there_and_a_trigger_must_fit_their_rows() {
    let text = "[adversaries]\nhospitals = [\"township-01\", \"townshp-02\", \"township-01\"]\n\
                [adversaries.attack.backdoor]\ntarget = 2\n\
                [adversaries.attack.backdoor.trigger.square]\nside = 3\nvalue = 1.0\n";
    let told = problems(text, &[]);
    for part in [
        "names `townshp-02`, and no hospital is called that",
        "did you mean `township-02`?",
        "names `township-01` twice",
        "is 2, and the classes are 0 to 1",
        "has no place in rows of shape [12]",
    ] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    let told = problems("[adversaries]\ncount = 22\n[adversaries.attack.ipm]\n", &[]);
    assert!(
        told.contains("asks for 22 hospitals, and there are 21"),
        "{told}"
    );
}

#[test]
fn a_layer_above_replaces_who_and_what() {
    let text = format!("{GOOD}\n{FOUR}[adversaries.attack.sign-flip]\nscale = 5.0\n");
    let above = [
        "adversaries.share=0.2",
        "adversaries.attack={alie={tau=1.5}}",
    ];
    let experiment = parse(&text, &above).unwrap().value;
    let config = experiment.adversaries.as_ref().unwrap();
    assert_eq!((config.count, config.share), (None, Some(0.2)));
    assert_eq!(config.attack.to_string(), "alie (tau 1.5)");
    let again = parse(&experiment.to_toml().unwrap(), &[]).unwrap().value;
    assert_eq!(again, experiment);
}

#[test]
fn every_attack_reads_back_as_written() {
    for attack in [
        "sign-flip={scale=5.0}",
        "ipm={tau=0.5}",
        "optimal-ipm={}",
        "alie={}",
        "optimal-alie={}",
        "gaussian-noise={deviation=200.0}",
        "non-finite={value=\"nan\"}",
        "mimic={index=2}",
        "min-max={perturbation=\"deviation\"}",
        "min-sum={perturbation=\"sign\"}",
        "free-rider={disguised=true}",
        "inflated-count={claim=100000}",
        "label-flip={share=0.5}",
        "feature-noise={deviation=2.0}",
        "backdoor={trigger={feature={index=1,value=9.0}},target=1,boost=5.0}",
        "straggler={late_by_s=90.0}",
    ] {
        let set = format!("adversaries={{count=1,attack={{{attack}}}}}");
        let experiment = parse(SMALL, &[&set]).unwrap().value;
        let again = parse(&experiment.to_toml().unwrap(), &[]).unwrap().value;
        assert_eq!(again, experiment);
        let id = attack.split('=').next().unwrap();
        let told = again.adversaries.unwrap().attack.to_string();
        assert!(told.starts_with(&format!("{id} (")), "{told}");
    }
}

#[test]
fn adversaries_cannot_be_deployed() {
    let honest = parse(SMALL, &[]).unwrap();
    assert!(honest.deployable().is_ok());
    let text = format!("{SMALL}{FOUR}[adversaries.attack.ipm]\n");
    let failure = parse(&text, &[]).unwrap().deployable().unwrap_err();
    assert_eq!(failure.exit(), 3);
    expect![[r#"
        WR0213

          × `adversaries` are for simulations only: no process that talks to others misbehaves
           ╭─[exp.toml:7:1]
         6 │ epochs = 1
         7 │ [adversaries]
           · ──────┬──────
           ·       ╰── here
         8 │ count = 4
           ╰────
          help: play it with `wardround run`, or take [adversaries] out

          `wardround explain WR0213` says more
    "#]]
    .assert_eq(&failure.render(100, false));
}
