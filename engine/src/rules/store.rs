//! All SQL on `rules`, `rule_versions` and `rule_book`.

use chrono::{DateTime, Utc};
use trackside_rules::Rule;

use super::model::{OwnedRule, RuleInfo, RuleQuery, RuleState, RuleVersion};
use crate::db::{Kind, Param as _, Rx, Tx};
use crate::ids::{RuleId, UserId, WorkspaceId};
use crate::listing::{self, CREATED_AT, Column, Request, Statement};
use crate::paging::Page;
use crate::{Error, Result};
use crate::{row, statements};

row! {
    struct RuleRow {
        id: RuleId,
        workspace_id: WorkspaceId,
        name: String,
        state: RuleState,
        version: i64,
        owner_id: UserId,
        paused_because: Option<String>,
        body: String,
        created_at: DateTime<Utc>,
        updated_at: DateTime<Utc>,
    }
}

row! {
    struct VersionRow {
        version: i64,
        body: String,
        created_by: Option<UserId>,
        created_at: DateTime<Utc>,
    }
}

statements! {
    INSERT = "insert into rules (id, workspace_id, name, state, version, owner_id, created_at, updated_at) \
     values ($1, $2, $3, $4, 1, $5, $6, $6)";
    INSERT_VERSION = "insert into rule_versions (rule_id, version, body, created_by, created_at) values ($1, $2, $3, $4, $5)";
    FIND = "select r.id, r.workspace_id, r.name, r.state, r.version, r.owner_id, r.paused_because, v.body, r.created_at, r.updated_at \
     from rules r join rule_versions v on v.rule_id = r.id and v.version = r.version where r.workspace_id = $1 and r.id = $2";
    IDS_OF_NAME = "select id from rules where workspace_id = $1 and name = $2 order by id limit 2";
    LOCK = "select version, state from rules where workspace_id = $1 and id = $2 for update";
    LISTENING = "select r.id, r.workspace_id, r.name, r.state, r.version, r.owner_id, r.paused_because, v.body, r.created_at, r.updated_at \
     from rules r join rule_versions v on v.rule_id = r.id and v.version = r.version where r.state in ('enabled', 'shadow') order by r.id";
    // What the text of a rule says is only looked at closely where it may be a button.
    BUTTONS = "select r.id, r.workspace_id, r.name, r.state, r.version, r.owner_id, r.paused_because, v.body, r.created_at, r.updated_at \
     from rules r join rule_versions v on v.rule_id = r.id and v.version = r.version where r.workspace_id = $1 \
     and r.state in ('enabled', 'shadow') and v.body like '%\"subject\":\"task\"%' order by r.id";
    UPDATE = "update rules set name = $2, version = $3, updated_at = $4 where id = $1";
    SET_STATE = "update rules set state = $2, paused_because = $3, updated_at = $4 where id = $1";
    NAMES = "select {OwnedRule} from rules where workspace_id = $1 order by name, id limit 500", OwnedRule;
    OWNED = "select {OwnedRule} from rules where workspace_id = $1 and owner_id = $2 and state in ('enabled', 'shadow') \
     order by name, id", OwnedRule;
    SET_OWNER = "update rules set owner_id = $2, updated_at = $3 where id = $1";
    DELETE = "delete from rules where id = $1";
    VERSIONS = "select {VersionRow} from rule_versions where rule_id = $1 order by version desc limit 200", VersionRow;
    VERSION = "select {VersionRow} from rule_versions where rule_id = $1 and version = $2", VersionRow;
    BODY = "select body from rule_versions where rule_id = $1 and version = $2";
    REVISION = "select revision from rule_book where id = 1";
    MOVE_REVISION = "update rule_book set revision = revision + 1 where id = 1";
}

fn parse(id: RuleId, body: &str) -> Result<Rule> {
    serde_json::from_str(body).map_err(|error| Error::internal(format!("the stored rule {id} does not parse: {error}")))
}

fn text(rule: &Rule) -> Result<String> {
    serde_json::to_string(rule).map_err(|error| Error::internal(format!("a rule's JSON: {error}")))
}

