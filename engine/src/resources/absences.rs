//! Absences: one's own, or with `resource.manage` those of others.

use super::events::{ResourceAbsenceAdded, ResourceAbsenceDeleted, ResourceAbsenceUpdated};
use super::model::{
    Absence, AbsenceKind, AbsencePatch, AbsenceQuery, DayPart, MAX_DAYS, MAX_NOTE, MAX_OF_PERSON, NewAbsence,
    StoredAbsence,
};
use super::{store, workload};
use crate::access::permissions::{AbsenceEdit, Granted, ResourceManage, ResourceView, Workspace};
use crate::cx::Cx;
use crate::day::Day;
use crate::db::{Rx, Tx};
use crate::events::emit;
use crate::ids::{AbsenceId, UserId, WorkspaceId};
use crate::paging::{Cursor, Page, PageRequest};
use crate::projects::events::{Changes, change};
use crate::projects::members;
use crate::{Error, Result};

/// The absences of the workspace, in the order they were entered; reasons only of one's own, or with `resource.manage`.
pub async fn list_absences(
    rx: &mut Rx,
    cx: &Cx,
    may: &Granted<ResourceView, Workspace>,
    query: &AbsenceQuery,
    page: &PageRequest,
) -> Result<Page<Absence>> {
    let limit = page.limit()?;
    let rows = store::list_absences(rx, may.resource().0, query, page.after()?, limit + 1).await?;
    let Page { items, next_cursor, total } = Page::cut(rows, limit, |last| Cursor::of_id(last.id));
    let items = items.into_iter().map(|absence| shown(cx, absence)).collect();
    Ok(Page { items, next_cursor, total })
}

/// Whether somebody is away all of a day.
pub(crate) async fn is_away(rx: &mut Rx, workspace: WorkspaceId, user: UserId, day: chrono::NaiveDate) -> Result<bool> {
    let Ok(day) = day.to_string().parse::<Day>() else { return Ok(false) };
    let absences = store::list_absences_of(rx, workspace, user, day, day).await?;
    Ok(absences.iter().any(|absence| absence.part == DayPart::Full))
}

/// One absence.
pub async fn find_absence(
    rx: &mut Rx,
    cx: &Cx,
    may: &Granted<ResourceView, Workspace>,
    id: AbsenceId,
) -> Result<Absence> {
    let absence = store::find_absence(rx, may.resource().0, id).await?.ok_or_else(|| missing(id))?;
    Ok(shown(cx, absence))
}

/// Enters an absence.
pub async fn add_absence(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<AbsenceEdit, Workspace>,
    new: NewAbsence,
) -> Result<Absence> {
    let workspace = may.resource().0;
    let user = whose(tx, cx, workspace, new.user).await?;
    let to = new.to.unwrap_or(new.from);
    range(new.from, to, MAX_DAYS)?;
    note(&new.note)?;
    store::lock_book(tx, workspace, user).await?;
    if store::count_absences(tx, workspace, user).await? >= MAX_OF_PERSON {
        let detail = format!("this person has {MAX_OF_PERSON} absences, the most that one may have; delete old ones");
        return Err(Error::conflict("too_many_absences", detail));
    }
    let now = cx.now();
    let absence = StoredAbsence {
        id: cx.new_id(),
        user_id: user,
        from_day: new.from,
        to_day: to,
        part: new.part.unwrap_or(DayPart::Full),
        kind: new.kind.unwrap_or(AbsenceKind::Vacation),
        note: new.note,
        version: 1,
        created_by: cx.actor.user(),
        created_at: now,
        updated_at: now,
    };
    store::insert_absence(tx, workspace, &absence).await?;
    emit(tx, cx, &ResourceAbsenceAdded { absence: &Absence::of(absence.clone(), false) }).await?;
    workload::recheck(tx, cx, user, absence.from_day, absence.to_day).await?;
    Ok(Absence::of(absence, true))
}

/// Changes an absence.
pub async fn update_absence(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<AbsenceEdit, Workspace>,
    id: AbsenceId,
    expected: Option<i64>,
    patch: AbsencePatch,
) -> Result<Absence> {
    let workspace = may.resource().0;
    let mut absence = hold(tx, cx, workspace, id, expected).await?;
    let (from, to) = (absence.from_day, absence.to_day);
    let new_note = patch.note.or_default();
    new_note.as_deref().map_or(Ok(()), note)?;
    let mut changes = Changes::new();
    change(&mut changes, "from", &mut absence.from_day, patch.from.required("/from")?);
    change(&mut changes, "to", &mut absence.to_day, patch.to.required("/to")?);
    change(&mut changes, "part", &mut absence.part, patch.part.required("/part")?);
    change(&mut changes, "kind", &mut absence.kind, patch.kind.required("/kind")?);
    change(&mut changes, "note", &mut absence.note, new_note);
    range(absence.from_day, absence.to_day, MAX_DAYS)?;
    if changes.is_empty() {
        return Ok(Absence::of(absence, true));
    }
    absence.version += 1;
    absence.updated_at = cx.now();
    store::update_absence(tx, workspace, &absence).await?;
    emit(tx, cx, &ResourceAbsenceUpdated { absence: &Absence::of(absence.clone(), false) }).await?;
    recheck_both(tx, cx, absence.user_id, (from, to), (absence.from_day, absence.to_day)).await?;
    Ok(Absence::of(absence, true))
}

