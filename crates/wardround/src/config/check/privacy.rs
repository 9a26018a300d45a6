//! Where noise would not hide whom it is to hide, or nobody can say how well it does.

use ward_core::{Algorithm, LocalWork};
use ward_data::{DataConfig, Federation, MissingValues, ScalingMode};
use ward_round::Visibility;
use ward_train::ModelSpec;

use super::found::Found;
use super::{adaptive_clipping, banded};
use crate::codes::Code;
use crate::config::samplers::SamplerConfig;
use crate::config::types::{
    Experiment, HospitalNoiseConfig, PatientConfig, PlacementConfig, PrivacyConfig, SamplingConfig,
    SecureAggregationConfig,
};

/// What can be told from the file alone.
pub(super) fn settings(found: &mut Found, experiment: &Experiment) {
    let Some(privacy) = &experiment.privacy else {
        return;
    };
    let probability = |v| v > 0.0 && v < 1.0;
    let range = "above 0 and below 1";
    found.number("privacy.delta", privacy.delta, range, probability);
    if let Some(budget) = privacy.budget {
        found.positive("privacy.budget", budget);
    }
    match (&privacy.patient, &privacy.hospital) {
        (Some(_), Some(_)) => {
            let message = "says what is noised, and so does `patient`: give one of them";
            found.add(Code::OneOfTwo, "privacy.hospital", message);
        }
        (None, None) => {
            let message = "noises nothing, so it protects nobody";
            found.add(Code::OneOfTwo, "privacy", message).help =
                Some("add [privacy.patient] or [privacy.hospital], or leave [privacy] out".into());
        }
        (Some(patient), None) => of_patients(found, experiment, patient),
        (None, Some(hospital)) => of_hospitals(found, experiment, hospital),
    }
    what_is_told_besides(found, experiment);
    if found.problems.is_empty() {
        reachable(found, experiment, privacy);
    }
}

fn of_patients(found: &mut Found, experiment: &Experiment, patient: &PatientConfig) {
    let path = "privacy.patient";
    found.positive(&format!("{path}.clip_norm"), patient.clip_norm);
    noise(found, path, patient.noise_multiplier, patient.epsilon);
    let share = |v| v > 0.0 && v <= 1.0;
    let range = "above 0 and up to 1";
    found.number(&format!("{path}.rate"), patient.rate, range, share);
    let truncated = patient.sampling == SamplingConfig::TruncatedPoisson;
    match patient.most {
        None if truncated => {
            let message = "needs `most`: the rows to which a step is cut";
            found.add(Code::MissingKey, &format!("{path}.sampling"), message);
        }
        Some(_) if !truncated => {
            let message = "is for sampling = \"truncated-poisson\" alone";
            found.add(Code::Combination, &format!("{path}.most"), message);
        }
        Some(0) => {
            let message = "must be at least 1, not 0";
            found.add(Code::OutOfRange, &format!("{path}.most"), message);
        }
        _ => {}
    }
    let depends_on_rows = match patient.sampling {
        SamplingConfig::TruncatedPoisson | SamplingConfig::FixedSize => true,
        SamplingConfig::Shuffled => matches!(experiment.training.work(), LocalWork::Steps(_)),
        SamplingConfig::Poisson | SamplingConfig::Full => false,
    };
    if patient.epsilon.is_some() && depends_on_rows {
        let message =
            "cannot be aimed at: what these draws cost depends on how many rows a hospital has";
        found
            .add(Code::Combination, &format!("{path}.epsilon"), message)
            .help =
            Some("give noise_multiplier; `wardround privacy noise` tells a good one".into());
    }
    if experiment.training.example_clip_norm != 0.0 {
        let message = "is what `privacy.patient.clip_norm` says: give that alone";
        let path = "training.example_clip_norm";
        found.add(Code::OneOfTwo, path, message);
    }
}

fn of_hospitals(found: &mut Found, experiment: &Experiment, hospital: &HospitalNoiseConfig) {
    let path = "privacy.hospital";
    found.positive(&format!("{path}.clip_norm"), hospital.clip_norm);
    noise(found, path, hospital.noise_multiplier, hospital.epsilon);
    if hospital.placement != PlacementConfig::Node
        && experiment.strategy.visibility() == Visibility::EachUpdate
    {
        let message = "looks at each update, and the noise is on their sum";
        found.add(Code::Combination, "strategy", message).help =
            Some("choose a strategy that needs only the sum, or placement = \"node\"".into());
    }
    let grouped = |masks: &SecureAggregationConfig| masks.groups > 1;
    if hospital.placement != PlacementConfig::Node
        && experiment.secure_aggregation.as_ref().is_some_and(grouped)
    {
        let message = "would give each group's sum a part of the noise only, and each is seen";
        let path = "secure_aggregation.groups";
        found.add(Code::Combination, path, message).help =
            Some("leave groups out, or choose privacy.hospital.placement = \"node\"".into());
    }
    adaptive_clipping::settings(found, experiment, hospital);
    banded::settings(found, experiment, hospital);
    let path = format!("{path}.honest");
    match (hospital.placement, &experiment.secure_aggregation) {
        (PlacementConfig::Shared, None) => {
            let message = "leaves too little noise on a single update, and nothing hides these";
            let path = "privacy.hospital.placement";
            found.add(Code::Combination, path, message).help =
                Some("add [secure_aggregation], or choose another placement".into());
        }
        (PlacementConfig::Shared, Some(masks)) => {
            let (honest, least) = (hospital.honest.unwrap_or(1), masks.min_survivors);
            if honest == 0 || honest > least {
                let message = format!(
                    "must be 1 to secure_aggregation.min_survivors ({least}), not {honest}: a sum may \
                     hold no more shares of the noise"
                );
                found.add(Code::OutOfRange, &path, message);
            }
        }
        _ if hospital.honest.is_some() => {
            let message = "is for placement = \"shared\" alone";
            found.add(Code::Combination, &path, message);
        }
        _ => {}
    }
}

