//! The files: one rule each, `*.yaml` or `*.yml`, in any folder below the given one.

use std::path::{Path, PathBuf};

use trackside_rules::{Problem, Rule};

use super::Failed;

/// A rule from a file.
#[derive(Debug)]
pub struct File {
    pub rule: Rule,
}

/// A file's path and the rule in it, or what is wrong with it.
pub type Read = (PathBuf, Result<File, Vec<Problem>>);

/// Reads every file, in the order of their paths.
pub fn read_all(dir: &Path) -> Result<Vec<Read>, Failed> {
    let mut paths = Vec::new();
    walk(dir, &mut paths, 0)?;
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).map_err(|error| failed(&path, &error))?;
            let read = Rule::from_yaml(&text).map(|rule| File { rule });
            Ok((path, read))
        })
        .collect()
}

fn walk(dir: &Path, paths: &mut Vec<PathBuf>, depth: usize) -> Result<(), Failed> {
    // Links may go round in circles; nobody keeps rules this deep.
    if depth > 16 {
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

fn failed(path: &Path, error: &std::io::Error) -> Failed {
    Failed::Other(format!("{}: {error}", path.display()))
}

/// The text of a rule's file.
pub fn yaml(rule: &Rule) -> String {
    // What was read from JSON or YAML can be written as YAML; a failure shows as the difference it makes.
    rule.to_yaml().unwrap_or_else(|problem| format!("# {problem}\n"))
}

/// Writes a rule into the file that holds it already, or into a new one that is named after it.
pub fn write(dir: &Path, rule: &Rule) -> Result<PathBuf, Failed> {
    std::fs::create_dir_all(dir).map_err(|error| failed(dir, &error))?;
    let known =
        read_all(dir)?.into_iter().find(|(_, read)| read.as_ref().is_ok_and(|file| file.rule.name == rule.name));
    let path = known.map_or_else(|| free(dir, &slug(&rule.name)), |(path, _)| path);
    let text = rule.to_yaml().map_err(|problem| Failed::Other(problem.to_string()))?;
    std::fs::write(&path, text).map_err(|error| failed(&path, &error))?;
    Ok(path)
}

fn free(dir: &Path, slug: &str) -> PathBuf {
    let names = std::iter::once(format!("{slug}.yaml")).chain((2..).map(|n| format!("{slug}-{n}.yaml")));
    names.map(|name| dir.join(name)).find(|path| !path.exists()).unwrap_or_else(|| dir.join("rule.yaml"))
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
    fn a_rule_keeps_its_file_and_a_new_one_gets_a_plain_name() {
        let folder = tempfile::tempdir().unwrap();
        let text = "name: Stop!  the / press\ntrigger: { on: task.created }\nsteps: [{ id: a, stop: succeeded }]\n";
        let rule = Rule::from_yaml(text).unwrap();
        let path = write(folder.path(), &rule).unwrap();
        assert_eq!(path.file_name().unwrap(), "stop-the-press.yaml");
        let moved = folder.path().join("mine.yml");
        std::fs::rename(&path, &moved).unwrap();
        assert_eq!(write(folder.path(), &rule).unwrap(), moved);
        let read = read_all(folder.path()).unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].1.as_ref().unwrap().rule, rule);
    }
}
