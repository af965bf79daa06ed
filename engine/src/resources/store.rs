//! All SQL on `absences`, `allocations`, `over_allocated_days` and `resource_books`.

use super::model::{AbsenceQuery, Allocation, Away, StoredAbsence};
use crate::Result;
use crate::day::Day;
use crate::db::{One, Rx, Tx, statements};
use crate::ids::{AbsenceId, AllocationId, ProjectId, UserId, WorkspaceId};

statements! {
    OPEN_BOOK = "insert into resource_books (workspace_id, user_id) values ($1, $2) on conflict (workspace_id, user_id) do nothing";
    LOCK_BOOK = "select user_id from resource_books where workspace_id = $1 and user_id = $2 for update";
    FIND_ABSENCE = "select {StoredAbsence} from absences where workspace_id = $1 and id = $2", StoredAbsence;
    // What is not asked for is every text: days are between these two.
    ABSENCES = "select {StoredAbsence} from absences where workspace_id = $1 and (user_id = $2 or $2 is null) \
     and to_day >= $3 and from_day <= $4 and (id > $5 or $5 is null) order by id limit $6", StoredAbsence;
    ABSENCES_OF = "select {StoredAbsence} from absences where workspace_id = $1 and user_id = $2 and to_day >= $3 and from_day <= $4 \
     order by from_day, id", StoredAbsence;
    AWAY = "select {Away} from absences where workspace_id = $1 and user_id = any($2) and to_day >= $3 and from_day <= $4", Away;
    COUNT_ABSENCES = "select count(*) from absences where workspace_id = $1 and user_id = $2";
    INSERT_ABSENCE = "insert into absences (workspace_id, id, user_id, from_day, to_day, part, kind, note, version, created_by, \
     created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    UPDATE_ABSENCE = "update absences set from_day = $3, to_day = $4, part = $5, kind = $6, note = $7, version = $8, \
     updated_at = $9 where workspace_id = $1 and id = $2";
    DELETE_ABSENCE = "delete from absences where workspace_id = $1 and id = $2";
    FIND_ALLOCATION = "select {Allocation} from allocations where workspace_id = $1 and id = $2", Allocation;
    ALLOCATIONS = "select {Allocation} from allocations where workspace_id = $1 and project_id = $2 order by id limit $3", Allocation;
    ALLOCATIONS_AFTER = "select {Allocation} from allocations where workspace_id = $1 and project_id = $2 and id > $4 \
     order by id limit $3", Allocation;
    ALLOCATIONS_OF = "select {Allocation} from allocations where workspace_id = $1 and user_id = $2 and to_day >= $3 \
     and from_day <= $4 order by from_day, id", Allocation;
    COUNT_ALLOCATIONS = "select count(*) from allocations where workspace_id = $1 and user_id = $2";
    SPAN_OF_PROJECT = "select user_id, min(from_day), max(to_day) from allocations where workspace_id = $1 and project_id = $2 \
     group by user_id order by user_id";
    DELETE_OF_PROJECT = "delete from allocations where workspace_id = $1 and project_id = $2";
    SPAN_OF_PERSON = "select min(from_day), max(to_day) from allocations where workspace_id = $1 and user_id = $2 and to_day >= $3";
    INSERT_ALLOCATION = "insert into allocations (workspace_id, id, project_id, task_id, user_id, from_day, to_day, \
     minutes_per_day, percent, note, version, created_by, created_at, updated_at) \
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    UPDATE_ALLOCATION = "update allocations set from_day = $3, to_day = $4, minutes_per_day = $5, percent = $6, note = $7, \
     version = $8, updated_at = $9 where workspace_id = $1 and id = $2";
    DELETE_ALLOCATION = "delete from allocations where workspace_id = $1 and id = $2";
    OVER = "select day from over_allocated_days where workspace_id = $1 and user_id = $2 and day >= $3 and day <= $4 order by day";
    INSERT_OVER = "insert into over_allocated_days (workspace_id, user_id, day) values ($1, $2, $3)";
    DELETE_OVER = "delete from over_allocated_days where workspace_id = $1 and user_id = $2 and day = any($3)";
    MEMBERS = "select user_id from members where workspace_id = $1 and (user_id > $2 or $2 is null) order by user_id limit $3";
}

