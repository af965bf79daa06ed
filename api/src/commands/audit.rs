//! `trackside audit verify FILE`: checks an export of the audit log, without a server.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use trackside_engine::audit::chain;

use super::{Failed, print};

/// What to do with which file.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Check what `GET /api/v1/audit/export` answered; exits with 1 when something was done to it
    Verify {
        /// The file; `-` reads what is piped in
        file: PathBuf,
    },
}

/// Does it.
pub fn run(args: &Args) -> Result<ExitCode, Failed> {
    let What::Verify { file } = &args.what;
    let text = read(file).map_err(|error| Failed::Other(format!("{} cannot be read: {error}", file.display())))?;
    match chain::verify_export(text.lines()) {
        Ok(Some((workspace, seq, hash))) => {
            print::line(format_args!("ok     {workspace}: up to entry {seq}, {hash}"))?;
            Ok(ExitCode::SUCCESS)
        }
        Ok(None) => Err(Failed::Other(format!("{} holds no entries", file.display()))),
        Err(broken) => {
            print::line(format_args!("WRONG  {}", broken.detail))?;
            Ok(ExitCode::FAILURE)
        }
    }
}

fn read(file: &Path) -> std::io::Result<String> {
    if file != Path::new("-") {
        return std::fs::read_to_string(file);
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map(|_| text)
}
