//! Signing in: set-up, passwords, refresh, and what each request does with its bearer token.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rand::Rng as _;
use rand::distr::Alphanumeric;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::actor::{Actor, Proof, Who};
use super::entry::{Entry, enter};
use super::keys::{Claims, KeyRing, invalid};
use super::model::{self, Credentials, NewUser, Setup, SignedIn, User};
use super::permissions::Role;
use super::{addresses, load, passwords, service, services, store, tokens};
use crate::db::{Db, Tx};
use crate::ids::{SessionId, TokenId, UserId, WorkspaceId};
use crate::vault::{Secret, Vault};
use crate::{Error, Result, Source};

/// How long an access token lives.
pub const ACCESS_LIFETIME: TimeDelta = TimeDelta::minutes(15);
/// How long a session goes on without being renewed.
pub const REFRESH_LIFETIME: TimeDelta = TimeDelta::days(30);

/// What a refresh token begins with, so that people and scanners know what they found.
const REFRESH_PREFIX: &str = "trk_ref_";
/// Failures in a row before an address is locked.
const FREE_FAILURES: i64 = 5;
/// The longest lock.
const LONGEST_LOCK: TimeDelta = TimeDelta::minutes(15);
/// A refused sign-in is answered this long after its password was judged, so that the write which only a known address
/// causes does not show.
const REFUSAL: Duration = Duration::from_millis(100);

/// Signs people in and knows them again. One per program.
pub struct Authenticator {
    pub(super) source: Source,
    pub(super) vault: Vault,
    ring: KeyRing,
    /// When this node last noted the use of a token, so that a flood of requests notes it once.
    noted: Mutex<HashMap<TokenId, DateTime<Utc>>>,
}

/// A session about to begin or go on: what the transaction wrote, before its access token is signed.
pub(super) struct Opened {
    user: User,
    workspace: WorkspaceId,
    session: SessionId,
    refresh_token: String,
}

impl Authenticator {
    /// Reads the signing keys, and makes the first one.
    ///
    /// # Errors
    /// `secret_key_mismatch` when the vault's key is not the database's.
    pub async fn open(db: &Db, vault: Vault, source: Source) -> Result<Arc<Self>> {
        let ring = KeyRing::open(db, vault.clone(), source.clone()).await?;
        Ok(Arc::new(Self { source, vault, ring, noted: Mutex::default() }))
    }

    /// Whether the first workspace exists.
    pub async fn is_set_up(&self, db: &Db) -> Result<bool> {
        store::any_user(&mut *db.read().await?).await
    }

    /// Makes the first workspace and its owner, once (TEN-02).
    ///
    /// # Errors
    /// `already_set_up` for ever after; `invalid_fields`.
    pub async fn setup(&self, db: &Db, setup: Setup) -> Result<SignedIn> {
        if self.is_set_up(db).await? {
            return Err(already_set_up());
        }
        passwords::check(&setup.password)?;
        let (workspace, name) = (model::name("/workspace", &setup.workspace)?, model::name("/name", &setup.name)?);
        let new =
            NewUser { email: model::email(&setup.email)?, name, password: passwords::hash(&setup.password).await? };
        let source = self.source.clone();
        let opened = db
            .write(async move |tx: &mut Tx| {
                // The row is the lock: of two at once the second waits here, and then it is taken.
                if !store::claim_setup(tx, source.now()).await? || store::any_user(tx).await? {
                    return Err(already_set_up());
                }
                let user = service::insert_user(tx, &source, &new).await?;
                // Whoever sets up the installation answers for their address: there is nobody to prove it to.
                addresses::mark_proved(tx, user.id, source.now()).await?;
                let workspace = service::insert_workspace(tx, &source, workspace, user.id).await?;
                begin(tx, &source, user, workspace.id).await
            })
            .await?;
        self.signed_in(db, opened).await
    }

