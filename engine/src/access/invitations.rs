//! Invitations: an administrator asks an address to join, and whoever has the link in the letter does.
//!
//! The link is good once, for a week, and only for its address: somebody new makes themselves known with it, somebody known
//! must be who it is for. A letter proves the address; where no mail is sent the administrator sees the link instead, and
//! the address stays unproved.

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::events::{MemberInvitationRevoked, MemberInvited};
use super::model;
use super::permissions::{Granted, MemberManage, Role, Workspace};
use super::{membership, once, store};
use crate::cx::Cx;
use crate::db::{One, Rx, Tx, row, statements};
use crate::events::emit;
use crate::ids::{InvitationId, UserId, WorkspaceId};
use crate::mail::Letter;
use crate::vault::Secret;
use crate::{Class, Error, Result, audit};

/// What the tokens in links begin with.
const PREFIX: &str = "trk_inv_";
/// How long a link is good.
const LIFETIME: TimeDelta = TimeDelta::days(7);
/// Most open invitations of one workspace.
const MOST_OPEN: i64 = 500;
/// Most addresses that one workspace writes to within an hour.
const MOST_AN_HOUR: i64 = 100;
/// Most letters to one address within a day.
const MOST_LETTERS: i64 = 5;
/// The page that the link leads to.
const PAGE: &str = "invitation";

row! {
    /// An invitation that is open, or was.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct Invitation {
        /// Its id.
        pub id: InvitationId,
        /// Where it belongs.
        #[serde(skip)]
        pub workspace_id: WorkspaceId,
        /// Who is asked.
        pub email: String,
        /// As what.
        pub role: Role,
        /// Whether a letter went out; otherwise an administrator was shown the link.
        pub mailed: bool,
        /// Who asked.
        pub created_by: Option<UserId>,
        /// When.
        pub created_at: DateTime<Utc>,
        /// When the newest link was made.
        pub sent_at: DateTime<Utc>,
        /// How many links were made within a day.
        #[serde(skip)]
        pub sendings: i64,
        /// Until when it is good.
        pub expires_at: DateTime<Utc>,
        /// When it was taken back.
        #[serde(skip)]
        pub revoked_at: Option<DateTime<Utc>>,
    }
}

/// An invitation that is asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    /// Whom to ask.
    pub email: String,
    /// As what; not above one's own role.
    pub role: Role,
}

