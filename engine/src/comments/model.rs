//! Comments, as they are stored, shown and asked for.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::db::row;
use crate::ids::{CommentId, TaskId, UserId};
use crate::patch::Patch;
use crate::raw::Raw;
use crate::{Error, Result};

/// The longest comment, in bytes.
pub const MAX_COMMENT: usize = 64 * 1024;
/// The most people that one comment mentions.
pub const MAX_MENTIONS: usize = 50;
/// How often one comment may be edited: each time keeps a text.
pub const MAX_EDITS: i64 = 200;

row! {
    /// A comment.
    #[derive(Debug, Clone, Serialize, JsonSchema)]
    pub struct Comment {
        /// Its id.
        pub id: CommentId,
        /// The task it is on.
        #[serde(rename = "task")]
        pub task_id: TaskId,
        /// Who wrote it, or in whose name a rule did; null when the program itself did.
        #[serde(rename = "author")]
        pub author_id: Option<UserId>,
        /// Goes up by one with every change.
        pub version: i64,
        /// What it says, in Markdown; empty once it is deleted.
        pub body: String,
        /// Those of the people it mentions who may see the task.
        pub mentions: Raw<Vec<UserId>>,
        /// When it was written.
        pub created_at: DateTime<Utc>,
        /// When its text last changed; null if it never did.
        pub edited_at: Option<DateTime<Utc>>,
        /// When it was deleted; null if it was not.
        pub deleted_at: Option<DateTime<Utc>>,
    }
}

/// What a list of comments can be asked for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CommentQuery {
    /// `-created_at`: the newest first; `created_at` when left out.
    pub sort: Option<String>,
    /// 1 to 200 items; 25 when left out.
    pub limit: Option<i64>,
    /// Rows to pass over, at most 10,000; `cursor` is faster and misses nothing.
    pub offset: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// `true` counts the comments on all pages.
    pub total: bool,
}

row! {
    /// What a comment said before.
    #[derive(Debug, Clone, Serialize, JsonSchema)]
    pub struct EarlierComment {
        /// The version that said so.
        pub version: i64,
        /// What it said, in Markdown.
        pub body: String,
        /// Who changed or deleted it then.
        pub replaced_by: Option<UserId>,
        /// When.
        pub replaced_at: DateTime<Utc>,
    }
}

/// A comment that is asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewComment {
    /// Markdown, at most 64 KiB. `@user_…` or `@address` mentions somebody, at most 50 people.
    #[schemars(length(min = 1))]
    pub body: String,
}

/// A change of a comment.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CommentPatch {
    /// Markdown, at most 64 KiB.
    #[serde(skip_serializing_if = "Patch::is_absent")]
    pub body: Patch<String>,
}

/// Refuses a text that cannot be one.
pub(super) fn check_body(body: &str) -> Result<()> {
    if body.trim().is_empty() || body.len() > MAX_COMMENT {
        return Err(Error::field("/body", format!("must be 1 to {MAX_COMMENT} bytes")));
    }
    // PostgreSQL stores every character but this one.
    if body.contains('\0') {
        return Err(Error::field("/body", "must not contain the character U+0000"));
    }
    Ok(())
}
