//! `trackside rules export|check|diff|apply DIR`: rules as YAML files in a repository. A file and a rule belong together by
//! the rule's name. `check` needs no server and no database; the others ask the REST API.
//!
//! Exit codes: 0 all is well, or there is no difference; 1 problems or differences, also such for which the server refuses to
//! apply; 2 the command could not do what it was asked: wrong use, a folder that is not there, a wrong token, a server that
//! does not answer.

mod changes;
mod check;
mod files;
mod remote;
mod variables;

use std::io::{BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use serde_json::json;
use trackside_rules::{Problem, Severity};

use super::{Failed, print};
use changes::{Changes, rules, told_missing};
use files::{Folder, Found};
use remote::{Refused, Remote};
use variables::Settings;

/// What to do with which folder.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Make the server's rules what the files say, all or none; shows the difference first. New rules begin as drafts
    Apply {
        #[command(flatten)]
        compared: Compared,
        /// Enable new rules at once
        #[arg(long)]
        enable: bool,
        /// Do not ask. Nobody is asked where no terminal is, either
        #[arg(long)]
        yes: bool,
        /// Prune also where the folder has no rule at all, which would take every rule of the workspace
        #[arg(long)]
        allow_empty: bool,
    },
    /// Check the files as saving would, and against one another, without a server; exits with 1 when there are errors
    Check {
        /// The folder with the files
        dir: PathBuf,
        /// Exit with 1 for warnings as well: rules that can start themselves again or contradict each other
        #[arg(long)]
        strict: bool,
        #[command(flatten)]
        shown: Shown,
    },
    /// Show what `apply` would change; exits with 1 when there is something
    Diff {
        #[command(flatten)]
        compared: Compared,
    },
    /// Write the server's rules into files; a file whose rule is the same stays as it is
    Export {
        /// The folder for the files
        dir: PathBuf,
        /// Write the variables and the names of secrets into variables.yaml, also when there is no such file yet
        #[arg(long)]
        variables: bool,
        #[command(flatten)]
        server: Server,
    },
}

/// A folder, and what it is compared with.
#[derive(clap::Args)]
struct Compared {
    /// The folder with the files
    dir: PathBuf,
    /// What becomes of rules that have no file; with it, variables that are not in variables.yaml are deleted
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "delete")]
    prune: Option<Prune>,
    #[command(flatten)]
    shown: Shown,
    #[command(flatten)]
    server: Server,
}

/// How it is shown.
#[derive(clap::Args)]
struct Shown {
    /// For people or for programs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Whether differences are coloured
    #[arg(long, value_enum, default_value_t = Color::Auto)]
    color: Color,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines: path:line:column: error: message; differences as a unified diff
    Text,
    /// One JSON document
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    Always,
    Never,
}

/// What becomes of rules that have no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Prune {
    /// They are deleted, with their runs
    Delete,
    /// They are switched off
    Pause,
}

/// Where the server is. The token comes from TRACKSIDE_TOKEN alone: a flag would show in the list of processes.
#[derive(clap::Args)]
struct Server {
    /// Where the server is
    #[arg(long, env = "TRACKSIDE_URL", default_value = "http://127.0.0.1:8080")]
    url: String,
}

impl Server {
    fn remote(&self) -> Result<Remote, Failed> {
        Remote::new(&self.url, std::env::var("TRACKSIDE_TOKEN").ok().filter(|token| !token.is_empty()))
    }
}

impl Shown {
    fn colours(&self) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty())
            }
        }
    }
}

pub async fn run(args: Args) -> Result<ExitCode, Failed> {
    match args.what {
        What::Check { dir, strict, shown } => check(&dir, strict, &shown),
        What::Export { dir, variables, server } => export(&dir, variables, &server.remote()?).await,
        What::Diff { compared } => diff(&compared).await,
        What::Apply { compared, enable, yes, allow_empty } => apply(&compared, enable, yes, allow_empty).await,
    }
}

