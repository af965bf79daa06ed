//! Ids: newtypes over UUIDv7, shown at the edge as [TypeIDs](https://github.com/jetify-com/typeid/tree/main/spec)
//! (`task_01h455vb4pex5vsknk084sn02q`), so that one kind of id cannot be used for another by mistake.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// What is wrong with the text of an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an id of this kind: expected `{prefix}_` and 26 characters of 0-9 and a-z")]
pub struct BadId {
    text: String,
    prefix: &'static str,
}

/// Crockford's base 32, in lower case.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The 26 characters of an id without its prefix. 130 bits hold 128, so the first character is at most 7.
fn encode(uuid: Uuid) -> [u8; 26] {
    let mut rest = uuid.as_u128();
    let mut text = [b'0'; 26];
    for place in text.iter_mut().rev() {
        *place = ALPHABET[(rest & 31) as usize];
        rest >>= 5;
    }
    text
}

fn decode(text: &str) -> Option<Uuid> {
    let bytes = text.as_bytes();
    if bytes.len() != 26 || bytes[0] > b'7' {
        return None;
    }
    bytes
        .iter()
        .try_fold(0u128, |value, byte| {
            let digit = ALPHABET.iter().position(|letter| letter == byte)?;
            Some((value << 5) | digit as u128)
        })
        .map(Uuid::from_u128)
}

/// The text of an id, on the stack: lists show hundreds.
pub(crate) fn text<const LENGTH: usize>(uuid: Uuid, prefix: &str) -> [u8; LENGTH] {
    let mut text = [b'_'; LENGTH];
    text[..prefix.len()].copy_from_slice(prefix.as_bytes());
    text[prefix.len() + 1..].copy_from_slice(&encode(uuid));
    text
}

pub(crate) fn read(text: &str, prefix: &'static str) -> Result<Uuid, BadId> {
    text.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .and_then(decode)
        .ok_or_else(|| BadId { text: text.chars().take(64).collect(), prefix })
}

/// What every id has: its prefix, and a way from and to the UUID that is stored.
pub trait Id: Copy + FromStr<Err = BadId> + fmt::Display + Send + Sync + 'static {
    /// The word before the underscore.
    const PREFIX: &'static str;
    /// The id over this UUID.
    fn from_uuid(uuid: Uuid) -> Self;
    /// The UUID that is stored.
    fn uuid(self) -> Uuid;
}

/// Declares an id newtype.
macro_rules! id {
    ($name:ident, $prefix:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(uuid::Uuid);

        impl $crate::ids::Id for $name {
            const PREFIX: &'static str = $prefix;
            fn from_uuid(uuid: uuid::Uuid) -> Self {
                Self(uuid)
            }
            fn uuid(self) -> uuid::Uuid {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let text: [u8; $prefix.len() + 27] = $crate::ids::text(self.0, $prefix);
                // All of it is ASCII; an empty id would still be seen.
                f.write_str(std::str::from_utf8(&text).unwrap_or_default())
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::ids::BadId;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::ids::read(text, $prefix).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                let text: [u8; $prefix.len() + 27] = $crate::ids::text(self.0, $prefix);
                to.serialize_str(std::str::from_utf8(&text).unwrap_or_default())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "pattern": concat!("^", $prefix, "_[0-7][0-9a-hjkmnp-tv-z]{25}$"),
                })
            }
        }

        impl $crate::db::Param for $name {
            const KIND: $crate::db::Kind = $crate::db::Kind::Uuid;
            fn value(&self) -> $crate::db::Value<'_> {
                $crate::db::Value::Uuid(self.0)
            }
        }

        impl $crate::db::Column for $name {
            fn from_cell(cell: $crate::db::Cell<'_>) -> $crate::Result<Self> {
                <uuid::Uuid as $crate::db::Column>::from_cell(cell).map(Self)
            }
        }
    };
}

id!(AbsenceId, "abs", "Somebody is away.");
id!(AllocationId, "alloc", "A person is planned for a project.");
id!(ApprovalId, "appr", "What a run asks people.");
id!(AssignmentId, "asg", "Who may do what where, beside the role of a membership.");
id!(AttachmentId, "att", "A file on a task.");
id!(BacktestId, "bt", "A rule held against a stretch of the log.");
id!(BaselineId, "base", "The dates of a project as they once were.");
id!(BulkEditId, "bulk", "A change of many tasks at once.");
id!(CommentId, "cmt", "A comment on a task.");
id!(ConnectionId, "conn", "A connection to an outside service.");
id!(CostId, "cost", "A cost that was entered into a budget.");
id!(EventId, "evt", "An event in the log.");
id!(FieldId, "fld", "A custom field of a project.");
id!(GroupId, "grp", "A group of people.");
id!(HookId, "hook", "An endpoint that receives webhooks.");
id!(IdentityProviderId, "idp", "A provider of OpenID Connect sign-in.");
id!(InvitationId, "inv", "An invitation to a workspace.");
id!(JobId, "job", "A job in the queue.");
id!(MilestoneId, "mile", "A milestone of a project.");
id!(NotificationId, "ntf", "A notification to a person.");
id!(ProjectId, "proj", "A project.");
id!(PushSubscriptionId, "push", "A browser in which somebody is told.");
id!(RateId, "rate", "What an hour costs.");
id!(RecurrenceId, "rec", "A task that recurs.");
id!(RoleId, "role", "A role of a workspace's own.");
id!(RuleId, "rule", "A rule.");
id!(RunId, "run", "A run of a rule.");
id!(SecretId, "sec", "A secret that rules hand to other services.");
id!(SessionId, "ses", "A signed-in session.");
id!(SprintId, "spr", "A sprint of a project.");
id!(TaskId, "task", "A task.");
id!(TaskTemplateId, "tmpl", "A template of tasks.");
id!(TellingId, "tell", "Something that people are told.");
id!(TimeEntryId, "time", "Time that was spent on a task.");
id!(TokenId, "tok", "A personal access token.");
id!(UserId, "user", "A person.");
id!(VariableId, "var", "A value that rules go by.");
id!(ViewId, "view", "A saved view of tasks.");
id!(WorkspaceId, "ws", "A workspace: the tenant that every row belongs to.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_and_reads_the_vector_of_the_typeid_specification() {
        let uuid: Uuid = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        let id = TaskId::from_uuid(uuid);
        assert_eq!(id.to_string(), "task_01h455vb4pex5vsknk084sn02q");
        assert_eq!("task_01h455vb4pex5vsknk084sn02q".parse(), Ok(id));
    }

    #[test]
    fn refuses_another_kind_an_overflow_and_nonsense() {
        for text in ["proj_01h455vb4pex5vsknk084sn02q", "task_8zzzzzzzzzzzzzzzzzzzzzzzzz", "task_", "", "task_01h4💥"]
        {
            assert!(text.parse::<TaskId>().is_err(), "{text}");
        }
    }
}
