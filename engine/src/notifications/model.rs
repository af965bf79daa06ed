//! Notifications, as they are stored and shown; and what is told, before it is any.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::access::Who;
use crate::db::row;
use crate::ids::{NotificationId, ProjectId, TaskId, TellingId, UserId};
use crate::tasks::Task;
use crate::words::words;

/// The longest message, in bytes.
pub const MAX_MESSAGE: usize = 4 * 1024;
/// The longest subject, in bytes.
pub const MAX_SUBJECT: usize = 500;
/// The most people that one message goes to.
pub const MAX_RECIPIENTS: usize = 10_000;

words! {
    /// What somebody is told.
    pub enum Kind {
        /// Somebody named them in a comment.
        Mention = "mention",
        /// They are to work on a task.
        Assigned = "assigned",
        /// Somebody commented on a task that they work on or watch.
        Comment = "comment",
        /// A task that they work on or watch stands otherwise.
        Status = "status",
        /// A task that they work on or watch is due at another time.
        DueChanged = "due_changed",
        /// A task that they work on is due within a day.
        DueSoon = "due_soon",
        /// A task that they work on was due and is not done.
        Overdue = "overdue",
        /// Somebody asks for their approval.
        Approval = "approval",
        /// Something was left undone, and comes to them.
        Escalation = "escalation",
        /// What a rule has to say.
        Rule = "rule",
        /// What Trackside itself has to say.
        System = "system",
    }
}

impl Kind {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 11] = [
        Self::Mention,
        Self::Assigned,
        Self::Comment,
        Self::Status,
        Self::DueChanged,
        Self::DueSoon,
        Self::Overdue,
        Self::Approval,
        Self::Escalation,
        Self::Rule,
        Self::System,
    ];

    /// Whether it only says that work goes on: then many of a task in a short time become one.
    pub(super) fn is_activity(self) -> bool {
        matches!(self, Self::Comment | Self::Status | Self::DueChanged)
    }

    /// Whether somebody is told of it who did it themselves: somebody chose them by name, or a clock did.
    pub(super) fn tells_oneself(self) -> bool {
        matches!(self, Self::Approval | Self::Escalation | Self::Rule | Self::System)
    }
}

words! {
    /// A way to somebody.
    pub enum Channel {
        /// The list within Trackside.
        App = "app",
        /// E-mail.
        Email = "email",
        /// Messages to browsers.
        Push = "push",
    }
}

row! {
    /// A notification. To whom it goes is not shown: everyone sees their own.
    #[derive(Debug, Clone, Serialize, JsonSchema)]
    pub struct Notification {
        /// Its id.
        pub id: NotificationId,
        /// What it tells of; of several, the last.
        pub kind: Kind,
        /// What it says, in the person's language.
        pub message: String,
        /// What it is about: the id of a task, project or run, or words.
        pub subject: Option<String>,
        /// The project it is about, if it is about one.
        #[serde(rename = "project")]
        pub project_id: Option<ProjectId>,
        /// The task it is about, if it is about one.
        #[serde(rename = "task")]
        pub task_id: Option<TaskId>,
        /// Whose doing it was, if a person's.
        #[serde(rename = "actor")]
        pub actor_id: Option<UserId>,
        /// How many it stands for: what happens to a task in a short time is gathered.
        pub times: i64,
        /// When it was sent; of several, the first.
        pub created_at: DateTime<Utc>,
        /// When the last of several was sent; null for one alone.
        pub last_at: Option<DateTime<Utc>>,
        /// When it was read; null until then.
        pub read_at: Option<DateTime<Utc>>,
        /// Until when it is not shown, if it was put off.
        pub snoozed_until: Option<DateTime<Utc>>,
    }
}

row! {
    /// How many of a kind somebody has not read.
    #[derive(Debug, Clone, Serialize, JsonSchema)]
    pub struct UnreadOfKind {
        /// The kind.
        pub kind: Kind,
        /// So many.
        pub unread: i64,
    }
}

/// How many notifications somebody has not read. What is put off does not count until its time has come.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Unread {
    /// So many.
    pub unread: i64,
    /// Of each kind of which there are any.
    pub kinds: Vec<UnreadOfKind>,
}

/// What there is to say, in any language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// The task, as people call it: `WEB-1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The task's title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What it became; a time by RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// How a comment begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<String>,
    /// Words that are there already, whatever somebody's language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What it is about, where that is neither task nor project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The only channels by which it goes out; as people want it when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<Channel>>,
}

/// Something to tell.
#[derive(Debug, Clone)]
pub struct News {
    /// What it is.
    pub kind: Kind,
    /// Nobody is told twice under one key; without one it is told as something new.
    pub key: Option<String>,
    /// The project it is about: those who may not see it are not told.
    pub project: Option<ProjectId>,
    /// The task it is about: likewise.
    pub task: Option<TaskId>,
    /// What it says.
    pub details: Details,
}

impl News {
    /// Something that is said in these words, whatever somebody's language; cut to [`MAX_MESSAGE`].
    pub fn saying(kind: Kind, message: &str) -> Self {
        let details = Details { message: Some(cut(message, MAX_MESSAGE)), ..Details::default() };
        Self { kind, key: None, project: None, task: None, details }
    }

    /// Something about a task, in the words of its kind.
    pub fn about(kind: Kind, task: &Task) -> Self {
        let details = Details { key: Some(task.key.clone()), title: Some(task.title.clone()), ..Details::default() };
        Self { kind, key: None, project: Some(task.project_id), task: Some(task.id), details }
    }

    /// The same about this task.
    #[must_use]
    pub fn on(mut self, task: &Task) -> Self {
        (self.project, self.task) = (Some(task.project_id), Some(task.id));
        (self.details.key, self.details.title) = (Some(task.key.clone()), Some(task.title.clone()));
        self
    }

    /// The same under a key: an id of what happens once.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// The same about something that is neither task nor project; cut to [`MAX_SUBJECT`].
    #[must_use]
    pub fn subject(mut self, subject: &str) -> Self {
        self.details.subject = Some(cut(subject, MAX_SUBJECT));
        self
    }
}

row! {
    /// Something that people are told, as it is stored.
    #[derive(Debug, Clone)]
    pub struct Telling {
        pub id: TellingId,
        pub kind: Kind,
        pub project_id: Option<ProjectId>,
        pub task_id: Option<TaskId>,
        pub actor: String,
        pub details: String,
        pub created_at: DateTime<Utc>,
    }
}

impl Telling {
    /// The person who did it.
    pub(super) fn person(&self) -> Option<UserId> {
        match serde_json::from_str(&self.actor) {
            Ok(Who::User { id }) => Some(id),
            _ => None,
        }
    }
}

/// The text without U+0000, which not every database stores, and as much of it as fits into `longest` bytes.
pub(super) fn cut(text: &str, longest: usize) -> String {
    let mut text = text.replace('\0', "");
    text.truncate(text.floor_char_boundary(longest));
    text
}
