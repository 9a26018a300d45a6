//! Golden transcripts of refusals, and laws of loading.

mod adversaries;
mod files;
mod personalisation;
mod refusals;

use std::fs;
use std::path::Path;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::codes::Code;
use crate::failure::Failure;

const GOOD: &str = include_str!("../../../../configs/quickstart.toml");

fn sets(texts: &[&str]) -> Vec<Layer> {
    texts.iter().map(|text| Layer::set(text).unwrap()).collect()
}

fn parse(text: &str, above: &[&str]) -> Result<Loaded<Experiment>, Failure> {
    Experiment::parse(Path::new("exp.toml"), text, sets(above))
}

/// The report on `text`, without its frame of a header.
fn refused(text: &str, above: &[&str], expected: &Expect) {
    let failure = parse(text, above).map(|_| ()).unwrap_err();
    assert_eq!(failure.exit(), 3);
    expected.assert_eq(&failure.render(100, false));
}

const SMALL: &str = "rounds = 5
[data.emr-risk]
population = \"ward-3\"
[model.logistic]
[training]
epochs = 1
";

#[test]
fn what_is_resolved_reads_back_as_the_same_experiment() {
    for above in [
        &[][..],
        &[
            "training.optimizer={adam={}}",
            "sampler.uniform.fraction=0.3",
        ],
    ] {
        let experiment = parse(GOOD, above).unwrap().value;
        let text = experiment.to_toml().unwrap();
        let again = parse(&text, &[]).unwrap().value;
        assert_eq!(again, experiment);
        assert_eq!(again.to_toml().unwrap(), text);
    }
    assert!(
        parse(GOOD, &[])
            .unwrap()
            .value
            .to_toml()
            .unwrap()
            .contains("learning_rate = 0.3\n")
    );
}

#[test]
fn every_committed_config_opens() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs");
    let mut seen = 0;
    let entries = [
        folder.clone(),
        folder.join("scenarios"),
        folder.join("obstacles"),
    ]
    .map(|f| fs::read_dir(f).unwrap());
    for entry in entries.into_iter().flatten() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            let series = Series::load(&path, &[]);
            let series = series.unwrap_or_else(|failure| panic!("{}", failure.render(100, false)));
            for (_, loaded) in series.experiments {
                let opened = match (&loaded.value.data, &loaded.value.model) {
                    // Files of rows are not in the repository.
                    (ward_data::DataConfig::Csv(_), _) => continue,
                    (_, ward_train::ModelConfig::Own(_)) => {
                        let refused = loaded.open().unwrap_err().render(100, false);
                        assert!(refused.contains("this program has no model `residual`"));
                        continue;
                    }
                    _ => loaded.open(),
                };
                opened.unwrap_or_else(|failure| panic!("{}", failure.render(100, false)));
                seen += 1;
            }
        }
    }
    assert!(seen >= 6);
}

/// A valid configuration with pieces cut, doubled, swapped or replaced.
fn mutated() -> impl Strategy<Value = String> {
    let edit = (0..GOOD.len(), 0..40_usize, "[a-z0-9=.\\[\\]\"\n{}é-]{0,8}");
    prop::collection::vec(edit, 1..6).prop_map(|edits| {
        let mut text = GOOD.to_owned();
        for (at, cut, new) in edits {
            let at = text.floor_char_boundary(at.min(text.len()));
            let end = text.ceil_char_boundary((at + cut).min(text.len()));
            text.replace_range(at..end, &new);
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn no_text_can_make_it_panic(text in "\\PC*", above in "\\PC{0,20}") {
        let layers = Layer::set(&above).into_iter().collect();
        if let Err(failure) = Experiment::parse(Path::new("x"), &text, layers) {
            prop_assert!(!failure.render(80, false).is_empty());
        }
    }

    #[test]
    fn no_damage_to_a_config_can_make_it_panic(
        text in mutated(),
        above in "(training|data|strategy|x)(\\.(sgd|emr-risk|l2|fedprox|0)){0,3}=[0-9a-z{}=.\"-]{0,12}",
    ) {
        let layers: Vec<Layer> = Layer::set(&above).into_iter().collect();
        if let Err(failure) = Experiment::parse(Path::new("x"), &text, layers) {
            prop_assert!(failure.render(80, false).contains("wardround explain WR0"));
            prop_assert_eq!(failure.exit(), 3);
        }
    }
}
