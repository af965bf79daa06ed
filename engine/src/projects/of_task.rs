//! A project, asked for by one of its tasks: what a permission on the task is asked with. The proof is about the project,
//! as the services want it, and good for that task alone unless all of the project was given.

use serde_json::{Map, Value, json};

use super::model::Project;
use crate::Result;
use crate::access::{Place, Resource, Scoped};
use crate::db::{FromRow, Row, row};
use crate::ids::{Id as _, TaskId, UserId, WorkspaceId};
use crate::tasks::{Priority, Task};

row! {
    /// What conditions of assignments see of a task.
    #[derive(Debug, Clone)]
    pub struct TaskFacts {
        /// Its id.
        pub id: TaskId,
        /// What people call it.
        pub key: String,
        /// What kind of work it is.
        pub kind: String,
        /// How it stands.
        pub status: String,
        /// How urgent it is.
        pub priority: Priority,
        /// Its labels, as JSON.
        pub labels: String,
        /// Who works on it, as JSON.
        pub assignees: String,
        /// Who made it.
        pub created_by: Option<UserId>,
    }
}

impl TaskFacts {
    /// The names under which conditions see them.
    pub const NAMES: &'static [&'static str] =
        &["id", "key", "type", "status", "priority", "labels", "assignees", "created_by"];

    /// Those of a task that is known.
    pub fn of(task: &Task) -> Self {
        Self {
            id: task.id,
            key: task.key.clone(),
            kind: task.kind.to_string(),
            status: task.status.to_string(),
            priority: task.priority,
            labels: task.labels.text().to_owned(),
            assignees: task.assignees.text().to_owned(),
            created_by: task.created_by,
        }
    }

    /// As conditions see them.
    pub fn json(&self) -> Value {
        let list = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
        json!({
            "id": self.id, "key": self.key, "type": self.kind, "status": self.status, "priority": self.priority,
            "labels": list(&self.labels), "assignees": list(&self.assignees), "created_by": self.created_by,
        })
    }
}

/// A project with the task that it was found by.
#[derive(Debug, Clone)]
pub struct ProjectOfTask {
    /// The project.
    pub project: Project,
    /// The task.
    pub task: TaskFacts,
}

impl FromRow for ProjectOfTask {
    fn from_row(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self { project: Project::from_row(row)?, task: TaskFacts::from_row(row)? })
    }
}

/// The task within its project.
pub struct Within<'t>(&'t Project, &'t TaskFacts);

impl Scoped for Within<'_> {
    fn workspace(&self) -> WorkspaceId {
        self.0.workspace_id
    }
    fn named(&self) -> (&'static str, String) {
        ("task", self.1.id.to_string())
    }
    fn place(&self) -> Place {
        Place::Task(self.0.id, self.1.id.uuid())
    }
    fn seen_by(&self) -> Option<&'static str> {
        Some("task.view")
    }
    fn facts(&self) -> Map<String, Value> {
        facts(self.0, self.1)
    }
    fn refuses(&self, permission: &'static str) -> Result<()> {
        self.0.refuses(permission)
    }
}

impl Resource for ProjectOfTask {
    type Subject = Project;
    fn asked(&self) -> impl Scoped + '_ {
        Within(&self.project, &self.task)
    }
    fn part(&self) -> Option<(TaskId, Place)> {
        Some((self.task.id, self.project.place()))
    }
    fn into_subject(self) -> Project {
        self.project
    }
}

/// What conditions see of a task of a project.
pub fn facts(project: &Project, task: &TaskFacts) -> Map<String, Value> {
    let mut facts = project.facts();
    facts.insert("task".into(), task.json());
    facts
}
