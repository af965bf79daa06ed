//! What differs between the files and the server, and how it is shown.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};
use similar::TextDiff;
use trackside_rules::Rule;

use super::files::{Folder, yaml};
use super::remote::{Remote, Stored};
use super::variables::{Placed, Settings};
use super::{Failed, Prune};

/// One rule that differs.
pub enum Change {
    /// It has a file and is not on the server.
    New { path: PathBuf, rule: Box<Rule> },
    /// It is another on the server than in its file.
    Changed { path: PathBuf, before: Box<Stored>, rule: Box<Rule> },
    /// It has no file.
    Gone { before: Box<Stored>, how: Prune },
}

/// Everything that differs.
#[derive(Default)]
pub struct Changes {
    /// The rules.
    pub rules: Vec<Change>,
    /// Variables that the server has otherwise or not at all.
    pub set: Vec<(Placed, Value)>,
    /// Variables that are not in the file.
    pub unset: Vec<Placed>,
    /// Secrets that the file names and the server does not have.
    pub missing: Vec<Placed>,
    /// The variables that differ, before and after, as text.
    variables: Option<(PathBuf, String, String)>,
}

impl Changes {
    /// Compares. `prune` says what becomes of rules that are not in the folder; variables go with them.
    ///
    /// # Errors
    /// When the server does not answer, or two of its rules have one name.
    pub async fn find(folder: &Folder, remote: &Remote, prune: Option<Prune>) -> Result<Self, Failed> {
        let mut known = remote.list().await?;
        unique(&known)?;
        let mut all = Self::default();
        for (file, rule) in folder.rules() {
            let (path, rule) = (file.path.clone(), Box::new(rule.clone()));
            match known.iter().position(|stored| stored.rule.name == rule.name) {
                None => all.rules.push(Change::New { path, rule }),
                Some(at) => {
                    let before = Box::new(known.swap_remove(at));
                    if before.rule != *rule {
                        all.rules.push(Change::Changed { path, before, rule });
                    }
                }
            }
        }
        known.sort_by(|one, two| one.rule.name.cmp(&two.rule.name));
        if let Some(how) = prune {
            let gone = known.into_iter().filter(|stored| how == Prune::Delete || stored.is_on());
            all.rules.extend(gone.map(|before| Change::Gone { before: Box::new(before), how }));
        }
        if let Some((path, Ok(wanted))) = &folder.settings {
            all.compare(path.clone(), wanted, remote, prune.is_some()).await?;
        }
        Ok(all)
    }

    /// Compares the variables, and looks for the secrets.
    async fn compare(&mut self, path: PathBuf, wanted: &Settings, remote: &Remote, prune: bool) -> Result<(), Failed> {
        let known = remote.variables().await?;
        let (mut before, mut after) = (Settings::default(), Settings::default());
        for (place, value) in &wanted.variables {
            if known.get(place) != Some(value) {
                before.variables.extend(known.get(place).map(|known| (place.clone(), known.clone())));
                after.variables.insert(place.clone(), value.clone());
                self.set.push((place.clone(), value.clone()));
            }
        }
        for (place, value) in known.into_iter().filter(|(place, _)| prune && !wanted.variables.contains_key(place)) {
            before.variables.insert(place.clone(), value);
            self.unset.push(place);
        }
        if before != after {
            let text = |settings: &Settings| match settings.variables.is_empty() {
                true => Ok(String::new()),
                false => settings.yaml(),
            };
            self.variables = Some((path, text(&before)?, text(&after)?));
        }
        if !wanted.secrets.is_empty() {
            let known = remote.secrets().await?;
            self.missing = wanted.secrets.iter().filter(|place| !known.contains(*place)).cloned().collect();
        }
        Ok(())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.set.is_empty() && self.unset.is_empty() && self.missing.is_empty()
    }

    /// The differences as people read them, in colours or not.
    ///
    /// # Errors
    /// When a rule cannot be written as YAML.
    pub fn text(&self, colours: bool) -> Result<String, Failed> {
        let mut text = String::new();
        for change in &self.rules {
            text.push_str(&change.text()?);
        }
        if let Some((path, before, after)) = &self.variables {
            text.push_str(&unified(before, after, "server: variables", &path.display().to_string()));
        }
        for place in &self.missing {
            // What goes into a String cannot fail.
            let _ = writeln!(text, "{}", told_missing(place));
        }
        Ok(if colours { coloured(&text) } else { text })
    }

    /// The differences as programs read them.
    ///
    /// # Errors
    /// When a rule cannot be written as YAML.
    pub fn json(&self) -> Result<Value, Failed> {
        let placed = |(project, name): &Placed| json!({ "project": project, "name": name });
        let rules = self.rules.iter().map(Change::json).collect::<Result<Vec<_>, _>>()?;
        Ok(json!({
            "rules": rules,
            "variables": {
                "set": self.set.iter().map(|(place, _)| placed(place)).collect::<Vec<_>>(),
                "unset": self.unset.iter().map(placed).collect::<Vec<_>>(),
            },
            "missing_secrets": self.missing.iter().map(placed).collect::<Vec<_>>(),
        }))
    }

