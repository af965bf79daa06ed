//! The ways into a session other than a plain password: second factors, invitations, new passwords, other providers.

use chrono::TimeDelta;
use schemars::JsonSchema;
use serde::Deserialize;

use super::actor::{Actor, Who};
use super::invitations::{self, Invitation};
use super::model::{self, NewUser, SignedIn, User};
use super::once::{self, Purpose};
use super::signin::{Authenticator, Opened, begin, count, credentials_wrong, refuse_late};
use super::{addresses, factors, membership, passwords, service, store};
use crate::cx::Cx;
use crate::db::{Db, Tx};
use crate::ids::{UserId, WorkspaceId};
use crate::vault::Secret;
use crate::{Error, Result, Source};

/// What a sign-in comes to.
pub enum Entry {
    /// A session.
    SignedIn(Box<SignedIn>),
    /// The password was right; a code of the second factor is still to come.
    SecondFactor {
        /// Stands for the password that was right; good for five minutes.
        challenge: String,
    },
}

/// Either, within the transaction.
pub(super) enum Half {
    Opened(Opened),
    Challenge(String),
}

/// What an invited person brings.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// The token of the invitation's link.
    pub token: Secret,
    /// What to be called, 1 to 200 characters; of somebody new.
    #[serde(default)]
    pub name: Option<String>,
    /// A new password, 10 to 128 characters; of somebody known theirs, unless they are signed in.
    #[serde(default)]
    pub password: Option<Secret>,
}

/// Begins a session, or the half of one where a second factor is still to come.
pub(super) async fn enter(tx: &mut Tx, source: &Source, user: User, workspace: WorkspaceId) -> Result<Half> {
    if factors::is_on(tx, user.id).await? {
        let wished = workspace.to_string();
        let challenge = once::issue(tx, source, Purpose::SecondFactor, user.id, Some(&wished)).await?;
        return Ok(Half::Challenge(challenge));
    }
    begin(tx, source, user, workspace).await.map(Half::Opened)
}

impl Authenticator {
    /// Ends the second half of a sign-in.
    ///
    /// # Errors
    /// `challenge_invalid`, and `code_wrong` for a wrong code, one that was used, and any after too many failures.
    pub async fn second_factor(&self, db: &Db, challenge: &Secret, code: &str) -> Result<SignedIn> {
        let (source, vault) = (self.source.clone(), self.vault.clone());
        let (challenge, code) = (challenge.clone(), code.to_owned());
        let half = async move |tx: &mut Tx| {
            let found = once::peek(tx, &source, Purpose::SecondFactor, &challenge).await?;
            let Some((user, Some(workspace))) = found else { return Err(challenge_invalid()) };
            if !factors::take(tx, &vault, &source, user, &code).await? {
                // Not an error in here: the count must be kept.
                return Ok(None);
            }
            // Spent only now, so that a slip of the finger costs no new sign-in; of two at once one has it.
            once::spend(tx, &source, Purpose::SecondFactor, &challenge).await?.ok_or_else(challenge_invalid)?;
            let workspace = workspace.parse().map_err(|_| challenge_invalid())?;
            membership::must_be_in(tx, workspace, user).await?;
            let user = store::find_user(tx, user).await?.ok_or_else(challenge_invalid)?;
            begin(tx, &source, user, workspace).await.map(Some)
        };
        let opened = db.write(half).await?.ok_or_else(code_wrong)?;
        self.signed_in(db, opened).await
    }

    /// Turns what a transaction began into what a client holds.
    pub(super) async fn entered(&self, db: &Db, half: Half) -> Result<Entry> {
        Ok(match half {
            Half::Opened(opened) => Entry::SignedIn(Box::new(self.signed_in(db, opened).await?)),
            Half::Challenge(challenge) => Entry::SecondFactor { challenge },
        })
    }

