//! The public verbs of hooks.

use chrono::TimeDelta;

use super::intake::Intake;
use super::model::{CreatedHook, Hook, Incoming, NewHook, Receipt};
use super::registry::Registry;
use super::schemes::{self, Scheme};
use super::{receive as receiving, store};
use crate::access::{Granted, HookManage, HookView, Workspace, name};
use crate::cx::{Cx, Source};
use crate::db::{Rx, Tx};
use crate::ids::{HookId, WorkspaceId};
use crate::vault::{Secret, Vault};
use crate::{Error, Result};

/// Longest secret, in bytes.
const LONGEST_SECRET: usize = 1000;
/// How long a delivery is known again: longer than any sender tries (Standard Webhooks senders stop within days).
const REMEMBERED: TimeDelta = TimeDelta::days(30);

/// Makes a hook. Its secret is in the answer, and nowhere after that.
///
/// # Errors
/// `invalid_fields`, `hook_name_taken`.
pub async fn create(
    tx: &mut Tx,
    cx: &Cx,
    vault: &Vault,
    may: &Granted<HookManage, Workspace>,
    new: NewHook,
) -> Result<CreatedHook> {
    let secret = secret(&new.scheme, new.secret)?;
    let hook = Hook {
        id: cx.new_id(),
        workspace_id: may.resource().0,
        name: name("/name", &new.name)?,
        scheme: new.scheme,
        created_at: cx.now(),
    };
    let sealed = secret.as_ref().map(|secret| vault.seal(&context(hook.id), secret.as_bytes())).transpose()?;
    if store::insert(tx, &hook, sealed.as_deref(), cx.actor.user()).await? {
        return Ok(CreatedHook { hook, secret });
    }
    let detail = format!("There is a hook `{}` already; choose another name.", hook.name);
    Err(Error::conflict("hook_name_taken", detail))
}

/// The hooks of the workspace, oldest first.
pub async fn list(rx: &mut Rx, may: &Granted<HookView, Workspace>) -> Result<Vec<Hook>> {
    store::list(rx, may.resource().0).await
}

/// The ids and names of all hooks of a workspace.
pub(crate) async fn named(rx: &mut Rx, workspace: WorkspaceId) -> Result<Vec<(String, String)>> {
    let all = store::list(rx, workspace).await?;
    Ok(all.into_iter().map(|hook| (hook.id.to_string(), hook.name)).collect())
}

/// A hook of a workspace, to ask permission for.
///
/// # Errors
/// `hook_not_found`.
pub async fn find(rx: &mut Rx, workspace: WorkspaceId, id: HookId) -> Result<Hook> {
    store::find(rx, workspace, id).await?.ok_or_else(|| Error::not_found("hook", id))
}

/// Gives a hook a new secret: the given one, or one that is made. The old one is void as soon as the caller has called
/// [`Registry::forget`] after the commit, and within two seconds on other nodes.
///
/// # Errors
/// `invalid_fields`, `hook_not_found`.
pub async fn rotate(
    tx: &mut Tx,
    vault: &Vault,
    may: &Granted<HookManage, Hook>,
    new: Option<Secret>,
) -> Result<CreatedHook> {
    let hook = may.resource().clone();
    let Some(secret) = secret(&hook.scheme, new)? else {
        return Err(Error::invalid(
            "hook_without_secret",
            "The scheme `none` has no secret; make a hook with another scheme.",
        ));
    };
    let sealed = vault.seal(&context(hook.id), secret.as_bytes())?;
    if !store::update_secret(tx, hook.workspace_id, hook.id, &sealed).await? {
        return Err(Error::not_found("hook", hook.id));
    }
    Ok(CreatedHook { hook, secret: Some(secret) })
}

/// Deletes a hook; its events stay. Nothing is accepted for it as soon as the caller has called [`Registry::forget`]
/// after the commit, and within two seconds on other nodes.
///
/// # Errors
/// `hook_not_found`.
pub async fn delete(tx: &mut Tx, may: &Granted<HookManage, Hook>) -> Result<()> {
    let hook = may.resource();
    let gone = store::delete(tx, hook.workspace_id, hook.id).await?;
    if gone { Ok(()) } else { Err(Error::not_found("hook", hook.id)) }
}

/// Receives a post: verifies it and stores its event, or knows it again. When this has answered, the event is durable.
/// Opens its own transaction: everything that costs time stays outside of it.
///
/// # Errors
/// `hook_not_found`; `hook_body_too_large`; the codes of [`schemes::Refused`], as unauthenticated; `body_too_deep`.
pub async fn receive(intake: &Intake, registry: &Registry, hook: HookId, post: Incoming<'_>) -> Result<Receipt> {
    receiving::receive(intake, registry, hook, post).await
}

/// Forgets deliveries that no sender will repeat any more; how many. For the daily sweep.
pub async fn forget_deliveries(tx: &mut Tx, source: &Source) -> Result<u64> {
    store::delete_deliveries(tx, source.now() - REMEMBERED).await
}

/// What the secret of a hook is bound to.
pub(super) fn context(id: HookId) -> String {
    format!("hook:{id}")
}

/// The given secret if it suits the scheme, or one that is made.
fn secret(scheme: &Scheme, given: Option<Secret>) -> Result<Option<String>> {
    let Some(given) = given else {
        let made = schemes::generate_secret(scheme);
        if made.is_none() && scheme.needs_secret() {
            let message =
                format!("is needed: the sender makes the secret of the scheme {}, copy it from there", scheme.name());
            return Err(Error::field("/secret", message));
        }
        return Ok(made);
    };
    if !scheme.needs_secret() {
        return Err(Error::field("/secret", format!("does not go with the scheme {}: leave it out", scheme.name())));
    }
    if given.reveal().len() > LONGEST_SECRET {
        return Err(Error::field("/secret", format!("must have at most {LONGEST_SECRET} bytes")));
    }
    if given.reveal().chars().any(char::is_control) {
        return Err(Error::field("/secret", "must not hold control characters; look for a line break at its end"));
    }
    scheme.check_secret(given.reveal()).map_err(|message| Error::field("/secret", message))?;
    Ok(Some(given.reveal().to_owned()))
}
