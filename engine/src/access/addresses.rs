//! E-mail addresses: whether somebody has proved that theirs is theirs, and how they change it.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model;
use super::once::{self, Purpose};
use super::signin::Authenticator;
use super::{passwords, store};
use crate::db::{Db, One, Rx, Tx, statements};
use crate::ids::UserId;
use crate::mail::Letter;
use crate::vault::Secret;
use crate::{Error, Result, Source};

/// The page that the link leads to.
const PAGE: &str = "verify-email";

statements! {
    OF = "select email from users where id = $1";
    PROVED_AT = "select email_verified_at from users where id = $1";
    MARK = "update users set email_verified_at = $2 where id = $1 and email_verified_at is null";
    CHANGE = "update users set email = $2, email_verified_at = $3 where id = $1";
    TAKEN = "select id from users where email = $1 and id <> $2";
}

/// A change of address that is asked for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressChange {
    /// The new address; one's own again to prove it.
    pub email: String,
    /// One's password.
    pub password: Secret,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AddressChanged {
    /// The address now.
    pub email: String,
    /// Whether a letter with a link went to the new address, which counts once the link was used. Where no mail is sent,
    /// the change is made at once and stays unproved.
    pub mailed: bool,
}

/// A person's address.
pub async fn of(rx: &mut Rx, user: UserId) -> Result<Option<String>> {
    Ok(rx.opt::<One<String>>(OF, (user,)).await?.map(|One(email)| email))
}

/// When a person has proved their address.
pub async fn proved_at(rx: &mut Rx, user: UserId) -> Result<Option<DateTime<Utc>>> {
    let found: Option<(Option<DateTime<Utc>>,)> = rx.opt(PROVED_AT, (user,)).await?;
    Ok(found.and_then(|(at,)| at))
}

/// Notes that a person has proved their address, unless they have before.
pub(super) async fn mark_proved(tx: &mut Tx, user: UserId, at: DateTime<Utc>) -> Result<()> {
    tx.execute(MARK, (user, at)).await.map(drop)
}

impl Authenticator {
    /// Changes the address of a signed-in person, or lets them prove the one they have.
    ///
    /// # Errors
    /// `invalid_fields` for a wrong password and a wrong address; `email_taken` where no mail is sent. Where it is, a taken
    /// address is answered as a free one, and no link comes.
    pub async fn change_address(&self, db: &Db, user: UserId, change: AddressChange) -> Result<AddressChanged> {
        let email = model::email(&change.email)?;
        self.must_know(db, user, &change.password, "/password").await?;
        let source = self.source.clone();
        db.write(async move |tx: &mut Tx| ask(tx, &source, user, email).await).await
    }

    /// Takes the token of a letter: its address is proved.
    ///
    /// # Errors
    /// `link_invalid`; `email_taken` when somebody else took the address meanwhile.
    pub async fn prove_address(&self, db: &Db, token: &Secret) -> Result<()> {
        let (source, token) = (self.source.clone(), token.clone());
        let prove = async move |tx: &mut Tx| {
            let found = once::spend(tx, &source, Purpose::Address, &token).await?;
            let Some((user, Some(email))) = found else { return Err(link_invalid()) };
            set(tx, user, &email, Some(source.now())).await
        };
        db.write(prove).await
    }

    /// Refuses whoever does not know the password of the person who is signed in. Wrong ones are counted as at sign-in.
    ///
    /// # Errors
    /// `invalid_fields` at `pointer`.
    pub async fn must_know(&self, db: &Db, user: UserId, password: &Secret, pointer: &'static str) -> Result<()> {
        let hash = store::password_hash(&mut *db.read().await?, user).await?.filter(|hash| !hash.is_empty());
        let right = passwords::verify(password, hash).await?;
        let now = self.source.now();
        let counted = db.write(async move |tx: &mut Tx| super::signin::count(tx, user, right, now).await).await?;
        let wrong =
            "is not your password, or there were too many attempts; wait up to 15 minutes after repeated failures";
        if counted { Ok(()) } else { Err(Error::field(pointer, wrong)) }
    }
}

async fn ask(tx: &mut Tx, source: &Source, user: UserId, email: String) -> Result<AddressChanged> {
    let current = store::find_user(tx, user).await?.ok_or_else(|| Error::not_found("user", user))?.email;
    let post = source.post();
    if !post.sends() {
        if email != current {
            set(tx, user, &email, None).await?;
        }
        return Ok(AddressChanged { email, mailed: false });
    }
    if tx.opt::<One<UserId>>(TAKEN, (email.as_str(), user)).await?.is_none() {
        let token = once::issue(tx, source, Purpose::Address, user, Some(&email)).await?;
        let letter = Letter::new(
            "Confirm your address for Trackside",
            ["Somebody, probably you, wants to use this address on Trackside.".to_owned()],
        )
        .link("Confirm this address", post.link(PAGE, &token))
        .closing("The link is good once, for a day. If it was not you, do nothing.");
        post.send(tx, source, None, &email, &letter).await?;
    }
    Ok(AddressChanged { email: current, mailed: true })
}

async fn set(tx: &mut Tx, user: UserId, email: &str, proved_at: Option<DateTime<Utc>>) -> Result<()> {
    let taken = || {
        let message = "somebody else has this e-mail address already; use another";
        Error::conflict("email_taken", message).and_field("/email", message)
    };
    if tx.opt::<One<UserId>>(TAKEN, (email, user)).await?.is_some() {
        return Err(taken());
    }
    // What was sent to the address before opens nothing any more.
    once::void(tx, user, Purpose::Reset).await?;
    tx.execute(CHANGE, (user, email, proved_at)).await.map(drop).map_err(|error| match error.constraint() {
        Some("users_email_key") => taken(),
        _ => error,
    })
}

pub(super) fn link_invalid() -> Error {
    let detail = "This link was used, has expired, or was replaced by a newer one; ask for another.";
    Error::invalid("link_invalid", detail)
}