/// Deletes an absence.
pub async fn delete_absence(
    tx: &mut Tx,
    cx: &Cx,
    may: &Granted<AbsenceEdit, Workspace>,
    id: AbsenceId,
    expected: Option<i64>,
) -> Result<()> {
    let workspace = may.resource().0;
    let absence = hold(tx, cx, workspace, id, expected).await?;
    store::delete_absence(tx, workspace, id).await?;
    let (user, from, to) = (absence.user_id, absence.from_day, absence.to_day);
    emit(tx, cx, &ResourceAbsenceDeleted { absence: &Absence::of(absence, false) }).await?;
    workload::recheck(tx, cx, user, from, to).await
}

/// The absence as it is now, if it is the actor's to change; the person's plans are locked.
async fn hold(
    tx: &mut Tx,
    cx: &Cx,
    workspace: WorkspaceId,
    id: AbsenceId,
    expected: Option<i64>,
) -> Result<StoredAbsence> {
    let found = store::find_absence(tx, workspace, id).await?.ok_or_else(|| missing(id))?;
    if cx.actor.user() != Some(found.user_id) {
        cx.actor.may_here::<ResourceManage>()?;
    }
    store::lock_book(tx, workspace, found.user_id).await?;
    let absence = store::find_absence(tx, workspace, id).await?.ok_or_else(|| missing(id))?;
    match expected.filter(|expected| *expected != absence.version) {
        None => Ok(absence),
        Some(expected) => Err(stale(id, expected, absence.version)),
    }
}

/// Looks at the days of both ranges: at once when they touch, so that what goes on is no news.
pub(super) async fn recheck_both(
    tx: &mut Tx,
    cx: &Cx,
    user: UserId,
    before: (Day, Day),
    after: (Day, Day),
) -> Result<()> {
    let apart = before.1.plus(1) < after.0 || after.1.plus(1) < before.0;
    if apart {
        workload::recheck(tx, cx, user, before.0, before.1).await?;
        return workload::recheck(tx, cx, user, after.0, after.1).await;
    }
    workload::recheck(tx, cx, user, before.0.min(after.0), before.1.max(after.1)).await
}

/// Whose absence: the actor's own, or with `resource.manage` that of another member.
async fn whose(rx: &mut Rx, cx: &Cx, workspace: WorkspaceId, user: Option<UserId>) -> Result<UserId> {
    let own = cx.actor.user();
    let user = user.or(own).ok_or_else(|| Error::field("/user", "say who is away"))?;
    if own != Some(user) {
        cx.actor.may_here::<ResourceManage>()?;
        member(rx, workspace, user).await?;
    }
    Ok(user)
}

pub(super) async fn member(rx: &mut Rx, workspace: WorkspaceId, user: UserId) -> Result<()> {
    match members::stranger(rx, workspace, &[user]).await? {
        None => Ok(()),
        Some(user) => Err(Error::field("/user", format!("{user} is not a member of this workspace"))),
    }
}

fn shown(cx: &Cx, absence: StoredAbsence) -> Absence {
    let open = cx.actor.user() == Some(absence.user_id) || cx.actor.may_here::<ResourceManage>().is_ok();
    Absence::of(absence, open)
}

pub(super) fn range(from: Day, to: Day, most: i64) -> Result<()> {
    match from.until(to) {
        days if days < 0 => Err(Error::field("/to", "must not be before `from`")),
        days if days >= most => Err(Error::field("/to", format!("must be at most {most} days, `from` among them"))),
        _ => Ok(()),
    }
}

pub(super) fn note(note: &str) -> Result<()> {
    if note.chars().count() > MAX_NOTE {
        return Err(Error::field("/note", format!("must be at most {MAX_NOTE} characters")));
    }
    if note.contains('\0') {
        return Err(Error::field("/note", "must not contain the character U+0000"));
    }
    Ok(())
}

pub(super) fn stale(id: impl std::fmt::Display, expected: i64, version: i64) -> Error {
    Error::stale(format!(
        "you saw version {expected} of {id}, which is at version {version}; read it again and repeat your change"
    ))
}

fn missing(id: AbsenceId) -> Error {
    Error::not_found("absence", id)
}
