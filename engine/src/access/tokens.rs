//! Personal access tokens (TEN-05): for scripts and other programs. Shown once, kept as SHA-256: the token has
//! 214 bits of chance in it, so that a slow hash would protect nothing more.

use rand::Rng as _;
use rand::distr::Alphanumeric;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::actor::{Actor, Proof};
use super::model::{self, CreatedToken, NewToken, TokenInfo};
use super::permissions::{self, Granted, TokenCreate, Workspace};
use super::{services, store};
use crate::cx::Cx;
use crate::db::{Rx, Signal, Tx};
use crate::ids::{TokenId, UserId, WorkspaceId};
use crate::{Error, Result, audit};

/// What every token begins with, so that secret scanners know it.
pub const PREFIX: &str = "trk_pat_";
/// Characters of chance after the prefix.
const SECRET: usize = 36;
/// Characters of the checksum at the end, by which a scanner tells a token from a likeness without asking us.
const CHECKSUM: usize = 6;
/// Most scopes of one token.
const MOST_SCOPES: usize = 100;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Makes a token for the person who acts. With a token one can make only tokens that may no more than it.
///
/// # Errors
/// `invalid_fields`; `denied` for scopes beyond one's own.
pub async fn create(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<TokenCreate, Workspace>,
    new: NewToken,
) -> Result<CreatedToken> {
    let user = person(cx)?;
    services::must_be_person(tx, user).await?;
    create_for(tx, cx, may.resource().0, user, new).await
}

/// Makes a token that acts as `user`, and may no more and lasts no longer than what makes it.
pub(super) async fn create_for(
    tx: &mut Tx,
    cx: &Cx,
    workspace: WorkspaceId,
    user: UserId,
    new: NewToken,
) -> Result<CreatedToken> {
    let name = model::name("/name", &new.name)?;
    check_scopes(&cx.actor, new.scopes.as_deref())?;
    if new.expires_at.is_some_and(|at| at <= cx.now()) {
        return Err(Error::field("/expires_at", "must be in the future"));
    }
    if let Proof::Token { until: Some(end) } = cx.actor.proof
        && new.expires_at.is_none_or(|at| at > end)
    {
        let message = format!(
            "must be at most {}, when the token that makes it ends; sign in to make a longer one",
            end.to_rfc3339()
        );
        return Err(Error::field("/expires_at", message));
    }
    let token = make();
    let info = TokenInfo {
        id: cx.new_id(),
        name,
        scopes: new.scopes,
        created_at: cx.now(),
        expires_at: new.expires_at,
        last_used_at: None,
    };
    let scopes = info.scopes.as_ref().map(|scopes| serde_json::json!(scopes).to_string());
    let hash = Sha256::digest(&token);
    let row = store::TokenRow { workspace, user, hash: &hash, scopes: scopes.as_deref(), info: &info };
    store::insert_token(tx, row).await?;
    let told = json!({ "name": info.name, "scopes": info.scopes, "expires_at": info.expires_at });
    let detail = json!({ "before": null, "after": told });
    audit::service::record(tx, cx, "token.created", &info.id.to_string(), &detail).await?;
    Ok(CreatedToken { info, token })
}

/// The tokens of the person who acts, in this workspace, oldest first.
pub async fn list(rx: &mut Rx, cx: &Cx, may: &Granted<TokenCreate, Workspace>) -> Result<Vec<TokenInfo>> {
    list_of(rx, may.resource().0, person(cx)?).await
}

/// The tokens of `user` in a workspace, oldest first.
pub(super) async fn list_of(rx: &mut Rx, workspace: WorkspaceId, user: UserId) -> Result<Vec<TokenInfo>> {
    let rows = store::list_tokens(rx, workspace, user).await?;
    let info = |row: store::OwnToken| {
        Ok(TokenInfo {
            id: row.id,
            name: row.name,
            scopes: scopes(row.scopes.as_deref())?,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
        })
    };
    rows.into_iter().map(info).collect()
}

/// Revokes a token of the person who acts; its next request is refused.
///
/// # Errors
/// `token_not_found`, also for other people's.
pub async fn revoke(tx: &mut Tx, cx: &Cx, may: &Granted<TokenCreate, Workspace>, id: TokenId) -> Result<()> {
    revoke_of(tx, cx, may.resource().0, person(cx)?, id).await
}

/// Revokes a token of `user`.
pub(super) async fn revoke_of(tx: &mut Tx, cx: &Cx, workspace: WorkspaceId, user: UserId, id: TokenId) -> Result<()> {
    if !store::delete_token(tx, workspace, user, id).await? {
        return Err(Error::not_found("token", id));
    }
    tx.wake(Signal::Access);
    audit::service::record(tx, cx, "token.revoked", &id.to_string(), &json!({ "after": null })).await
}

