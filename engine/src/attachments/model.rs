//! Attachments, as they are stored and shown.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use crate::db::row;
use crate::ids::{AttachmentId, TaskId, UserId};

/// The most files on one task.
pub const MAX_ATTACHMENTS: i64 = 1000;
/// The longest name of a file, in bytes: what file systems take.
pub const MAX_NAME: usize = 255;

row! {
    /// A file on a task.
    #[derive(Debug, Clone, Serialize, JsonSchema)]
    pub struct Attachment {
        /// Its id.
        pub id: AttachmentId,
        /// The task it is on.
        #[serde(rename = "task")]
        pub task_id: TaskId,
        /// What it is called: without folders and whatever else no file should be called.
        pub name: String,
        /// What its first bytes say it is, whatever the sender called it.
        pub content_type: String,
        /// Its length in bytes.
        pub size: i64,
        /// The SHA-256 of its bytes, in hexadecimal digits.
        pub sha256: String,
        /// Who put it there, or in whose name a rule did.
        pub created_by: Option<UserId>,
        /// When it was put there.
        pub created_at: DateTime<Utc>,
    }
}

/// How much may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of one file.
    pub file: u64,
    /// The most bytes of all files of a workspace; none is no limit.
    pub workspace: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file: 100_000_000, workspace: Some(10_000_000_000) }
    }
}
