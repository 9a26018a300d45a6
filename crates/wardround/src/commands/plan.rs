//! `wardround plan`: the resolved configuration, what it will cost, and whether it can work.

mod adoption;
mod affords;
mod course;
mod forecast;
mod masked;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::process::ExitCode;

use serde::Serialize;
use ward_core::RoundId;
use ward_observe::text;

pub use adoption::AdoptionForecast;
pub use affords::AffordsForecast;
pub use forecast::{Forecast, RingForecast, RowsForecast, SumsForecast, TierForecast};

use super::output::{print, print_json, table};
use crate::cli::{Format, PlanArgs, Talk};
use crate::config::{Experiment, Loaded, Opened, Series};
use crate::failure::Failure;
use crate::privacy_terms::PrivacyForecast;

/// The share of rounds without a model from which on it is worth a word.
const OFTEN: f64 = 0.05;
/// The most adversaries that are named.
const MOST_NAMES: usize = 12;

/// What `plan --format json` prints.
#[derive(Debug, Clone, Serialize)]
pub struct Planned {
    /// All settings, defaults too.
    pub config: Experiment,
    /// What the run will cost.
    pub forecast: Forecast,
    /// What it will cost in privacy; `null` where nothing is noised.
    pub privacy: Option<PrivacyForecast>,
    /// What can work and may yet surprise.
    pub warnings: Vec<String>,
}

impl Planned {
    /// The plan of an experiment with its data.
    #[must_use]
    pub fn of(experiment: &Experiment, opened: &Opened) -> Self {
        let forecast = Forecast::of(experiment, opened);
        let mut warnings = warnings(experiment, &forecast);
        warnings.extend(opened.federation.source().warnings());
        Self {
            config: experiment.clone(),
            forecast,
            privacy: PrivacyForecast::of(experiment, opened),
            warnings,
        }
    }
}