impl RuleRow {
    fn info(self) -> Result<RuleInfo> {
        Ok(RuleInfo {
            rule: parse(self.id, &self.body)?,
            id: self.id,
            workspace_id: self.workspace_id,
            name: self.name,
            state: self.state,
            version: self.version,
            owner_id: self.owner_id,
            paused_because: self.paused_because,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

impl VersionRow {
    fn version(self, id: RuleId) -> Result<RuleVersion> {
        Ok(RuleVersion {
            version: self.version,
            rule: parse(id, &self.body)?,
            created_by: self.created_by,
            created_at: self.created_at,
        })
    }
}

pub(super) async fn insert(tx: &mut Tx, info: &RuleInfo) -> Result<()> {
    let args = (info.id, info.workspace_id, info.name.as_str(), info.state, info.owner_id, info.created_at);
    tx.execute(INSERT, args).await?;
    insert_version(tx, info.id, 1, &info.rule, Some(info.owner_id), info.created_at).await
}

pub(super) async fn insert_version(
    tx: &mut Tx,
    rule: RuleId,
    version: i64,
    body: &Rule,
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<()> {
    tx.execute(INSERT_VERSION, (rule, version, text(body)?, by, now)).await?;
    Ok(())
}

pub(super) async fn find(rx: &mut Rx, workspace: WorkspaceId, id: RuleId) -> Result<Option<RuleInfo>> {
    rx.opt::<RuleRow>(FIND, (workspace, id)).await?.map(RuleRow::info).transpose()
}

/// The rules of this name; at most two.
pub(super) async fn ids_of_name(rx: &mut Rx, workspace: WorkspaceId, name: &str) -> Result<Vec<RuleId>> {
    let rows: Vec<(RuleId,)> = rx.all(IDS_OF_NAME, (workspace, name)).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Locks a rule and answers its version and state.
pub(super) async fn lock(tx: &mut Tx, workspace: WorkspaceId, id: RuleId) -> Result<Option<(i64, RuleState)>> {
    tx.opt(LOCK, (workspace, id)).await
}

/// Rules with their newest body.
const WITH_BODY: &str = "(select r.id, r.workspace_id, r.name, r.state, r.version, r.owner_id, r.paused_because, v.body, r.created_at, r.updated_at \
    from rules r join rule_versions v on v.rule_id = r.id and v.version = r.version) rules";

const SORTS: &[Column] = &[
    CREATED_AT,
    Column { name: "name", sql: "name", kind: Kind::Text, nullable: false },
    Column { name: "updated_at", sql: "updated_at", kind: Kind::Time, nullable: false },
];

/// The page of a workspace's rules that is asked for.
pub(super) async fn page(rx: &mut Rx, workspace: WorkspaceId, query: &RuleQuery) -> Result<Page<RuleInfo>> {
    let RuleQuery { state, q, sort, limit, offset, cursor, total } = query;
    let request = Request::new(SORTS, "created_at", sort.as_deref(), *limit, *offset, cursor.as_deref(), *total)?;
    let mut from = Statement::from(WITH_BODY, workspace);
    if let Some(state) = state {
        from.push(" and state = ").bind(state.value());
    }
    if let Some(part) = listing::part(q.as_deref())? {
        from.contains(&["name"], part);
    }
    let value = |rule: &RuleRow, column: &Column| match column.name {
        "name" => rule.name.clone().into(),
        "updated_at" => listing::time(Some(rule.updated_at)),
        _ => listing::id(rule.id),
    };
    let page = request.page(rx, RuleRow::COLUMNS, from, value, |_| true).await?;
    let items = page.items.into_iter().map(RuleRow::info).collect::<Result<_>>()?;
    Ok(Page { items, next_cursor: page.next_cursor, total: page.total })
}

/// Every rule of every workspace that is listened to. A stored rule that no longer parses is an error of that rule
/// alone, so each comes as its own result.
pub(super) async fn listening(rx: &mut Rx) -> Result<Vec<Result<RuleInfo>>> {
    let rows: Vec<RuleRow> = rx.all(LISTENING, ()).await?;
    Ok(rows.into_iter().map(RuleRow::info).collect())
}

/// The rules of a workspace that are on and may be buttons.
pub(super) async fn buttons(rx: &mut Rx, workspace: WorkspaceId) -> Result<Vec<Result<RuleInfo>>> {
    let rows: Vec<RuleRow> = rx.all(BUTTONS, (workspace,)).await?;
    Ok(rows.into_iter().map(RuleRow::info).collect())
}

pub(super) async fn update(tx: &mut Tx, id: RuleId, name: &str, version: i64, now: DateTime<Utc>) -> Result<()> {
    tx.execute(UPDATE, (id, name, version, now)).await?;
    Ok(())
}

pub(super) async fn set_state(
    tx: &mut Tx,
    id: RuleId,
    state: RuleState,
    because: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    tx.execute(SET_STATE, (id, state, because, now)).await?;
    Ok(())
}

/// The names of rules, at most 500.
pub(super) async fn names(rx: &mut Rx, workspace: WorkspaceId) -> Result<Vec<OwnedRule>> {
    rx.all(NAMES, (workspace,)).await
}

/// The rules that are on in somebody's name.
pub(super) async fn owned(rx: &mut Rx, workspace: WorkspaceId, owner: UserId) -> Result<Vec<OwnedRule>> {
    rx.all(OWNED, (workspace, owner)).await
}

pub(super) async fn set_owner(tx: &mut Tx, id: RuleId, owner: UserId, now: DateTime<Utc>) -> Result<()> {
    tx.execute(SET_OWNER, (id, owner, now)).await.map(drop)
}

pub(super) async fn delete(tx: &mut Tx, id: RuleId) -> Result<()> {
    tx.execute(DELETE, (id,)).await?;
    Ok(())
}

pub(super) async fn versions(rx: &mut Rx, id: RuleId) -> Result<Vec<RuleVersion>> {
    let rows: Vec<VersionRow> = rx.all(VERSIONS, (id,)).await?;
    rows.into_iter().map(|row| row.version(id)).collect()
}

pub(super) async fn version(rx: &mut Rx, id: RuleId, version: i64) -> Result<Option<RuleVersion>> {
    rx.opt::<VersionRow>(VERSION, (id, version)).await?.map(|row| row.version(id)).transpose()
}

pub(super) async fn body(rx: &mut Rx, id: RuleId, version: i64) -> Result<Option<Rule>> {
    let body: Option<(String,)> = rx.opt(BODY, (id, version)).await?;
    body.map(|(body,)| parse(id, &body)).transpose()
}

/// The revision of the book of rules.
pub(super) async fn revision(rx: &mut Rx) -> Result<i64> {
    let (revision,): (i64,) = rx.one(REVISION, ()).await?;
    Ok(revision)
}

pub(super) async fn move_revision(tx: &mut Tx) -> Result<()> {
    tx.execute(MOVE_REVISION, ()).await?;
    Ok(())
}
