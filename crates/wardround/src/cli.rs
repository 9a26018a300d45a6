//! The command line: verbs, flags, and which command each verb starts.
//!
//! Text for people goes to standard error, results to standard output.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::commands;
use crate::config::Layer;
use crate::failure::Failure;

/// Federated learning across hospitals: one model, and the patients stay where they are.
#[derive(Debug, Parser)]
#[command(
    name = "wardround",
    version,
    propagate_version = true,
    max_term_width = 100
)]
#[command(after_help = "Start with: wardround run configs/quickstart.toml\n\n\
    Exit codes: 0 ok, 1 the run failed, 2 usage, 3 configuration, 4 data, 5 connection,\n\
    6 quorum lost, 130 and 143 interrupted with everything saved.")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
    /// How much to say.
    #[command(flatten)]
    pub talk: Talk,
}

/// How much to say on standard error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Args)]
pub struct Talk {
    /// Say nothing but errors and results
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more; twice, still more
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Simulate an experiment in this process
    Run(RunArgs),
    /// Start a whole federation on this host: a coordinator and every hospital as a process
    Up(RunArgs),
    /// Serve an experiment to hospitals over gRPC
    Coordinator(RunArgs),
    /// Take part in an experiment as one hospital
    Hospital(HospitalArgs),
    /// Check an experiment and forecast what it will cost, without starting it
    Plan(PlanArgs),
    /// Make one self-contained page of one run, or of several side by side
    Report(ReportArgs),
    /// List, show, compare, remove and export runs
    Runs(RunsArgs),
    /// List the sources of data
    Scenarios(ListArgs),
    /// List the strategies with their settings, defaults and papers
    Strategies(ListArgs),
    /// Print the JSON Schema of the experiment file
    Schema(SchemaArgs),
    /// Explain an error code; without one, list all
    Explain(ExplainArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
}

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

/// Arguments of `hospital`.
#[derive(Debug, Clone, Args)]
pub struct HospitalArgs {
    /// The hospital's file: its name, its coordinator, its experiment
    #[arg(value_name = "HOSPITAL.toml")]
    pub file: PathBuf,
    /// Replace one setting of it: coordinator=http://127.0.0.1:7443 (repeatable)
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
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
    /// Where to write the page; default report.html in the first run
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

/// Arguments of `scenarios` and `strategies`.
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
}

/// Arguments of `explain`.
#[derive(Debug, Clone, Args)]
pub struct ExplainArgs {
    /// An error code, such as WR0103
    pub code: Option<String>,
}

/// Arguments of `completions`.
#[derive(Debug, Clone, Copy, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Reads the command line and does what it says. Errors are reported to standard error.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are told this way too, on standard output and with code 0.
            let code = u8::try_from(error.exit_code()).unwrap_or(2);
            // Nobody is left to tell when the stream is closed.
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    dispatch(cli).unwrap_or_else(|failure| {
        failure.print();
        failure.exit_code()
    })
}

/// Starts the command of a verb.
///
/// # Errors
/// What the command cannot do, for the user.
pub fn dispatch(cli: Cli) -> Result<ExitCode, Failure> {
    let talk = cli.talk;
    match cli.verb {
        Verb::Run(args) => commands::run::execute(&args, talk),
        Verb::Up(args) => commands::up::execute(&args, talk),
        Verb::Coordinator(args) => commands::coordinator::execute(&args, talk),
        Verb::Hospital(args) => commands::hospital::execute(&args, talk),
        Verb::Plan(args) => commands::plan::execute(&args, talk),
        Verb::Report(args) => commands::report::execute(&args, talk),
        Verb::Runs(args) => commands::runs::execute(args),
        Verb::Scenarios(args) => commands::scenarios::execute(args),
        Verb::Strategies(args) => commands::strategies::execute(args),
        Verb::Schema(args) => commands::schema::execute(&args),
        Verb::Explain(args) => commands::explain::execute(&args),
        Verb::Completions(args) => commands::completions::execute(args),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_become_layers_with_set_on_top() {
        let line = "wardround run a.toml --set seed=3 --seed 2 --threads 4 --out x=y -v";
        let Verb::Run(args) = parse(line).unwrap().verb else {
            panic!("not run")
        };
        let names: Vec<String> = args
            .overrides
            .layers()
            .unwrap()
            .into_iter()
            .map(|layer| layer.name)
            .collect();
        assert_eq!(
            names,
            ["--seed 2", "--threads 4", "--out x=y", "--set seed=3"]
        );
    }

    #[test]
    fn a_run_needs_an_experiment_or_a_run_to_resume_and_not_both() {
        assert!(parse("wardround run").is_err());
        assert!(parse("wardround run a.toml").is_ok());
        assert!(parse("wardround run --resume runs/x").is_ok());
        assert!(parse("wardround run a.toml --resume runs/x").is_err());
        assert!(parse("wardround run --resume runs/x --seed 3").is_err());
        assert!(parse("wardround run --resume runs/x --threads 3 --format json").is_ok());
        assert!(parse("wardround run a.toml --seed 18446744073709551615").is_err());
        assert!(parse("wardround run a.toml -q -v").is_err());
    }
}
