//! What is searched for, and what is found.

use schemars::JsonSchema;
use serde::Serialize;

use super::terms::Terms;
use crate::handle::Handle;
use crate::ids::{ProjectId, TaskId};
use crate::paging::PageRequest;
use crate::words::words;

words! {
    /// What can be found.
    pub enum DocumentType {
        /// A task, by its title and description.
        Task = "task",
        /// A comment, by its text.
        Comment = "comment",
    }
}

/// What somebody searches for.
#[derive(Debug, Clone)]
pub struct SearchQuery {
    /// The words.
    pub terms: Terms,
    /// Only of these types; of all when empty.
    pub types: Vec<DocumentType>,
    /// Only in these projects; in all when none are given.
    pub projects: Option<Vec<Handle<ProjectId>>>,
    /// Which page.
    pub page: PageRequest,
    /// Whether to count all that is found, which takes longer.
    pub total: bool,
}

/// Where what was searched for stands, as HTML: all of it is harmless text but for `<mark>` around what was found.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Highlights {
    /// The whole title, if something of it was found; of a task only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The part of the description or comment around what was found first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// One thing that was found.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Hit {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: DocumentType,
    /// Its id, of a task or a comment.
    pub id: String,
    /// The task, or the one that the comment is on.
    pub task: TaskId,
    /// That task's key.
    pub key: String,
    /// That task's title.
    pub title: String,
    /// That task's project.
    pub project: ProjectId,
    /// Where it stands.
    pub highlights: Highlights,
    /// How well it fits, for comparison within one answer: 4 is the task whose key was given, 3 and more has everything
    /// in its title, 2 and more is another task, 1 and more a comment.
    pub score: f64,
}

/// How many of one type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TypeCount {
    /// The type.
    #[serde(rename = "type")]
    pub kind: DocumentType,
    /// How many.
    pub count: i64,
}

/// How many in one project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ProjectCount {
    /// The project.
    pub project: ProjectId,
    /// How many.
    pub count: i64,
}

/// A page of what was found.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Found {
    /// The best first.
    pub items: Vec<Hit>,
    /// Ask with this for the next page; null on the last one.
    pub next_cursor: Option<String>,
    /// How much was found on all pages; only when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
    /// How much of each type, the most first; only when asked for the total.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub types: Option<Vec<TypeCount>>,
    /// How much in each project, the most first; only when asked for the total.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub projects: Option<Vec<ProjectCount>>,
}
