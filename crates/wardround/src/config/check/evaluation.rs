//! What can be wrong with what is asked of the trained model.

use ward_core::NodeInfo;
use ward_data::Federation;
use ward_train::ModelConfig;

use super::found::Found;
use crate::codes::Code;
use crate::config::suggest::closest;
use crate::config::types::{
    ClinicalConfig, EdgeConfig, Experiment, ExternalConfig, InversionConfig, ReadingQueueConfig,
    ReleaseClass, ReleaseConfig,
};

const INSIDE: &str = "above 0 and below 1";
const SHARE: &str = "0 to 1";

fn inside(value: f64) -> bool {
    value > 0.0 && value < 1.0
}

fn share(value: f64) -> bool {
    (0.0..=1.0).contains(&value)
}

/// What can be told from the file alone.
pub(super) fn settings(found: &mut Found, experiment: &Experiment) {
    let evaluation = &experiment.evaluation;
    if let Some(config) = &evaluation.clinical {
        clinical(found, config);
    }
    if let Some(config) = &evaluation.external {
        external(found, config);
    }
    if let Some(config) = &evaluation.reading_queue {
        reading_queue(found, config);
    }
    if let Some(config) = &evaluation.edge {
        edge(found, config);
    }
    if let Some(config) = &evaluation.inversion {
        inversion(found, config, &experiment.model);
    }
    if let Some(config) = &experiment.release {
        release(found, config, evaluation.external.is_some());
    }
}

fn clinical(found: &mut Found, config: &ClinicalConfig) {
    let path = |key: &str| format!("evaluation.clinical.{key}");
    found.number(&path("specificity"), config.specificity, INSIDE, inside);
    found.number(&path("sensitivity"), config.sensitivity, INSIDE, inside);
    for (index, threshold) in config.thresholds.iter().enumerate() {
        found.number(
            &path(&format!("thresholds.{index}")),
            *threshold,
            INSIDE,
            inside,
        );
    }
}

fn external(found: &mut Found, config: &ExternalConfig) {
    let path = "evaluation.external";
    let given = [config.hospitals.is_some(), config.share.is_some()];
    let help = "name some: hospitals = [\"county-01\"]; or have a share of them drawn: share = 0.2";
    found.one_of_two(path, given, ["hospitals", "share"], help);
    found.number(
        &format!("{path}.share"),
        config.share.unwrap_or(0.5),
        INSIDE,
        inside,
    );
    if config.hospitals.as_ref().is_some_and(Vec::is_empty) {
        let path = format!("{path}.hospitals");
        found.add(
            Code::OutOfRange,
            &path,
            "must name a hospital, or be left out",
        );
    }
}

fn reading_queue(found: &mut Found, config: &ReadingQueueConfig) {
    let path = |key: &str| format!("evaluation.reading_queue.{key}");
    found.number(&path("load"), config.load, INSIDE, inside);
    found.positive(&path("minutes"), config.minutes);
    found.positive(&path("minutes_with_ai"), config.minutes_with_ai);
    found.at_least(&path("cases"), config.cases, 100);
    for (tier, readers) in &config.readers {
        found.at_least(&path(&format!("readers.{tier}")), *readers, 1);
    }
    if config.minutes_with_ai > config.minutes {
        let message = "is longer than a read without the model: the queue would grow without end";
        found.add(Code::Combination, &path("minutes_with_ai"), message);
    }
}

fn edge(found: &mut Found, config: &EdgeConfig) {
    found.at_least("evaluation.edge.most_bytes", config.most_bytes, 1);
    found.number("evaluation.edge.most_drop", config.most_drop, SHARE, share);
    found.positive("evaluation.edge.most_micros", config.most_micros);
}

fn inversion(found: &mut Found, config: &InversionConfig, model: &ModelConfig) {
    found.at_least("evaluation.inversion.rows", config.rows, 1);
    for (index, batch) in config.batches.iter().enumerate() {
        let path = format!("evaluation.inversion.batches.{index}");
        found.at_least(&path, *batch, 1);
        if *batch > config.rows {
            let message = format!("is more than the {} rows that are attacked", config.rows);
            found.add(Code::Combination, &path, message).help = Some("set rows to it".into());
        }
    }
    if matches!(model, ModelConfig::Cnn(_)) {
        let message = "needs a model whose first layer is dense, and the cnn's is a convolution";
        let help = "take [model.mlp] or [model.logistic]";
        found
            .add(Code::Combination, "evaluation.inversion", message)
            .help = Some(help.into());
    }
}

fn release(found: &mut Found, config: &ReleaseConfig, external: bool) {
    for (key, value) in [
        ("least_auc", config.least_auc),
        ("most_calibration_error", config.most_calibration_error),
        ("least_sensitivity", config.least_sensitivity),
        ("least_specificity", config.least_specificity),
    ] {
        found.number(&format!("release.{key}"), value, SHARE, share);
    }
    found.at_least("release.external_hospitals", config.external_hospitals, 1);
    let threshold = config.threshold.unwrap_or(0.5);
    found.number("release.threshold", threshold, INSIDE, inside);
    if config.class == ReleaseClass::Autonomous && !external {
        let message = "III needs external hospitals, and all of them train";
        let help = "keep some out of training: [evaluation.external] with share = 0.2";
        found.add(Code::Combination, "release.class", message).help = Some(help.into());
    }
}

