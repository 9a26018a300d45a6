//! All 64 attack answers of `byz_known_answers.json`, and its table of ALIE's z.

use serde_json::Value;
use ward_sim::adversary::{
    Alie, Honest, Ipm, Mimic, OptimalAlie, OptimalIpm, SignFlip, Target, z_max,
};

use crate::rules;

fn answers() -> Value {
    let text = include_str!("../../../../tests/vectors/byz_known_answers.json");
    serde_json::from_str(text).unwrap()
}

fn vector(value: &Value) -> Vec<f64> {
    let numbers = value.as_array().unwrap().iter();
    numbers.map(|v| v.as_f64().unwrap()).collect()
}

/// The text between `key=` and the comma or bracket that ends it, brackets inside it included.
fn setting<'a>(name: &'a str, key: &str) -> &'a str {
    let start = name.find(&format!("{key}=")).unwrap() + key.len() + 1;
    let mut depth = 0;
    let end = name[start..].find(|c: char| {
        depth += i32::from("([".contains(c)) - i32::from(")]".contains(c));
        depth < 0 || (depth == 0 && c == ',')
    });
    &name[start..start + end.unwrap()]
}

/// What our attack of byzfl's `name` sends.
fn ours(name: &str, honest: &Honest, colluders: usize) -> Vec<f64> {
    let number = |key| setting(name, key).parse::<f64>().unwrap();
    match name.split('(').next().unwrap() {
        "SignFlipping" => SignFlip { scale: 1.0 }.alter(&honest.mean()),
        "InnerProductManipulation" => Ipm { tau: number("tau") }.forge(honest),
        "ALittleIsEnough" => {
            let tau = Some(number("tau"));
            Alie { tau }.forge(honest, colluders)
        }
        "Mimic" => {
            let index = number("epsilon") as u32;
            Mimic { index }.forge(honest)
        }
        optimal => {
            let rule = rules::rule(setting(name, "agg"));
            let mixed = setting(name, "pre") == "[NNM]";
            let whole = move |all: &[&[f64]]| {
                if mixed {
                    let mixed = rules::nnm(all, colluders);
                    let mixed: Vec<&[f64]> = mixed.iter().map(Vec::as_slice).collect();
                    rule(&mixed, colluders)
                } else {
                    rule(all, colluders)
                }
            };
            let target = Target {
                rule: &whole,
                colluders,
                range: f64::INFINITY,
            };
            match optimal {
                "Optimal_ALIE" => OptimalAlie {}.forge(honest, &target),
                "Optimal_IPM" => OptimalIpm {}.forge(honest, &target),
                other => panic!("no attack is called {other}"),
            }
        }
    }
}

#[test]
fn every_attack_sends_what_byzfl_s_does() {
    let mut compared = 0;
    for case in answers()["attacks"].as_array().unwrap() {
        let updates = case["honest"].as_array().unwrap().iter().map(vector);
        let honest = Honest::new(updates.collect()).unwrap();
        let colluders = case["f"].as_u64().unwrap() as usize;
        for (name, expected) in case["byzfl_0_0_11"].as_object().unwrap() {
            let (got, expected) = (ours(name, &honest, colluders), vector(expected));
            let largest = expected.iter().fold(1.0_f64, |most, v| most.max(v.abs()));
            for (g, e) in got.iter().zip(&expected) {
                assert!(
                    (g - e).abs() <= 1e-9 * largest,
                    "{} of {}: {g} is not {e}",
                    name,
                    case["name"]
                );
            }
            assert_eq!(got.len(), expected.len());
            compared += 1;
        }
    }
    assert_eq!(compared, 64);
}

#[test]
fn z_max_is_the_paper_s_table() {
    let table = answers();
    let table = table["alie_zmax_baruch2019"].as_array().unwrap();
    for row in table {
        let number = |key: &str| row[key].as_u64().unwrap() as usize;
        let got = z_max(number("n"), number("f")).unwrap();
        let expected = row["z_max"].as_f64().unwrap();
        assert!((got - expected).abs() <= 1e-9, "{row}: {got}");
    }
    assert_eq!(table.len(), 7);
}
