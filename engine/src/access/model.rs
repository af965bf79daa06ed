//! People, sessions and tokens, as they are asked for and shown.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::permissions::Role;
use crate::db::row;
use crate::ids::{SessionId, TokenId, UserId, WorkspaceId};
use crate::rules::OwnedRule;
use crate::vault::Secret;
use crate::words::words;
use crate::{Error, Result};

/// Longest name of anything here, in characters.
pub const LONGEST_NAME: usize = 200;

/// Longest e-mail address, in bytes (RFC 5321 section 4.5.3.1.3, without the angle brackets).
const LONGEST_EMAIL: usize = 254;

row! {
    /// A person.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct User {
        /// Their id.
        pub id: UserId,
        /// Their address, in lower case.
        pub email: String,
        /// What they are called.
        pub name: String,
        /// Since when they are known.
        pub created_at: DateTime<Utc>,
    }
}

row! {
    /// A workspace.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct WorkspaceInfo {
        /// Its id.
        pub id: WorkspaceId,
        /// What it is called.
        pub name: String,
        /// Since when it exists.
        pub created_at: DateTime<Utc>,
    }
}

words! {
    /// What a member is.
    pub enum MemberKind {
        /// Somebody.
        Person = "person",
        /// A program, with tokens that administrators make.
        Service = "service",
    }
}

words! {
    /// How a member stands to the workspace.
    pub enum MemberState {
        /// They belong to it.
        Active = "active",
        /// An administrator ended their access.
        Deactivated = "deactivated",
        /// They left by themselves.
        Left = "left",
    }
}

row! {
    /// A person in a workspace.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct Member {
        /// The person.
        pub id: UserId,
        /// Their address; a service account has none.
        pub email: Option<String>,
        /// What they are called.
        pub name: String,
        /// What they are here, or were.
        pub role: Role,
        /// Since when they belong here.
        pub created_at: DateTime<Utc>,
        /// A person, or a program.
        pub kind: MemberKind,
        /// Whether they belong here now.
        pub state: MemberState,
    }
}

/// A member who was deactivated, and what they leave behind.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DeactivatedMember")]
pub struct Deactivated {
    /// The member.
    #[serde(flatten)]
    pub member: Member,
    /// The rules that are switched on in their name. From now on their runs fail, until somebody takes them.
    pub rules: Vec<OwnedRule>,
}

/// What a list of members can be asked for.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MemberQuery {
    /// `active` when left out.
    pub state: Option<MemberState>,
    /// Part of the name or of the address.
    pub q: Option<String>,
    /// Any of created_at, email, name; `-` before one turns it round. `created_at` when left out.
    pub sort: Option<String>,
    /// 1 to 200 items; 25 when left out.
    pub limit: Option<i64>,
    /// Rows to pass over, at most 10,000; `cursor` is faster and misses nothing.
    pub offset: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// `true` counts the members on all pages.
    pub total: bool,
}

row! {
    /// A session that goes on.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct Session {
        /// Its id.
        pub id: SessionId,
        /// When the person signed in.
        pub created_at: DateTime<Utc>,
        /// When it was last renewed; at most 15 minutes before its newest request.
        pub renewed_at: DateTime<Utc>,
        /// When it ends if it is not renewed.
        pub expires_at: DateTime<Utc>,
    }
}

/// The answer to `GET /me`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Me {
    /// The person.
    pub user: User,
    /// Where they are now.
    pub workspace: WorkspaceInfo,
    /// What they are there.
    pub role: Role,
    /// When the person proved that their address is theirs; null until then.
    pub email_verified_at: Option<DateTime<Utc>>,
    /// What the person says of themselves.
    #[serde(flatten)]
    pub profile: super::profile::Profile,
    /// What the token in use is limited to; absent when to nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// Where the log of events stood. Whoever reads anything after this, and then listens to a socket `after` it, misses
    /// no change in between.
    pub position: i64,
}

