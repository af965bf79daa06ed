//! Approvals, as they are stored, shown and asked for.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::access::{Actor, Permission, Place, ProjectView, Scoped, TaskView};
use crate::db::row;
use crate::ids::{ApprovalId, GroupId, Id as _, ProjectId, RuleId, RunId, TaskId, UserId, WorkspaceId};
use crate::projects::{self, Project, ProjectOfTask, TaskFacts};
use crate::tasks::Task;
use crate::words::words;
use crate::{Error, Result};

/// The longest comment on a decision, in characters.
pub const MAX_COMMENT: usize = 2000;

words! {
    /// How an approval stands. Once it is not pending any more, it stays as it is.
    pub enum ApprovalState {
        /// Somebody has to answer.
        Pending = "pending",
        /// As many agreed as must.
        Approved = "approved",
        /// Somebody refused.
        Rejected = "rejected",
        /// Nobody settled it in time.
        TimedOut = "timed_out",
        /// Its run ended otherwise.
        Withdrawn = "withdrawn",
    }
}

words! {
    /// How an answer came.
    pub enum Via {
        /// By the interface.
        Api = "api",
        /// By a link in a letter.
        Mail = "mail",
    }
}

words! {
    /// What somebody answers.
    pub enum ApprovalDecision {
        /// They agree.
        Approve = "approve",
        /// They refuse.
        Reject = "reject",
    }
}

row! {
    /// An approval as it is stored.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Stored {
        pub id: ApprovalId,
        pub workspace_id: WorkspaceId,
        pub run_id: RunId,
        pub path: String,
        pub rule_id: RuleId,
        pub rule_name: String,
        pub project_id: Option<ProjectId>,
        pub task_id: Option<TaskId>,
        pub message: String,
        pub need: String,
        pub allow_self: bool,
        pub causers: String,
        pub state: ApprovalState,
        pub requested_at: DateTime<Utc>,
        pub expires_at: Option<DateTime<Utc>>,
        pub decided_at: Option<DateTime<Utc>>,
        pub stuck_at: Option<DateTime<Utc>>,
    }
}

impl Stored {
    /// The people who caused the run.
    pub(super) fn causers(&self) -> Vec<UserId> {
        serde_json::from_str(&self.causers).unwrap_or_default()
    }

    /// Whether this person may not agree, because they caused the run.
    pub(super) fn is_own_of(&self, user: UserId) -> bool {
        !self.allow_self && self.causers().contains(&user)
    }
}

/// Who may answer, as the rule says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Approver {
    /// A person.
    User(UserId),
    /// Everyone who has this role now: the word of a default one, or an id.
    Role(String),
    /// Everyone who is in this group now.
    Group(GroupId),
}

row! {
    /// An answer.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
    #[schemars(rename = "ApprovalVote")]
    pub struct Vote {
        /// In whose place.
        #[serde(rename = "user")]
        pub user_id: UserId,
        /// Who answered: the same, or their delegate.
        pub decided_by: UserId,
        /// What they answered.
        pub decision: ApprovalDecision,
        /// What they said to it.
        pub comment: String,
        /// When.
        pub decided_at: DateTime<Utc>,
    }
}

row! {
    /// Who may answer in whose place.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
    #[schemars(rename = "ApprovalDelegation")]
    pub struct Delegation {
        /// Whose place.
        #[serde(rename = "user")]
        pub user_id: UserId,
        /// Who may answer there, too.
        #[serde(rename = "delegate")]
        pub delegate_id: UserId,
        /// Since when.
        pub created_at: DateTime<Utc>,
    }
}

