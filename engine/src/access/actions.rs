//! What rules may do with people. The rule acts with its owner's rights.

use schemars::JsonSchema;
use serde::Deserialize;

use super::invitations::{self, Invitation, NewInvitation};
use super::membership;
use super::model::Member;
use super::permissions::{MemberManage, Role};
use crate::actions::{Effect, Internal, Undo};
use crate::cx::Cx;
use crate::db::Tx;
use crate::ids::UserId;
use crate::projects::members;
use crate::{Error, Result};

/// `member.deactivate`.
pub struct Deactivate;

/// What `member.deactivate` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeactivateInput {
    /// The member, by id or e-mail address.
    pub member: String,
}

impl Internal for Deactivate {
    const NAME: &'static str = "member.deactivate";
    const SUMMARY: &'static str = "Ends a member's access at once; what they made stays.";
    const EFFECT: Effect = Effect {
        reads: &["members"],
        writes: &["members", "access", "groups"],
        undo: Undo::Never { because: "what a member had is theirs to be given again by somebody who may" },
    };
    const CAUSES: &'static [&'static str] = &["member.deactivated"];
    type Needs = MemberManage;
    type Input = DeactivateInput;
    type Output = Member;

    async fn perform(tx: &mut Tx, cx: &Cx, input: DeactivateInput) -> Result<Member> {
        let may = cx.actor.may_here::<MemberManage>()?;
        let user = member(tx, cx, &input.member).await?;
        Ok(membership::deactivate(tx, cx, &may, user).await?.member)
    }
}

/// `member.invite`.
pub struct Invite;

/// What `member.invite` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InviteInput {
    /// Whom to ask.
    pub email: String,
    /// As what; not above the role of the rule's owner.
    pub role: Role,
}

impl Internal for Invite {
    const NAME: &'static str = "member.invite";
    const SUMMARY: &'static str = "Asks an address to join the workspace, by mail.";
    const EFFECT: Effect = Effect { reads: &["members"], writes: &["invitations"], undo: Undo::Remove };
    const CAUSES: &'static [&'static str] = &["member.invited"];
    type Needs = MemberManage;
    type Input = InviteInput;
    type Output = Invitation;

    async fn perform(tx: &mut Tx, cx: &Cx, input: InviteInput) -> Result<Invitation> {
        let may = cx.actor.may_here::<MemberManage>()?;
        if !cx.source().post().sends() {
            let detail = "This installation sends no mail, and a rule must not be shown the link; invite by hand.";
            return Err(Error::conflict("mail_not_configured", detail));
        }
        let new = NewInvitation { email: input.email, role: input.role };
        Ok(invitations::invite(tx, cx, &may, new).await?.invitation)
    }
}

/// The member behind what a rule calls them.
async fn member(tx: &mut Tx, cx: &Cx, name: &str) -> Result<UserId> {
    let nobody = || Error::field("/member", "must be a member, by id or by e-mail address");
    if !name.contains('@') {
        return name.parse().map_err(|_| nobody());
    }
    let found = members::by_email(tx, cx.actor.workspace, &[name.to_lowercase()]).await?;
    found.first().map(|(user, _)| *user).ok_or_else(nobody)
}
