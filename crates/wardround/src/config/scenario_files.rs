//! The experiments of `configs/scenarios/`, as the program carries them: they play from any folder.

use std::path::PathBuf;

use ward_core::metric::name::{ACCURACY, AUC, BALANCED_ACCURACY};

use super::layer::Layer;
use super::load::Loaded;
use super::types::Experiment;
use super::variants::Series;
use crate::failure::Failure;

/// The experiment of one scenario.
#[derive(Debug, Clone, Copy)]
pub struct ScenarioFile {
    /// The scenario's word: `[data.ID]`.
    pub id: &'static str,
    /// The metric that its ceiling is best known for.
    pub metric: &'static str,
    /// Name and text of the file that it extends.
    base: Option<(&'static str, &'static str)>,
    text: &'static str,
}

macro_rules! file {
    ($id:literal, $metric:ident, $base:expr) => {
        ScenarioFile {
            id: $id,
            metric: $metric,
            base: $base,
            text: include_str!(concat!("../../../../configs/scenarios/", $id, ".toml")),
        }
    };
}

const QUICKSTART: (&str, &str) = (
    "configs/quickstart.toml",
    include_str!("../../../../configs/quickstart.toml"),
);
const LUNG_NODULE: (&str, &str) = (
    "configs/lung-nodule.toml",
    include_str!("../../../../configs/lung-nodule.toml"),
);

/// All of them, in the order of `wardround scenarios`.
pub const SCENARIO_FILES: &[ScenarioFile] = &[
    file!("lung-nodule", AUC, Some(LUNG_NODULE)),
    file!("diabetic-retinopathy", ACCURACY, None),
    file!("oesophageal-cancer", BALANCED_ACCURACY, None),
    file!("coronary-ct", AUC, None),
    file!("thyroid-ultrasound", BALANCED_ACCURACY, None),
    file!("dental", ACCURACY, None),
    file!("oral-pathology", ACCURACY, None),
    file!("one-minute-clinic", ACCURACY, None),
    file!("agent-hospital", ACCURACY, None),
    file!("county-imaging", AUC, None),
    file!("multimodal", AUC, None),
    file!("wearables", AUC, None),
    file!("emr-risk", AUC, Some(QUICKSTART)),
];

impl ScenarioFile {
    /// Reads and checks it, with `above` on top.
    ///
    /// # Errors
    /// What is wrong with `above`.
    pub fn load(&self, above: Vec<Layer>) -> Result<Loaded<Experiment>, Failure> {
        let own = format!("configs/scenarios/{}.toml", self.id);
        let mut layers = Vec::new();
        if let Some((name, text)) = self.base {
            layers.push(Layer::file(name, text)?);
        }
        layers.push(Layer::file(&own, self.text)?);
        layers.extend(above);
        Experiment::stacked(&PathBuf::from(own), layers)
    }
}

/// The experiments of all scenarios, with `above` on top of each.
///
/// # Errors
/// What is wrong with `above`.
pub fn series(above: &[Layer]) -> Result<Series, Failure> {
    let load = |file: &ScenarioFile| Ok((file.id.to_owned(), file.load(above.to_vec())?));
    Ok(Series {
        name: "scenarios".to_owned(),
        experiments: SCENARIO_FILES
            .iter()
            .map(load)
            .collect::<Result<_, Failure>>()?,
        varied: true,
    })
}

/// The metric to tell of a scenario.
#[must_use]
pub fn metric(id: &str) -> Option<&'static str> {
    let file = SCENARIO_FILES.iter().find(|file| file.id == id)?;
    Some(file.metric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_is_carried_as_its_file_says() {
        let known = ward_data::SCENARIOS.iter().map(|info| info.id);
        let known: Vec<&str> = known.filter(|id| *id != "csv").collect();
        let carried: Vec<&str> = SCENARIO_FILES.iter().map(|file| file.id).collect();
        assert_eq!(known, carried);
        for file in SCENARIO_FILES {
            let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../configs/scenarios");
            let path = folder.join(format!("{}.toml", file.id));
            let on_disk = Experiment::load(&path, Vec::new()).unwrap().value;
            assert_eq!(file.load(Vec::new()).unwrap().value, on_disk, "{}", file.id);
            assert_eq!(on_disk.data.id(), file.id);
        }
    }

    #[test]
    fn settings_on_top_are_of_the_command_line() {
        let above = vec![Layer::set("rounds=2").unwrap()];
        assert_eq!(SCENARIO_FILES[3].load(above).unwrap().value.rounds, 2);
        let above = vec![Layer::set("rouns=2").unwrap()];
        let said = SCENARIO_FILES[3]
            .load(above)
            .unwrap_err()
            .render(400, false);
        assert!(said.contains("rouns"), "{said}");
    }
}
