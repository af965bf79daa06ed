//! The keys that sign access tokens (JWT, RFC 7519, with HS256).
//!
//! They lie sealed in the database, so that all nodes share them. One signs, the ones before it still verify until the
//! last token they signed has expired: changing the key signs nobody out. A token names its key (`kid`); a name that this
//! node does not know yet makes it look, at most once a second, so that made-up names cost nothing.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::store;
use crate::db::{Db, Rx, Tx};
use crate::ids::{SessionId, UserId, WorkspaceId};
use crate::vault::Vault;
use crate::{Error, Result, Source};

/// How long a retired key verifies: longer than any access token lives, and clocks of nodes differ.
const GRACE: TimeDelta = TimeDelta::hours(1);
/// Keys older than that are read again, so that a change on another node arrives.
const FRESH: Duration = Duration::from_secs(60);
/// The shortest time between two readings because of an unknown name.
const SPACING: Duration = Duration::from_secs(1);
/// How old a key is before it signs, if there is an older one: longer than [`SPACING`], so that every other node that
/// meets its name also looks for it.
const RIPE: TimeDelta = TimeDelta::seconds(3);

/// What an access token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Claims {
    pub sub: UserId,
    pub ws: WorkspaceId,
    pub sid: SessionId,
    /// Seconds since 1970, as the standard has them.
    pub iat: i64,
    pub exp: i64,
}

/// One key, ready to be used.
struct Key {
    id: String,
    signs: EncodingKey,
    verifies: DecodingKey,
    created_at: DateTime<Utc>,
    retired_at: Option<DateTime<Utc>>,
}

/// The keys of this node.
pub(super) struct KeyRing {
    vault: Vault,
    source: Source,
    validation: Validation,
    known: RwLock<Known>,
    /// Held while the keys are read: of several callers one reads, and the others wait for what it finds.
    reading: tokio::sync::Mutex<()>,
}

struct Known {
    keys: Arc<[Key]>,
    read_at: Instant,
}

/// Whether the database holds secrets: from its first start on there is a key for access tokens.
///
/// # Errors
/// Those of the database.
pub async fn has_secrets(db: &Db) -> Result<bool> {
    Ok(!store::list_keys(&mut *db.read().await?).await?.is_empty())
}

impl KeyRing {
    /// Reads the keys, and makes the first one.
    ///
    /// # Errors
    /// `secret_key_mismatch` when the vault's key is not the database's.
    pub async fn open(db: &Db, vault: Vault, source: Source) -> Result<Self> {
        let mut validation = Validation::new(Algorithm::HS256);
        // Expiry is judged by our own clock, to the second; the claim itself must be there for the claims to be read.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        let known = RwLock::new(Known { keys: Arc::new([]), read_at: Instant::now() });
        let ring = Self { vault, source, validation, known, reading: tokio::sync::Mutex::default() };
        ring.read(db).await?;
        if ring.keys().is_empty() {
            ring.rotate(db).await?;
        }
        Ok(ring)
    }

    /// Makes a new key, which signs from now on, or rather as soon as the other nodes can know it.
    pub async fn rotate(&self, db: &Db) -> Result<()> {
        let (vault, now) = (self.vault.clone(), self.source.now());
        db.write(async move |tx: &mut Tx| {
            let id = format!("key_{}", hex::encode(rand::random::<[u8; 8]>()));
            let sealed = vault.seal(&context(&id), &rand::random::<[u8; 32]>())?;
            store::insert_key(tx, &id, &sealed, now).await?;
            // Long after the last token that they signed.
            store::delete_retired_keys(tx, now - GRACE * 24).await
        })
        .await?;
        self.read(db).await
    }

    /// Signs an access token.
    pub async fn sign(&self, db: &Db, claims: &Claims) -> Result<String> {
        self.refresh(db, FRESH).await?;
        let keys = self.keys();
        let ripe = self.source.now() - RIPE;
        let Some(key) = keys.iter().rev().find(|key| key.created_at <= ripe).or(keys.last()) else {
            return Err(Error::internal("There is no key to sign with; restart, so that one is made."));
        };
        let header = Header { kid: Some(key.id.clone()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, claims, &key.signs)
            .map_err(|error| Error::internal("An access token could not be signed.").caused_by(error))
    }

    /// What a token says, if one of our keys signed it and it has not expired.
    ///
    /// # Errors
    /// `token_invalid` and `token_expired`.
    pub async fn verify(&self, db: &Db, token: &str) -> Result<Claims> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| invalid())?;
        let kid = header.kid.ok_or_else(invalid)?;
        let now = self.source.now();
        self.refresh(db, FRESH).await?;
        let known = |keys: &[Key]| keys.iter().any(|key| key.id == kid);
        if !known(&self.keys()) {
            self.refresh(db, SPACING).await?;
        }
        let keys = self.keys();
        let key = keys.iter().find(|key| key.id == kid && key.retired_at.is_none_or(|at| at + GRACE > now));
        let key = key.ok_or_else(invalid)?;
        let read = jsonwebtoken::decode::<Claims>(token, &key.verifies, &self.validation).map_err(|_| invalid())?;
        if read.claims.exp <= now.timestamp() {
            let detail = "The access token has expired; get a new one with the refresh token.";
            return Err(Error::unauthenticated("token_expired", detail));
        }
        Ok(read.claims)
    }

    fn keys(&self) -> Arc<[Key]> {
        // A poisoned lock only means that another thread panicked while replacing the whole value.
        self.known.read().unwrap_or_else(PoisonError::into_inner).keys.clone()
    }

    /// Reads the keys unless they were read within `age`.
    async fn refresh(&self, db: &Db, age: Duration) -> Result<()> {
        let fresh = || self.known.read().unwrap_or_else(PoisonError::into_inner).read_at.elapsed() < age;
        if fresh() {
            return Ok(());
        }
        let _reading = self.reading.lock().await;
        if fresh() { Ok(()) } else { self.read(db).await }
    }

    async fn read(&self, db: &Db) -> Result<()> {
        // The time before the reading: what was written during it may be missing from it.
        let read_at = Instant::now();
        let mut reader = db.read().await?;
        let keys = self.list(&mut reader).await?.into();
        drop(reader);
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Known { keys, read_at };
        Ok(())
    }

    async fn list(&self, rx: &mut Rx) -> Result<Vec<Key>> {
        let open = |row: store::SigningKey| {
            let secret = self.vault.open(&context(&row.id), &row.sealed)?;
            let (signs, verifies) = (EncodingKey::from_secret(&secret), DecodingKey::from_secret(&secret));
            Ok(Key { id: row.id, signs, verifies, created_at: row.created_at, retired_at: row.retired_at })
        };
        store::list_keys(rx).await?.into_iter().map(open).collect()
    }
}

fn context(id: &str) -> String {
    format!("signing_key:{id}")
}

pub(super) fn invalid() -> Error {
    Error::unauthenticated(
        "token_invalid",
        "The token is not one of ours or was changed; sign in again, or make a new token.",
    )
}
