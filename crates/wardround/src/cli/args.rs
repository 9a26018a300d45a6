//! The arguments of each verb.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::config::Layer;
use crate::failure::Failure;

/// How results are written to standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Default)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON value.
    Json,
}

/// Settings on top of a file's.
#[derive(Debug, Clone, Default, Args)]
pub struct Overrides {
    /// Replace one setting: training.batch_size=64, 'strategy={fedprox={mu=0.1}}' (repeatable)
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Seed of every public random choice
    #[arg(long, value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub seed: Option<u64>,
    /// Folder of run directories
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Worker threads; 0 is one a core. Results do not depend on it
    #[arg(long)]
    pub threads: Option<u16>,
}

impl Overrides {
    /// The overrides as layers, `--set` on top.
    ///
    /// # Errors
    /// When a `--set` cannot be understood.
    pub fn layers(&self) -> Result<Vec<Layer>, Failure> {
        let mut layers = Vec::new();
        if let Some(seed) = self.seed {
            layers.push(Layer::assigned(
                &format!("--seed {seed}"),
                &format!("seed={seed}"),
            )?);
        }
        if let Some(threads) = self.threads {
            let assignment = format!("simulation.threads={threads}");
            layers.push(Layer::assigned(
                &format!("--threads {threads}"),
                &assignment,
            )?);
        }
        if let Some(out) = &self.out {
            let out = out.to_string_lossy();
            layers.push(Layer::text(&format!("--out {out}"), "output.dir", &out)?);
        }
        for set in &self.set {
            layers.push(Layer::set(set)?);
        }
        Ok(layers)
    }
}

/// Arguments of `run`.
#[derive(Debug, Clone, Args)]
#[command(mut_arg("experiment", |arg| arg.required_unless_present("all_scenarios")))]
pub struct SimulateArgs {
    /// What to play, and how to tell it; an experiment's variants are played one after the other.
    #[command(flatten)]
    pub play: PlayArgs,
    /// Play the experiment of every scenario, one after the other, and print one table
    #[arg(long, conflicts_with_all = ["experiment", "resume"])]
    pub all_scenarios: bool,
}

/// Arguments of `up`, which sees the rows that tell how good a model is; and of `run`.
#[derive(Debug, Clone, Args)]
pub struct PlayArgs {
    /// What to play, and how to tell it.
    #[command(flatten)]
    pub run: RunArgs,
    /// Fail where the model does not pass its release gate, as release.require = true does
    #[arg(long)]
    pub require_release: bool,
}

/// Arguments of `run`, `up` and `coordinator`.
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    /// The experiment file
    #[arg(value_name = "EXPERIMENT.toml", required_unless_present = "resume")]
    pub experiment: Option<PathBuf>,
    /// Go on with a run from its last checkpoint, with its own settings
    #[arg(long, value_name = "RUN", conflicts_with_all = ["experiment", "set", "seed", "out"])]
    pub resume: Option<PathBuf>,
    /// Settings on top of the file's.
    #[command(flatten)]
    pub overrides: Overrides,
    /// How the results are written to standard output
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Arguments of `coordinator`.
#[derive(Debug, Clone, Args)]
pub struct CoordinatorArgs {
    /// What to serve, and how to tell it.
    #[command(flatten)]
    pub run: RunArgs,
    /// Write address and run directory to this file once it listens
    #[arg(long, value_name = "FILE")]
    pub announce: Option<PathBuf>,
    /// End with the process at the other end of standard input
    #[arg(long, hide = true)]
    pub tied: bool,
}

/// Arguments of `hospital`.
#[derive(Debug, Clone, Args)]
pub struct HospitalArgs {
    /// The hospital's file: its name, its coordinator, its experiment
    #[arg(value_name = "HOSPITAL.toml")]
    pub file: PathBuf,
    /// Replace one setting of it: coordinator=http://127.0.0.1:7443 (repeatable)
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// End with the process at the other end of standard input
    #[arg(long, hide = true)]
    pub tied: bool,
}