/// What can be told once the data are open.
pub(super) fn with_data(found: &mut Found, experiment: &Experiment, federation: &Federation) {
    let evaluation = &experiment.evaluation;
    let classes = federation.source().classes();
    let asked = [
        ("evaluation.clinical", evaluation.clinical.is_some()),
        (
            "evaluation.reading_queue",
            evaluation.reading_queue.is_some(),
        ),
        ("evaluation.membership", evaluation.membership.is_some()),
        ("release", experiment.release.is_some()),
    ];
    for (path, _) in asked.iter().filter(|(_, asked)| *asked && classes != 2) {
        let message = format!("is for two classes, and the data have {classes}");
        found.add(Code::Combination, path, message);
    }
    let source = federation.source();
    let read = |info| source.reader(info).is_some();
    if evaluation.readers.is_some() && !source.roster().iter().any(read) {
        let message = format!(
            "needs a scenario with human readers, and `{}` has none",
            source.id()
        );
        let help = "thyroid-ultrasound has them";
        found
            .add(Code::Combination, "evaluation.readers", message)
            .help = Some(help.into());
    }
    if let Some(config) = &evaluation.external {
        external_with_data(found, experiment, config, federation.roster());
    }
}

fn external_with_data(
    found: &mut Found,
    experiment: &Experiment,
    config: &ExternalConfig,
    roster: &[NodeInfo],
) {
    let path = "evaluation.external";
    for (index, name) in config.hospitals.iter().flatten().enumerate() {
        if roster.iter().any(|info| info.name == *name) {
            continue;
        }
        let names = roster.iter().map(|info| info.name.as_str());
        let message = format!("names `{name}`, and no hospital is called so");
        let problem = found.add(
            Code::UnknownChoice,
            &format!("{path}.hospitals.{index}"),
            message,
        );
        problem.help = closest(name, names).map(|name| format!("did you mean `{name}`?"));
    }
    let count = experiment.external(roster).len();
    let key = match config.share {
        Some(_) => "share",
        None => "hospitals",
    };
    let place = format!("{path}.{key}");
    if count == 0 && config.share.is_some() {
        let message = format!("rounds to none of {} hospitals", roster.len());
        found.add(Code::TooFewHospitals, &place, message);
    }
    if count > 0 && experiment.crowd(roster).admitted == 0 {
        let message = "leaves no hospital to train";
        found.add(Code::TooFewHospitals, &place, message).help =
            Some("keep fewer hospitals out".into());
    }
    let least = experiment.release.as_ref();
    let least = least.filter(|release| release.class == ReleaseClass::Autonomous);
    if let Some(least) = least.map(|release| release.external_hospitals as usize)
        && count < least
    {
        let message = format!("keeps {count} out of training, and release.class III needs {least}");
        found.add(Code::TooFewHospitals, &place, message);
    }
}

#[cfg(test)]
mod tests {
    use crate::config::check::said_of;

    const BASE: &str = "rounds = 2\n[data.emr-risk]\n[model.logistic]\n[training]\nepochs = 1\n";

    #[test]
    fn what_cannot_be_asked_is_said_where_it_stands() {
        for (set, expected) in [
            ("evaluation.clinical={}", ""),
            ("evaluation.inversion={}", ""),
            (
                "evaluation.inversion={batches=[64]}",
                "is more than the 32 rows that are attacked",
            ),
            (
                "evaluation.inversion={batches=[0]}",
                "evaluation.inversion.batches",
            ),
            (
                "evaluation.readers={}",
                "needs a scenario with human readers, and `emr-risk` has none",
            ),
            ("evaluation.clinical.specificity=1.0", "above 0 and below 1"),
            (
                "evaluation.clinical.thresholds=[0.2,0.0]",
                "evaluation.clinical.thresholds",
            ),
            ("evaluation.external={}", "needs `hospitals` or `share`"),
            ("evaluation.external={share=0.2}", ""),
            ("evaluation.external={share=0.01}", "rounds to none of 21"),
            (
                "evaluation.external={share=0.99}",
                "leaves no hospital to train",
            ),
            (
                "evaluation.external={hospitals=['county-07']}",
                "no hospital is called so",
            ),
            ("evaluation.external={hospitals=['county-01']}", ""),
            ("evaluation.reading_queue.load=1.0", "above 0 and below 1"),
            (
                "evaluation.reading_queue.minutes_with_ai=11.0",
                "longer than a read",
            ),
            ("evaluation.reading_queue.readers={county=0}", "at least 1"),
            ("evaluation.edge.most_bytes=0", "at least 1"),
            ("release={class='III'}", "needs external hospitals"),
            ("release={class='II'}", ""),
            ("release.least_auc=1.5", "0 to 1"),
        ] {
            let said = said_of(BASE, &[set]);
            let right = match expected {
                "" => said.is_empty(),
                words => said.contains(words),
            };
            assert!(right, "{set}: {said}");
        }
        let three = ["release={class='III'}", "evaluation.external={share=0.1}"];
        assert!(said_of(BASE, &three).contains("keeps 2 out of training"));
        let classes = BASE.replace("emr-risk", "dental");
        let said = said_of(&classes, &["evaluation.clinical={}"]);
        assert!(said.contains("is for two classes"), "{said}");
    }
}