/// Keeps others from changing the plans of this person until the transaction ends.
pub(super) async fn lock_book(tx: &mut Tx, workspace: WorkspaceId, user: UserId) -> Result<()> {
    tx.execute(OPEN_BOOK, (workspace, user)).await?;
    tx.opt::<One<UserId>>(LOCK_BOOK, (workspace, user)).await.map(drop)
}

pub(super) async fn find_absence(rx: &mut Rx, workspace: WorkspaceId, id: AbsenceId) -> Result<Option<StoredAbsence>> {
    rx.opt(FIND_ABSENCE, (workspace, id)).await
}

/// The absences of a workspace, in the order they were entered.
pub(super) async fn list_absences(
    rx: &mut Rx,
    workspace: WorkspaceId,
    query: &AbsenceQuery,
    after: Option<AbsenceId>,
    limit: i64,
) -> Result<Vec<StoredAbsence>> {
    let from = query.from.map_or_else(|| "0000".to_owned(), |day| day.to_string());
    let to = query.to.map_or_else(|| "9999-99-99".to_owned(), |day| day.to_string());
    rx.all(ABSENCES, (workspace, query.user, from, to, after, limit)).await
}

/// The absences of a person that reach into these days.
pub(super) async fn list_absences_of(
    rx: &mut Rx,
    workspace: WorkspaceId,
    user: UserId,
    from: Day,
    to: Day,
) -> Result<Vec<StoredAbsence>> {
    rx.all(ABSENCES_OF, (workspace, user, from, to)).await
}

/// The absences of these people that reach into these days, in no order.
pub(super) async fn list_away(
    rx: &mut Rx,
    workspace: WorkspaceId,
    users: &[UserId],
    from: Day,
    to: Day,
) -> Result<Vec<Away>> {
    rx.all(AWAY, (workspace, users, from, to)).await
}

pub(super) async fn count_absences(rx: &mut Rx, workspace: WorkspaceId, user: UserId) -> Result<i64> {
    let (count,): (i64,) = rx.one(COUNT_ABSENCES, (workspace, user)).await?;
    Ok(count)
}

pub(super) async fn insert_absence(tx: &mut Tx, workspace: WorkspaceId, absence: &StoredAbsence) -> Result<()> {
    let StoredAbsence { id, user_id, from_day, to_day, part, kind, note, version, .. } = absence;
    let StoredAbsence { created_by, created_at, updated_at, .. } = absence;
    let args =
        (workspace, id, user_id, from_day, to_day, part, kind, note, version, created_by, created_at, updated_at);
    tx.execute(INSERT_ABSENCE, args).await.map(drop)
}

pub(super) async fn update_absence(tx: &mut Tx, workspace: WorkspaceId, absence: &StoredAbsence) -> Result<()> {
    let StoredAbsence { id, from_day, to_day, part, kind, note, version, updated_at, .. } = absence;
    tx.execute(UPDATE_ABSENCE, (workspace, id, from_day, to_day, part, kind, note, version, updated_at)).await.map(drop)
}

pub(super) async fn delete_absence(tx: &mut Tx, workspace: WorkspaceId, id: AbsenceId) -> Result<()> {
    tx.execute(DELETE_ABSENCE, (workspace, id)).await.map(drop)
}

pub(super) async fn find_allocation(
    rx: &mut Rx,
    workspace: WorkspaceId,
    id: AllocationId,
) -> Result<Option<Allocation>> {
    rx.opt(FIND_ALLOCATION, (workspace, id)).await
}

/// The allocations of a project, in the order they were entered.
pub(super) async fn list_allocations(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: ProjectId,
    after: Option<AllocationId>,
    limit: i64,
) -> Result<Vec<Allocation>> {
    match after {
        None => rx.all(ALLOCATIONS, (workspace, project, limit)).await,
        Some(after) => rx.all(ALLOCATIONS_AFTER, (workspace, project, limit, after)).await,
    }
}

/// The allocations of a person that reach into these days.
pub(super) async fn list_allocations_of(
    rx: &mut Rx,
    workspace: WorkspaceId,
    user: UserId,
    from: Day,
    to: Day,
) -> Result<Vec<Allocation>> {
    rx.all(ALLOCATIONS_OF, (workspace, user, from, to)).await
}

