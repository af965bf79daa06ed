//! What happens to people.

use schemars::JsonSchema;
use serde::Serialize;

use super::model::Member;
use super::permissions::Role;
use crate::events::EventType;
use crate::ids::{InvitationId, ProjectId, UserId};
use crate::projects::events::Changes;

/// A person changed what they say of themselves.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MemberProfileChanged<'a> {
    /// The person.
    pub member: UserId,
    /// What changed.
    pub change: &'a Changes,
}

/// Somebody was asked to join.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MemberInvited<'a> {
    /// The invitation. The link in it is in no event.
    pub invitation: InvitationId,
    /// Whose address.
    pub email: &'a str,
    /// As what.
    pub role: Role,
}

/// Somebody became a member.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MemberJoined<'a> {
    /// The member.
    pub member: &'a Member,
    /// The invitation that they followed, if they did.
    pub invitation: Option<InvitationId>,
}

/// A member's role changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MemberRoleChanged<'a> {
    /// The member as they are now.
    pub member: &'a Member,
    /// What they were.
    pub from: Role,
    /// What they are.
    pub to: Role,
}

/// A member's access was ended.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MemberDeactivated<'a> {
    /// The member as they were.
    pub member: &'a Member,
}

/// A member's access was given back.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MemberReactivated<'a> {
    /// The member.
    pub member: &'a Member,
}

/// A member left by themselves.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MemberDeparted<'a> {
    /// The member as they were.
    pub member: &'a Member,
}

macro_rules! announced {
    ($($event:ident $kind:literal $summary:literal |$it:ident| $subject:expr;)+) => {$(
        impl EventType for $event<'_> {
            const KIND: &'static str = $kind;
            const SUMMARY: &'static str = $summary;
            fn subject(&self) -> String {
                let $it = self;
                $subject.to_string()
            }
            fn project(&self) -> Option<ProjectId> {
                None
            }
        }
    )+};
}

announced! {
    MemberDeactivated "member.deactivated" "A member's access was ended; what they made stays." |it| it.member.id;
    MemberInvited "member.invited" "Somebody was asked to join the workspace." |it| it.invitation;
    MemberJoined "member.joined" "Somebody became a member of the workspace." |it| it.member.id;
    MemberDeparted "member.departed" "A member left the workspace by themselves." |it| it.member.id;
    MemberProfileChanged "member.profile_changed" "A person changed their name, time zone, language, working hours or skills." |it| it.member;
    MemberReactivated "member.reactivated" "A member's access was given back." |it| it.member.id;
    MemberRoleChanged "member.role_changed" "A member's role changed." |it| it.member.id;
}
