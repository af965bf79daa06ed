//! The hooks in memory, ready to verify: what a post costs must not include a look into the database.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::model::Hook;
use super::schemes::Scheme;
use super::service::context;
use super::store;
use crate::access::Actor;
use crate::db::Db;
use crate::ids::HookId;
use crate::vault::{Secret, Vault};
use crate::{Error, Result};

/// How long a hook is used before it is looked up again: the longest that a deleted one lives on on another node.
const FRESH: Duration = Duration::from_secs(2);
/// Past this many, those that are not used any more are let go.
const MOST: usize = 10_000;

/// The hooks that were posted to lately. One per program.
pub struct Registry {
    vault: Vault,
    known: RwLock<HashMap<HookId, (Arc<Known>, Instant)>>,
}

/// A hook, ready to receive.
pub(super) struct Known {
    pub scheme: Scheme,
    pub secret: Secret,
    /// Who acts when it receives.
    pub actor: Actor,
    /// The id as text, which is the subject of its events.
    pub subject: String,
    /// The beginning of its events' payload, up to the first header.
    pub opening: String,
    /// The header that carries the secret itself, in lower case, besides the usual ones.
    pub masked: Option<String>,
}

impl Registry {
    /// An empty registry; it fills as hooks are posted to.
    pub fn new(vault: Vault) -> Self {
        Self { vault, known: RwLock::default() }
    }

    /// Forgets a hook. Call it after the commit that changed or deleted it: then this node knows at once, and every
    /// other within two seconds.
    pub fn forget(&self, id: HookId) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    /// The hook with this id.
    ///
    /// # Errors
    /// `hook_not_found`; `secret_key_mismatch` and the like when its secret does not open.
    pub(super) async fn find(&self, db: &Db, id: HookId) -> Result<Arc<Known>> {
        if let Some((known, read_at)) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&id)
            && read_at.elapsed() < FRESH
        {
            return Ok(known.clone());
        }
        // The time before the reading: what was changed during it may be missing from it.
        let read_at = Instant::now();
        let row = store::find_anywhere(&mut *db.read().await?, id).await?;
        let Some(row) = row else {
            self.forget(id);
            return Err(Error::not_found("hook", id));
        };
        let known = Arc::new(self.ready(row)?);
        let mut all = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.retain(|_, (_, read_at)| read_at.elapsed() < FRESH);
        }
        all.insert(id, (known.clone(), read_at));
        Ok(known)
    }

    fn ready(&self, mut row: store::HookRow) -> Result<Known> {
        let secret = match row.sealed_secret.take() {
            Some(sealed) => self.vault.open_text(&context(row.id), &sealed)?,
            None => Secret::new(""),
        };
        let hook = Hook::try_from(row)?;
        let subject = hook.id.to_string();
        let mut opening = String::with_capacity(96);
        opening.push_str(r#"{"hook":{"id":""#);
        opening.push_str(&subject);
        opening.push_str(r#"","name":"#);
        super::body::push_text(&mut opening, &hook.name);
        opening.push_str(r#"},"headers":{"#);
        let masked = match &hook.scheme {
            Scheme::Token { header: Some(header) } => Some(header.to_ascii_lowercase()),
            _ => None,
        };
        Ok(Known {
            scheme: hook.scheme,
            secret,
            actor: Actor::hook(hook.id, hook.workspace_id),
            subject,
            opening,
            masked,
        })
    }
}
