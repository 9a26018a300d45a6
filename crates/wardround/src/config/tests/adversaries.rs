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
        &expect![[r#""#]],
    );
}

#[test]
fn an_attack_that_does_not_exist_is_underlined_in_its_header() {
    refused(
        &format!("{SMALL}{FOUR}[adversaries.attack.sign-flop]\n"),
        &[],
        &expect![[r#""#]],
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
    expect![[r#""#]].assert_eq(&failure.render(100, false));
}