/// Prints the plan.
///
/// # Errors
/// Everything that is wrong with the experiment, alone or with its data.
pub fn execute(args: &PlanArgs, talk: Talk) -> Result<ExitCode, Failure> {
    let series = Series::load(&args.experiment, &args.overrides.layers()?)?;
    let plan = |loaded: &Loaded<Experiment>| {
        let opened = loaded.open()?;
        Ok(Planned::of(&loaded.value, &opened))
    };
    let plans = series.experiments.iter().map(|(_, loaded)| plan(loaded));
    let plans: Vec<Planned> = plans.collect::<Result<_, Failure>>()?;
    match (args.format, plans.as_slice()) {
        (Format::Json, [one]) if !series.varied => print_json(one)?,
        (Format::Json, several) => print_json(&several)?,
        (Format::Text, several) => {
            for (planned, (name, _)) in several.iter().zip(&series.experiments) {
                if series.varied {
                    print(&format!("# variant {}\n\n", text::plain(name)))?;
                }
                match talk.quiet {
                    true => print(&planned.config.to_toml()?)?,
                    false => print(&page(planned)?)?,
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Settings that can work and may yet surprise.
fn warnings(experiment: &Experiment, forecast: &Forecast) -> Vec<String> {
    let mut warnings = Vec::new();
    let deadline = experiment.round.deadline_s;
    if forecast.longest_round_s >= deadline {
        warnings.push(format!(
            "a round takes {} with these lines and computers, as long as its deadline of {}: \
             hospitals will be silent; raise round.deadline_s",
            text::seconds(forecast.longest_round_s),
            text::seconds(deadline)
        ));
    }
    let simulation = &experiment.simulation;
    if forecast.quorum == forecast.cohort && (simulation.silent > 0.0 || simulation.outages) {
        warnings.push(
            "the quorum is the whole cohort and hospitals are to be silent: one of them is enough \
             to lose a round; lower round.quorum or raise round.over_selection"
                .into(),
        );
    }
    if forecast.chance_of_nobody > OFTEN {
        warnings.push(format!(
            "{:.0}% of rounds ask nobody and make no model: raise sampler.poisson.rate or rounds",
            forecast.chance_of_nobody * 100.0
        ));
    }
    if forecast.evaluations == 0 {
        warnings.push(
            "round.evaluate_every = 0: there will be no curve; the final model is still compared"
                .into(),
        );
    }
    if !experiment.baselines.alone && !experiment.baselines.pooled {
        warnings.push("both baselines are off: nothing will show what federation gives".into());
    }
    warnings
}

/// How many rounds, and how many hospitals each asks.
fn rounds(config: &Experiment, forecast: &Forecast) -> String {
    let count = |number: usize| text::count(number as u64);
    let rounds = forecast.rounds;
    if forecast.mean_cohort < forecast.cohort as f64 {
        return format!(
            "{rounds}, each asks {:.1} on average and {} at most, closes with {:.0}% of those asked \
             at its deadline; {:.2}% of rounds ask nobody",
            forecast.mean_cohort,
            count(forecast.cohort),
            config.round.quorum * 100.0,
            forecast.chance_of_nobody * 100.0
        );
    }
    format!(
        "{rounds}, each asks {}, aims at {}, closes with {} at its deadline",
        count(forecast.cohort),
        count(forecast.target),
        count(forecast.quorum)
    )
}

/// Of how many rows the patients consent, and how many have not withdrawn; `None` where all rows are used.
fn rows_used(forecast: &Forecast) -> Option<String> {
    let (first, later) = forecast.rows_used.split_first()?;
    if first.rows == forecast.rows_present && later.is_empty() {
        return None;
    }
    let mut used = format!(
        "{} of {} present",
        text::count(first.rows),
        text::count(forecast.rows_present)
    );
    for RowsForecast { from_round, rows } in later {
        // A String cannot refuse.
        let _ = write!(used, ", {} from round {from_round} on", text::count(*rows));
    }
    Some(used)
}

/// What the coordinator learns of a masked round.
fn seen(sums: &SumsForecast) -> String {
    let SumsForecast {
        groups,
        smallest,
        largest,
        fewest_updates,
    } = sums;
    if *groups == 1 {
        return format!(
            "the sum of a round's updates, of {fewest_updates} at least, and none of them alone"
        );
    }
    let of = match smallest == largest {
        true => smallest.to_string(),
        false => format!("{smallest} or {largest}"),
    };
    format!(
        "the mean of each of {groups} groups of {of} hospitals, of {fewest_updates} updates at least, \
         and none of them alone; groups are dealt anew each round"
    )
}

/// The plan as text: the settings as TOML, the forecast as its comments.
fn page(planned: &Planned) -> Result<String, Failure> {
    let Planned {
        config,
        forecast,
        privacy,
        warnings,
    } = planned;
    let mut page = String::from("# The experiment with all its defaults.\n\n");
    page.push_str(&config.to_toml()?);
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |name: &str, value: String| rows.push(vec![format!("# {name}"), value]);
    let count = |number: usize| text::count(number as u64);
    row(
        "privacy",
        privacy.as_ref().map_or_else(
            || "nothing is noised: epsilon is infinite".to_owned(),
            PrivacyForecast::line,
        ),
    );
    row(
        "data",
        format!(
            "{}: {} training and {} test rows in {}",
            config.data.id(),
            text::count(forecast.training_rows),
            text::count(forecast.test_rows),
            text::things(forecast.hospitals as u64, "hospital", "hospitals")
        ),
    );
    if let Some(used) = rows_used(forecast) {
        row("rows used", used);
    }
    if let Some(drift) = config.data.drift() {
        let last = RoundId(config.rounds.saturating_sub(1));
        row(
            "drift",
            format!(
                "{drift} at each step, a step every {}, {} by the last round; test rows drift too",
                text::things(drift.every.into(), "round", "rounds"),
                text::things(drift.steps(last).into(), "step", "steps")
            ),
        );
    }
    row(
        "model",
        match forecast.models {
            1 => format!("{} parameters", count(forecast.parameters)),
            models if config.border.is_some() => format!(
                "{models}, of {} parameters each; a hospital has that of its region",
                count(forecast.parameters)
            ),
            models => format!(
                "{models}, of {} parameters each; a hospital has the one that fits its training \
                 rows best",
                count(forecast.parameters)
            ),
        },
    );
    if let (Some(pretraining), Some(whole)) = (&config.pretraining, forecast.whole_model) {
        row(
            "pretrained",
            format!(
                "{} parameters on {} public rows; the last layer alone is trained on and sent",
                count(whole),
                text::count(pretraining.rows)
            ),
        );
    }
    row("rounds", rounds(config, forecast));
    if forecast.may_be_asked < forecast.hospitals {
        let by = match config.sampler.settings().condition() {
            Some(_) => ", by `where`",
            None => "",
        };
        row(
            "may be asked",
            format!(
                "{} of {} hospitals{by}",
                count(forecast.may_be_asked),
                count(forecast.hospitals)
            ),
        );
    }
    if !forecast.affords.is_empty() {
        row(
            "can afford it",
            text::plain(&AffordsForecast::line(&forecast.affords)),
        );
    }
    if let Some(border) = &config.border {
        let exchanges = border.exchanges(config.rounds);
        row(
            "border",
            format!(
                "{} between {}",
                text::things(exchanges.into(), "exchange", "exchanges"),
                text::plain(
                    &border
                        .regions
                        .keys()
                        .cloned()
                        .collect::<Vec<_>>()
                        .join(", ")
                )
            ),
        );
    }
    if let Some(adoption) = &forecast.adoption {
        row("have joined", adoption.line());
    }
    if let Some(personalisation) = &config.personalisation {
        row(
            "own models",
            format!(
                "{}: each hospital keeps {}",
                personalisation.id(),
                text::things(forecast.own_numbers, "number", "numbers")
            ),
        );
    }
    if let Some(adversaries) = &config.adversaries {
        let names = &forecast.adversaries;
        row(
            "adversaries",
            format!(
                "{} from round {} on: {}",
                adversaries.attack,
                u64::from(adversaries.from_round) + 1,
                text::plain(&text::names(names, MOST_NAMES))
            ),
        );
    }
    row(
        "scored",
        format!("{} times, at every hospital", forecast.evaluations),
    );
    row(
        "to hospitals",
        format!(
            "{} in {}",
            text::bytes(forecast.bytes_down),
            text::things(forecast.messages_down, "message", "messages")
        ),
    );
    row(
        "from hospitals",
        format!(
            "{} in {}",
            text::bytes(forecast.bytes_up),
            text::things(forecast.messages_up, "message", "messages")
        ),
    );
    for tier in &forecast.tiers {
        row(
            &format!("  one {}", text::plain(&tier.tier)),
            format!(
                "{} to, {} from it ({}, {})",
                text::bytes(tier.bytes_down_per_hospital),
                text::bytes(tier.bytes_up_per_hospital),
                text::things(tier.hospitals, "hospital", "hospitals"),
                text::things(tier.training_rows, "training row", "training rows")
            ),
        );
    }
    row(
        "simulated time",
        format!(
            "{}; the longest round {}",
            text::seconds(forecast.simulated_s),
            text::seconds(forecast.longest_round_s)
        ),
    );
    row(
        "memory",
        format!(
            "about {} beside the program",
            text::bytes(forecast.memory_bytes)
        ),
    );
    row(
        "ring",
        format!(
            "words of {} bits, steps of 2^-{}, updates up to {}, {:.1} bits of headroom",
            forecast.ring.word_bits,
            forecast.ring.fraction_bits,
            forecast.ring.range,
            forecast.ring.headroom_bits
        ),
    );
    if let Some(sums) = &forecast.sums {
        row("coordinator sees", seen(sums));
    }
    page.push_str("\n# Forecast, where nobody is silent or late:\n");
    page.push_str(&table(&rows));
    for warning in warnings {
        // A String cannot refuse.
        let _ = writeln!(page, "# warning: {}", text::plain(warning));
    }
    Ok(page)
}
