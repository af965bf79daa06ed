//! New passwords: by who knows the old one, and by who has the link of a letter or of an administrator.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::addresses::{link_invalid, mark_proved};
use super::model;
use super::once::{self, Purpose};
use super::permissions::{Granted, MemberManage, Workspace};
use super::signin::Authenticator;
use super::{govern, passwords, store};
use crate::cx::Cx;
use crate::db::{Db, Signal, Tx, statements};
use crate::ids::{SessionId, UserId};
use crate::mail::Letter;
use crate::vault::Secret;
use crate::{Error, Result, Source, audit};

/// The page that the link leads to.
const PAGE: &str = "reset-password";
/// The shortest time between two letters to one address.
const SPACING: TimeDelta = TimeDelta::minutes(1);
/// Whoever asks for a letter is answered after this long, whether the address is known or not.
const ANSWER: Duration = Duration::from_millis(150);
/// What is noted with a token whose link went out by mail: using it proves the address.
const MAILED: &str = "mailed";

statements! {
    SET_PASSWORD = "update users set password_hash = $2, failed_logins = 0, locked_until = null where id = $1";
    END_SESSIONS = "update sessions set ended_at = $2, ended_because = $3 where user_id = $1 and ended_at is null";
    END_OTHER_SESSIONS = "update sessions set ended_at = $2, ended_because = $3 where user_id = $1 and id <> $4 and ended_at is null";
}

/// A new password, by who knows the old one.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password so far.
    pub current_password: Secret,
    /// The new one, 10 to 128 characters.
    pub password: Secret,
}

/// A link by which a member sets a new password. Has no `Debug`, so that no link ends in a log.
#[derive(Clone, Serialize, JsonSchema)]
pub struct ResetLink {
    /// Whether it went to the member by mail.
    pub mailed: bool,
    /// What to give to the member; only where no mail is sent, and only now. Good once, for an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The token within the link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

impl Authenticator {
    /// Changes the password of a signed-in person and ends their other sessions, in every workspace.
    ///
    /// # Errors
    /// `invalid_fields` at `/current_password` and `/password`.
    pub async fn change_password(
        &self,
        db: &Db,
        user: UserId,
        session: SessionId,
        change: PasswordChange,
    ) -> Result<()> {
        passwords::check(&change.password)?;
        self.must_know(db, user, &change.current_password, "/current_password").await?;
        let (hash, now) = (passwords::hash(&change.password).await?, self.source.now());
        let write = async move |tx: &mut Tx| {
            tx.execute(SET_PASSWORD, (user, hash.as_str())).await?;
            tx.execute(END_OTHER_SESSIONS, (user, now, "password_changed", session)).await?;
            once::void(tx, user, Purpose::Reset).await?;
            tx.wake(Signal::Access);
            Ok(())
        };
        db.write(write).await
    }

    /// Sends a link to an address, if it is somebody's. Who asks learns nothing of that: the answer is the same, and as
    /// late, because the letter is written after it.
    ///
    /// # Errors
    /// `mail_not_configured`, whatever the address.
    pub async fn forgot(&self, db: &Db, email: &str) -> Result<()> {
        if !self.source.post().sends() {
            let detail = "This installation sends no mail; ask an administrator of your workspace for a link.";
            return Err(Error::conflict("mail_not_configured", detail));
        }
        let answer_at = tokio::time::Instant::now() + ANSWER;
        let email = model::email(email)?;
        let known = store::find_login(&mut *db.read().await?, &email).await?;
        if let Some(known) = known {
            let (db, source) = (db.clone(), self.source.clone());
            tokio::spawn(async move {
                let write = async move |tx: &mut Tx| send_link(tx, &source, known.id, &email).await;
                if let Err(error) = db.write(write).await {
                    tracing::error!(%error, "the letter for a new password could not be written");
                }
            });
        }
        tokio::time::sleep_until(answer_at).await;
        Ok(())
    }

    /// Sets a new password by the token of a link, and ends all sessions of its person.
    ///
    /// # Errors
    /// `link_invalid`; `invalid_fields` at `/password`.
    pub async fn reset_password(&self, db: &Db, token: &Secret, password: &Secret) -> Result<()> {
        passwords::check(password)?;
        let (source, peeked) = (self.source.clone(), token.clone());
        // Looked at first, so that nobody makes this hash for nothing.
        let known = async move |tx: &mut Tx| once::peek(tx, &source, Purpose::Reset, &peeked).await;
        db.write(known).await?.ok_or_else(link_invalid)?;
        let hash = passwords::hash(password).await?;
        let (source, token) = (self.source.clone(), token.clone());
        let write = async move |tx: &mut Tx| {
            let found = once::spend(tx, &source, Purpose::Reset, &token).await?;
            let (user, data) = found.ok_or_else(link_invalid)?;
            let now = source.now();
            if data.as_deref() == Some(MAILED) {
                mark_proved(tx, user, now).await?;
            }
            tx.execute(SET_PASSWORD, (user, hash.as_str())).await?;
            once::void(tx, user, Purpose::SecondFactor).await?;
            end_sessions(tx, user, now, "password_reset").await
        };
        db.write(write).await
    }
}

/// Ends all sessions of a person, in every workspace.
pub(super) async fn end_sessions(tx: &mut Tx, user: UserId, at: DateTime<Utc>, because: &str) -> Result<()> {
    tx.execute(END_SESSIONS, (user, at, because)).await?;
    tx.wake(Signal::Access);
    Ok(())
}

/// Makes a link by which a member sets a new password: mailed to them, or where no mail is sent, shown to who asked.
///
/// # Errors
/// `member_not_found`, `member_inactive`; `denied` for somebody who is not this workspace's alone.
pub async fn reset_link(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<MemberManage, Workspace>,
    user: UserId,
) -> Result<ResetLink> {
    govern::check(tx, cx, may, user).await?;
    let post = cx.source().post();
    audit::service::record(tx, cx, "password.reset_link_made", &user.to_string(), &json!({ "mailed": post.sends() }))
        .await?;
    if post.sends() {
        let email = store::find_user(tx, user).await?.ok_or_else(|| Error::not_found("user", user))?.email;
        send_link(tx, cx.source(), user, &email).await?;
        return Ok(ResetLink { mailed: true, link: None, token: None });
    }
    let token = once::issue(tx, cx.source(), Purpose::Reset, user, None).await?;
    Ok(ResetLink { mailed: false, link: Some(post.link(PAGE, &token)), token: Some(token) })
}

/// Writes the letter, unless one was written a moment ago.
async fn send_link(tx: &mut Tx, source: &Source, user: UserId, email: &str) -> Result<()> {
    let newest = once::newest(tx, user, Purpose::Reset).await?;
    if newest.is_some_and(|at| source.now() - at < SPACING) {
        return Ok(());
    }
    let token = once::issue(tx, source, Purpose::Reset, user, Some(MAILED)).await?;
    let letter = Letter::new(
        "A new password for Trackside",
        ["Somebody, probably you, wants a new password for this address.".to_owned()],
    )
    .link("Set a new password", source.post().link(PAGE, &token))
    .closing("The link is good once, for an hour. If it was not you, do nothing: your password stays as it is.");
    source.post().send(tx, source, None, email, &letter).await
}
