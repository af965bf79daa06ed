//! Tokens that are good once: links that reset a password or prove an address, and the halves of a sign-in. Kept as SHA-256:
//! each has 256 bits of chance in it. Of two who use one at the same moment, one succeeds.

use chrono::{DateTime, TimeDelta, Utc};
use rand::Rng as _;
use rand::distr::Alphanumeric;
use sha2::{Digest as _, Sha256};

use crate::db::{Tx, statements};
use crate::ids::UserId;
use crate::vault::Secret;
use crate::words::words;
use crate::{Result, Source};

/// Characters of chance: 43 of 62 letters are 256 bits.
const CHANCE: usize = 43;

words! {
    /// What a token is for. One for something else does not open here.
    pub enum Purpose {
        /// Proves an address.
        Address = "address",
        /// Sets a new password.
        Reset = "reset",
        /// The password was right; the second factor is still to come.
        SecondFactor = "second_factor",
        /// Somebody was signed in elsewhere in the browser and fetches their session.
        Ticket = "ticket",
    }
}

impl Purpose {
    /// What its tokens begin with, so that people and scanners know what they found.
    fn prefix(self) -> &'static str {
        match self {
            Self::Address => "trk_adr_",
            Self::Reset => "trk_rst_",
            Self::SecondFactor => "trk_2fa_",
            Self::Ticket => "trk_tkt_",
        }
    }

    fn lifetime(self) -> TimeDelta {
        match self {
            Self::Address => TimeDelta::days(1),
            Self::Reset => TimeDelta::hours(1),
            Self::SecondFactor => TimeDelta::minutes(5),
            Self::Ticket => TimeDelta::minutes(1),
        }
    }
}

statements! {
    INSERT = "insert into one_time_tokens (hash, purpose, user_id, data, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)";
    DELETE_EXPIRED = "delete from one_time_tokens where user_id = $1 and expires_at <= $2";
    DELETE_OTHERS = "delete from one_time_tokens where user_id = $1 and purpose = $2";
    NEWEST = "select max(created_at) from one_time_tokens where user_id = $1 and purpose = $2";
    SPEND = "delete from one_time_tokens where hash = $1 and purpose = $2 and expires_at > $3 returning user_id, data";
    PEEK = "select user_id, data from one_time_tokens where hash = $1 and purpose = $2 and expires_at > $3";
}

/// A token of this prefix, and its hash.
pub(super) fn make(prefix: &str) -> (String, Vec<u8>) {
    let chance: String = rand::rng().sample_iter(Alphanumeric).take(CHANCE).map(char::from).collect();
    let token = format!("{prefix}{chance}");
    let hash = Sha256::digest(&token).to_vec();
    (token, hash)
}

/// The hash of what looks like a token of this prefix; anything else is not worth a look into the database.
pub(super) fn hash(prefix: &str, token: &Secret) -> Option<Vec<u8>> {
    let rest = token.reveal().strip_prefix(prefix)?;
    let sound = rest.len() == CHANCE && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    sound.then(|| Sha256::digest(token.reveal()).to_vec())
}

/// Makes a token for a person. Letters void the ones before them: only the newest link is good.
pub(super) async fn issue(
    tx: &mut Tx,
    source: &Source,
    purpose: Purpose,
    user: UserId,
    data: Option<&str>,
) -> Result<String> {
    let now = source.now();
    tx.execute(DELETE_EXPIRED, (user, now)).await?;
    if matches!(purpose, Purpose::Address | Purpose::Reset) {
        void(tx, user, purpose).await?;
    }
    let (token, hash) = make(purpose.prefix());
    tx.execute(INSERT, (hash, purpose, user, data, now, now + purpose.lifetime())).await?;
    Ok(token)
}

/// When the newest token of this sort was made, if it is still there.
pub(super) async fn newest(tx: &mut Tx, user: UserId, purpose: Purpose) -> Result<Option<DateTime<Utc>>> {
    let (at,): (Option<DateTime<Utc>>,) = tx.one(NEWEST, (user, purpose)).await?;
    Ok(at)
}

/// Voids a person's tokens of this sort.
pub(super) async fn void(tx: &mut Tx, user: UserId, purpose: Purpose) -> Result<()> {
    tx.execute(DELETE_OTHERS, (user, purpose)).await.map(drop)
}

/// Whose token it is, and what was noted with it; it is spent with that.
pub(super) async fn spend(
    tx: &mut Tx,
    source: &Source,
    purpose: Purpose,
    token: &Secret,
) -> Result<Option<(UserId, Option<String>)>> {
    let Some(hash) = hash(purpose.prefix(), token) else { return Ok(None) };
    tx.opt(SPEND, (hash, purpose, source.now())).await
}

/// As [`spend`], but it stays good: for what may be tried again.
pub(super) async fn peek(
    tx: &mut Tx,
    source: &Source,
    purpose: Purpose,
    token: &Secret,
) -> Result<Option<(UserId, Option<String>)>> {
    let Some(hash) = hash(purpose.prefix(), token) else { return Ok(None) };
    tx.opt(PEEK, (hash, purpose, source.now())).await
}
