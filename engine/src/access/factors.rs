//! Second factors: an app that shows codes ([`totp`](super::totp)), and codes on paper for the day the phone is gone.
//!
//! The secret lies sealed. A code is taken once; wrong ones are counted and lock, as wrong passwords do. Recovery codes have
//! 80 bits of chance each, so that a plain SHA-256 keeps them.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::events::{MemberSecondFactorDisabled, MemberSecondFactorEnabled};
use super::govern;
use super::permissions::{Granted, MemberManage, SessionManage, Workspace};
use super::signin::lock_after;
use super::{store, totp};
use crate::cx::Cx;
use crate::db::{One, Rx, Tx, row, statements};
use crate::events::emit;
use crate::ids::UserId;
use crate::vault::Vault;
use crate::{Error, Result, Source};

/// How many recovery codes there are.
const RECOVERY_CODES: usize = 10;
/// Bytes of a secret: RFC 4226 section 4 recommends 160 bits.
const SECRET: usize = 20;

row! {
    struct Factor {
        sealed: Vec<u8>,
        confirmed_at: Option<DateTime<Utc>>,
        last_step: i64,
        failed: i64,
        locked_until: Option<DateTime<Utc>>,
    }
}

/// How a person's second factor stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FactorStatus {
    /// Whether signing in asks for a code.
    pub enabled: bool,
    /// Recovery codes that are left.
    pub recovery_codes: i64,
}

/// What an app needs. Has no `Debug`, so that no secret ends in a log.
#[derive(Clone, Serialize, JsonSchema)]
pub struct FactorSetup {
    /// The secret in base 32, for typing in.
    pub secret: String,
    /// The same as a URL, for a QR code.
    pub otpauth_url: String,
}

/// Recovery codes, each good once. Shown now and never again; no `Debug`, so that none ends in a log.
#[derive(Clone, Serialize, JsonSchema)]
pub struct RecoveryCodes {
    /// The codes.
    pub recovery_codes: Vec<String>,
}

statements! {
    FIND = "select {Factor} from totp_factors where user_id = $1", Factor;
    LOCK = "select {Factor} from totp_factors where user_id = $1 for update", Factor;
    PUT = "insert into totp_factors (user_id, sealed, last_step, created_at) values ($1, $2, 0, $3) \
         on conflict (user_id) do update set sealed = excluded.sealed, last_step = 0, failed = 0, locked_until = null, created_at = excluded.created_at";
    CONFIRM = "update totp_factors set confirmed_at = $2, last_step = $3, failed = 0, locked_until = null where user_id = $1";
    TAKEN = "update totp_factors set last_step = $2, failed = 0, locked_until = null where user_id = $1";
    FAILED = "update totp_factors set failed = $2, locked_until = $3 where user_id = $1";
    DELETE = "delete from totp_factors where user_id = $1";
    INSERT_CODE = "insert into recovery_codes (user_id, hash) values ($1, $2)";
    SPEND_CODE = "delete from recovery_codes where user_id = $1 and hash = $2";
    DELETE_CODES = "delete from recovery_codes where user_id = $1";
    COUNT_CODES = "select count(*) from recovery_codes where user_id = $1";
}

/// Whether signing in asks this person for a code.
pub(super) async fn is_on(rx: &mut Rx, user: UserId) -> Result<bool> {
    let found: Option<Factor> = rx.opt(FIND, (user,)).await?;
    Ok(found.is_some_and(|factor| factor.confirmed_at.is_some()))
}

/// How the second factor of the person who acts stands.
pub async fn status(rx: &mut Rx, cx: &Cx, _may: &Granted<SessionManage, Workspace>) -> Result<FactorStatus> {
    let user = person(cx)?;
    let enabled = is_on(rx, user).await?;
    let codes = rx.one::<One<i64>>(COUNT_CODES, (user,)).await?.0;
    Ok(FactorStatus { enabled, recovery_codes: codes })
}

/// Makes a secret for the person who acts. It asks for nothing yet: that begins when a code of it is [`confirm`]ed.
///
/// # Errors
/// `second_factor_enabled` when there is one.
pub async fn begin(
    tx: &mut Tx,
    cx: &Cx,
    vault: &Vault,
    _may: &Granted<SessionManage, Workspace>,
) -> Result<FactorSetup> {
    let user = person(cx)?;
    let found: Option<Factor> = tx.opt(LOCK, (user,)).await?;
    if found.is_some_and(|factor| factor.confirmed_at.is_some()) {
        let detail = "There is a second factor already; remove it first to set up another.";
        return Err(Error::conflict("second_factor_enabled", detail));
    }
    let account = store::find_user(tx, user).await?.ok_or_else(|| Error::not_found("user", user))?.email;
    let secret: [u8; SECRET] = rand::random();
    tx.execute(PUT, (user, vault.seal(&context(user), &secret)?, cx.now())).await?;
    let secret = totp::base32(&secret);
    Ok(FactorSetup { otpauth_url: totp::url("Trackside", &account, &secret), secret })
}

