//! The command line. Exit codes: 0 done, 1 failed or something is wrong, 2 the configuration is wrong or what was asked
//! cannot be done.

mod audit;
pub mod doctor;
mod flags;
mod migrate;
mod node;
mod print;
mod rules;
mod serve;
mod worker;

use std::fmt;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use trackside_engine::Error;

use crate::config::{BadConfig, Config};
use flags::Flags;

/// Automation engine and project service.
#[derive(Parser)]
#[command(name = "trackside", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Exports of the audit log
    Audit(audit::Args),
    /// Say what is wrong with the database, Redis, or the configuration; exits with 1 when something is
    Doctor(Flags),
    /// Bring the database up to date and end
    Migrate(Flags),
    /// Print the OpenAPI document
    Openapi {
        /// Print instead what would break a client of this older document; exits with 1 when anything would
        #[arg(long, value_name = "FILE")]
        against: Option<std::path::PathBuf>,
    },
    /// Rules as YAML files
    Rules(rules::Args),
    /// Serve the API, and work as well unless told not to
    Serve(Flags),
    /// Work only: dispatch events, carry on runs
    Worker(Flags),
}

/// Why a command did not do what it should.
#[derive(Debug)]
pub enum Failed {
    /// The configuration is wrong.
    Config(BadConfig),
    /// The command cannot do what it was asked: a folder that is not there, a server that does not answer.
    Use(String),
    /// Something else is; the text says what to do.
    Other(String),
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => write!(f, "wrong configuration: {error}"),
            Self::Use(text) | Self::Other(text) => f.write_str(text),
        }
    }
}

impl From<BadConfig> for Failed {
    fn from(error: BadConfig) -> Self {
        Self::Config(error)
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        let mut text = error.detail.clone();
        let mut cause = std::error::Error::source(&error);
        while let Some(source) = cause {
            text.push_str(&format!(" ({source})"));
            cause = source.source();
        }
        Self::Other(text)
    }
}

/// The program.
pub fn main() -> ExitCode {
    // clap answers wrong flags with exit code 2 by itself.
    match run(Cli::parse().command) {
        Ok(code) => code,
        Err(failed) => {
            eprintln!("trackside: {failed}");
            ExitCode::from(if matches!(failed, Failed::Config(_) | Failed::Use(_)) { 2 } else { 1 })
        }
    }
}

fn run(command: Command) -> Result<ExitCode, Failed> {
    let done = |()| ExitCode::SUCCESS;
    match command {
        Command::Audit(args) => audit::run(&args),
        Command::Doctor(flags) => {
            let config = flags.config()?;
            block_on(doctor::run(&config))
        }
        Command::Migrate(flags) => block_on(migrate::run(&logged(&flags)?)).map(done),
        Command::Openapi { against: None } => {
            print::text(crate::openapi::json())?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Openapi { against: Some(file) } => compare(&file),
        Command::Rules(args) => block_on(rules::run(args)),
        Command::Serve(flags) => block_on(serve::run(logged(&flags)?)).map(done),
        Command::Worker(flags) => block_on(worker::run(logged(&flags)?)).map(done),
    }
}

/// Says what a client of an older document would no longer find.
fn compare(file: &std::path::Path) -> Result<ExitCode, Failed> {
    let failed = |what: &dyn fmt::Display| Failed::Other(format!("{} cannot be read: {what}", file.display()));
    let old = std::fs::read(file).map_err(|error| failed(&error))?;
    let old = serde_json::from_slice(&old).map_err(|error| failed(&error))?;
    let new = serde_json::from_str(&crate::openapi::json()).map_err(|error| failed(&error))?;
    let found = crate::compat::breaking(&old, &new);
    found.iter().try_for_each(print::line)?;
    Ok(if found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The configuration, with logging started by it.
fn logged(flags: &Flags) -> Result<Config, Failed> {
    let config = flags.config()?;
    crate::log::start(&config)?;
    Ok(config)
}

fn block_on<T>(work: impl Future<Output = Result<T, Failed>>) -> Result<T, Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failed::Other(format!("the async runtime cannot be started: {error}")))?;
    let outcome = runtime.block_on(work);
    // What still blocks a thread (a scan, a look-up of a name) must not keep the process: all that counts is closed.
    runtime.shutdown_background();
    outcome
}
