//! One experiment file, several runs: each is the file with the settings of one `[[variants]]` on
//! top, and the command line above that.

use std::path::Path;

use ward_core::metric::name::ACCURACY;

use super::layer::Layer;
use super::load::Loaded;
use super::problem::Problem;
use super::types::Experiment;
use crate::codes::Code;
use crate::failure::Failure;

/// The experiments of one file.
#[derive(Debug)]
pub struct Series {
    /// The file's own name.
    pub name: String,
    /// One for each variant, with its name; the file alone where it has none.
    pub experiments: Vec<(String, Loaded<Experiment>)>,
    /// Whether the file has variants: one is a series too.
    pub varied: bool,
}

impl Series {
    /// Reads and checks the file at `path` and each of its variants, with `above` on top of all.
    ///
    /// # Errors
    /// As [`Experiment::load`], of the file and then of the first variant that is wrong.
    pub fn load(path: &Path, above: &[Layer]) -> Result<Self, Failure> {
        let load = |above| Experiment::load(path, above);
        let mut whole = load(above.to_vec())?;
        let variants = std::mem::take(&mut whole.value.variants);
        if variants.is_empty() {
            return Ok(Self::one(whole));
        }
        let mut experiments = Vec::new();
        for variant in variants {
            let mut layers = Vec::new();
            for set in &variant.set {
                layers.push(own(&variant.name, set)?);
            }
            layers.extend(above.iter().cloned());
            let mut loaded = load(layers)?;
            loaded.value.variants.clear();
            loaded.value.name = format!("{}-{}", loaded.value.name, variant.name);
            experiments.push((variant.name, loaded));
        }
        Ok(Self {
            name: whole.value.name,
            experiments,
            varied: true,
        })
    }

    /// One experiment alone.
    #[must_use]
    pub fn one(loaded: Loaded<Experiment>) -> Self {
        let name = loaded.value.name.clone();
        Self {
            experiments: vec![(name.clone(), loaded)],
            name,
            varied: false,
        }
    }

    /// The metric to tell of all: accuracy where hospitals have models of their own, since a private
    /// intercept changes no order of cases and so no AUC. Otherwise the run's own first one.
    #[must_use]
    pub fn metric(&self) -> Option<&'static str> {
        let own =
            |(_, loaded): &(String, Loaded<Experiment>)| loaded.value.personalisation.is_some();
        self.experiments.iter().any(own).then_some(ACCURACY)
    }
}

/// The layer of one setting of a variant.
fn own(variant: &str, set: &str) -> Result<Layer, Failure> {
    Layer::assigned(&format!("variant `{variant}`: {set}"), set)
}

/// What is wrong with the variants of a file, each by itself.
pub(super) fn problems(experiment: &Experiment) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut refuse = |at: usize, key: &str, message: String| {
        let path = format!("variants.{at}.{key}");
        problems.push(Problem::new(Code::BadName, &path, message));
    };
    for (at, variant) in experiment.variants.iter().enumerate() {
        let name = &variant.name;
        if super::check::unusable(name) {
            let message = "becomes part of a folder's name: it cannot be empty or hold a slash or \
                           a control character";
            refuse(at, "name", message.into());
        }
        let before = &experiment.variants[..at];
        if before.iter().any(|other| other.name == *name) {
            refuse(at, "name", "is another variant's already".into());
        }
        for (which, set) in variant.set.iter().enumerate() {
            let layer = own(name, set);
            if let Ok(layer) = &layer
                && ["variants", "extends", "name"]
                    .iter()
                    .any(|key| layer.table().contains_key(key))
            {
                let message = "sets what is the file's alone: `name`, `extends` or `variants`";
                refuse(at, &format!("set.{which}"), message.into());
            }
            if layer.is_err() {
                let message = "must be a setting as after --set: path=value";
                refuse(at, &format!("set.{which}"), message.into());
            }
        }
    }
    problems
}

