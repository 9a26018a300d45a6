//! What privacy costs in utility: AUC over all hospitals against epsilon, as a table and a figure.
//!
//! `cargo run --release -p wardround --example utility [SEEDS [FILE ...]]`
//!
//! Plays each experiment (default `configs/private.toml` and `configs/private-lung-nodule.toml`) without
//! noise and at four epsilons, with as many seeds (default 3), and writes `utility.svg`. Noise comes from
//! the public seed: it does to a model what real noise does.

#![expect(clippy::print_stdout, reason = "the table is the output")]

#[path = "common/play.rs"]
mod play;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use wardround::config::Experiment;
use wardround::{Code, Failure};

/// The epsilons, the weakest protection first; infinite is no noise.
const EPSILONS: [f64; 5] = [f64::INFINITY, 8.0, 3.0, 1.0, 0.5];
const FILES: [&str; 2] = ["configs/private.toml", "configs/private-lung-nodule.toml"];
const FIGURE: &str = "utility.svg";

/// AUCs of one experiment: for each epsilon those of all seeds.
struct Curve {
    name: String,
    terms: String,
    aucs: Vec<Vec<f64>>,
}

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let seeds = words.next().and_then(|word| word.parse().ok()).unwrap_or(3);
    let mut files: Vec<PathBuf> = words.map(PathBuf::from).collect();
    if files.is_empty() {
        files.extend(FILES.map(PathBuf::from));
    }
    match table(&files, seeds) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            failure.exit_code()
        }
    }
}

fn table(files: &[PathBuf], seeds: u64) -> Result<(), Failure> {
    let curves: Result<Vec<Curve>, Failure> = files.iter().map(|file| curve(file, seeds)).collect();
    let curves = curves?;
    let heads = EPSILONS.map(|epsilon| match epsilon.is_finite() {
        true => format!("epsilon {epsilon}"),
        false => "no noise".to_owned(),
    });
    println!(
        "| AUC, mean of {seeds} seeds (least to most) | {} |",
        heads.join(" | ")
    );
    println!("|---|{}", "---|".repeat(heads.len()));
    for curve in &curves {
        let cells = curve.aucs.iter().map(|aucs| {
            let (least, most) = range(aucs);
            format!("{:.3} ({least:.3} to {most:.3})", mean(aucs))
        });
        println!(
            "| {} ({}) | {} |",
            curve.name,
            curve.terms,
            cells.collect::<Vec<_>>().join(" | ")
        );
    }
    std::fs::write(FIGURE, figure(&curves)).map_err(|error| {
        Failure::new(Code::CannotWrite, format!("cannot write {FIGURE}")).caused_by(error)
    })?;
    println!("\nfigure: {FIGURE}");
    Ok(())
}

fn curve(file: &Path, seeds: u64) -> Result<Curve, Failure> {
    let mut loaded = Experiment::load(file, Vec::new())?;
    let first = loaded.value.seed;
    let privacy = loaded.value.privacy.clone();
    let privacy = privacy
        .filter(|privacy| privacy.patient.is_some())
        .ok_or_else(|| {
            let message = format!("{} has no [privacy.patient]", file.display());
            Failure::new(Code::MissingKey, message)
        })?;
    loaded.value.baselines.alone = false;
    loaded.value.baselines.pooled = false;
    let mut aucs = Vec::new();
    for epsilon in EPSILONS {
        loaded.value.privacy = epsilon.is_finite().then(|| {
            let mut privacy = privacy.clone();
            privacy.budget = None;
            if let Some(patient) = &mut privacy.patient {
                (patient.epsilon, patient.noise_multiplier) = (Some(epsilon), None);
            }
            privacy
        });
        let mut of_seeds = Vec::new();
        for seed in first..first + seeds {
            loaded.value.seed = seed;
            of_seeds.push(play::auc(&loaded)?);
        }
        aucs.push(of_seeds);
    }
    Ok(Curve {
        name: loaded.value.name.clone(),
        terms: format!("unit: patient, delta {:e}", privacy.delta),
        aucs,
    })
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn range(values: &[f64]) -> (f64, f64) {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    (least, values.iter().copied().fold(0.0, f64::max))
}

/// Lines over equally spaced epsilons, with the range over seeds; AUC from .5 to 1.
fn figure(curves: &[Curve]) -> String {
    const COLOURS: [&str; 4] = ["#0b6e4f", "#b3541e", "#3b5998", "#7a3e9d"];
    let x = |place: usize| 80.0 + 130.0 * place as f64;
    let y = |auc: f64| 320.0 - 580.0 * (auc.clamp(0.5, 1.0) - 0.5);
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 700 400\" font-family=\"sans-serif\" \
         font-size=\"13\" role=\"img\" aria-label=\"AUC against epsilon\">\n",
    );
    // Writing to a string cannot fail.
    for auc in [0.5, 0.6, 0.7, 0.8, 0.9, 1.0] {
        let at = y(auc);
        let _ = writeln!(
            svg,
            "<path d=\"M80 {at}H600\" stroke=\"#ddd\"/><text x=\"70\" y=\"{}\" text-anchor=\"end\">{auc:.1}</text>",
            at + 4.0
        );
    }
    for (place, epsilon) in EPSILONS.iter().enumerate() {
        let word = match epsilon.is_finite() {
            true => epsilon.to_string(),
            false => "no noise".to_owned(),
        };
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"345\" text-anchor=\"middle\">{word}</text>",
            x(place)
        );
    }
    svg.push_str(
        "<text x=\"340\" y=\"368\" text-anchor=\"middle\">epsilon (unit: patient)</text>\n",
    );
    for (curve, colour) in curves.iter().zip(COLOURS.iter().cycle()) {
        let points: Vec<String> = curve
            .aucs
            .iter()
            .enumerate()
            .map(|(place, aucs)| format!("{},{}", x(place), y(mean(aucs))))
            .collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            points.join(" ")
        );
        for (place, aucs) in curve.aucs.iter().enumerate() {
            let (least, most) = range(aucs);
            let at = x(place);
            let _ = writeln!(
                svg,
                "<path d=\"M{at} {}V{}\" stroke=\"{colour}\"/><circle cx=\"{at}\" cy=\"{}\" r=\"4\" fill=\"{colour}\"/>",
                y(least),
                y(most),
                y(mean(aucs))
            );
        }
        let last = curve.aucs.last().map_or(0.5, |aucs| mean(aucs));
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" fill=\"{colour}\">{}</text>",
            x(4) + 12.0,
            y(last) + 4.0,
            curve.name
        );
    }
    svg.push_str("</svg>\n");
    svg
}
