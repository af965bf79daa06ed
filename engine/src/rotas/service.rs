//! The public verbs of rotas.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::duty::{Turn, Turns};
use super::model::{
    Because, By, MAX_NAME, MAX_OVERRIDES, MAX_PEOPLE, MAX_ROTAS, NewOverride, NewRota, OnCall, Override, Passed, Rota,
};
use super::store;
use crate::access::{Granted, RotaEdit, RotaView, Workspace};
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::ids::{RotaId, RotaOverrideId, UserId, WorkspaceId};
use crate::projects::members;
use crate::raw::Raw;
use crate::{Error, Result, audit, checks, resources};

/// The longest override.
const LONGEST: TimeDelta = TimeDelta::days(366);

/// The rotas of a workspace, by name.
pub async fn list(rx: &mut Rx, may: &Granted<RotaView, Workspace>) -> Result<Vec<Rota>> {
    store::list(rx, may.resource().0).await
}

/// A rota: what a permission is asked for.
///
/// # Errors
/// `rota_not_found`.
pub async fn find(rx: &mut Rx, workspace: WorkspaceId, id: RotaId) -> Result<Rota> {
    store::find(rx, workspace, id).await?.ok_or_else(|| Error::not_found("rota", id))
}

/// Makes a rota. A workspace has at most [`MAX_ROTAS`].
///
/// # Errors
/// `invalid_fields`; `rota_name_taken`, `too_many_rotas`.
pub async fn create(tx: &mut Tx, cx: &Cx, may: &Granted<RotaEdit, Workspace>, new: NewRota) -> Result<Rota> {
    let workspace = may.resource().0;
    check(tx, workspace, None, &new).await?;
    if store::list(tx, workspace).await?.len() >= MAX_ROTAS {
        let detail = format!("a workspace has at most {MAX_ROTAS} rotas; delete one that nobody needs");
        return Err(Error::conflict("too_many_rotas", detail));
    }
    let now = cx.now();
    let rota = Rota {
        id: cx.new_id(),
        workspace_id: workspace,
        name: new.name,
        people: Raw::of(&new.people)?,
        rotation: Raw::of(&new.rotation)?,
        version: 1,
        created_by: cx.actor.user(),
        created_at: now,
        updated_at: now,
    };
    store::insert(tx, &rota).await?;
    record(tx, cx, "rota.created", &rota).await?;
    Ok(rota)
}

/// Says a rota anew; its overrides stay.
///
/// # Errors
/// Those of [`create`]; `rota_not_found`, `stale`.
pub async fn replace(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<RotaEdit, Rota>,
    expected: Option<i64>,
    new: NewRota,
) -> Result<Rota> {
    let mut rota = locked(tx, may, expected).await?;
    check(tx, rota.workspace_id, Some(rota.id), &new).await?;
    (rota.name, rota.people, rota.rotation) = (new.name, Raw::of(&new.people)?, Raw::of(&new.rotation)?);
    (rota.version, rota.updated_at) = (rota.version + 1, cx.now());
    store::update(tx, &rota).await?;
    record(tx, cx, "rota.updated", &rota).await?;
    Ok(rota)
}

/// Deletes a rota with its overrides.
///
/// # Errors
/// `rota_not_found`, `stale`.
pub async fn delete(tx: &mut Tx, cx: &Cx, may: &Granted<RotaEdit, Rota>, expected: Option<i64>) -> Result<()> {
    let rota = locked(tx, may, expected).await?;
    store::delete(tx, rota.workspace_id, rota.id).await?;
    record(tx, cx, "rota.deleted", &rota).await
}

async fn locked(tx: &mut Tx, may: &Granted<RotaEdit, Rota>, expected: Option<i64>) -> Result<Rota> {
    let known = may.resource();
    let rota = store::lock(tx, known.workspace_id, known.id).await?;
    let rota = rota.ok_or_else(|| Error::not_found("rota", known.id))?;
    match expected.filter(|expected| *expected != rota.version) {
        Some(expected) => Err(Error::stale(format!(
            "you saw version {expected} of the rota, which is at version {}; read it again and repeat your change",
            rota.version
        ))),
        None => Ok(rota),
    }
}

async fn record(tx: &mut Tx, cx: &Cx, action: &'static str, rota: &Rota) -> Result<()> {
    audit::service::record(tx, cx, action, &rota.id.to_string(), &json!({ "rota": rota })).await
}

async fn check(rx: &mut Rx, workspace: WorkspaceId, own: Option<RotaId>, new: &NewRota) -> Result<()> {
    checks::name("/name", &new.name, MAX_NAME)?;
    if new.people.is_empty() || new.people.len() > MAX_PEOPLE {
        return Err(Error::field("/people", format!("must be 1 to {MAX_PEOPLE} people")));
    }
    if let Some(stranger) = members::stranger(rx, workspace, &new.people).await? {
        let place = new.people.iter().position(|user| *user == stranger).unwrap_or_default();
        return Err(Error::field(format!("/people/{place}"), format!("{stranger} is not a member of this workspace")));
    }
    Turns::of(&new.rotation)?;
    if store::named(rx, workspace, &new.name).await?.is_some_and(|other| Some(other.id) != own) {
        let message = format!("another rota is called {}; choose another name", new.name);
        return Err(Error::conflict("rota_name_taken", message.clone()).and_field("/name", message));
    }
    Ok(())
}

