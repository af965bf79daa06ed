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

/// An invitation was taken back.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MemberInvitationRevoked {
    /// The invitation.
    pub invitation: InvitationId,
}

/// Signing in asks a person for a code from now on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MemberSecondFactorEnabled {
    /// The person.
    pub member: UserId,
}

/// Signing in asks a person for no code any more.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MemberSecondFactorDisabled {
    /// The person.
    pub member: UserId,
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
    ($($event:ty, $kind:literal $summary:literal |$it:ident| $subject:expr;)+) => {$(
        impl EventType for $event {
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
    MemberDeactivated<'_>, "member.deactivated" "A member's access was ended; what they made stays." |it| it.member.id;
    MemberInvitationRevoked, "member.invitation_revoked" "An invitation was taken back." |it| it.invitation;
    MemberInvited<'_>, "member.invited" "Somebody was asked to join the workspace." |it| it.invitation;
    MemberJoined<'_>, "member.joined" "Somebody became a member of the workspace." |it| it.member.id;
    MemberDeparted<'_>, "member.departed" "A member left the workspace by themselves." |it| it.member.id;
    MemberProfileChanged<'_>, "member.profile_changed" "A person changed their name, time zone, language, working hours or skills." |it| it.member;
    MemberReactivated<'_>, "member.reactivated" "A member's access was given back." |it| it.member.id;
    MemberRoleChanged<'_>, "member.role_changed" "A member's role changed." |it| it.member.id;
    MemberSecondFactorDisabled, "member.second_factor_disabled" "Signing in asks a person for no code any more." |it| it.member;
    MemberSecondFactorEnabled, "member.second_factor_enabled" "Signing in asks a person for a code from now on." |it| it.member;
}
