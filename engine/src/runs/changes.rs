//! What a step would change of a task, read from the inputs of the actions on tasks: nothing has to be done to tell it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::words::words;

words! {
    /// How a field would be changed.
    pub enum Turn {
        /// It becomes this.
        Set = "set",
        /// This is put into it.
        Add = "add",
        /// This is taken out of it.
        Remove = "remove",
    }
}

/// A field that a step would change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "WouldChange")]
pub struct Change {
    /// The task, by id or key, as the step names it.
    pub task: String,
    /// The field: `status`, `custom.severity`.
    pub field: String,
    /// What happens to it.
    pub turn: Turn,
    /// What it was at that moment; only known of the task that the event is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Value>,
    /// What it becomes, or what is added or removed.
    pub to: Value,
}

/// What a step with this action and input would change of tasks that are there. `facts` are the event's.
pub(super) fn of(action: &str, input: &Value, facts: &Value) -> Vec<Change> {
    let Some(task) = input["task"].as_str() else { return Vec::new() };
    let own = ["id", "key"].iter().any(|name| facts["task"][name] == task);
    let change = |field: &str, turn: Turn, to: &Value| {
        let place = match field.split_once('.') {
            Some((custom, key)) => &facts["task"][custom][key],
            None => &facts["task"][field],
        };
        Change {
            task: task.to_owned(),
            field: field.to_owned(),
            turn,
            from: own.then(|| place.clone()),
            to: to.clone(),
        }
    };
    let one = |field: &str, name: &str, turn| input.get(name).map(|to| change(field, turn, to)).into_iter().collect();
    let found: Vec<Change> = match action {
        "task.update" => named(input).map(|(field, to)| change(&field, Turn::Set, to)).collect(),
        "task.set_status" => one("status", "status", Turn::Set),
        "task.assign" => one("assignees", "to", Turn::Set),
        "task.add_label" => one("labels", "label", Turn::Add),
        "task.remove_label" => one("labels", "label", Turn::Remove),
        "task.add_watcher" => one("watchers", "user", Turn::Add),
        "task.remove_watcher" => one("watchers", "user", Turn::Remove),
        _ => Vec::new(),
    };
    found.into_iter().filter(|change| !change.is_there()).collect()
}

/// The fields that an update names; those of the project's own one by one.
fn named(input: &Value) -> impl Iterator<Item = (String, &Value)> {
    let fields = input.as_object().into_iter().flatten().filter(|(name, _)| *name != "task" && *name != "custom");
    let custom = input["custom"].as_object().into_iter().flatten();
    let custom = custom.map(|(name, to)| (format!("custom.{name}"), to));
    fields.map(|(name, to)| (name.clone(), to)).chain(custom)
}

impl Change {
    /// Whether it is so already.
    fn is_there(&self) -> bool {
        self.from.as_ref().is_some_and(|from| self.is_met(from))
    }

    /// Whether a value of the field is what this change makes of it.
    pub(crate) fn is_met(&self, value: &Value) -> bool {
        let holds = || value.as_array().is_some_and(|items| items.contains(&self.to));
        match self.turn {
            Turn::Set => *value == self.to,
            Turn::Add => holds(),
            Turn::Remove => !holds(),
        }
    }

    /// The value of its field in the `change` of an event, `from` and `to`, if the event changed it.
    pub(crate) fn told<'c>(field: &str, change: &'c Map<String, Value>) -> Option<(&'c Value, &'c Value)> {
        match field.split_once('.') {
            Some((custom, key)) => {
                let (from, to) = (&change.get(custom)?["from"][key], &change.get(custom)?["to"][key]);
                (from != to).then_some((from, to))
            }
            None => change.get(field).map(|change| (&change["from"], &change["to"])),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_told_with_what_they_were_and_those_that_stay_are_not() {
        let facts = json!({ "task": { "id": "task_1", "key": "WEB-1", "status": "todo", "priority": "low", "labels": ["a"], "custom": { "s": 1 } } });
        let input = json!({ "task": "WEB-1", "status": "blocked", "priority": "low", "custom": { "s": 1, "t": 2 } });
        let told: Vec<_> = of("task.update", &input, &facts)
            .into_iter()
            .map(|change| (change.field, change.from, change.to))
            .collect();
        assert_eq!(
            told,
            [
                ("status".to_owned(), Some(json!("todo")), json!("blocked")),
                ("custom.t".to_owned(), Some(json!(null)), json!(2))
            ]
        );
        assert!(of("task.add_label", &json!({ "task": "task_1", "label": "a" }), &facts).is_empty());
        let other = of("task.remove_label", &json!({ "task": "WEB-2", "label": "a" }), &facts);
        assert_eq!((other.len(), &other[0].from, other[0].turn), (1, &None, Turn::Remove));
        assert!(of("task.create", &json!({ "project": "WEB", "title": "x" }), &facts).is_empty());
    }
}