fn noise(found: &mut Found, path: &str, multiplier: Option<f64>, epsilon: Option<f64>) {
    let given = [multiplier.is_some(), epsilon.is_some()];
    let help = "say how much noise: `noise_multiplier = 1.1`, or `epsilon = 3.0` for all rounds";
    found.one_of_two(path, given, ["noise_multiplier", "epsilon"], help);
    for (key, value) in [("noise_multiplier", multiplier), ("epsilon", epsilon)] {
        if let Some(value) = value {
            found.positive(&format!("{path}.{key}"), value);
        }
    }
}

/// What leaves hospitals beside noised updates.
fn what_is_told_besides(found: &mut Found, experiment: &Experiment) {
    let steered = "is made from all of a hospital's rows and steers every row's gradient, which no noise \
                   covers";
    let patients = experiment
        .privacy
        .as_ref()
        .is_some_and(|privacy| privacy.patient.is_some());
    let told = match experiment.preprocessing.scaling {
        ScalingMode::Federated => Some("tells sums of training rows, which no noise covers"),
        ScalingMode::Local if patients => Some(steered),
        ScalingMode::Local | ScalingMode::None => None,
    };
    if let Some(message) = told {
        found
            .add(Code::Combination, "preprocessing.scaling", message)
            .help = Some(
            "set preprocessing.scaling = \"none\", and give features on a scale that is known beforehand"
                .into(),
        );
    }
    if let DataConfig::Csv(csv) = &experiment.data
        && patients
        && matches!(
            csv.missing_values,
            MissingValues::Median | MissingValues::MedianAndIndicator
        )
    {
        let path = "data.csv.missing_values";
        found.add(Code::Combination, path, steered).help =
            Some("set data.csv.missing_values = \"drop-row\"".into());
    }
    let sampler = match experiment.sampler {
        SamplerConfig::PowerOfChoice(_) => "sampler.power-of-choice",
        SamplerConfig::Importance(_) => "sampler.importance",
        _ => return,
    };
    let message = "learns from each hospital's training loss, which no noise covers";
    found.add(Code::Combination, sampler, message);
}

/// An epsilon that some noise reaches.
fn reachable(found: &mut Found, experiment: &Experiment, privacy: &PrivacyConfig) {
    if let Err(error) = experiment.noise_multiplier() {
        let path = match privacy.patient {
            Some(_) => "privacy.patient.epsilon",
            None => "privacy.hospital.epsilon",
        };
        found.add(Code::OutOfRange, path, format!("is out of reach: {error}"));
    }
}

/// What the noise does not cover, told from the order itself; and a delta that promises nothing.
pub(super) fn with_data(found: &mut Found, experiment: &Experiment, federation: &Federation) {
    let Some(privacy) = &experiment.privacy else {
        return;
    };
    let source = federation.source();
    let model = ModelSpec::resolve(&experiment.model, source.shape(), source.classes());
    let (Ok(model), Some(ring)) = (model, experiment.resolved_ring(federation)) else {
        return; // told already
    };
    let order = experiment.order(&model, ring, federation.roster());
    if let Some(reason) = order.uncovered() {
        let path = match order.algorithm {
            Algorithm::Plain => "privacy",
            _ => "strategy",
        };
        let message = format!("would not be covered by the noise: {reason}");
        found.add(Code::Combination, path, message).help = Some(help(reason).into());
    }
    if let Some(finest) = experiment.finest_noise(federation.roster())
        && f64::from(ring.fraction_bits) > finest
    {
        let message = format!(
            "is {}, and noise of this deviation can be drawn exactly up to {finest}",
            ring.fraction_bits
        );
        found
            .add(Code::OutOfRange, "ring.fraction_bits", message)
            .help = Some("leave it out to have it chosen".into());
    }
    adaptive_clipping::with_ring(found, &order);
    banded::with_data(found, experiment, &order, federation.roster());
    if privacy.patient.is_none() || !source.synthetic() {
        return;
    }
    let rows = federation
        .roster()
        .iter()
        .map(|info| federation.rows(info.node).0);
    let fewest = rows.min().unwrap_or(1).max(1);
    if privacy.delta * fewest as f64 >= 1.0 {
        let message = format!(
            "must be below 1 / {fewest}, the rows of the smallest hospital, not {}: at that, one of its \
             rows could be published",
            privacy.delta
        );
        found.add(Code::OutOfRange, "privacy.delta", message);
    }
}