    /// Follows an invitation: `by` is who is signed in, if somebody is.
    ///
    /// # Errors
    /// `invitation_invalid`, `invitation_for_another`, `account_exists`, `credentials_wrong`, `already_member`,
    /// `member_inactive`, `invalid_fields`.
    pub async fn accept(&self, db: &Db, by: Option<UserId>, acceptance: Acceptance) -> Result<Entry> {
        let mut rx = db.read().await?;
        let invitation = invitations::find(&mut rx, &acceptance.token, self.source.now()).await?;
        let known = store::find_login(&mut rx, &invitation.email).await?;
        drop(rx);
        let half = match (by, known) {
            (Some(user), Some(known)) if known.id == user => self.join(db, acceptance.token, known.id).await?,
            (Some(_), _) => {
                let detail = "This invitation is for another address; sign out, or sign in as whom it is for.";
                return Err(Error::denied(detail).with_code("invitation_for_another"));
            }
            (None, Some(known)) => self.join_known(db, acceptance, known).await?,
            (None, None) => self.join_new(db, acceptance, invitation).await?,
        };
        self.entered(db, half).await
    }

    async fn join(&self, db: &Db, token: Secret, user: UserId) -> Result<Half> {
        let source = self.source.clone();
        let join = async move |tx: &mut Tx| {
            let workspace = follow(tx, &source, &token, user).await?;
            let user = store::find_user(tx, user).await?.ok_or_else(|| Error::not_found("user", user))?;
            begin(tx, &source, user, workspace).await.map(Half::Opened)
        };
        db.write(join).await
    }

    async fn join_known(&self, db: &Db, acceptance: Acceptance, known: store::Login) -> Result<Half> {
        let Some(password) = acceptance.password else {
            let message = "somebody has this address already; sign in first, or give the password";
            return Err(Error::conflict("account_exists", message).and_field("/password", message));
        };
        let right = passwords::verify(&password, Some(known.password_hash)).await?;
        let (source, token) = (self.source.clone(), acceptance.token);
        let judged = tokio::time::Instant::now();
        let join = async move |tx: &mut Tx| {
            if !count(tx, known.id, right, source.now()).await? {
                return Ok(None);
            }
            let workspace = follow(tx, &source, &token, known.id).await?;
            let user = store::find_user(tx, known.id).await?.ok_or_else(|| Error::not_found("user", known.id))?;
            enter(tx, &source, user, workspace).await.map(Some)
        };
        let half = db.write(join).await.and_then(|half| half.ok_or_else(credentials_wrong));
        refuse_late(half, judged).await
    }

    async fn join_new(&self, db: &Db, acceptance: Acceptance, invitation: Invitation) -> Result<Half> {
        let missing = |pointer| Error::field(pointer, "is missing; somebody new says it");
        let password = acceptance.password.ok_or_else(|| missing("/password"))?;
        let name = model::name("/name", &acceptance.name.ok_or_else(|| missing("/name"))?)?;
        passwords::check(&password)?;
        let new = NewUser { email: invitation.email, name, password: passwords::hash(&password).await? };
        let (source, token) = (self.source.clone(), acceptance.token);
        let join = async move |tx: &mut Tx| {
            let user = service::insert_user(tx, &source, &new).await?;
            let workspace = follow(tx, &source, &token, user.id).await?;
            begin(tx, &source, user, workspace).await.map(Half::Opened)
        };
        // Of two who follow the same link at once, the slower one finds the address taken: by that very link.
        db.write(join).await.map_err(|error| if error.code == "email_taken" { invitations::invalid() } else { error })
    }
}

/// Spends the invitation and makes its person a member; a letter has proved their address.
async fn follow(tx: &mut Tx, source: &Source, token: &Secret, user: UserId) -> Result<WorkspaceId> {
    let invitation = invitations::take(tx, token, source.now()).await?;
    if invitation.mailed {
        addresses::mark_proved(tx, user, source.now()).await?;
    }
    let workspace = invitation.workspace_id;
    let cx = acting(source, workspace, user);
    membership::join(tx, &cx, (workspace, user), invitation.role, Some(invitation.id)).await?;
    Ok(workspace)
}

/// The context of a person who is about to belong to a workspace.
pub(super) fn acting(source: &Source, workspace: WorkspaceId, user: UserId) -> Cx {
    source.cx(Actor { who: Who::User { id: user }, ..Actor::system(workspace) })
}

/// How long a challenge is good.
pub const CHALLENGE_LIFETIME: TimeDelta = TimeDelta::minutes(5);

fn challenge_invalid() -> Error {
    Error::unauthenticated(
        "challenge_invalid",
        "This sign-in took too long or was ended; begin again with the password.",
    )
}

fn code_wrong() -> Error {
    let detail = "The code is wrong, was used before, or there were too many attempts; wait for the next one, and up to 15 minutes after repeated failures.";
    Error::unauthenticated("code_wrong", detail)
}