/// Puts somebody else on call for a while.
///
/// # Errors
/// `invalid_fields`; `too_many_overrides`.
pub async fn add_override(tx: &mut Tx, cx: &Cx, may: &Granted<RotaEdit, Rota>, new: NewOverride) -> Result<Override> {
    let rota = locked(tx, may, None).await?;
    let (from, to) = (checks::time("/from", new.from)?, checks::time("/to", new.to)?);
    if to <= from || to - from > LONGEST {
        return Err(Error::field("/to", "must be after `from`, at most a year"));
    }
    if members::stranger(tx, rota.workspace_id, &[new.user]).await?.is_some() {
        return Err(Error::field("/user", format!("{} is not a member of this workspace", new.user)));
    }
    if store::count_overrides(tx, &rota, cx.now()).await? >= MAX_OVERRIDES as i64 {
        let detail =
            format!("a rota has at most {MAX_OVERRIDES} overrides that are not over; change its turns instead");
        return Err(Error::conflict("too_many_overrides", detail));
    }
    let new = Override {
        id: cx.new_id(),
        user_id: new.user,
        from_at: from,
        to_at: to,
        created_by: cx.actor.user(),
        created_at: cx.now(),
    };
    store::insert_override(tx, &rota, &new).await?;
    let detail = json!({ "rota": rota, "override": new });
    audit::service::record(tx, cx, "rota.override_added", &rota.id.to_string(), &detail).await?;
    Ok(new)
}

/// The overrides of a rota that are not over.
pub async fn overrides(rx: &mut Rx, cx: &Cx, may: &Granted<RotaView, Rota>) -> Result<Vec<Override>> {
    store::overrides(rx, may.resource(), cx.now()).await
}

/// Takes an override back.
///
/// # Errors
/// `override_not_found`.
pub async fn delete_override(tx: &mut Tx, cx: &Cx, may: &Granted<RotaEdit, Rota>, id: RotaOverrideId) -> Result<()> {
    let rota = locked(tx, may, None).await?;
    if !store::delete_override(tx, &rota, id).await? {
        return Err(Error::not_found("override", id));
    }
    let detail = json!({ "rota": rota, "override": id });
    audit::service::record(tx, cx, "rota.override_deleted", &rota.id.to_string(), &detail).await
}

/// Who is on call at a moment.
pub async fn on_call(rx: &mut Rx, may: &Granted<RotaView, Rota>, at: DateTime<Utc>) -> Result<OnCall> {
    duty(rx, may.resource(), at).await
}

/// Who is on call in the rota of this name: for rules, which name people as `oncall:<name>`.
///
/// # Errors
/// `nobody_on_call`, and who would have been; `rota_not_found`.
pub(crate) async fn named(rx: &mut Rx, workspace: WorkspaceId, name: &str, at: DateTime<Utc>) -> Result<UserId> {
    let shown: String = name.chars().take(64).collect();
    let rota = match name.parse() {
        Ok(id) => store::find(rx, workspace, id).await?,
        Err(_) => store::named(rx, workspace, name).await?,
    };
    let rota = rota.ok_or_else(|| Error::not_found("rota", format!("called “{shown}”")))?;
    let duty = duty(rx, &rota, at).await?;
    duty.user.ok_or_else(|| {
        let passed = duty.passed.iter().map(|passed| format!("{} ({})", passed.user, passed.because));
        let passed = passed.collect::<Vec<_>>().join(", ");
        let detail = match (duty.since, passed.is_empty()) {
            (None, true) => format!("nobody is on call in “{shown}”, which begins later"),
            _ => format!("nobody is on call in “{shown}”: {passed}; put somebody there"),
        };
        Error::conflict("nobody_on_call", detail)
    })
}

/// Whether there is a rota of this name.
pub(crate) async fn is_named(rx: &mut Rx, workspace: WorkspaceId, name: &str) -> Result<bool> {
    Ok(match name.parse() {
        Ok(id) => store::find(rx, workspace, id).await?.is_some(),
        Err(_) => store::named(rx, workspace, name).await?.is_some(),
    })
}

async fn duty(rx: &mut Rx, rota: &Rota, at: DateTime<Utc>) -> Result<OnCall> {
    let turns = Turns::of(&rota.rotation.read()?)?;
    let mut found = OnCall { at, user: None, by: None, since: None, until: None, passed: Vec::new() };
    for instead in store::overrides_at(rx, rota, at).await? {
        if is_there(rx, rota, &turns, instead.user_id, &mut found).await? {
            (found.user, found.by) = (Some(instead.user_id), Some(By::Override));
            (found.since, found.until) = (Some(instead.from_at), Some(instead.to_at));
            return Ok(found);
        }
    }
    let Some(Turn { number, since, until }) = turns.at(at) else { return Ok(found) };
    (found.since, found.until) = (Some(since), until);
    let people = rota.people.read()?;
    let count = people.len().max(1);
    let first = usize::try_from(number).unwrap_or_default() % count;
    for user in people.iter().cycle().skip(first).take(people.len()) {
        if is_there(rx, rota, &turns, *user, &mut found).await? {
            (found.user, found.by) = (Some(*user), Some(By::Rotation));
            return Ok(found);
        }
    }
    Ok(found)
}

/// Whether somebody can be on call; who cannot is noted.
async fn is_there(rx: &mut Rx, rota: &Rota, turns: &Turns, user: UserId, found: &mut OnCall) -> Result<bool> {
    if found.passed.iter().any(|passed| passed.user == user) {
        return Ok(false);
    }
    let day = found.at.with_timezone(&turns.zone).date_naive();
    let because = if members::stranger(rx, rota.workspace_id, &[user]).await?.is_some() {
        Because::Left
    } else if resources::absences::is_away(rx, rota.workspace_id, user, day).await? {
        Because::Absent
    } else {
        return Ok(true);
    };
    found.passed.push(Passed { user, because });
    Ok(false)
}
