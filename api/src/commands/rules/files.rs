//! The files: one rule each, `*.yaml` or `*.yml`, in any folder below the given one; and `variables.yaml`.

use std::path::{Path, PathBuf};

use trackside_rules::{Places, Problem, Rule};

use super::Failed;
use super::variables::{self, Settings};

/// Levels of folders that are looked into. Links may go round in circles; nobody keeps rules this deep.
const DEEPEST: usize = 16;

/// A file and what was read from it.
pub struct File {
    /// Where it is.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// The rule in it, or what is wrong with it.
    pub rule: Result<Rule, Vec<Problem>>,
}

impl File {
    /// What was found in it, at its place.
    pub fn found(&self, problem: Problem) -> Found {
        let (line, column) = Places::of(&self.text).find(&problem);
        Found { path: self.path.clone(), line, column, problem }
    }
}

/// A problem at a place of a file.
#[derive(Clone)]
pub struct Found {
    /// The file.
    pub path: PathBuf,
    /// Its line, from 1.
    pub line: u32,
    /// Its column, from 1.
    pub column: u32,
    /// What is wrong.
    pub problem: Problem,
}

/// A folder with rules.
pub struct Folder {
    /// The folder.
    pub dir: PathBuf,
    /// The files with rules, in the order of their paths.
    pub files: Vec<File>,
    /// The variables and secrets, if there is a file for them, or what is wrong with it.
    pub settings: Option<(PathBuf, Result<Settings, Box<Found>>)>,
}

impl Folder {
    /// Reads a folder.
    ///
    /// # Errors
    /// When it is none, or something in it cannot be read.
    pub fn read(dir: &Path) -> Result<Self, Failed> {
        let mut paths = Vec::new();
        walk(dir, &mut paths, 0)?;
        paths.sort();
        let (mut files, mut settings) = (Vec::new(), None);
        for path in paths {
            let bytes = std::fs::read(&path).map_err(|error| failed(&path, &error))?;
            let text = String::from_utf8(bytes);
            if path.parent() == Some(dir) && variables::is_file(&path) {
                let text = text.map_err(|_| Failed::Use(format!("{}: is not UTF-8", path.display())))?;
                settings = Some((path.clone(), Settings::read(&path, &text)));
                continue;
            }
            let (text, rule) = match text {
                Ok(text) => {
                    let rule = Rule::from_yaml(&text);
                    (text, rule)
                }
                Err(_) => {
                    (String::new(), Err(vec![Problem::new("yaml", "", "The file is not UTF-8; save it as such.")]))
                }
            };
            files.push(File { path, text, rule });
        }
        Ok(Self { dir: dir.to_owned(), files, settings })
    }

    /// The file that holds the rule of this name.
    pub fn named(&self, name: &str) -> Option<&File> {
        self.files.iter().find(|file| file.rule.as_ref().is_ok_and(|rule| rule.name == name))
    }

    /// Its rules with their files; what could not be read is left out.
    pub fn rules(&self) -> impl Iterator<Item = (&File, &Rule)> {
        self.files.iter().filter_map(|file| Some((file, file.rule.as_ref().ok()?)))
    }

    /// Writes a rule into the file that holds it already, or into a new one that is named after it. A file whose rule is the
    /// same stays as it is, with its comments; false then.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&mut self, rule: &Rule) -> Result<(PathBuf, bool), Failed> {
        let known = self.named(&rule.name);
        if let Some(same) = known.filter(|file| file.rule.as_ref().is_ok_and(|known| known == rule)) {
            return Ok((same.path.clone(), false));
        }
        let path = known.map_or_else(|| free(&self.dir, &slug(&rule.name)), |file| file.path.clone());
        let text = yaml(rule)?;
        std::fs::write(&path, &text).map_err(|error| failed(&path, &error))?;
        self.files.retain(|file| file.path != path);
        self.files.push(File { path: path.clone(), text, rule: Ok(rule.clone()) });
        Ok((path, true))
    }
}

fn walk(dir: &Path, paths: &mut Vec<PathBuf>, depth: usize) -> Result<(), Failed> {
    if depth > DEEPEST {
        return Ok(());
    }
    for entry in std::fs::read_dir(dir).map_err(|error| failed(dir, &error))? {
        let path = entry.map_err(|error| failed(dir, &error))?.path();
        if path.is_dir() {
            walk(&path, paths, depth + 1)?;
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            paths.push(path);
        }
    }
    Ok(())
}

/// What went wrong with a file or folder.
pub fn failed(path: &Path, error: &std::io::Error) -> Failed {
    Failed::Use(format!("{}: {error}", path.display()))
}

/// The text of a rule's file.
///
/// # Errors
/// When the rule cannot be written as YAML.
pub fn yaml(rule: &Rule) -> Result<String, Failed> {
    rule.to_yaml().map_err(|problem| Failed::Other(format!("{}: {problem}", rule.name)))
}

fn free(dir: &Path, slug: &str) -> PathBuf {
    let names = std::iter::once(format!("{slug}.yaml")).chain((2..).map(|n| format!("{slug}-{n}.yaml")));
    let mut free = names.map(|name| dir.join(name)).filter(|path| !path.exists() && !variables::is_file(path));
    // The names never come to an end.
    free.next().unwrap_or_else(|| dir.join("rule.yaml"))
}

/// A name as a file name: letters, digits and dashes.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.chars().flat_map(char::to_lowercase).take(80) {
        if letter.is_alphanumeric() {
            slug.push(letter);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "rule".to_owned() } else { slug.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_keeps_its_file_and_its_comments_and_a_new_one_gets_a_plain_name() {
        let dir = tempfile::tempdir().unwrap();
        let text = "name: Stop!  the / press\ntrigger: { on: task.created }\nsteps: [{ id: a, stop: succeeded }]\n";
        let rule = Rule::from_yaml(text).unwrap();
        let (path, written) = Folder::read(dir.path()).unwrap().write(&rule).unwrap();
        assert_eq!((path.file_name().unwrap().to_str().unwrap(), written), ("stop-the-press.yaml", true));
        let moved = dir.path().join("mine.yml");
        std::fs::rename(&path, &moved).unwrap();
        let commented = format!("# Why it is there\n{text}");
        std::fs::write(&moved, &commented).unwrap();
        let mut folder = Folder::read(dir.path()).unwrap();
        assert_eq!(folder.write(&rule).unwrap(), (moved.clone(), false));
        assert_eq!(std::fs::read_to_string(&moved).unwrap(), commented);
        let changed = Rule { name: rule.name.clone(), ..Rule::from_yaml(&text.replace("created", "deleted")).unwrap() };
        assert_eq!(folder.write(&changed).unwrap(), (moved, true));
        assert_eq!(folder.files.len(), 1);
    }

    #[test]
    fn no_rule_takes_the_place_of_the_variables() {
        let dir = tempfile::tempdir().unwrap();
        let rule = "name: Variables\ntrigger: { on: task.created }\nsteps: [{ id: a, stop: succeeded }]\n";
        let rule = Rule::from_yaml(rule).unwrap();
        let (path, _) = Folder::read(dir.path()).unwrap().write(&rule).unwrap();
        assert_eq!(path.file_name().unwrap(), "variables-2.yaml");
    }
}