/// Arguments of `plan`.
#[derive(Debug, Clone, Args)]
pub struct PlanArgs {
    /// The experiment file
    #[arg(value_name = "EXPERIMENT.toml")]
    pub experiment: PathBuf,
    /// Settings on top of the file's.
    #[command(flatten)]
    pub overrides: Overrides,
    /// How the plan is written to standard output
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Arguments of `report`.
#[derive(Debug, Clone, Args)]
pub struct ReportArgs {
    /// Run directories; several are compared
    #[arg(value_name = "RUN", required = true)]
    pub runs: Vec<PathBuf>,
    /// Where to write the page; default report.html in the run, comparison.html here for several
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Arguments of `runs`.
#[derive(Debug, Clone, Args)]
pub struct RunsArgs {
    /// What to do with them; default `ls`
    #[command(subcommand)]
    pub verb: Option<RunsVerb>,
}

/// What to do with runs.
#[derive(Debug, Clone, Subcommand)]
pub enum RunsVerb {
    /// List the runs in a folder
    Ls {
        /// The folder of run directories
        #[arg(value_name = "DIR", default_value = "runs")]
        dir: PathBuf,
        /// How the list is written
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Show one run: what it was, how it ended, its results
    Show {
        /// The run directory
        run: PathBuf,
        /// How it is written
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Compare the settings and results of two runs
    Diff {
        /// The first run directory
        left: PathBuf,
        /// The second run directory
        right: PathBuf,
        /// How the comparison is written
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Remove run directories and everything in them
    Rm {
        /// The run directories
        #[arg(required = true)]
        runs: Vec<PathBuf>,
        /// Also runs that have not ended
        #[arg(long)]
        force: bool,
    },
    /// Play a run again from its model card, and say whether the same model comes out
    Replay {
        /// The model card, or the folder of the run that has it
        #[arg(value_name = "CARD")]
        card: PathBuf,
        /// Settings on top of the card's.
        #[command(flatten)]
        overrides: Overrides,
        /// How the answer is written
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Write the results of runs as one CSV table
    Export {
        /// The run directories
        #[arg(required = true)]
        runs: Vec<PathBuf>,
        /// Where to write it; default standard output
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// Arguments of `strategies`.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct StrategiesArgs {
    /// What to do; default is to list them
    #[command(subcommand)]
    pub verb: Option<StrategiesVerb>,
    /// How the list is written
    #[command(flatten)]
    pub list: ListArgs,
}

/// What to do with strategies.
#[derive(Debug, Clone, Subcommand)]
pub enum StrategiesVerb {
    /// Try what a strategy's aggregation rule claims: what it bears, what does not matter to it
    Check {
        /// The strategy: [strategy.NAME]
        #[arg(value_name = "NAME")]
        name: String,
        /// How the card is written
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

/// Arguments of `scenarios` and `samplers`, and of `strategies` without a verb.
#[derive(Debug, Clone, Copy, Args)]
pub struct ListArgs {
    /// How the list is written
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Arguments of `schema`.
#[derive(Debug, Clone, Args)]
pub struct SchemaArgs {
    /// Which file's schema
    #[arg(value_enum, default_value_t)]
    pub file: SchemaOf,
    /// Where to write it; default standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// The files that have a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Default)]
pub enum SchemaOf {
    /// The experiment file.
    #[default]
    Experiment,
    /// A hospital's file.
    Hospital,
    /// What `run`, `up` and `coordinator` print with `--format json`.
    Summary,
}

/// Arguments of `explain`.
#[derive(Debug, Clone, Args)]
pub struct ExplainArgs {
    /// An error code, such as WR0103
    pub code: Option<String>,
}

/// Arguments of `roster`.
#[derive(Debug, Clone, Args)]
pub struct RosterArgs {
    /// The experiment whose hospitals are to have keys
    #[arg(value_name = "EXP.toml")]
    pub experiment: PathBuf,
    /// A new folder for the roster and the keys
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

/// Arguments of `privacy`.
#[derive(Debug, Clone, Args)]
pub struct PrivacyArgs {
    /// What to compute
    #[command(subcommand)]
    pub verb: PrivacyVerb,
}

/// What to compute of differential privacy.
#[derive(Debug, Clone, Subcommand)]
pub enum PrivacyVerb {
    /// The epsilon that training with so much noise costs each patient
    Epsilon {
        /// Standard deviation of the noise over the clip norm
        #[arg(long, value_name = "Z", allow_negative_numbers = true)]
        noise_multiplier: f64,
        /// What is trained.
        #[command(flatten)]
        training: PrivateTraining,
    },
    /// The noise that keeps training within an epsilon
    Noise {
        /// The most that it may cost
        #[arg(long, value_name = "EPSILON", allow_negative_numbers = true)]
        epsilon: f64,
        /// What is trained.
        #[command(flatten)]
        training: PrivateTraining,
    },
}

/// How records are sampled, how often, and what is asked of the guarantee.
#[derive(Debug, Clone, Args)]
pub struct PrivateTraining {
    /// How the records of a step are chosen
    #[arg(long, value_enum, default_value_t)]
    pub sampler: RecordSampler,
    /// Probability of each record in each step (poisson, truncated-poisson)
    #[arg(long, value_name = "Q", allow_negative_numbers = true)]
    pub sampling_rate: Option<f64>,
    /// Records in a batch (fixed); the most (truncated-poisson)
    #[arg(long, value_name = "B")]
    pub batch: Option<u64>,
    /// Records in the data set (fixed, truncated-poisson)
    #[arg(long, value_name = "N")]
    pub records: Option<u64>,
    /// Noised steps; epochs where batches are shuffled
    #[arg(long, value_name = "T")]
    pub steps: u64,
    /// Probability with which the guarantee may fail
    #[arg(long, value_name = "D", allow_negative_numbers = true)]
    pub delta: f64,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// How the records of a step are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Default)]
pub enum RecordSampler {
    /// Each record independently, in secret.
    #[default]
    Poisson,
    /// The same, with a largest batch.
    TruncatedPoisson,
    /// A batch of one size, drawn afresh for each step.
    Fixed,
    /// Each record once in an epoch; nothing is claimed for the order.
    Shuffled,
    /// All records in each step.
    Full,
}

/// Arguments of `completions`.
#[derive(Debug, Clone, Copy, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}