/// An approval, as people see it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Approval {
    /// Its id.
    pub id: ApprovalId,
    /// How it stands.
    pub state: ApprovalState,
    /// What is asked.
    pub message: String,
    /// How many must agree: `any`, `all` or a number.
    pub need: String,
    /// Who is asked, as the rule says it: `user:…`, `role:…`, `group:…`.
    pub by: Vec<String>,
    /// Whether who caused the run may agree.
    pub allow_self: bool,
    /// Whether whoever looks may answer now.
    pub may_decide: bool,
    /// The run that waits.
    pub run: RunId,
    /// The path of its step.
    pub step: String,
    /// The rule.
    pub rule: RuleId,
    /// The rule's name, as it was.
    pub rule_name: String,
    /// The project that it is about.
    pub project: Option<ProjectId>,
    /// The task that it is about.
    pub task: Option<TaskId>,
    /// The answers so far.
    pub votes: Vec<Vote>,
    /// Who may answer in whose place.
    pub delegations: Vec<Delegation>,
    /// When it was asked.
    pub requested_at: DateTime<Utc>,
    /// When it is too late; never when null.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was settled.
    pub decided_at: Option<DateTime<Utc>>,
}

/// An approval in short, as events carry it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ApprovalRef {
    /// Its id.
    pub id: ApprovalId,
    /// How it stands.
    pub state: ApprovalState,
    /// What is asked.
    pub message: String,
    /// How many must agree: `any`, `all` or a number.
    pub need: String,
    /// The run that waits.
    pub run: RunId,
    /// The path of its step.
    pub step: String,
    /// The rule.
    pub rule: RuleId,
    /// The rule's name.
    pub rule_name: String,
    /// When it is too late; never when null.
    pub expires_at: Option<DateTime<Utc>>,
}

impl From<&Stored> for ApprovalRef {
    fn from(stored: &Stored) -> Self {
        Self {
            id: stored.id,
            state: stored.state,
            message: stored.message.clone(),
            need: stored.need.clone(),
            run: stored.run_id,
            step: stored.path.clone(),
            rule: stored.rule_id,
            rule_name: stored.rule_name.clone(),
            expires_at: stored.expires_at,
        }
    }
}

/// What somebody answers.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVote {
    /// Whether they agree.
    pub decision: ApprovalDecision,
    /// What they say to it, at most 2000 characters.
    #[serde(default)]
    pub comment: String,
}

/// Who is to answer in one's place.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDelegation {
    /// A member of the workspace.
    pub to: UserId,
}

/// What an approval is about.
#[derive(Debug, Clone)]
pub(super) enum About {
    /// A task.
    Task(Box<(ProjectOfTask, Task)>),
    /// A project.
    Project(Box<Project>),
    /// Neither; or what it was about is gone.
    Nothing,
}

/// An approval and what it is about: what a permission on it is asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    pub(super) stored: Stored,
    pub(super) about: About,
}

impl Asked {
    /// The run that waits for it.
    pub fn run(&self) -> RunId {
        self.stored.run_id
    }

    /// Refuses a token that may not read what the approval is about: its message says it.
    pub(super) fn refuse_illegible(&self, actor: &Actor) -> Result<()> {
        match self.seen_by() {
            Some(name) if !actor.scope_allows(name) => Err(Error::unseen("approval")),
            _ => Ok(()),
        }
    }
}

/// Whoever may not see what it is about does not find it.
impl Scoped for Asked {
    fn workspace(&self) -> WorkspaceId {
        self.stored.workspace_id
    }
    fn named(&self) -> (&'static str, String) {
        ("approval", self.stored.id.to_string())
    }
    fn place(&self) -> Place {
        match &self.about {
            About::Task(about) => Place::Task(about.0.project.id, about.0.task.id.uuid()),
            About::Project(project) => Place::Project(project.id),
            About::Nothing => Place::Beside,
        }
    }
    fn seen_by(&self) -> Option<&'static str> {
        match &self.about {
            About::Task(_) => Some(TaskView::NAME),
            About::Project(_) => Some(ProjectView::NAME),
            About::Nothing => None,
        }
    }
    fn facts(&self) -> Map<String, Value> {
        match &self.about {
            About::Task(about) => projects::facts(&about.0.project, &about.0.task),
            About::Project(project) => project.facts(),
            About::Nothing => Map::new(),
        }
    }
}

/// The task with its project, as permissions are asked for it.
pub(super) fn task_in(project: Project, task: Task) -> About {
    let facts = TaskFacts::of(&task);
    About::Task(Box::new((ProjectOfTask { project, task: facts }, task)))
}
