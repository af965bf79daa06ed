//! What is wrong with the files of a folder: what saving each rule would say, and what they are to one another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};
use trackside_engine::actions::Actions;
use trackside_engine::rules::{Library, said, service};
use trackside_rules::graph::{self, Node};
use trackside_rules::{Compiled, Problem, Severity};
use trackside_workers::egress::{Egress, Policy};
use trackside_workers::integrations;

use super::files::{File, Folder, Found};
use super::{Failed, print};

/// What rules are checked against. Needs the actions' schemas, so the real ones are made; nothing is sent.
///
/// # Errors
/// When the way out cannot be set up.
pub fn library() -> Result<Library, Failed> {
    let egress = Egress::new(Policy::default()).map_err(|error| Failed::Other(error.to_string()))?;
    Ok(Library::new(&Actions::new(integrations::all(&egress))))
}

/// Everything that is wrong, in the order of the files.
pub fn problems(folder: &Folder, library: &Library) -> Vec<Found> {
    let mut found = Vec::new();
    let mut settings = None;
    match &folder.settings {
        Some((_, Ok(read))) => settings = Some(read),
        Some((_, Err(wrong))) => found.push(Found::clone(wrong)),
        None => {}
    }
    let mut sound: Vec<(String, &File, Compiled)> = Vec::new();
    for file in &folder.files {
        let rule = match &file.rule {
            Ok(rule) => rule,
            Err(problems) => {
                found.extend(problems.iter().map(|problem| file.found(problem.clone())));
                continue;
            }
        };
        let names = settings.and_then(|settings| settings.known(rule));
        let verdict = service::examine(library, names.as_ref(), rule);
        found.extend(verdict.problems.into_iter().map(|problem| file.found(problem)));
        if verdict.ok
            && let Ok(compiled) = Compiled::new(Arc::new(rule.clone()), library.sandbox())
        {
            sound.push((file.path.display().to_string(), file, compiled));
        }
    }
    found.extend(twins(folder));
    found.extend(among(&sound, library));
    found.sort_by(|one, two| (&one.path, one.line, one.column).cmp(&(&two.path, two.line, two.column)));
    found
}

/// Names that stand in several files: a name is what ties a file to a rule.
fn twins(folder: &Folder) -> Vec<Found> {
    let mut known = BTreeMap::new();
    let mut found = Vec::new();
    for (file, rule) in folder.rules() {
        if let Some(first) = known.get(rule.name.as_str()) {
            let message = format!("A rule is called `{}` in {first} already; give one another name.", rule.name);
            found.push(file.found(Problem::new("duplicate_name", "/name", message)));
        } else {
            known.insert(rule.name.as_str(), file.path.display().to_string());
        }
    }
    found
}

/// Rules that can start themselves again by way of the others, and such as set a field differently on one event.
fn among(sound: &[(String, &File, Compiled)], library: &Library) -> Vec<Found> {
    let nodes: Vec<Node<'_>> = sound.iter().map(|(id, _, compiled)| Node { id, compiled }).collect();
    let kinds: Vec<&str> = library.catalogue().events.keys().map(String::as_str).collect();
    let by_id: BTreeMap<&str, &(String, &File, Compiled)> = sound.iter().map(|it| (it.0.as_str(), it)).collect();
    let name = |id: &str| by_id.get(id).map_or_else(|| id.to_owned(), |(_, _, compiled)| compiled.rule.name.clone());
    let (mut found, mut rings, mut pairs) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for (id, file, compiled) in sound {
        if let Some(path) = graph::shortest_loop(id, &nodes, library.effects()) {
            let ring: BTreeSet<String> = path.iter().map(|link| link.rule.clone()).collect();
            let way: Vec<String> =
                path.iter().map(|link| said(&name(&link.rule), link.step.as_deref(), link.event.as_deref())).collect();
            // Each ring is told once, of its first file.
            if rings.insert(ring) {
                let message = format!("It can start itself again: {}, which starts it.", way.join("; then "));
                found.push(file.found(Problem::new("loop", "/trigger/on", message).warning()));
            }
        }
        for conflict in graph::conflicts(Node { id, compiled }, &nodes, library.effects(), &kinds) {
            let pair: BTreeSet<String> = [id.clone(), conflict.rule.clone()].into();
            if pairs.insert(pair) {
                let message = format!(
                    "On one `{}` it sets `{}` to {}, and “{}” ({}) sets it to {}.",
                    conflict.witness.kind,
                    conflict.field,
                    conflict.ours.value,
                    name(&conflict.rule),
                    conflict.rule,
                    conflict.theirs.value
                );
                let at = compiled.step(&conflict.ours.step).map_or("/steps", |step| step.pointer.as_str());
                found.push(file.found(Problem::new("conflict", at, message).warning()));
            }
        }
    }
    found
}

/// How many errors and how many warnings there are.
pub fn count(found: &[Found]) -> (usize, usize) {
    let errors = found.iter().filter(|found| found.problem.severity == Severity::Error).count();
    (errors, found.len() - errors)
}

/// `path:line:column: error: message`, as compilers write it and editors read it.
pub fn line(found: &Found) -> String {
    let Found { path, line, column, problem } = found;
    let near = problem.suggestion.as_ref().map(|name| format!(" Did you mean `{name}`?")).unwrap_or_default();
    format!("{}:{line}:{column}: {}: {}{near}", path.display(), severity(problem), problem.message)
}

/// The same for programs.
pub fn json(found: &[Found]) -> Value {
    let one = |found: &Found| {
        let Found { path, line, column, problem } = found;
        json!({
            "path": path.display().to_string(), "line": line, "column": column,
            "severity": severity(problem), "code": problem.code, "pointer": problem.pointer,
            "message": problem.message, "suggestion": problem.suggestion,
        })
    };
    Value::Array(found.iter().map(one).collect())
}

fn severity(problem: &Problem) -> &'static str {
    match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// Prints what was found to the errors' stream, one line each.
pub fn complain(found: &[Found]) {
    for found in found {
        print::error(line(found));
    }
}