/// An invitation that was made or sent again. Has no `Debug`, so that no link ends in a log.
#[derive(Clone, Serialize, JsonSchema)]
pub struct SentInvitation {
    /// The invitation.
    #[serde(flatten)]
    pub invitation: Invitation,
    /// What to give to the invited person; only where no mail is sent, and only now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The token within the link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

statements! {
    LIST = "select {Invitation} from invitations where workspace_id = $1 and revoked_at is null \
         and (cast($2 as uuid) is null or id > $2) order by id limit $3", Invitation;
    LOCK = "select {Invitation} from invitations where workspace_id = $1 and id = $2 and revoked_at is null for update", Invitation;
    LOCK_ADDRESS = "select {Invitation} from invitations where workspace_id = $1 and email = $2 for update", Invitation;
    COUNT_OPEN = "select count(*) from invitations where workspace_id = $1 and revoked_at is null";
    COUNT_SENT = "select count(*) from invitations where workspace_id = $1 and sent_at > $2";
    INSERT = "insert into invitations (id, workspace_id, email, role, hash, mailed, created_by, created_at, sent_at, sendings, expires_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    UPDATE = "update invitations set role = $2, hash = $3, mailed = $4, sent_at = $5, sendings = $6, expires_at = $7 where id = $1";
    REVOKE = "update invitations set revoked_at = $3 where workspace_id = $1 and id = $2 and revoked_at is null";
    DELETE = "delete from invitations where id = $1";
    DELETE_OLD = "delete from invitations where workspace_id = $1 and sent_at < $2 and revoked_at is not null";
    FIND = "select {Invitation} from invitations where hash = $1 and revoked_at is null and expires_at > $2", Invitation;
    FIND_FOR = "select {Invitation} from invitations where email = $1 and revoked_at is null and expires_at > $2 order by sent_at desc limit 1", Invitation;
    TAKE = "delete from invitations where hash = $1 and revoked_at is null and expires_at > $2 returning {Invitation}", Invitation;
    WORKSPACE_NAME = "select name from workspaces where id = $1";
    KNOWN = "select id from users where email = $1";
}

/// A page of the invitations that nobody has followed yet, oldest first; those that expired are among them.
pub async fn list(
    rx: &mut Rx,
    may: &Granted<MemberManage, Workspace>,
    after: Option<InvitationId>,
    limit: i64,
) -> Result<Vec<Invitation>> {
    rx.all(LIST, (may.resource().0, after, limit)).await
}

/// Asks an address to join.
///
/// # Errors
/// `invalid_fields`, `already_member`, `member_inactive`, `already_invited`, `too_many_invitations`; `denied` for a role
/// above one's own.
pub async fn invite(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<MemberManage, Workspace>,
    new: NewInvitation,
) -> Result<SentInvitation> {
    let workspace = may.resource().0;
    let (email, now) = (model::email(&new.email)?, cx.now());
    membership::within(cx, new.role)?;
    if let Some(One(user)) = tx.opt::<One<UserId>>(KNOWN, (email.as_str(),)).await?
        && let Ok(known) = membership::find(tx, workspace, user).await
    {
        membership::refuse_known(&known)?;
    }
    tx.execute(DELETE_OLD, (workspace, now - TimeDelta::days(1))).await?;
    let before: Option<Invitation> = tx.opt(LOCK_ADDRESS, (workspace, email.as_str())).await?;
    if before.as_ref().is_some_and(|before| before.revoked_at.is_none() && before.expires_at > now) {
        let message = "this address is invited already; send the invitation again, or revoke it first";
        return Err(Error::conflict("already_invited", message).and_field("/email", message));
    }
    limit(tx, workspace, now).await?;
    let sendings = sendings(before.as_ref(), now)?;
    if let Some(before) = before {
        tx.execute(DELETE, (before.id,)).await?;
    }
    let invitation = Invitation {
        id: cx.new_id(),
        workspace_id: workspace,
        email,
        role: new.role,
        mailed: cx.source().post().sends(),
        created_by: cx.actor.user(),
        created_at: now,
        sent_at: now,
        sendings,
        expires_at: now + LIFETIME,
        revoked_at: None,
    };
    let (token, hash) = once::make(PREFIX);
    let it = &invitation;
    let args = (
        it.id,
        workspace,
        it.email.as_str(),
        it.role,
        hash,
        it.mailed,
        it.created_by,
        now,
        now,
        sendings,
        it.expires_at,
    );
    tx.execute(INSERT, args).await.map_err(|error| match error.constraint() {
        Some("invitations_workspace_id_email_key") => {
            Error::conflict("already_invited", "Somebody else invites this address at this moment.")
        }
        _ => error,
    })?;
    emit(tx, cx, &MemberInvited { invitation: it.id, email: &it.email, role: it.role }).await?;
    let told = json!({ "email": it.email, "role": it.role });
    audit::service::record(tx, cx, "member.invited", &it.id.to_string(), &json!({ "before": null, "after": told }))
        .await?;
    deliver(tx, cx, invitation, token).await
}

/// Makes a new link and sends it; the one before is void.
///
/// # Errors
/// `invitation_not_found`, `too_many_invitations`; `denied` for a role above one's own.
pub async fn resend(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<MemberManage, Workspace>,
    id: InvitationId,
) -> Result<SentInvitation> {
    let (workspace, now) = (may.resource().0, cx.now());
    let found: Option<Invitation> = tx.opt(LOCK, (workspace, id)).await?;
    let mut invitation = found.ok_or_else(|| Error::not_found("invitation", id))?;
    membership::within(cx, invitation.role)?;
    limit(tx, workspace, now).await?;
    invitation.sendings = sendings(Some(&invitation), now)?;
    (invitation.mailed, invitation.sent_at, invitation.expires_at) = (cx.source().post().sends(), now, now + LIFETIME);
    let (token, hash) = once::make(PREFIX);
    let it = &invitation;
    tx.execute(UPDATE, (it.id, it.role, hash, it.mailed, it.sent_at, it.sendings, it.expires_at)).await?;
    deliver(tx, cx, invitation, token).await
}

/// Takes an invitation back: its link is void at once.
///
/// # Errors
/// `invitation_not_found`.
pub async fn revoke(tx: &mut Tx, cx: &Cx, may: &Granted<MemberManage, Workspace>, id: InvitationId) -> Result<()> {
    if tx.execute(REVOKE, (may.resource().0, id, cx.now())).await? == 0 {
        return Err(Error::not_found("invitation", id));
    }
    emit(tx, cx, &MemberInvitationRevoked { invitation: id }).await?;
    audit::service::record(tx, cx, "invitation.revoked", &id.to_string(), &json!({ "after": null })).await
}

/// The open invitation behind a token.
///
/// # Errors
/// `invitation_invalid` for one that was used, revoked, replaced or expired, or never was.
pub(super) async fn find(rx: &mut Rx, token: &Secret, now: DateTime<Utc>) -> Result<Invitation> {
    let hash = once::hash(PREFIX, token).ok_or_else(invalid)?;
    rx.opt(FIND, (hash, now)).await?.ok_or_else(invalid)
}

/// The newest open invitation for an address that somebody else has proved.
pub(super) async fn find_for(rx: &mut Rx, email: &str, now: DateTime<Utc>) -> Result<Option<Invitation>> {
    rx.opt(FIND_FOR, (email, now)).await
}

/// Spends a token; of several at once, one succeeds.
///
/// # Errors
/// As [`find`].
pub(super) async fn take(tx: &mut Tx, token: &Secret, now: DateTime<Utc>) -> Result<Invitation> {
    let hash = once::hash(PREFIX, token).ok_or_else(invalid)?;
    tx.opt(TAKE, (hash, now)).await?.ok_or_else(invalid)
}

/// Spends an invitation without its token: its address was proved otherwise.
pub(super) async fn take_by_id(tx: &mut Tx, id: InvitationId) -> Result<()> {
    if tx.execute(DELETE, (id,)).await? == 1 { Ok(()) } else { Err(invalid()) }
}

pub(super) fn invalid() -> Error {
    let detail = "This invitation was used or taken back, has expired, or never was; ask for a new one.";
    Error::new(Class::NotFound, "invitation_invalid", detail)
}

/// The links made for an address within a day, this one counted.
fn sendings(before: Option<&Invitation>, now: DateTime<Utc>) -> Result<i64> {
    let recent = before.filter(|before| now - before.sent_at < TimeDelta::days(1));
    let sendings = recent.map_or(0, |before| before.sendings) + 1;
    if sendings <= MOST_LETTERS {
        return Ok(sendings);
    }
    Err(Error::conflict(
        "too_many_invitations",
        format!("This address was written to {MOST_LETTERS} times within a day; try again tomorrow."),
    ))
}

async fn limit(tx: &mut Tx, workspace: WorkspaceId, now: DateTime<Utc>) -> Result<()> {
    let open = tx.one::<One<i64>>(COUNT_OPEN, (workspace,)).await?.0;
    if open >= MOST_OPEN {
        let detail = format!("{MOST_OPEN} invitations are open, the most there may be; revoke some first.");
        return Err(Error::conflict("too_many_invitations", detail));
    }
    let sent = tx.one::<One<i64>>(COUNT_SENT, (workspace, now - TimeDelta::hours(1))).await?.0;
    if sent >= MOST_AN_HOUR {
        let detail = format!("{MOST_AN_HOUR} addresses were written to within an hour; go on later.");
        return Err(Error::conflict("too_many_invitations", detail));
    }
    Ok(())
}

async fn deliver(tx: &mut Tx, cx: &Cx, invitation: Invitation, token: String) -> Result<SentInvitation> {
    let post = cx.source().post();
    let link = post.link(PAGE, &token);
    if !post.sends() {
        return Ok(SentInvitation { invitation, link: Some(link), token: Some(token) });
    }
    let workspace = invitation.workspace_id;
    let One(name) = tx.one::<One<String>>(WORKSPACE_NAME, (workspace,)).await?;
    let by = match cx.actor.user() {
        Some(user) => store::find_user(tx, user).await?.map(|user| user.name),
        None => None,
    };
    let asks = by.map_or_else(
        || format!("You are asked to join {name} on Trackside."),
        |by| format!("{by} asks you to join {name} on Trackside."),
    );
    let until = invitation.expires_at.format("%-d %B %Y, %H:%M UTC");
    let letter = Letter::new(format!("Join {name} on Trackside"), [asks])
        .link(format!("Join {name}"), link)
        .closing(format!("The link is good once, until {until}. If you do not know what this is about, do nothing."));
    post.send(tx, cx.source(), Some(workspace), &invitation.email, &letter).await?;
    Ok(SentInvitation { invitation, link: None, token: None })
}