    /// [`setup`](Self::setup) without a person, at start (`TRACKSIDE_ADMIN_EMAIL`, `TRACKSIDE_ADMIN_PASSWORD`).
    /// False when there is somebody already.
    ///
    /// # Errors
    /// `invalid_fields`.
    pub async fn ensure_admin(&self, db: &Db, email: &str, password: Secret) -> Result<bool> {
        let name = email.trim().split('@').next().unwrap_or_default().to_owned();
        let setup = Setup { workspace: "Trackside".to_owned(), name, email: email.to_owned(), password };
        match self.setup(db, setup).await {
            Ok(_) => Ok(true),
            Err(error) if error.code == "already_set_up" => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Begins a session with an address and a password.
    ///
    /// # Errors
    /// `credentials_wrong` for a wrong password, an unknown address and one that is locked after too many failures: all
    /// three alike and equally late, so that nobody learns which addresses exist.
    pub async fn login(&self, db: &Db, credentials: Credentials) -> Result<Entry> {
        let email = model::normal_email(&credentials.email);
        let login = store::find_login(&mut *db.read().await?, &email).await?;
        let hash = login.as_ref().map(|login| login.password_hash.clone());
        let right = passwords::verify(&credentials.password, hash).await?;
        // Up to here all take the same time, from here on only a known address is written to.
        let judged = Instant::now();
        refuse_late(self.admit(db, login, right, credentials.workspace_id).await, judged).await
    }

    /// Signs in whoever knew the password, unless they are locked out.
    async fn admit(
        &self,
        db: &Db,
        login: Option<store::Login>,
        right: bool,
        wished: Option<WorkspaceId>,
    ) -> Result<Entry> {
        let Some(login) = login else { return Err(credentials_wrong()) };
        let source = self.source.clone();
        let half = db
            .write(async move |tx: &mut Tx| {
                if !count(tx, login.id, right, source.now()).await? {
                    // Not an error in here: the count must be kept.
                    return Ok(None);
                }
                let user = User { id: login.id, email: login.email, name: login.name, created_at: login.created_at };
                let workspace = place(tx, user.id, wished).await?;
                enter(tx, &source, user, workspace).await.map(Some)
            })
            .await?;
        self.entered(db, half.ok_or_else(credentials_wrong)?).await
    }

    /// Begins a session of somebody already known, in another workspace that they belong to.
    ///
    /// # Errors
    /// `workspace_not_found` when they do not; `denied` for a service account.
    pub async fn switch(&self, db: &Db, user: UserId, workspace: WorkspaceId) -> Result<SignedIn> {
        let source = self.source.clone();
        let opened = db
            .write(async move |tx: &mut Tx| {
                services::must_be_person(tx, user).await?;
                let user = store::find_user(tx, user).await?.ok_or_else(|| Error::not_found("user", user))?;
                let workspace = place(tx, user.id, Some(workspace)).await?;
                begin(tx, &source, user, workspace).await
            })
            .await?;
        self.signed_in(db, opened).await
    }

    /// Spends a refresh token for the next pair.
    ///
    /// # Errors
    /// `token_invalid`, `token_expired`, `session_ended`, and `refresh_reused` when it was spent before: then one of
    /// the two who used it has no right to it, and the session ends for both.
    pub async fn refresh(&self, db: &Db, refresh_token: &Secret) -> Result<SignedIn> {
        let hash = refresh_hash(refresh_token.reveal()).ok_or_else(invalid)?;
        let source = self.source.clone();
        let outcome = db
            .write(async move |tx: &mut Tx| {
                let now = source.now();
                let Some(row) = store::lock_refresh(tx, &hash).await? else { return Ok(Err(invalid())) };
                if row.ended_at.is_some() {
                    return Ok(Err(session_ended()));
                }
                if row.spent_at.is_some() {
                    store::end_session(tx, row.session_id, now, "refresh_reused").await?;
                    tracing::warn!(session = %row.session_id, user = %row.user_id, "a refresh token was used twice; its session was ended");
                    let detail = "This refresh token was used before, so its session was ended; sign in again.";
                    return Ok(Err(Error::unauthenticated("refresh_reused", detail)));
                }
                if row.expires_at <= now {
                    return Ok(Err(Error::unauthenticated("token_expired", "The refresh token has expired; sign in again.")));
                }
                let user = store::find_user(tx, row.user_id).await?;
                let member = store::role(tx, row.workspace_id, row.user_id).await?;
                let (Some(user), Some(_)) = (user, member) else { return Ok(Err(session_ended())) };
                store::spend_refresh(tx, &hash, row.session_id, now).await?;
                let refresh_token = insert_refresh(tx, row.session_id, now).await?;
                Ok(Ok(Opened { user, workspace: row.workspace_id, session: row.session_id, refresh_token }))
            })
            .await?;
        self.signed_in(db, outcome?).await
    }

    /// Ends the session of an access token or of a refresh token. One that has ended already is no error.
    ///
    /// # Errors
    /// `token_invalid`, `token_expired`; also for a personal token, which is revoked instead.
    pub async fn logout(&self, db: &Db, token: &Secret) -> Result<()> {
        let now = self.source.now();
        if let Some(hash) = refresh_hash(token.reveal()) {
            let end = async move |tx: &mut Tx| match store::lock_refresh(tx, &hash).await? {
                Some(row) => store::end_session(tx, row.session_id, now, "signed_out").await.map(|_| true),
                None => Ok(false),
            };
            return if db.write(end).await? { Ok(()) } else { Err(invalid()) };
        }
        let session = self.ring.verify(db, token.reveal()).await?.sid;
        db.write(async move |tx: &mut Tx| store::end_session(tx, session, now, "signed_out").await.map(drop)).await
    }

    /// The session of an access token; `None` for a personal token. For showing which session is one's own.
    pub async fn session(&self, db: &Db, bearer: &str) -> Result<Option<SessionId>> {
        if bearer.starts_with(tokens::PREFIX) {
            return Ok(None);
        }
        self.ring.verify(db, bearer).await.map(|claims| Some(claims.sid))
    }

    /// Who sends this bearer token: looked up now, so that an ended session, a revoked token and a lost membership
    /// count with the next request.
    ///
    /// # Errors
    /// `token_invalid`, `token_expired`, `session_ended`; `member_inactive` for the token of one who was deactivated.
    pub async fn authenticate(&self, db: &Db, bearer: &str) -> Result<Actor> {
        if bearer.starts_with(tokens::PREFIX) {
            return self.by_token(db, bearer).await;
        }
        let claims = self.ring.verify(db, bearer).await?;
        let mut rx = db.read().await?;
        match store::session_role(&mut rx, claims.sid).await? {
            Some((workspace, id, None, Some(role), stamp)) if workspace == claims.ws && id == claims.sub => {
                let rights = load::rights(&mut rx, workspace, id, role, stamp).await?;
                let (at, who) = (self.source.now(), Who::User { id });
                let proof = Proof::Session { until: DateTime::from_timestamp(claims.exp, 0) };
                Ok(Actor { who, workspace, role, scopes: None, rights, at, proof, address: None })
            }
            _ => Err(session_ended()),
        }
    }

    async fn by_token(&self, db: &Db, bearer: &str) -> Result<Actor> {
        let hash = tokens::hash(bearer).ok_or_else(invalid)?;
        let mut rx = db.read().await?;
        let Some((token, role, stamp)) = store::find_token(&mut rx, &hash).await? else {
            // Whoever has the token learns no more than they knew; to everybody else one is as good as another.
            let known = store::token_is_known(&mut rx, &hash).await?;
            return Err(if known { deactivated() } else { invalid() });
        };
        let now = self.source.now();
        if token.expires_at.is_some_and(|at| at <= now) {
            return Err(Error::unauthenticated(
                "token_expired",
                "This personal access token has expired; make a new one.",
            ));
        }
        let (id, workspace) = (token.user_id, token.workspace_id);
        let rights = load::rights(&mut rx, workspace, id, role, stamp).await?;
        drop(rx);
        self.note_use(db, &token, now).await;
        let scopes = tokens::scopes(token.scopes.as_deref())?.map(Arc::from);
        let (who, proof) = (Who::User { id }, Proof::Token { until: token.expires_at });
        Ok(Actor { who, workspace, role, scopes, rights, at: now, proof, address: None })
    }

    /// Notes the use of a token, at most once a minute. That it cannot be noted is no reason to refuse the request.
    async fn note_use(&self, db: &Db, token: &store::Token, now: DateTime<Utc>) {
        let due = |last: Option<&DateTime<Utc>>| last.is_none_or(|last| now - *last >= TimeDelta::minutes(1));
        let due = due(token.last_used_at.as_ref()) && {
            let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
            noted.retain(|_, at| now - *at < TimeDelta::minutes(1));
            due(noted.get(&token.id)) && noted.insert(token.id, now).is_none()
        };
        let id = token.id;
        if due && let Err(error) = db.write(async move |tx: &mut Tx| store::touch_token(tx, id, now).await).await {
            tracing::warn!(token = %id, %error, "the use of a token could not be noted");
        }
    }

    /// Makes a new signing key. Nobody is signed out: the one before it verifies what it has signed.
    pub async fn rotate_signing_key(&self, db: &Db) -> Result<()> {
        self.ring.rotate(db).await
    }

    pub(super) async fn signed_in(&self, db: &Db, opened: Opened) -> Result<SignedIn> {
        let now = self.source.now().timestamp();
        let expires_in = ACCESS_LIFETIME.num_seconds();
        let claims =
            Claims { sub: opened.user.id, ws: opened.workspace, sid: opened.session, iat: now, exp: now + expires_in };
        let access_token = self.ring.sign(db, &claims).await?;
        Ok(SignedIn {
            user: opened.user,
            workspace_id: opened.workspace,
            access_token,
            refresh_token: opened.refresh_token,
            expires_in,
        })
    }
}

/// Answers a refused sign-in late enough that the write which only a known address causes does not show.
pub(super) async fn refuse_late<T>(outcome: Result<T>, judged: Instant) -> Result<T> {
    if outcome.as_ref().is_err_and(|error| error.code == "credentials_wrong") {
        tokio::time::sleep_until(judged + REFUSAL).await;
    }
    outcome
}

/// Counts a sign-in and says whether it may go on. Judged within the transaction, so that guesses sent side by side
/// are counted one after another.
pub(super) async fn count(tx: &mut Tx, user: UserId, right: bool, now: DateTime<Utc>) -> Result<bool> {
    let Some((failed, locked_until)) = store::lock_login(tx, user).await? else { return Ok(false) };
    if locked_until.is_some_and(|until| now < until) {
        return Ok(false);
    }
    if right {
        if failed > 0 {
            store::update_failures(tx, user, 0, None).await?;
        }
        return Ok(true);
    }
    let failed = failed + 1;
    let until = lock_after(failed).map(|lock| now + lock);
    if failed == FREE_FAILURES {
        tracing::warn!(%user, "locked out after repeated failures to sign in");
    }
    store::update_failures(tx, user, failed, until).await?;
    Ok(false)
}

/// How long an address is locked after so many failures in a row: a second after the fifth, then twice as long each time.
pub(super) fn lock_after(failed: i64) -> Option<TimeDelta> {
    let doublings = failed - FREE_FAILURES;
    // Thirty doublings are far beyond the longest lock, and still within the number.
    let seconds = if doublings < 0 { return None } else { 1i64 << doublings.min(30) };
    Some(TimeDelta::seconds(seconds.min(LONGEST_LOCK.num_seconds())))
}

/// The workspace to work in: the wished one, or the first one joined.
pub(super) async fn place(tx: &mut Tx, user: UserId, wished: Option<WorkspaceId>) -> Result<WorkspaceId> {
    match wished {
        Some(wished) => {
            let member: Option<Role> = store::role(tx, wished, user).await?;
            member.map(|_| wished).ok_or_else(|| Error::not_found("workspace", wished))
        }
        None => store::first_workspace(tx, user).await?.ok_or_else(|| {
            Error::denied("You belong to no workspace; ask an administrator to add you to one.")
                .with_code("no_workspace")
        }),
    }
}

pub(super) async fn begin(tx: &mut Tx, source: &Source, user: User, workspace: WorkspaceId) -> Result<Opened> {
    let (session, now) = (source.new_id(), source.now());
    store::insert_session(tx, session, workspace, user.id, now).await?;
    let refresh_token = insert_refresh(tx, session, now).await?;
    Ok(Opened { user, workspace, session, refresh_token })
}

async fn insert_refresh(tx: &mut Tx, session: SessionId, now: DateTime<Utc>) -> Result<String> {
    let secret: String = rand::rng().sample_iter(Alphanumeric).take(43).map(char::from).collect();
    let token = format!("{REFRESH_PREFIX}{secret}");
    store::insert_refresh(tx, &Sha256::digest(&token), session, now, now + REFRESH_LIFETIME).await?;
    Ok(token)
}

/// The hash of what looks like a refresh token.
fn refresh_hash(token: &str) -> Option<Vec<u8>> {
    token.starts_with(REFRESH_PREFIX).then(|| Sha256::digest(token).to_vec())
}

fn already_set_up() -> Error {
    Error::conflict("already_set_up", "This installation is set up; sign in, or ask an administrator for an account.")
}

pub(super) fn credentials_wrong() -> Error {
    let detail = "The e-mail address or the password is wrong, or there were too many attempts; check both, and wait up to 15 minutes after repeated failures.";
    Error::unauthenticated("credentials_wrong", detail)
}

fn deactivated() -> Error {
    let detail = "Whom this token belongs to was deactivated in the workspace; an administrator can reactivate them, and then they make a new token.";
    Error::unauthenticated("member_inactive", detail)
}

fn session_ended() -> Error {
    Error::unauthenticated("session_ended", "The session has ended; sign in again.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_double_from_a_second_to_a_quarter_of_an_hour() {
        let seconds = |failed| lock_after(failed).map(|lock| lock.num_seconds());
        assert_eq!((seconds(1), seconds(4)), (None, None));
        assert_eq!([5, 6, 7, 14, 15, 100, i64::MAX].map(seconds), [1, 2, 4, 512, 900, 900, 900].map(Some));
    }
}
