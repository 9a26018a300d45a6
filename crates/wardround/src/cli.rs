//! The command line: verbs, flags, and which command each verb starts.
//!
//! Text for people goes to standard error, results to standard output.

mod args;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use tracing_subscriber::filter::LevelFilter;

pub use args::{
    CompletionsArgs, CoordinatorArgs, ExplainArgs, Format, HospitalArgs, ListArgs, Overrides,
    PlanArgs, PlayArgs, PrivacyArgs, PrivacyVerb, PrivateTraining, RecordSampler, ReportArgs,
    RosterArgs, RunArgs, RunsArgs, RunsVerb, SchemaArgs, SchemaOf, SimulateArgs, StrategiesArgs,
    StrategiesVerb,
};

use crate::commands;
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

impl Talk {
    /// How much of the log is told: errors, warnings, what happens, details, everything.
    #[must_use]
    pub fn level(self) -> LevelFilter {
        match self.verbose {
            _ if self.quiet => LevelFilter::ERROR,
            0 => LevelFilter::WARN,
            1 => LevelFilter::INFO,
            2 => LevelFilter::DEBUG,
            _ => LevelFilter::TRACE,
        }
    }

    /// Writes the log to standard error from here on; a second call changes nothing.
    fn listen(self) {
        let stderr = std::io::stderr;
        let plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        let log = tracing_subscriber::fmt()
            .with_max_level(self.level())
            .with_ansi(stderr().is_terminal() && !plain)
            .with_writer(stderr);
        // Somebody else listens already.
        let _ = log.try_init();
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Simulate an experiment in this process
    Run(SimulateArgs),
    /// Start a whole federation on this host: a coordinator and every hospital as a process
    Up(PlayArgs),
    /// Serve an experiment to hospitals over gRPC
    Coordinator(CoordinatorArgs),
    /// Take part in an experiment as one hospital
    Hospital(HospitalArgs),
    /// Make the keys with which hospitals hide updates in their sum
    Roster(RosterArgs),
    /// Check an experiment and forecast what it will cost, without starting it
    Plan(PlanArgs),
    /// Make one self-contained page of one run, or of several side by side
    Report(ReportArgs),
    /// List, show, compare, remove and export runs
    Runs(RunsArgs),
    /// List the sources of data
    Scenarios(ListArgs),
    /// List the strategies with their settings, defaults and papers; check what one claims
    Strategies(StrategiesArgs),
    /// List the samplers with their settings and papers
    Samplers(ListArgs),
    /// Compute what differential privacy costs: epsilon from noise, noise from epsilon
    Privacy(PrivacyArgs),
    /// Print the JSON Schema of the experiment file
    Schema(SchemaArgs),
    /// Explain an error code; without one, list all
    Explain(ExplainArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
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
    cli.talk.listen();
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
        Verb::Roster(args) => commands::roster::execute(&args, talk),
        Verb::Plan(args) => commands::plan::execute(&args, talk),
        Verb::Report(args) => commands::report::execute(&args, talk),
        Verb::Runs(args) => commands::runs::execute(args, talk),
        Verb::Scenarios(args) => commands::scenarios::execute(args),
        Verb::Strategies(args) => commands::strategies::execute(&args),
        Verb::Samplers(args) => commands::samplers::execute(args),
        Verb::Privacy(args) => commands::privacy::execute(&args),
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
            .play
            .run
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
        assert!(parse("wardround run --all-scenarios --seed 3 --format json").is_ok());
        assert!(parse("wardround run a.toml --all-scenarios").is_err());
        assert!(parse("wardround run --resume runs/x --all-scenarios").is_err());
        assert!(parse("wardround up --all-scenarios").is_err());
        assert!(parse("wardround run").is_err() && parse("wardround up").is_err());
        assert!(parse("wardround up a.toml --require-release").is_ok());
        assert!(parse("wardround coordinator a.toml --require-release").is_err());
        assert!(parse("wardround run --resume runs/x --threads 3 --format json").is_ok());
        assert!(parse("wardround run a.toml --seed 18446744073709551615").is_err());
        assert!(parse("wardround run a.toml -q -v").is_err());
    }
}
