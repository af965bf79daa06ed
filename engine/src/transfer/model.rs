//! How an import is asked for, and what it tells.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::ids::ProjectId;
use crate::words::words;

/// What an export calls its format.
pub const FORMAT: &str = "trackside.project";
/// The version of the format. It goes up when a field changes its meaning.
pub const VERSION: i64 = 2;
/// The oldest version that is still read.
pub const OLDEST_VERSION: i64 = 1;
/// The most tasks of an export or an import.
pub const MAX_TASKS: usize = 10_000;
/// The most comments of an export or an import.
pub const MAX_COMMENTS: usize = 50_000;
/// The most files of which an export tells.
pub const MAX_FILES: usize = 10_000;
/// The most sprints, milestones, members, templates, recurring tasks or baselines of an import.
pub const MAX_OTHERS: usize = 1_000;
/// After so many problems an import looks no further.
pub const MAX_PROBLEMS: usize = 100;

words! {
    /// What is imported.
    pub enum Format {
        /// An export of Trackside's.
        Trackside = "trackside",
        /// A table with a heading.
        Csv = "csv",
        /// Jira: the JSON of a search, or its CSV.
        Jira = "jira",
        /// GitHub: a list of issues, as its REST interface gives them.
        Github = "github",
    }
}

/// How an import is read.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Columns of a table, by their headings, and the fields that they fill; null passes one over.
    pub mapping: BTreeMap<String, Option<String>>,
    /// What parts the columns; found out when left out.
    pub delimiter: Option<char>,
    /// Names of people elsewhere, and their addresses here.
    pub people: BTreeMap<String, String>,
}

/// Something that keeps an import from being done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Trouble {
    /// The line of the table, or the place in the list of tasks (1 for the first); null when it is about all.
    pub line: Option<usize>,
    /// The column or field.
    pub field: Option<String>,
    /// What is wrong.
    pub message: String,
}

/// A task that an import makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Made {
    /// The line of the table, or the place in the list of tasks.
    pub line: usize,
    /// What it was called in the document.
    pub from: String,
    /// Its key here.
    pub key: String,
    /// Its title.
    pub title: String,
}

/// What an import did, or would do.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Report {
    /// Whether nothing was done.
    pub dry_run: bool,
    /// The project; null for a new one that was not made.
    pub project: Option<ProjectId>,
    /// Its key.
    pub project_key: String,
    /// How many tasks are made.
    pub tasks: usize,
    /// How many comments are written.
    pub comments: usize,
    /// How many sprints are made.
    pub sprints: usize,
    /// How many milestones are made.
    pub milestones: usize,
    /// How many dependencies are added.
    pub dependencies: usize,
    /// How many links are made.
    pub links: usize,
    /// How many statuses the workflow has that the project gets; 0 when it keeps its own.
    pub statuses: usize,
    /// How many types of its own the project gets.
    pub types: usize,
    /// How many fields are defined.
    pub fields: usize,
    /// How many people the project gets.
    pub members: usize,
    /// How many tasks say something about their time.
    pub schedules: usize,
    /// How many baselines are kept.
    pub baselines: usize,
    /// How many costs are entered.
    pub costs: usize,
    /// How many files are put on tasks.
    pub attachments: usize,
    /// How many task templates are made.
    pub task_templates: usize,
    /// How many recurring tasks are set up.
    pub recurrences: usize,
    /// The tasks in the order they are made, at most the first 1,000.
    pub made: Vec<Made>,
    /// What is lost or was understood in one of several ways.
    pub notes: Vec<String>,
    /// What keeps it from being done.
    pub problems: Vec<Trouble>,
}