/// Why an experiment with variants is not one run.
pub(super) fn several(experiment: &Experiment) -> Option<Problem> {
    let names: Vec<&str> = experiment
        .variants
        .iter()
        .map(|v| v.name.as_str())
        .collect();
    let message = format!(
        "are {} runs, which `wardround run` plays one after the other; here there can be one",
        names.len()
    );
    let help = "take one: its settings with --set, and --set 'variants=[]'";
    (!names.is_empty()).then(|| Problem::new(Code::Combination, "variants", message).help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = r#"
name = "base"
rounds = 4
[data.emr-risk]
population = "ward-3"
[model.logistic]
[training]
steps = 2
"#;

    fn series(variants: &str, above: &[&str]) -> Result<Series, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("e.toml");
        std::fs::write(&path, format!("{BASE}{variants}")).unwrap();
        let above: Vec<Layer> = above.iter().map(|set| Layer::set(set).unwrap()).collect();
        Series::load(&path, &above)
    }

    fn said(variants: &str) -> String {
        series(variants, &[]).unwrap_err().render(400, false)
    }

    #[test]
    fn each_variant_is_the_file_with_its_own_settings_below_the_command_line() {
        let two = "[[variants]]\nname = \"plain\"\n[[variants]]\nname = \"prox\"\n\
                   set = [\"rounds=9\", \"seed=5\", \"strategy={fedprox={mu=0.5}}\"]\n";
        let found = series(two, &["seed=7"]).unwrap();
        let told: Vec<_> = found
            .experiments
            .iter()
            .map(|(name, loaded)| {
                let e = &loaded.value;
                (
                    name.as_str(),
                    e.name.as_str(),
                    e.rounds,
                    e.seed,
                    e.strategy.id(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("plain", "base-plain", 4, 7, "fedavg"),
                ("prox", "base-prox", 9, 7, "fedprox"),
            ]
        );
        assert!(found.varied);
        // What is written into a run directory is one experiment.
        let written = found.experiments[1].1.value.to_toml().unwrap();
        assert!(!written.contains("variants"), "{written}");
    }

    #[test]
    fn a_file_without_variants_is_one_experiment_of_its_own_name() {
        let found = series("", &[]).unwrap();
        assert!(!found.varied);
        assert_eq!(found.experiments[0].0, "base");
        assert_eq!(found.experiments[0].1.value.name, "base");
    }

    #[test]
    fn what_a_variant_cannot_be_is_said_where_it_stands() {
        let text = said("[[variants]]\nname = \"a/b\"\n");
        assert!(
            text.contains("variants.0.name") && text.contains("slash"),
            "{text}"
        );
        let text = said("[[variants]]\nname = \"a\"\n[[variants]]\nname = \"a\"\n");
        assert!(
            text.contains("variants.1.name") && text.contains("another"),
            "{text}"
        );
        let text = said("[[variants]]\nname = \"a\"\nset = [\"rounds\"]\n");
        assert!(
            text.contains("variants.0.set.0") && text.contains("path=value"),
            "{text}"
        );
        let text = said("[[variants]]\nname = \"a\"\nset = [\"variants=[]\"]\n");
        assert!(text.contains("the file's alone"), "{text}");
        let text = said("[[variants]]\nname = \"a\"\nset = [\"rounds=-3\"]\n");
        assert!(text.contains("variant `a`: rounds=-3"), "{text}");
        let text = said("[[variants]]\nname = \"a\"\nst = []\n");
        assert!(text.contains("st") && text.contains("WR0103"), "{text}");
    }

    #[test]
    fn where_one_run_is_meant_several_are_refused() {
        let text = format!("{BASE}[[variants]]\nname = \"a\"\n");
        let loaded = Experiment::parse(Path::new("e.toml"), &text, Vec::new()).unwrap();
        let refused = loaded.open().unwrap_err().render(400, false);
        assert!(refused.contains("`variants` are 1 runs"), "{refused}");
    }
}