/// Takes the first code of a new secret: from now on signing in asks for one.
///
/// # Errors
/// `invalid_fields` at `/code`, `second_factor_missing`, `second_factor_enabled`. The outer error is one of ours; the inner
/// one is told after the commit, which keeps the count of failures.
pub async fn confirm(
    tx: &mut Tx,
    cx: &Cx,
    vault: &Vault,
    _may: &Granted<SessionManage, Workspace>,
    code: &str,
) -> Result<Result<RecoveryCodes>> {
    let user = person(cx)?;
    let Some(factor) = tx.opt::<Factor>(LOCK, (user,)).await? else {
        return Err(Error::not_found("second_factor", "to confirm; set one up first"));
    };
    if factor.confirmed_at.is_some() {
        return Err(Error::conflict("second_factor_enabled", "The second factor is confirmed already."));
    }
    let now = cx.now();
    let Some(step) = judge(tx, vault, user, &factor, code, now).await? else {
        return Ok(Err(code_wrong()));
    };
    tx.execute(CONFIRM, (user, now, step)).await?;
    let codes = make_codes(tx, user).await?;
    emit(tx, cx, &MemberSecondFactorEnabled { member: user }).await?;
    Ok(Ok(codes))
}

/// Ends that signing in asks the person who acts for a code. Their password was asked for before.
///
/// # Errors
/// `second_factor_not_found`.
pub async fn remove(tx: &mut Tx, cx: &Cx, _may: &Granted<SessionManage, Workspace>) -> Result<()> {
    let user = person(cx)?;
    clear(tx, cx, user).await
}

/// Ends that signing in asks a member for a code, when they have lost it.
///
/// # Errors
/// `member_not_found`, `second_factor_not_found`; `denied` for somebody who is not this workspace's alone.
pub async fn reset(tx: &mut Tx, cx: &Cx, may: &Granted<MemberManage, Workspace>, user: UserId) -> Result<()> {
    govern::check(tx, cx, may, user).await?;
    clear(tx, cx, user).await
}

/// Whether a code, of the app or a recovery code, is good; it is spent with that. A wrong one is counted, so what this
/// wrote must be committed.
pub(super) async fn take(tx: &mut Tx, vault: &Vault, source: &Source, user: UserId, code: &str) -> Result<bool> {
    let Some(factor) = tx.opt::<Factor>(LOCK, (user,)).await? else { return Ok(false) };
    let now = source.now();
    match judge(tx, vault, user, &factor, code, now).await? {
        Some(step) => {
            tx.execute(TAKEN, (user, step.max(factor.last_step))).await?;
            Ok(true)
        }
        None => Ok(false),
    }
}

/// The step of a good code; for a recovery code the last one taken. Counts a wrong one.
async fn judge(
    tx: &mut Tx,
    vault: &Vault,
    user: UserId,
    factor: &Factor,
    code: &str,
    now: DateTime<Utc>,
) -> Result<Option<i64>> {
    if factor.locked_until.is_some_and(|until| now < until) {
        return Ok(None);
    }
    let code = code.trim();
    let secret = vault.open(&context(user), &factor.sealed)?;
    if let Some(step) = totp::find(&secret, code, now.timestamp(), factor.last_step) {
        return Ok(Some(step));
    }
    let hash = Sha256::digest(code.replace('-', "").to_lowercase());
    if factor.confirmed_at.is_some() && tx.execute(SPEND_CODE, (user, hash.as_slice())).await? == 1 {
        return Ok(Some(factor.last_step));
    }
    let failed = factor.failed + 1;
    tx.execute(FAILED, (user, failed, lock_after(failed).map(|lock| now + lock))).await?;
    Ok(None)
}

async fn make_codes(tx: &mut Tx, user: UserId) -> Result<RecoveryCodes> {
    tx.execute(DELETE_CODES, (user,)).await?;
    let mut recovery_codes = Vec::with_capacity(RECOVERY_CODES);
    for _ in 0..RECOVERY_CODES {
        let code = totp::base32(&rand::random::<[u8; 10]>()).to_lowercase();
        tx.execute(INSERT_CODE, (user, Sha256::digest(&code).as_slice())).await?;
        let groups: Vec<&str> = (0..code.len()).step_by(4).map(|at| &code[at..at + 4]).collect();
        recovery_codes.push(groups.join("-"));
    }
    Ok(RecoveryCodes { recovery_codes })
}

async fn clear(tx: &mut Tx, cx: &Cx, user: UserId) -> Result<()> {
    tx.execute(DELETE_CODES, (user,)).await?;
    let found: Option<Factor> = tx.opt(LOCK, (user,)).await?;
    tx.execute(DELETE, (user,)).await?;
    if found.is_none_or(|factor| factor.confirmed_at.is_none()) {
        return Err(Error::not_found("second_factor", "to remove"));
    }
    emit(tx, cx, &MemberSecondFactorDisabled { member: user }).await.map(drop)
}

fn code_wrong() -> Error {
    Error::field("/code", "is not the code that the app shows now; wait for the next one, and check the phone's clock")
}

fn context(user: UserId) -> String {
    format!("totp:{user}")
}

fn person(cx: &Cx) -> Result<UserId> {
    cx.actor.user().ok_or_else(|| Error::denied("Only a person has a second factor; sign in as one."))
}