fn help(reason: &str) -> &'static str {
    if reason.contains("weight") || reason.contains("counts more") {
        "set round.weight = \"uniform\"; or, for patients, privacy.patient.sizes_are_public = true where \
         how many rows a hospital has is no secret"
    } else {
        "choose another strategy or personalisation, or leave [privacy] out"
    }
}

#[cfg(test)]
mod tests {
    use crate::config::check::said_of;

    const PRIVATE: &str = "rounds = 10
[data.emr-risk]
population = \"province-21\"
[model.logistic]
[training]
epochs = 1
[round]
weight = \"uniform\"
";

    fn said(sets: &[&str]) -> String {
        said_of(PRIVATE, sets)
    }

    fn patient(more: &[&str]) -> String {
        said(&[&["privacy.patient.noise_multiplier=1.1"], more].concat())
    }

    fn hospital(more: &[&str]) -> String {
        said(&[&["privacy.hospital.noise_multiplier=1.1"], more].concat())
    }

    #[test]
    fn what_protects_is_let_through() {
        assert_eq!(patient(&[]), "");
        assert_eq!(patient(&["privacy.patient.sampling=shuffled"]), "");
        assert_eq!(patient(&["strategy.scaffold={}"]), "");
        let public = [
            "round.weight=examples",
            "privacy.patient.sizes_are_public=true",
        ];
        assert_eq!(patient(&public), "");
        assert_eq!(said(&["privacy.patient.epsilon=3"]), "");
        assert_eq!(hospital(&[]), "");
        assert_eq!(
            hospital(&["privacy.hospital.placement=node", "strategy.median={}"]),
            ""
        );
        let shared = [
            "privacy.hospital.placement=shared",
            "secure_aggregation.min_survivors=11",
        ];
        assert_eq!(hospital(&shared), "");
    }

    #[test]
    fn example_weights_would_be_noised_too_little() {
        let refused = hospital(&["round.weight=examples"]);
        assert!(
            refused.contains("needs more noise than it would get"),
            "{refused}"
        );
        let refused = patient(&["round.weight=examples"]);
        assert!(refused.contains("tells how many rows"), "{refused}");
    }

    #[test]
    fn what_no_noise_covers_is_refused() {
        assert!(patient(&["preprocessing.scaling=federated"]).contains("sums of training rows"));
        assert!(hospital(&["preprocessing.scaling=federated"]).contains("sums of training rows"));
        assert!(patient(&["preprocessing.scaling=local"]).contains("steers every row's gradient"));
        assert_eq!(hospital(&["preprocessing.scaling=local"]), "");
        assert!(patient(&["sampler.importance.count=5"]).contains("training loss"));
        assert!(patient(&["strategy.qfedavg={}"]).contains("loss of training rows"));
        let tensors = "personalisation.private-intercept={}";
        assert!(patient(&[tensors]).contains("trained without noise"));
        assert!(hospital(&["strategy.scaffold={}"]).contains("is not clipped"));
        assert!(hospital(&["strategy.median={}"]).contains("looks at each update"));
        let placement = "privacy.hospital.placement=shared";
        assert!(hospital(&[placement]).contains("nothing hides these"));
        let groups = [placement, "secure_aggregation.groups=5"];
        assert!(hospital(&groups).contains("a part of the noise"));
        let honest = [
            placement,
            "secure_aggregation={}",
            "privacy.hospital.honest=9",
        ];
        assert!(hospital(&honest).contains("1 to secure_aggregation.min_survivors (3), not 9"));
    }

    #[test]
    fn settings_that_say_nothing_or_too_much_are_told() {
        assert!(said(&["privacy.budget=3"]).contains("noises nothing"));
        assert!(patient(&["privacy.hospital.epsilon=3"]).contains("give one of them"));
        assert!(patient(&["privacy.patient.epsilon=3"]).contains("give one of them"));
        assert!(
            said(&["privacy.patient.rate=0.1"]).contains("needs `noise_multiplier` or `epsilon`")
        );
        assert!(patient(&["privacy.patient.rate=1.5"]).contains("up to 1"));
        assert!(patient(&["privacy.delta=0"]).contains("above 0 and below 1"));
        assert!(patient(&["privacy.delta=0.05"]).contains("1 / "));
        assert!(patient(&["training.example_clip_norm=1"]).contains("give that alone"));
        let truncated = "privacy.patient.sampling=truncated-poisson";
        assert!(patient(&[truncated]).contains("needs `most`"));
        let aimed = [
            "privacy.patient.epsilon=3",
            "privacy.patient.sampling=fixed-size",
        ];
        assert!(said(&aimed).contains("cannot be aimed at"));
        let beyond = ["privacy.patient.epsilon=1e-9", "privacy.delta=1e-12"];
        assert!(said(&beyond).contains("out of reach"));
    }
}
