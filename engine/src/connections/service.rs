//! The public verbs of connections.

use super::model::{Connection, ConnectionKind, NewConnection, Resolved};
use super::store;
use crate::access::{ConnectionManage, Granted, Workspace, name};
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::ids::{ConnectionId, WorkspaceId};
use crate::vault::Vault;
use crate::{Error, Result};

/// Longest base URL and longest token, in bytes.
const LONGEST: usize = 2000;

/// Makes a connection.
///
/// # Errors
/// `invalid_fields`, `connection_name_taken`.
pub async fn create(
    tx: &mut Tx,
    cx: &Cx,
    vault: &Vault,
    may: &Granted<ConnectionManage, Workspace>,
    new: NewConnection,
) -> Result<Connection> {
    let token = new.token.reveal();
    if token.is_empty() || token.len() > LONGEST || token.chars().any(char::is_control) {
        return Err(Error::field("/token", format!("must be 1 to {LONGEST} bytes without line breaks")));
    }
    let connection = Connection {
        id: cx.new_id(),
        workspace_id: may.resource().0,
        kind: new.kind,
        name: name("/name", &new.name)?,
        base_url: new.base_url.as_deref().map(base_url).transpose()?,
        created_at: cx.now(),
    };
    let sealed = vault.seal(&context(connection.id), token.as_bytes())?;
    if store::insert(tx, &connection, &sealed).await? {
        return Ok(connection);
    }
    let detail = format!(
        "There is a connection `{}` of kind {} already; choose another name, or delete it first.",
        connection.name, connection.kind
    );
    Err(Error::conflict("connection_name_taken", detail))
}

/// The connections of the workspace, oldest first.
pub async fn list(rx: &mut Rx, may: &Granted<ConnectionManage, Workspace>) -> Result<Vec<Connection>> {
    store::list(rx, may.resource().0).await
}

/// A connection of a workspace, to ask permission for.
///
/// # Errors
/// `connection_not_found`.
pub async fn get(rx: &mut Rx, workspace: WorkspaceId, id: ConnectionId) -> Result<Connection> {
    store::find(rx, workspace, id).await?.ok_or_else(|| Error::not_found("connection", id))
}

/// Deletes a connection. Steps that need it fail from now on.
///
/// # Errors
/// `connection_not_found`.
pub async fn delete(tx: &mut Tx, may: &Granted<ConnectionManage, Connection>) -> Result<()> {
    let Connection { id, workspace_id, .. } = *may.resource();
    let gone = store::delete(tx, workspace_id, id).await?;
    if gone { Ok(()) } else { Err(Error::not_found("connection", id)) }
}

/// The connection that a step means, with its token: for the runner alone. Without a name it is the only one of its kind
/// or the one named `default`.
///
/// # Errors
/// `connection_not_found`; `connection_ambiguous` without a name when there are several.
pub async fn find(
    rx: &mut Rx,
    vault: &Vault,
    workspace: WorkspaceId,
    kind: ConnectionKind,
    name: Option<&str>,
) -> Result<Resolved> {
    let mut rows = store::of_kind(rx, workspace, kind).await?;
    let at = match name {
        None if rows.len() == 1 => Some(0),
        name => rows.iter().position(|(connection, _)| connection.name == name.unwrap_or("default")),
    };
    let Some(at) = at else {
        let names: Vec<&str> = rows.iter().map(|(connection, _)| connection.name.as_str()).collect();
        let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        return Err(match name {
            None if !names.is_empty() => Error::invalid(
                "connection_ambiguous",
                format!(
                    "The workspace has several connections of kind {kind}; name the one you mean, or call one `default`: {there}."
                ),
            ),
            None => Error::not_found("connection", format!("of kind {kind}; make one in the workspace's settings")),
            Some(name) => Error::not_found("connection", format!("`{name}` of kind {kind}; there is {there}")),
        });
    };
    let (connection, sealed) = rows.swap_remove(at);
    let token = vault.open_text(&context(connection.id), &sealed)?;
    Ok(Resolved { connection, token })
}

fn context(id: ConnectionId) -> String {
    format!("connection:{id}")
}

/// A base URL without the slash at its end. Whether it may be reached is judged when it is called.
fn base_url(text: &str) -> Result<String> {
    let text = text.trim().trim_end_matches('/');
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    let sound = !host.is_empty()
        && !host.contains('@')
        && text.len() <= LONGEST
        && !text.contains(['?', '#'])
        && !text.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    if sound {
        return Ok(text.to_owned());
    }
    Err(Error::field(
        "/base_url",
        "must be like https://github.example.org/api/v3, without user, password, query or fragment",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_a_place_and_nothing_else() {
        assert_eq!(base_url(" https://ghe.example.org/api/v3/ ").unwrap(), "https://ghe.example.org/api/v3");
        assert_eq!(base_url("http://127.0.0.1:8080").unwrap(), "http://127.0.0.1:8080");
        for text in ["", "ghe.example.org", "ftp://x", "https://", "https://u:p@x", "https://x?a=b", "https://x y"] {
            assert!(base_url(text).is_err(), "{text}");
        }
    }
}
