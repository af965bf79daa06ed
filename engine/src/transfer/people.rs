//! Who of the people in a document is here, and the values of custom fields, in which people and sensitive things stand.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::{Map, Value};

use super::import::short;
use super::portable::{Portable, PortableTask};
use crate::Result;
use crate::db::Rx;
use crate::ids::{TaskId, UserId, WorkspaceId};
use crate::projects::members;

/// The people of a document, by their addresses.
#[derive(Default)]
pub(super) struct People {
    here: HashMap<String, UserId>,
    /// Those who are not here, and how often they were asked for.
    strangers: BTreeMap<String, usize>,
}

impl People {
    /// Who of those that the document names is a member of the workspace.
    pub async fn of(rx: &mut Rx, workspace: WorkspaceId, document: &Portable) -> Result<Self> {
        let mut named: BTreeSet<String> = BTreeSet::new();
        let mut add = |address: &str| {
            // What is no address is looked for in vain; what a database does not take is not looked for.
            if !address.contains('\0') && address.len() <= 254 {
                named.insert(address.to_lowercase());
            }
        };
        for task in &document.tasks {
            task.assignees.iter().chain(&task.watchers).for_each(|address| add(address));
            task.custom.values().filter_map(Value::as_str).filter(|text| text.contains('@')).for_each(&mut add);
        }
        document.project.owner.iter().chain(document.members.iter().map(|it| &it.person)).for_each(|it| add(it));
        let bodies = document.task_templates.iter().map(|it| &it.task);
        for body in bodies.chain(document.recurrences.iter().filter_map(|it| it.task.as_ref())) {
            of_body(body, &mut add);
        }
        let named: Vec<String> = named.into_iter().collect();
        let found = members::by_email(rx, workspace, &named).await?;
        let here = found.into_iter().map(|(user, address)| (address, user)).collect();
        Ok(Self { here, strangers: BTreeMap::new() })
    }

    /// Who has this address; a stranger is noted.
    pub fn known(&mut self, address: &str) -> Option<UserId> {
        let known = self.here.get(&address.to_lowercase()).copied();
        if known.is_none() {
            *self.strangers.entry(short(address)).or_default() += 1;
        }
        known
    }

    /// Those of them who are here.
    pub fn all_known(&mut self, addresses: &[String]) -> Vec<UserId> {
        addresses.iter().filter_map(|address| self.known(address)).collect()
    }

    /// Notes who is not here.
    pub fn tell(&self, notes: &mut Vec<String>) {
        for (address, count) in &self.strangers {
            notes.push(format!("nobody here has the address or name `{address}`: left off in {count} places"));
        }
    }

    /// Puts ids for the addresses in what a template makes.
    pub fn body(&mut self, body: &mut Value, values: &Values) {
        if let Some(assignees) = body["assignees"].as_array_mut() {
            assignees.retain_mut(|assignee| {
                let Some(address) = assignee.as_str().filter(|text| text.contains('@')) else { return true };
                let user = self.known(address);
                *assignee = user.map(|user| user.to_string()).unwrap_or_default().into();
                user.is_some()
            });
        }
        if let Some(custom) = body["custom"].as_object_mut() {
            *custom = values.with_people(std::mem::take(custom), self);
        }
        for part in body["subtasks"].as_array_mut().into_iter().flatten() {
            self.body(part, values);
        }
    }
}

fn of_body(body: &Value, add: &mut impl FnMut(&str)) {
    let people = body["assignees"].as_array().into_iter().flatten();
    let values = body["custom"].as_object().into_iter().flat_map(Map::values);
    people.chain(values).filter_map(Value::as_str).filter(|text| text.contains('@')).for_each(&mut *add);
    for part in body["subtasks"].as_array().into_iter().flatten() {
        of_body(part, add);
    }
}

/// What is to be known of custom fields while values are imported.
#[derive(Default)]
pub(super) struct Values {
    /// The fields that hold people.
    pub user_fields: HashSet<String>,
    /// The fields that are sensitive.
    pub sensitive: HashSet<String>,
    /// Whether the importer may give sensitive fields values.
    pub may_edit: bool,
    /// Whether sensitive values wait until their fields are defined: before, they would stand openly.
    pub wait: bool,
    /// The sensitive values that wait, with the tasks and their places in the document.
    pub hidden: Vec<(TaskId, usize, Map<String, Value>)>,
    dropped: usize,
}

impl Values {
    /// The values that a new task is given.
    pub fn open(&mut self, given: &Map<String, Value>, people: &mut People) -> Map<String, Value> {
        let mut open = given.clone();
        open.retain(|key, _| {
            let drop = self.sensitive.contains(key) && !self.may_edit;
            self.dropped += usize::from(drop);
            !(drop || self.wait && self.sensitive.contains(key))
        });
        self.with_people(open, people)
    }

    /// Keeps the values that wait.
    pub fn keep_hidden(&mut self, id: TaskId, task: &PortableTask, people: &mut People) {
        if !self.wait || !self.may_edit {
            return;
        }
        let hidden: Map<String, Value> = task
            .custom
            .iter()
            .filter(|(key, _)| self.sensitive.contains(*key))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        if !hidden.is_empty() {
            let hidden = self.with_people(hidden, people);
            self.hidden.push((id, task.line, hidden));
        }
    }

    fn with_people(&self, values: Map<String, Value>, people: &mut People) -> Map<String, Value> {
        let one = |(key, value): (String, Value)| match value.as_str() {
            Some(address) if self.user_fields.contains(&key) && address.contains('@') => {
                people.known(address).map(|user| (key, user.to_string().into()))
            }
            _ => Some((key, value)),
        };
        values.into_iter().filter_map(one).collect()
    }

    /// Notes what was left off.
    pub fn tell(&self, notes: &mut Vec<String>) {
        if self.dropped > 0 {
            notes.push(format!("{} sensitive values are left off: to give them needs budget.edit", self.dropped));
        }
    }
}
