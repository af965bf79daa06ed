//! The people behind what a policy calls them, as they are at the moment.

use chrono::{DateTime, Utc};

use crate::access::Role;
use crate::db::Rx;
use crate::ids::{UserId, WorkspaceId};
use crate::projects::{Project, members};
use crate::tasks::Task;
use crate::{Class, Error, Result, grants, rotas};

/// Those who are called this of a task. Whom there is not any more is passed over: what is told has happened. Where nobody is on
/// call, and where nobody is left at all, the project's owner stands in: it is not told to nobody.
pub(crate) async fn called(
    rx: &mut Rx,
    workspace: WorkspaceId,
    task: &Task,
    project: &Project,
    names: &[String],
    now: DateTime<Utc>,
) -> Result<Vec<UserId>> {
    let mut people = Vec::new();
    for name in names {
        match name.as_str() {
            "assignees" => people.extend(task.assignees.read()?),
            "watchers" => people.extend(task.watchers.read()?),
            "reporter" => people.extend(task.created_by),
            "project.owner" => people.push(project.owner_id),
            name => match others(rx, workspace, name, now).await {
                Ok(more) => people.extend(more),
                Err(error) if matches!(error.class, Class::NotFound | Class::Conflict | Class::Invalid) => {
                    tracing::warn!(%workspace, name, %error, "somebody who is to be told is not there");
                    people.extend(name.starts_with("oncall:").then_some(project.owner_id));
                }
                Err(error) => return Err(error),
            },
        }
    }
    people.sort_unstable();
    people.dedup();
    let mut there = members::among(rx, workspace, &people).await?;
    if there.is_empty() {
        there.push(project.owner_id);
    }
    Ok(there)
}

/// Refuses names that nobody is called by.
pub(crate) async fn check(rx: &mut Rx, workspace: WorkspaceId, place: &str, names: &[String]) -> Result<()> {
    for (at, name) in names.iter().enumerate() {
        if matches!(name.as_str(), "assignees" | "watchers" | "reporter" | "project.owner") {
            continue;
        }
        let there = match name.strip_prefix("oncall:") {
            Some(rota) => rotas::service::is_named(rx, workspace, rota).await?,
            None => match others(rx, workspace, name, DateTime::UNIX_EPOCH).await {
                Ok(_) => true,
                Err(error) if matches!(error.class, Class::NotFound | Class::Invalid) => false,
                Err(error) => return Err(error),
            },
        };
        if !there {
            return Err(unknown(format!("{place}/{at}"), name));
        }
    }
    Ok(())
}

async fn others(rx: &mut Rx, workspace: WorkspaceId, name: &str, now: DateTime<Utc>) -> Result<Vec<UserId>> {
    let nobody = || unknown(String::new(), name);
    let (kind, rest) = name.split_once(':').unwrap_or(("user", name));
    match kind {
        "oncall" => Ok(vec![rotas::service::named(rx, workspace, rest, now).await?]),
        "group" => {
            let group = grants::groups::named(rx, workspace, rest).await?.ok_or_else(nobody)?;
            grants::groups::people(rx, workspace, group).await
        }
        // An unknown word reads as the least role.
        "role" if Role::from(rest).as_str() == rest => members::by_role(rx, workspace, &[rest.to_owned()]).await,
        "user" if rest.contains('@') => {
            let found = members::by_email(rx, workspace, &[rest.to_lowercase()]).await?;
            Ok(vec![found.first().ok_or_else(nobody)?.0])
        }
        "user" => {
            let user: UserId = rest.parse().map_err(|_| nobody())?;
            let found = members::among(rx, workspace, &[user]).await?;
            if found.is_empty() { Err(nobody()) } else { Ok(found) }
        }
        _ => Err(nobody()),
    }
}

fn unknown(place: String, name: &str) -> Error {
    let shown: String = name.chars().take(64).collect();
    Error::field(
        place,
        format!(
            "`{shown}` is nobody here; write `assignees`, `watchers`, `reporter`, `project.owner`, `user:` with the id or address \
             of a member, `role:` with a default role, `group:` with an id or name, or `oncall:` with the name of a rota"
        ),
    )
}
