//! `variables.yaml`: the variables with their values, and the names of secrets, whose values are in no file.
//!
//! ```yaml
//! variables:
//!   BUILD_HOST: https://ci.example.org
//! secrets: [DEPLOY_TOKEN]
//! projects:
//!   WEB:
//!     variables: { BUILD_HOST: https://web.ci.example.org }
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use trackside_rules::{Names, Places, Problem, Rule, is_name, read_yaml, write_yaml};

use super::Failed;
use super::files::Found;

/// A name and the key of its project; none is the workspace itself, which comes first.
pub type Placed = (Option<String>, String);

/// What the file says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// The variables with their values.
    pub variables: BTreeMap<Placed, Value>,
    /// The names of secrets.
    pub secrets: BTreeSet<Placed>,
}

/// The file's form.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Form {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    variables: BTreeMap<String, Value>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    secrets: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    projects: BTreeMap<String, Own>,
}

/// What a project has of its own.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Own {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    variables: BTreeMap<String, Value>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    secrets: BTreeSet<String>,
}

/// Whether this is the file's name.
pub fn is_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "variables.yaml" || name == "variables.yml")
}

impl Settings {
    /// Reads the file.
    ///
    /// # Errors
    /// The first thing that is wrong with it, at its place.
    pub fn read(path: &Path, text: &str) -> Result<Self, Box<Found>> {
        let found = |problem: Problem| {
            let (line, column) = Places::of(text).find(&problem);
            Box::new(Found { path: path.to_owned(), line, column, problem })
        };
        let Form { variables, secrets, projects } = read_yaml(text).map_err(found)?;
        let mut all = Self::default();
        let places = projects.into_iter().map(|(key, own)| (Some(key), own));
        for (project, own) in std::iter::once((None, Own { variables, secrets })).chain(places) {
            let at = project.as_ref().map(|key| format!("/projects/{key}")).unwrap_or_default();
            if at.starts_with("/projects/proj_") {
                return Err(found(Problem::new("project_key", at, "Name the project by its key here, not by its id.")));
            }
            let named = |list: &str, name: &String| match is_name(name) {
                true => Ok((project.clone(), name.clone())),
                false => {
                    let message = format!(
                        "`{name}` cannot be a name here: take a letter or `_`, then letters, digits and `_`, at most 64."
                    );
                    let at = if list == "variables" { format!("{at}/{list}/{name}") } else { format!("{at}/{list}") };
                    Err(found(Problem::new("invalid_name", at, message)))
                }
            };
            for (name, value) in own.variables {
                all.variables.insert(named("variables", &name)?, value);
            }
            for name in own.secrets {
                all.secrets.insert(named("secrets", &name)?);
            }
        }
        Ok(all)
    }

    /// The file's text.
    ///
    /// # Errors
    /// When a value cannot be written as YAML.
    pub fn yaml(&self) -> Result<String, Failed> {
        let mut form = Form::default();
        for ((project, name), value) in &self.variables {
            let variables = match project {
                None => &mut form.variables,
                Some(key) => &mut form.projects.entry(key.clone()).or_default().variables,
            };
            variables.insert(name.clone(), value.clone());
        }
        for (project, name) in &self.secrets {
            let secrets = match project {
                None => &mut form.secrets,
                Some(key) => &mut form.projects.entry(key.clone()).or_default().secrets,
            };
            secrets.insert(name.clone());
        }
        write_yaml(&form).map_err(|problem| Failed::Other(format!("variables.yaml: {problem}")))
    }

    /// What a rule may name, going by this file alone; none when the rule names its projects by id.
    pub fn known(&self, rule: &Rule) -> Option<Names> {
        let scope = &rule.scope.projects;
        if scope.iter().any(|project| project.starts_with("proj_")) {
            return None;
        }
        let reaches = |places: &[&Option<String>]| {
            if places.contains(&&None) || scope.is_empty() {
                return Some(places.contains(&&None));
            }
            let there =
                scope.iter().filter(|key| places.iter().any(|place| place.as_deref() == Some(key.as_str()))).count();
            (there > 0).then_some(there == scope.len())
        };
        let places = |names: Vec<&Placed>, name: &str| -> Option<bool> {
            let of_name: Vec<_> =
                names.into_iter().filter(|(_, known)| known == name).map(|(place, _)| place).collect();
            reaches(&of_name)
        };
        let mut names = Names::default();
        for ((place, name), value) in &self.variables {
            let counts = place.as_ref().is_none_or(|key| scope.is_empty() || scope.contains(key));
            if let Some(everywhere) = places(self.variables.keys().collect(), name).filter(|_| counts) {
                names.add_variable(name, value, everywhere);
            }
        }
        for (_, name) in &self.secrets {
            if let Some(everywhere) = places(self.secrets.iter().collect(), name) {
                names.add_secret(name, everywhere);
            }
        }
        Some(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "variables:\n  A: 1\nsecrets:\n- TOKEN\nprojects:\n  WEB:\n    variables:\n      B: x\n";

    #[test]
    fn the_file_is_written_as_it_is_read() {
        let settings = Settings::read(Path::new("variables.yaml"), TEXT).ok().unwrap();
        assert_eq!(settings.variables[&(Some("WEB".to_owned()), "B".to_owned())], "x");
        let again = settings.yaml().ok().unwrap();
        assert_eq!(Settings::read(Path::new("variables.yaml"), &again).ok().unwrap(), settings);
    }

    #[test]
    fn what_is_wrong_has_its_place() {
        for (text, line, words) in [
            ("variables: { a-b: 1 }", 1, "cannot be a name"),
            ("variables:\n  A: 1\nsecret: []\n", 3, "unknown field"),
            ("secrets:\n  A: hush-hush\n", 2, ""),
            ("projects:\n  proj_1:\n    variables: {}\n", 2, "by its key"),
        ] {
            let found = Settings::read(Path::new("variables.yaml"), text).err().unwrap();
            assert_eq!(found.line, line, "{text}: {}", found.problem);
            assert!(found.problem.message.to_lowercase().contains(words), "{}", found.problem);
        }
    }
}