fn person(cx: &Cx) -> Result<UserId> {
    cx.actor.user().ok_or_else(|| Error::denied("Only a person has personal access tokens; sign in as one."))
}

fn check_scopes(actor: &Actor, scopes: Option<&[String]>) -> Result<()> {
    let beyond =
        |scope: &str| Error::denied(format!("This token may not hand on `{scope}`, which it does not have itself."));
    let Some(scopes) = scopes else {
        return if actor.scopes.is_none() { Ok(()) } else { Err(beyond("*")) };
    };
    if scopes.is_empty() || scopes.len() > MOST_SCOPES {
        return Err(Error::field(
            "/scopes",
            format!("must name 1 to {MOST_SCOPES} scopes; leave it out for all rights"),
        ));
    }
    for (at, scope) in scopes.iter().enumerate() {
        let known = scope == "*"
            || permissions::ALL.iter().any(|(name, _)| match scope.strip_suffix(".*") {
                Some(resource) => name.split('.').next() == Some(resource),
                None => name == scope,
            });
        if !known {
            let message = format!(
                "`{scope}` is no scope: use a permission such as `task.edit`, all of a kind (`task.*`), or `*`"
            );
            return Err(Error::field(format!("/scopes/{at}"), message));
        }
        if !held(actor, scope) {
            return Err(beyond(scope));
        }
    }
    Ok(())
}

/// Whether the actor's own scopes cover all of `scope`.
fn held(actor: &Actor, scope: &str) -> bool {
    let Some(own) = &actor.scopes else { return true };
    let named = |name: &str| own.iter().any(|own| own == name);
    named("*") || named(scope) || scope.split_once('.').is_some_and(|(resource, _)| named(&format!("{resource}.*")))
}

/// The scopes of a row.
pub(super) fn scopes(text: Option<&str>) -> Result<Option<Vec<String>>> {
    let read = |text| {
        serde_json::from_str(text)
            .map_err(|error| Error::internal(format!("A token's scopes cannot be read: {error}.")))
    };
    text.map(read).transpose()
}

fn make() -> String {
    let secret: String = rand::rng().sample_iter(Alphanumeric).take(SECRET).map(char::from).collect();
    let checksum = checksum(&secret);
    format!("{PREFIX}{secret}{checksum}")
}

/// The hash of what looks like a token down to its checksum; anything else is not worth a look into the database.
pub(super) fn hash(token: &str) -> Option<Vec<u8>> {
    let rest = token.strip_prefix(PREFIX)?;
    if rest.len() != SECRET + CHECKSUM || !rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let (secret, end) = rest.split_at(SECRET);
    (checksum(secret) == end).then(|| Sha256::digest(token).to_vec())
}

/// The first 32 bits of the SHA-256 of the secret part, big-endian, as six characters of base 62.
fn checksum(secret: &str) -> String {
    let digest = Sha256::digest(secret);
    let mut rest = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    let mut text = [b'0'; CHECKSUM];
    for place in text.iter_mut().rev() {
        *place = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    text.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Role;
    use crate::ids::Id as _;

    #[test]
    fn a_token_is_known_by_its_checksum() {
        let token = make();
        assert_eq!(token.len(), 50);
        assert!(hash(&token).is_some());
        assert_ne!(make(), token);
        for at in PREFIX.len()..token.len() {
            let mut other = token.clone().into_bytes();
            other[at] = if other[at] == b'a' { b'b' } else { b'a' };
            assert!(hash(std::str::from_utf8(&other).unwrap()).is_none(), "character {at}");
        }
        assert!(hash("trk_pat_ä").is_none());
    }

    #[test]
    fn scopes_are_known_and_never_grow() {
        let mut actor = Actor::system(WorkspaceId::from_uuid(uuid::Uuid::nil()));
        assert_eq!(actor.role, Role::Admin);
        let check = |actor: &Actor, scopes: &[&str]| {
            let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
            check_scopes(actor, Some(&scopes)).map_err(|error| error.code)
        };
        assert_eq!(check(&actor, &["task.edit", "run.*", "*"]), Ok(()));
        for wrong in [&["task.fly"][..], &["nothing.*"], &["tas"], &[]] {
            assert_eq!(check(&actor, wrong), Err("invalid_fields"), "{wrong:?}");
        }
        actor.scopes = Some(vec!["task.*".to_owned(), "run.view".to_owned()].into());
        assert_eq!(check(&actor, &["task.edit", "task.*", "run.view"]), Ok(()));
        for beyond in ["run.*", "*", "hook.view"] {
            assert_eq!(check(&actor, &[beyond]), Err("denied"), "{beyond}");
        }
        assert!(check_scopes(&actor, None).is_err());
    }
}