    /// What the server is asked to do, and the files of its rules by list and place.
    pub fn request(&self, enable: bool) -> (Value, Vec<(String, PathBuf)>) {
        let (mut create, mut replace, mut pause, mut delete) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut files = Vec::new();
        for change in &self.rules {
            match change {
                Change::New { path, rule } => {
                    files.push((format!("/create/{}", create.len()), path.clone()));
                    create.push(json!(rule));
                }
                Change::Changed { path, before, rule } => {
                    files.push((format!("/replace/{}/rule", replace.len()), path.clone()));
                    replace.push(json!({ "id": before.id, "version": before.version, "rule": rule }));
                }
                Change::Gone { before, how: Prune::Pause } => pause.push(json!(before.id)),
                Change::Gone { before, how: Prune::Delete } => delete.push(json!(before.id)),
            }
        }
        let set =
            self.set.iter().map(|((project, name), value)| json!({ "project": project, "name": name, "value": value }));
        let unset = self.unset.iter().map(|(project, name)| json!({ "project": project, "name": name }));
        let variables = json!({ "set": set.collect::<Vec<_>>(), "unset": unset.collect::<Vec<_>>() });
        let request = json!({
            "create": create, "replace": replace, "pause": pause, "delete": delete,
            "enable": enable, "variables": variables,
        });
        (request, files)
    }

    /// What was done, in a line.
    pub fn summary(&self) -> String {
        let of = |wanted: fn(&Change) -> bool| self.rules.iter().filter(|change| wanted(change)).count();
        let parts = [
            (of(|change| matches!(change, Change::New { .. })), "new"),
            (of(|change| matches!(change, Change::Changed { .. })), "changed"),
            (of(|change| matches!(change, Change::Gone { how: Prune::Pause, .. })), "paused"),
            (of(|change| matches!(change, Change::Gone { how: Prune::Delete, .. })), "deleted"),
        ];
        let mut told: Vec<String> = parts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{} {word}", rules(*count)))
            .collect();
        let variables = self.set.len() + self.unset.len();
        if variables > 0 {
            told.push(format!("{variables} variable{} changed", if variables == 1 { "" } else { "s" }));
        }
        told.join(", ")
    }
}

/// So many rules.
pub fn rules(count: usize) -> String {
    if count == 1 { "1 rule".to_owned() } else { format!("{count} rules") }
}

/// What to do about a secret that is not there.
pub fn told_missing((project, name): &Placed) -> String {
    let (place, query) = match project {
        None => (String::new(), String::new()),
        Some(key) => (format!(" in the project {key}"), format!("?project={key}")),
    };
    format!("the server has no secret `{name}`{place}; set it with PUT /api/v1/secrets/{name}{query}")
}

impl Change {
    fn text(&self) -> Result<String, Failed> {
        let (name, path, before, after) = match self {
            Self::New { path, rule } => (&rule.name, path.display().to_string(), String::new(), yaml(rule)?),
            Self::Changed { path, before, rule } => {
                (&rule.name, path.display().to_string(), yaml(&before.rule)?, yaml(rule)?)
            }
            Self::Gone { before, how: Prune::Pause } => {
                return Ok(format!("“{}” has no file and is to be paused\n", before.rule.name));
            }
            Self::Gone { before, .. } => (&before.rule.name, "no file".to_owned(), yaml(&before.rule)?, String::new()),
        };
        Ok(unified(&before, &after, &format!("server: {name}"), &format!("{path}: {name}")))
    }

    fn json(&self) -> Result<Value, Failed> {
        let (what, name, path) = match self {
            Self::New { path, rule } => ("new", &rule.name, Some(path)),
            Self::Changed { path, rule, .. } => ("changed", &rule.name, Some(path)),
            Self::Gone { before, how: Prune::Pause } => ("paused", &before.rule.name, None),
            Self::Gone { before, how: Prune::Delete } => ("deleted", &before.rule.name, None),
        };
        Ok(
            json!({ "change": what, "name": name, "path": path.map(|path| path.display().to_string()), "diff": self.text()? }),
        )
    }
}

fn unified(before: &str, after: &str, old: &str, new: &str) -> String {
    TextDiff::from_lines(before, after).unified_diff().context_radius(3).header(old, new).to_string()
}

/// A diff in the colours that terminals show diffs in (ECMA-48, SGR).
fn coloured(text: &str) -> String {
    let mut all = String::with_capacity(text.len() + text.len() / 4);
    for line in text.lines() {
        let colour = match line.as_bytes() {
            [b'-', b'-', b'-', b' ', ..] | [b'+', b'+', b'+', b' ', ..] => "1",
            [b'-', ..] => "31",
            [b'+', ..] => "32",
            [b'@', ..] => "36",
            _ => "",
        };
        // What goes into a String cannot fail.
        let _ = match colour {
            "" => writeln!(all, "{line}"),
            colour => writeln!(all, "\u{1b}[{colour}m{line}\u{1b}[0m"),
        };
    }
    all
}

/// Names are what ties a file to a rule, so there must not be two of one.
fn unique(known: &[Stored]) -> Result<(), Failed> {
    let mut seen = std::collections::BTreeSet::new();
    match known.iter().find(|stored| !seen.insert(stored.rule.name.as_str())) {
        None => Ok(()),
        Some(twin) => {
            let name = &twin.rule.name;
            Err(Failed::Use(format!("two rules on the server are called `{name}`; give one another name")))
        }
    }
}
