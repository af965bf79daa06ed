//! `trackside rules export|check|diff|apply DIR`: rules as YAML files in a repository. A file and a rule belong
//! together by the rule's name. `check` needs no server; the others ask the REST API.

mod files;
mod remote;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use similar::TextDiff;
use trackside_engine::actions::Actions;
use trackside_engine::rules::{Library, service};
use trackside_rules::{Rule, Severity};
use trackside_workers::egress::{Egress, Policy};
use trackside_workers::integrations;

use super::{Failed, print};
use files::File;
use remote::{Remote, Stored};

/// What to do with which folder.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Make the server's rules what the files say; shows the difference first. New rules begin as drafts
    Apply {
        /// The folder with the files
        dir: PathBuf,
        /// Delete rules that have no file
        #[arg(long)]
        prune: bool,
        /// Enable new rules at once
        #[arg(long)]
        enable: bool,
        #[command(flatten)]
        server: Server,
    },
    /// Check the files as saving would, without a server; exits with 1 when one has an error
    Check {
        /// The folder with the files
        dir: PathBuf,
    },
    /// Show what `apply` would change; exits with 1 when there is something
    Diff {
        /// The folder with the files
        dir: PathBuf,
        /// Also show rules that have no file as going away
        #[arg(long)]
        prune: bool,
        #[command(flatten)]
        server: Server,
    },
    /// Write the server's rules into files
    Export {
        /// The folder for the files
        dir: PathBuf,
        #[command(flatten)]
        server: Server,
    },
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

pub async fn run(args: Args) -> Result<ExitCode, Failed> {
    match args.what {
        What::Check { dir } => check(&dir),
        What::Export { dir, server } => export(&dir, &server.remote()?).await,
        What::Diff { dir, prune, server } => {
            let changes = changes(&dir, &server.remote()?, prune).await?;
            changes.iter().try_for_each(Change::show)?;
            Ok(if changes.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        What::Apply { dir, prune, enable, server } => {
            let remote = server.remote()?;
            let changes = changes(&dir, &remote, prune).await?;
            changes.iter().try_for_each(Change::show)?;
            accepted(&changes, &remote).await?;
            for change in &changes {
                change.apply(&remote, enable).await?;
            }
            print::line(format_args!("{} changed", plural(changes.len())))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn plural(count: usize) -> String {
    if count == 1 { "1 rule".to_owned() } else { format!("{count} rules") }
}

/// The same check as at save. Needs the actions' schemas, so the real ones are made; nothing is sent.
fn check(dir: &Path) -> Result<ExitCode, Failed> {
    let egress = Egress::new(Policy::default()).map_err(|error| Failed::Other(error.to_string()))?;
    let library = Library::new(&Actions::new(integrations::all(&egress)));
    let (mut rules, mut errors) = (0, 0);
    for (path, read) in files::read_all(dir)? {
        rules += 1;
        let problems = match read {
            Ok(file) => service::examine(&library, &file.rule).problems,
            Err(problems) => problems,
        };
        for problem in &problems {
            let severity = if problem.severity == Severity::Error { "error" } else { "warning" };
            print::line(format_args!("{}: {severity}: {problem}", path.display()))?;
            errors += usize::from(problem.severity == Severity::Error);
        }
    }
    if rules == 0 {
        let dir = dir.display();
        return Err(Failed::Other(format!("there is no rule in {dir}: name the folder with the .yaml files")));
    }
    let end = if errors == 1 { "" } else { "s" };
    print::line(format_args!("{} checked, {errors} error{end}", plural(rules)))?;
    Ok(if errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn export(dir: &Path, remote: &Remote) -> Result<ExitCode, Failed> {
    let rules = remote.list().await?;
    unique(rules.iter().map(|stored| stored.rule.name.as_str()), "on the server")?;
    for stored in &rules {
        let path = files::write(dir, &stored.rule)?;
        print::line(path.display())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// One thing that differs between the files and the server.
enum Change {
    New { rule: Box<Rule> },
    Changed { before: Box<Stored>, rule: Box<Rule> },
    Gone { before: Box<Stored> },
}

async fn changes(dir: &Path, remote: &Remote, prune: bool) -> Result<Vec<Change>, Failed> {
    let mut wanted: Vec<File> = Vec::new();
    for (path, read) in files::read_all(dir)? {
        wanted.push(read.map_err(|problems| {
            let lines: Vec<_> = problems.iter().map(|problem| format!("{}: {problem}", path.display())).collect();
            Failed::Other(lines.join("\n"))
        })?);
    }
    unique(wanted.iter().map(|file| file.rule.name.as_str()), "in the files")?;
    let mut known = remote.list().await?;
    unique(known.iter().map(|stored| stored.rule.name.as_str()), "on the server")?;
    let mut changes = Vec::new();
    for File { rule } in wanted {
        match known.iter().position(|stored| stored.rule.name == rule.name) {
            None => changes.push(Change::New { rule: Box::new(rule) }),
            Some(at) => {
                let before = Box::new(known.swap_remove(at));
                if before.rule != rule {
                    changes.push(Change::Changed { before, rule: Box::new(rule) });
                }
            }
        }
    }
    if prune {
        changes.extend(known.into_iter().map(|before| Change::Gone { before: Box::new(before) }));
    }
    Ok(changes)
}

/// Refuses everything when the server would refuse one rule: files are applied whole or not at all.
async fn accepted(changes: &[Change], remote: &Remote) -> Result<(), Failed> {
    let mut wrong = Vec::new();
    for change in changes {
        if let Change::New { rule } | Change::Changed { rule, .. } = change {
            let problems = remote.problems(rule).await?;
            wrong.extend(problems.iter().map(|problem| format!("{}: {problem}", rule.name)));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failed::Other(format!("nothing was changed:\n{}", wrong.join("\n")))) }
}

/// Names are what ties a file to a rule, so there must not be two of one.
fn unique<'a>(names: impl Iterator<Item = &'a str>, place: &str) -> Result<(), Failed> {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(Failed::Other(format!("two rules {place} are called `{name}`; give one another name")));
        }
    }
    Ok(())
}

impl Change {
    fn show(&self) -> Result<(), Failed> {
        let (name, before, after) = match self {
            Self::New { rule } => (&rule.name, String::new(), files::yaml(rule)),
            Self::Changed { before, rule } => (&rule.name, files::yaml(&before.rule), files::yaml(rule)),
            Self::Gone { before } => (&before.rule.name, files::yaml(&before.rule), String::new()),
        };
        let diff = TextDiff::from_lines(&before, &after);
        print::text(diff.unified_diff().context_radius(3).header(&format!("server: {name}"), &format!("files: {name}")))
    }

    async fn apply(&self, remote: &Remote, enable: bool) -> Result<(), Failed> {
        match self {
            Self::New { rule } => {
                let id = remote.create(rule).await?;
                if enable {
                    remote.enable(&id).await?;
                }
                Ok(())
            }
            Self::Changed { before, rule } => remote.replace(&before.id, rule).await,
            Self::Gone { before } => remote.delete(&before.id).await,
        }
    }
}