fn code(well: bool) -> ExitCode {
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn check(dir: &Path, strict: bool, shown: &Shown) -> Result<ExitCode, Failed> {
    let folder = Folder::read(dir)?;
    if folder.files.is_empty() {
        let dir = dir.display();
        return Err(Failed::Use(format!("there is no rule in {dir}: name the folder with the .yaml files")));
    }
    let found = check::problems(&folder, &check::library()?);
    let (errors, warnings) = check::count(&found);
    let well = errors == 0 && (warnings == 0 || !strict);
    if shown.format == Format::Json {
        let told = json!({
            "ok": well, "rules": folder.files.len(), "errors": errors, "warnings": warnings,
            "problems": check::json(&found),
        });
        print::line(told)?;
    } else {
        found.iter().try_for_each(|found| print::line(check::line(found)))?;
        let many = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        let told = (rules(folder.files.len()), many(errors, "error"), many(warnings, "warning"));
        print::line(format_args!("{} checked, {}, {}", told.0, told.1, told.2))?;
    }
    Ok(code(well))
}

async fn export(dir: &Path, with_variables: bool, remote: &Remote) -> Result<ExitCode, Failed> {
    let known = remote.list().await?;
    let mut names = std::collections::BTreeSet::new();
    if let Some(twin) = known.iter().find(|stored| !names.insert(stored.rule.name.as_str())) {
        let name = &twin.rule.name;
        return Err(Failed::Use(format!("two rules on the server are called `{name}`; give one another name")));
    }
    std::fs::create_dir_all(dir).map_err(|error| files::failed(dir, &error))?;
    let mut folder = Folder::read(dir)?;
    for stored in &known {
        let (path, written) = folder.write(&stored.rule)?;
        print::line(format_args!("{} {}", if written { "wrote" } else { "same " }, path.display()))?;
    }
    if with_variables || folder.settings.is_some() {
        let settings = Settings { variables: remote.variables().await?, secrets: remote.secrets().await? };
        let known = folder.settings.take();
        let same = matches!(&known, Some((_, Ok(known))) if *known == settings);
        let path = known.map_or_else(|| dir.join("variables.yaml"), |(path, _)| path);
        if !same {
            std::fs::write(&path, settings.yaml()?).map_err(|error| files::failed(&path, &error))?;
        }
        print::line(format_args!("{} {}", if same { "same " } else { "wrote" }, path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A folder whose files can be read and whose names are their own; what else is wrong is told by the server. Nothing when
/// there is something wrong with it, which has been told then.
fn read(compared: &Compared, whole: bool) -> Result<Option<Folder>, Failed> {
    let folder = Folder::read(&compared.dir)?;
    let mut found = check::problems(&folder, &check::library()?);
    found.retain(|found| found.problem.severity == Severity::Error);
    let unread = |found: &Found| {
        let code = found.problem.code.as_str();
        let file = folder.files.iter().find(|file| file.path == found.path);
        code == "duplicate_name" || file.is_none_or(|file| file.rule.is_err())
    };
    found.retain(|found| whole || unread(found));
    if found.is_empty() {
        return Ok(Some(folder));
    }
    match compared.shown.format {
        Format::Text => check::complain(&found),
        Format::Json => print::line(json!({ "applied": false, "problems": check::json(&found) }))?,
    }
    Ok(None)
}

async fn diff(compared: &Compared) -> Result<ExitCode, Failed> {
    let Some(folder) = read(compared, false)? else { return Ok(ExitCode::FAILURE) };
    let changes = Changes::find(&folder, &compared.server.remote()?, compared.prune).await?;
    match compared.shown.format {
        Format::Text => print::text(changes.text(compared.shown.colours())?)?,
        Format::Json => print::line(changes.json()?)?,
    }
    Ok(code(changes.is_empty()))
}

async fn apply(compared: &Compared, enable: bool, yes: bool, allow_empty: bool) -> Result<ExitCode, Failed> {
    let remote = compared.server.remote()?;
    let Some(folder) = read(compared, true)? else {
        print::error("nothing was changed: correct the files first");
        return Ok(ExitCode::FAILURE);
    };
    if compared.prune.is_some() && folder.files.is_empty() && !allow_empty {
        let folder = compared.dir.display();
        print::error(format!(
            "nothing was changed: {folder} has no rule, and --prune would take every rule of the workspace. Is it the right folder? If it is, add --allow-empty"
        ));
        return Ok(ExitCode::FAILURE);
    }
    let changes = Changes::find(&folder, &remote, compared.prune).await?;
    let for_people = compared.shown.format == Format::Text;
    if for_people {
        print::text(changes.text(compared.shown.colours())?)?;
    }
    let mut refused = Vec::new();
    if !changes.missing.is_empty() {
        let path = folder.settings.as_ref().map(|(path, _)| path.clone()).unwrap_or_default();
        let missing = |place| Problem::new("no_such_secret", "/secrets", told_missing(place));
        let found = |problem| Found { path: path.clone(), line: 1, column: 1, problem };
        refused.extend(changes.missing.iter().map(missing).map(found));
    } else if changes.is_empty() {
        let told = "nothing to change: the server has what the files say";
        if for_people {
            print::line(told)?
        } else {
            print::line(told_json(&changes, true, &[])?)?
        }
        return Ok(ExitCode::SUCCESS);
    } else if for_people && !yes && !agreed()? {
        print::error("nothing was changed");
        return Ok(ExitCode::FAILURE);
    } else {
        let (request, paths) = changes.request(enable);
        if let Err(Refused { detail, errors }) = remote.apply(&request).await? {
            refused.extend(errors.into_iter().map(|(pointer, message)| placed(&folder, &paths, &pointer, message)));
            print::error(detail);
        }
    }
    if for_people {
        check::complain(&refused);
    } else {
        print::line(told_json(&changes, refused.is_empty(), &refused)?)?;
    }
    if !refused.is_empty() {
        print::error("nothing was changed");
        return Ok(ExitCode::FAILURE);
    }
    if for_people {
        print::line(changes.summary())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn told_json(changes: &Changes, applied: bool, refused: &[Found]) -> Result<serde_json::Value, Failed> {
    let mut told = changes.json()?;
    told["applied"] = json!(applied);
    told["problems"] = check::json(refused);
    Ok(told)
}

/// What the server says of a part of the request, at its place in the file that the part came from.
fn placed(folder: &Folder, paths: &[(String, PathBuf)], pointer: &str, message: String) -> Found {
    let problem = |pointer: &str| Problem::new("refused", pointer, message.clone());
    let part = paths.iter().find_map(|(part, path)| {
        let rest = pointer.strip_prefix(part.as_str()).filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
        Some((rest, folder.files.iter().find(|file| file.path == *path)?))
    });
    match part {
        Some((rest, file)) => file.found(problem(rest)),
        None => Found { path: folder.dir.clone(), line: 1, column: 1, problem: problem(pointer) },
    }
}

/// Asks, where somebody is there to answer.
fn agreed() -> Result<bool, Failed> {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Ok(true);
    }
    print::text("Change the server like this? [y/N] ")?;
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.map_err(|error| Failed::Other(format!("the answer could not be read: {error}")))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
