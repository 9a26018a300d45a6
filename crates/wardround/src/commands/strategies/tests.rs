//! The list, as it is printed and as a program reads it.

use super::*;

#[test]
fn the_list_shows_the_defaults_that_the_file_has() {
    let listed = serde_json::to_value(strategies()).unwrap();
    let ids = |kind: &str| -> Vec<&str> {
        let all = listed.as_array().unwrap().iter();
        let of_kind = all.filter(|info| info["kind"] == kind);
        of_kind.map(|info| info["id"].as_str().unwrap()).collect()
    };
    let own = [
        "fine-tuning",
        "fedper",
        "fedrep",
        "fedbn",
        "private-intercept",
        "ditto",
        "apfl",
    ];
    assert_eq!(ids("personalisation"), own);
    for id in own {
        let experiment = format!("personalisation.{id} = {{}}");
        let table: std::collections::BTreeMap<String, PersonalisationConfig> =
            toml::from_str(&experiment).unwrap();
        assert_eq!(table["personalisation"].id(), id);
        assert!(PersonalisationConfig::defaults().contains(&table["personalisation"]));
    }
    assert_eq!(ids("before"), ["nnm", "arc", "bucketing", "clipping"]);
    for info in listed.as_array().unwrap() {
        if info["kind"] == "before" {
            let id = info["id"].as_str().unwrap();
            let example: BeforeConfig = serde_json::from_value(info["example"].clone()).unwrap();
            assert_eq!(example.about().id, id);
            assert_eq!(info["example"] == id, info["settings"] == "none");
            assert!(info["example"] == id || info["example"][id].is_number());
        }
    }
    let ids = ids("strategy");
    assert_eq!(
        ids,
        [
            "fedavg",
            "fedavgm",
            "fedprox",
            "feddyn",
            "scaffold",
            "fednova",
            "fedexp",
            "qfedavg",
            "ifca",
            "fedadam",
            "fedadamw",
            "fedyogi",
            "fedadagrad",
            "fedlamb",
            "fedlars",
            "robust",
            "median",
            "trimmed-mean",
            "meamed",
            "krum",
            "multi-krum",
            "bulyan",
            "geometric-median",
            "centred-clipping",
            "mda",
            "caf",
            "norm-bounding",
            "fltrust",
            "sign-majority",
        ]
    );
    for id in ids {
        let experiment = format!("strategy.{id} = {{}}");
        let table: std::collections::BTreeMap<String, StrategyConfig> =
            toml::from_str(&experiment).unwrap();
        assert_eq!(table["strategy"].id(), id);
        assert!(StrategyConfig::defaults().contains(&table["strategy"]));
    }
    assert_eq!(listed[4]["visibility"], "sum-only");
    assert_eq!(listed[8]["visibility"], "sum-only");
    assert_eq!(listed[15]["visibility"], "each-update");
    assert_eq!(listed[21]["bears"], "f where n >= 4f + 3");
}

#[test]
fn the_text_reads() {
    expect_test::expect_file!["list.txt"].assert_eq(&text(&strategies()));
}