/// A new person, their password already hashed.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Their address.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// The hash of their password.
    pub password: super::passwords::Hashed,
}

/// The first workspace and its owner.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// The name of the workspace, 1 to 200 characters.
    pub workspace: String,
    /// The name of the owner, 1 to 200 characters.
    pub name: String,
    /// The address of the owner.
    pub email: String,
    /// The owner's password, 10 to 128 characters.
    pub password: Secret,
}

/// What a person signs in with.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// Their address; case does not matter.
    pub email: String,
    /// Their password.
    pub password: Secret,
    /// The workspace to work in; the first one they joined when left out.
    #[serde(default)]
    pub workspace_id: Option<WorkspaceId>,
}

/// What a person holds after signing in. Has no `Debug`, so that no token ends in a log.
#[derive(Clone, Serialize, JsonSchema)]
pub struct SignedIn {
    /// The person.
    pub user: User,
    /// The workspace that the tokens are for.
    pub workspace_id: WorkspaceId,
    /// The bearer of requests.
    pub access_token: String,
    /// Gets the next pair, once.
    pub refresh_token: String,
    /// Seconds until the access token expires.
    pub expires_in: i64,
}

/// A personal access token that is asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What it is for, 1 to 200 characters.
    pub name: String,
    /// What it may do (`task.edit`, `task.*`, `*`); everything its owner may when left out.
    #[serde(default)]
    pub scopes: Option<Vec<String>>,
    /// When it stops working; never when left out.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
}

/// A personal access token, without what makes it one.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TokenInfo {
    /// Its id.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// What it may do; everything its owner may when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it stops working.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<DateTime<Utc>>,
}

/// A new personal access token. Has no `Debug`, so that no token ends in a log.
#[derive(Clone, Serialize, JsonSchema)]
pub struct CreatedToken {
    /// The token's description.
    #[serde(flatten)]
    pub info: TokenInfo,
    /// The token. Shown now and never again.
    pub token: String,
}

/// A name without the blanks around it.
///
/// # Errors
/// `invalid_fields` at `pointer` when nothing is left, or too much.
pub fn name(pointer: &str, text: &str) -> Result<String> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err(Error::field(pointer, "must not be empty")),
        length if length > LONGEST_NAME => {
            Err(Error::field(pointer, format!("must be at most {LONGEST_NAME} characters, not {length}")))
        }
        _ if text.chars().any(char::is_control) => Err(Error::field(pointer, "must not hold control characters")),
        _ => Ok(text.to_owned()),
    }
}

/// An address in the form in which it is kept and compared: without blanks around it, in lower case.
pub fn normal_email(text: &str) -> String {
    text.trim().to_lowercase()
}

/// An address that could be one; whether it is shows only when mail arrives.
///
/// # Errors
/// `invalid_fields` at `/email`.
pub fn email(text: &str) -> Result<String> {
    let text = normal_email(text);
    let sound = text.len() <= LONGEST_EMAIL
        && !text.chars().any(|letter| letter.is_whitespace() || letter.is_control())
        && text.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && local.len() <= 64 && !domain.is_empty() && !domain.contains('@')
        });
    if sound { Ok(text) } else { Err(Error::field("/email", "must be an e-mail address such as ana@example.org")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_normalised_and_nonsense_is_refused() {
        assert_eq!(email("  Ana@Example.ORG ").unwrap(), "ana@example.org");
        assert_eq!(email("admin@localhost").unwrap(), "admin@localhost");
        for text in ["", "ana", "@example.org", "ana@", "a@b@c", "a b@c.d", &format!("{}@x.y", "a".repeat(65))] {
            assert!(email(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_are_trimmed_and_bounded() {
        assert_eq!(name("/name", " Ana ").unwrap(), "Ana");
        assert!(name("/name", &"ä".repeat(200)).is_ok());
        for text in ["", "  ", "a\nb", &"ä".repeat(201)] {
            assert_eq!(name("/name", text).unwrap_err().fields[0].pointer, "/name");
        }
    }
}
