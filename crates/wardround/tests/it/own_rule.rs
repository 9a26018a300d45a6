//! A rule of one's own in an experiment. A whole program with one is `examples/own-rule`.

use std::path::Path;

use ward_robust::{Choice, Points, Rule};
use ward_round::strategy::Claims;
use wardround::config::{Experiment, Loaded};
use wardround::failure::Failure;
use wardround::strategies::{Numbers, register};

/// So much of the first update.
#[derive(Debug)]
struct Portion(f64);

impl Rule for Portion {
    fn needs(&self, _f: usize) -> usize {
        1
    }

    fn claims(&self) -> Claims {
        Claims::ALL
    }

    fn choose(&self, points: &Points<'_>, _f: usize) -> Choice {
        let mut shares = vec![0.0; points.len()];
        shares[0] = self.0;
        Choice::Sum(shares)
    }
}

fn portion(numbers: &Numbers) -> Result<Portion, String> {
    match numbers.get("share").copied().unwrap_or(1.0) {
        share if share > 0.0 => Ok(Portion(share)),
        share => Err(format!(
            "the share of `portion` must be above 0, not {share}"
        )),
    }
}

fn experiment(strategy: &str) -> Result<Loaded<Experiment>, Failure> {
    register("portion", portion);
    let text =
        format!("rounds = 1\ntraining.epochs = 1\n[data.emr-risk]\n[model.logistic]\n{strategy}\n");
    Experiment::parse(Path::new("e.toml"), &text, Vec::new())
}

fn refusal(strategy: &str) -> String {
    experiment(strategy).unwrap_err().render(100, false)
}

#[test]
fn it_is_named_like_any_other_and_reads_back_as_written() {
    let text = "[strategy.portion]\nf = 3\nsettings = { share = 0.25 }";
    let own = experiment(text).unwrap().value;
    assert_eq!(own.strategy.id(), "portion");
    let robust = own.strategy.robust(20).unwrap();
    assert_eq!(robust.f, 3);
    assert_eq!(format!("{:?}", robust.rule), "Portion(0.25)");
    let written = own.to_toml().unwrap();
    let again = Experiment::parse(Path::new("e.toml"), &written, Vec::new());
    assert_eq!(again.unwrap().value, own);
}

#[test]
fn mistakes_in_its_table_are_told_as_in_any_other() {
    let told = refusal("[strategy.portoin]");
    assert!(told.contains("did you mean `portion`?"), "{told}");
    let told = refusal("[strategy.portion]\nfs = 3");
    assert!(
        told.contains("unknown key `fs` in `strategy.portion`"),
        "{told}"
    );
    let told = refusal("[strategy.portion]\nnorm_bound = 0.0");
    assert!(
        told.contains("`strategy.portion.norm_bound` must be above 0"),
        "{told}"
    );
    let told = refusal("[strategy.portion]\nsettings = { share = -1 }");
    assert!(told.contains("must be above 0, not -1"), "{told}");
}

#[test]
#[should_panic(expected = "`krum` is a strategy already")]
fn it_cannot_take_a_strategy_s_place() {
    register("krum", portion);
}
