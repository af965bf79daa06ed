//! What is different between two versions of a rule, place by place.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use trackside_rules::Rule;

use crate::{Error, Result};

/// One difference.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "RuleDifference")]
pub struct Difference {
    /// Where: a JSON pointer (RFC 6901) into the rule, in which steps stand under their ids: `/steps/tell/with/text`.
    pub path: String,
    /// What stood there; null when nothing did.
    pub before: Option<Value>,
    /// What stands there; null when nothing does.
    pub after: Option<Value>,
}

/// What is different, in the order of the places.
pub fn between(before: &Rule, after: &Rule) -> Result<Vec<Difference>> {
    let json = |rule: &Rule| {
        serde_json::to_value(rule)
            .map_err(|error| Error::internal(format!("a rule cannot be written as JSON: {error}")))
    };
    let mut found = Vec::new();
    compare("", Some(&json(before)?), Some(&json(after)?), &mut found);
    Ok(found)
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Difference>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Some(Value::Object(one)), Some(Value::Object(two))) => {
            let names: BTreeSet<&String> = one.keys().chain(two.keys()).collect();
            for name in names {
                compare(&under(path, name), one.get(name), two.get(name), found);
            }
        }
        (Some(Value::Array(one)), Some(Value::Array(two))) if has_ids(one) && has_ids(two) => {
            let of = |list: &[Value]| {
                list.iter().filter_map(|item| item["id"].as_str().map(str::to_owned)).collect::<Vec<_>>()
            };
            let (old, new) = (of(one), of(two));
            let common = |list: &[String], other: &[String]| -> Vec<String> {
                list.iter().filter(|id| other.contains(id)).cloned().collect()
            };
            if common(&old, &new) != common(&new, &old) {
                let order = |list: &[String]| Some(Value::from(list.to_vec()));
                found.push(Difference { path: format!("{path}/(order)"), before: order(&old), after: order(&new) });
            }
            let item = |list: &'_ [Value], id: &str| list.iter().find(|item| item["id"] == id).cloned();
            for id in old.iter().chain(new.iter().filter(|id| !old.contains(id))) {
                compare(&under(path, id), item(one, id).as_ref(), item(two, id).as_ref(), found);
            }
        }
        _ => found.push(Difference { path: path.to_owned(), before: before.cloned(), after: after.cloned() }),
    }
}

/// Whether every item is known by an id of its own.
fn has_ids(list: &[Value]) -> bool {
    let ids: BTreeSet<&str> = list.iter().filter_map(|item| item["id"].as_str()).collect();
    ids.len() == list.len()
}

fn under(path: &str, name: &str) -> String {
    format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn steps_are_compared_by_their_ids() {
        let rule = |steps: Value, name: &str| {
            let text = json!({ "name": name, "trigger": { "on": "task.created" }, "steps": steps }).to_string();
            Rule::from_json(&text).unwrap()
        };
        let say = |id: &str, text: &str| json!({ "id": id, "action": "notify.send", "with": { "to": ["owner"], "message": text } });
        let one = rule(json!([say("first", "a"), say("second", "b")]), "One");
        let two = rule(json!([say("new", "n"), say("second", "c"), say("first", "a")]), "Two");
        let found = between(&one, &two).unwrap();
        let paths: Vec<&str> = found.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(paths, ["/name", "/steps/(order)", "/steps/second/with/message", "/steps/new"]);
        assert_eq!((&found[2].before, &found[2].after), (&Some(json!("b")), &Some(json!("c"))));
        assert_eq!(found[3].before, None);
        assert_eq!(between(&one, &one).unwrap(), []);
    }
}