pub(super) async fn count_allocations(rx: &mut Rx, workspace: WorkspaceId, user: UserId) -> Result<i64> {
    let (count,): (i64,) = rx.one(COUNT_ALLOCATIONS, (workspace, user)).await?;
    Ok(count)
}

/// Who is planned for a project, and from when to when.
pub(super) async fn list_spans(
    rx: &mut Rx,
    workspace: WorkspaceId,
    project: ProjectId,
) -> Result<Vec<(UserId, Day, Day)>> {
    rx.all(SPAN_OF_PROJECT, (workspace, project)).await
}

pub(super) async fn delete_of_project(tx: &mut Tx, workspace: WorkspaceId, project: ProjectId) -> Result<()> {
    tx.execute(DELETE_OF_PROJECT, (workspace, project)).await.map(drop)
}

/// The first and the last day of what a person is planned for on this day or later.
pub(super) async fn find_span(
    rx: &mut Rx,
    workspace: WorkspaceId,
    user: UserId,
    from: Day,
) -> Result<Option<(Day, Day)>> {
    let (first, last): (Option<Day>, Option<Day>) = rx.one(SPAN_OF_PERSON, (workspace, user, from)).await?;
    Ok(first.zip(last))
}

pub(super) async fn insert_allocation(tx: &mut Tx, workspace: WorkspaceId, allocation: &Allocation) -> Result<()> {
    let Allocation { id, project_id, task_id, user_id, from_day, to_day, minutes_per_day, percent, note, .. } =
        allocation;
    let Allocation { version, created_by, created_at, updated_at, .. } = allocation;
    let args = (
        workspace,
        id,
        project_id,
        task_id,
        user_id,
        from_day,
        to_day,
        minutes_per_day,
        percent,
        note,
        version,
        created_by,
        created_at,
        updated_at,
    );
    tx.execute(INSERT_ALLOCATION, args).await.map(drop)
}

pub(super) async fn update_allocation(tx: &mut Tx, workspace: WorkspaceId, allocation: &Allocation) -> Result<()> {
    let Allocation { id, from_day, to_day, minutes_per_day, percent, note, version, updated_at, .. } = allocation;
    let args = (workspace, id, from_day, to_day, minutes_per_day, percent, note, version, updated_at);
    tx.execute(UPDATE_ALLOCATION, args).await.map(drop)
}

pub(super) async fn delete_allocation(tx: &mut Tx, workspace: WorkspaceId, id: AllocationId) -> Result<()> {
    tx.execute(DELETE_ALLOCATION, (workspace, id)).await.map(drop)
}

/// The days among these that were announced as over-allocated, in order.
pub(super) async fn list_over(
    rx: &mut Rx,
    workspace: WorkspaceId,
    user: UserId,
    from: Day,
    to: Day,
) -> Result<Vec<Day>> {
    let rows: Vec<One<Day>> = rx.all(OVER, (workspace, user, from, to)).await?;
    Ok(rows.into_iter().map(|One(day)| day).collect())
}

pub(super) async fn insert_over(tx: &mut Tx, workspace: WorkspaceId, user: UserId, days: &[Day]) -> Result<()> {
    let rows: Vec<_> = days.iter().map(|day| (workspace, user, *day)).collect();
    tx.execute_many(INSERT_OVER, &rows).await.map(drop)
}

pub(super) async fn delete_over(tx: &mut Tx, workspace: WorkspaceId, user: UserId, days: &[Day]) -> Result<()> {
    if days.is_empty() {
        return Ok(());
    }
    tx.execute(DELETE_OVER, (workspace, user, days)).await.map(drop)
}

/// The members of a workspace by id.
pub(super) async fn list_members(
    rx: &mut Rx,
    workspace: WorkspaceId,
    after: Option<UserId>,
    limit: i64,
) -> Result<Vec<UserId>> {
    let rows: Vec<One<UserId>> = rx.all(MEMBERS, (workspace, after, limit)).await?;
    Ok(rows.into_iter().map(|One(id)| id).collect())
}
