//! The public verbs of the audit log.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::chain::{self, Walk};
use super::model::{Entry, Exported, Fault, Filter, Head, State};
use super::store::{self, EntryRow, HeadRow, Narrow};
use crate::access::permissions::{AuditView, Granted, Workspace};
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::ids::WorkspaceId;
use crate::paging::{Cursor, Page, PageRequest, bad_cursor};
use crate::raw::Raw;
use crate::{Error, Result};

/// The triggers that both databases have.
const GUARDS: &[&str] =
    &["audit_entries_delete", "audit_entries_update", "audit_heads_delete", "audit_heads_insert", "audit_heads_update"];
/// Longest filter, in bytes; ids and actions are much shorter.
const LONGEST_FILTER: usize = 100;
/// What the list is sorted by, as its cursors say.
const SORT: &str = "-seq";

/// Writes down that the actor of `cx` did `action` (such as `role.created`) to `subject` (an id) in their workspace;
/// `detail` is usually what it was `before` and is `after`. Call it in the transaction of the change, after the change:
/// it holds the head of the workspace's log until the end.
///
/// # Errors
/// Those of the database; `detail` that is no JSON.
pub async fn record(
    tx: &mut Tx,
    cx: &Cx,
    action: &'static str,
    subject: &str,
    detail: &(impl Serialize + Sync + ?Sized),
) -> Result<()> {
    let workspace = cx.actor.workspace;
    let (actor, detail) = (text(&cx.actor.who)?, text(detail)?);
    let head = store::lock_head(tx, workspace).await?;
    let previous = head.hash.try_into().map_err(|_| Error::internal("The head of the audit log holds no hash."))?;
    let mut entry = EntryRow {
        workspace_id: workspace,
        seq: head.seq + 1,
        at: microseconds(cx.now()),
        actor,
        action: action.to_owned(),
        subject: subject.to_owned(),
        detail,
        hash: Vec::new(),
    };
    entry.hash = entry.told(|said| chain::hash(&previous, said)).to_vec();
    store::append(tx, &entry).await
}

/// A page of the workspace's entries, newest first.
///
/// # Errors
/// `invalid_parameter`, `invalid_cursor`.
pub async fn list(
    rx: &mut Rx,
    may: &Granted<AuditView, Workspace>,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Page<Entry>> {
    let limit = page.limit()?;
    let narrow = narrow(filter, before(page)?)?;
    let rows = store::list(rx, may.resource().0, &narrow, limit + 1).await?;
    let entries = rows.into_iter().map(entry).collect::<Result<_>>()?;
    let cursor = |last: &Entry| Cursor { sort: SORT.into(), values: vec![last.seq.into()] };
    Ok(Page::cut(entries, limit, cursor))
}

/// The next entries of an export, oldest first: those behind number `after`, at most `most`.
///
/// # Errors
/// `invalid_parameter` for a number that the log has not reached.
pub async fn export(rx: &mut Rx, may: &Granted<AuditView, Workspace>, after: i64, most: i64) -> Result<Vec<Exported>> {
    let workspace = may.resource().0;
    let mut previous = match after {
        0 => chain::START.to_vec(),
        seq => store::hash_of(rx, workspace, seq).await?.ok_or_else(|| {
            Error::invalid("invalid_parameter", "`after` must be the `seq` of an entry; leave it out for the whole log")
        })?,
    };
    let rows = store::after(rx, workspace, after, most).await?;
    let shown = |row: EntryRow| {
        let before = std::mem::replace(&mut previous, row.hash);
        Exported {
            workspace_id: row.workspace_id.to_string(),
            seq: row.seq,
            at: chain::moment(row.at),
            actor: row.actor,
            action: row.action,
            subject: row.subject,
            detail: row.detail,
            previous: hex::encode(before),
            hash: hex::encode(&previous),
        }
    };
    Ok(rows.into_iter().map(shown).collect())
}

/// Walks along the logs of all workspaces: for whoever looks after the installation. Use within
/// [`Db::scan`](crate::db::Db::scan).
pub async fn verify_all(rx: &mut Rx) -> Result<Vec<State>> {
    // Heads before and after: what is written meanwhile lies between the two.
    let mut logs: BTreeMap<WorkspaceId, Log> = BTreeMap::new();
    for head in store::heads(rx).await? {
        logs.insert(head.workspace_id, Log::new(Some(head)));
    }
    store::each(rx, |row| {
        logs.entry(row.workspace_id).or_insert_with(|| Log::new(None)).step(&row);
        Ok(())
    })
    .await?;
    let ends = store::heads(rx).await?;
    let end = |workspace| ends.iter().find(|head| head.workspace_id == workspace);
    let state = |(workspace, log): (WorkspaceId, Log)| State { workspace, found: log.end(end(workspace)) };
    Ok(logs.into_iter().map(state).collect())
}

/// The triggers that keep the log and are not there or do not fire. Use within [`Db::scan`](crate::db::Db::scan).
pub async fn guards(rx: &mut Rx) -> Result<Vec<&'static str>> {
    let found = store::guards(rx).await?;
    Ok(GUARDS.iter().copied().filter(|guard| !found.iter().any(|found| found == guard)).collect())
}

/// The log of one workspace on the way.
struct Log {
    head: Option<HeadRow>,
    walk: Walk,
    fault: Option<Fault>,
}

impl Log {
    fn new(head: Option<HeadRow>) -> Self {
        Self { head, walk: Walk::new(), fault: None }
    }

    fn step(&mut self, row: &EntryRow) {
        if self.fault.is_some() {
            return;
        }
        let stepped = row.told(|said| self.walk.step(said, &row.hash));
        let at_head = self.head.as_ref().filter(|head| head.seq == row.seq);
        let parted = at_head.filter(|head| head.hash != row.hash).map(|_| Fault::Head { seq: row.seq });
        self.fault = stepped.err().or(parted);
    }

    fn end(self, head: Option<&HeadRow>) -> Result<Head, Fault> {
        let Self { head: before, walk: Walk { seq, hash }, fault } = self;
        match (fault, head) {
            (Some(fault), _) => Err(fault),
            (None, _) if before.is_some_and(|before| before.seq > seq) => Err(Fault::Missing { seq: seq + 1 }),
            (None, Some(head)) if head.seq >= seq => Ok(Head { seq, hash: hex::encode(hash) }),
            (None, _) => Err(Fault::Head { seq }),
        }
    }
}

fn text(value: &(impl Serialize + ?Sized)) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| Error::internal("An audit entry cannot be written as JSON.").caused_by(error))
}

/// What both databases keep of a time, so that what is hashed is what is read later.
fn microseconds(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}

fn entry(row: EntryRow) -> Result<Entry> {
    let EntryRow { seq, at, actor, action, subject, detail, hash, .. } = row;
    let (actor, detail) = (Raw::stored(actor)?, Raw::stored(detail)?);
    Ok(Entry { seq, at, actor, action, subject, detail, hash: hex::encode(hash) })
}

/// The number that the page's entries lie below.
fn before(page: &PageRequest) -> Result<i64> {
    let Some(text) = &page.cursor else { return Ok(i64::MAX) };
    match Cursor::decode(text, SORT)?.values.as_slice() {
        [seq] => seq.as_i64().ok_or_else(bad_cursor),
        _ => Err(bad_cursor()),
    }
}

fn narrow(filter: &Filter, before: i64) -> Result<Narrow> {
    let word = |name: &str, text: &Option<String>| match text {
        Some(text) if text.is_empty() || text.len() > LONGEST_FILTER || text.contains('\0') => {
            let detail = format!("`{name}` must be 1 to {LONGEST_FILTER} characters; leave it out to see all");
            Err(Error::invalid("invalid_parameter", detail))
        }
        _ => Ok(text.clone()),
    };
    let actor = match word("actor", &filter.actor)? {
        None => None,
        Some(actor) if actor == "system" => Some(r#"%"type":"system"%"#.to_owned()),
        // It becomes a pattern, so nothing that is more than an id may be in it.
        Some(actor) if actor.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') => {
            Some(format!("%\"{}\"%", actor.to_ascii_lowercase()))
        }
        Some(_) => {
            let detail = "`actor` must be the id of a person, a rule or a hook, or `system`";
            return Err(Error::invalid("invalid_parameter", detail));
        }
    };
    let action = word("action", &filter.action)?;
    let (action, actions) = match action {
        Some(action) if action.contains('%') => {
            let detail = "`action` must be an action such as `role.created`, or all of a kind (`role.*`)";
            return Err(Error::invalid("invalid_parameter", detail));
        }
        Some(action) => match action.strip_suffix(".*") {
            Some(kind) => (None, Some(format!("{}.%", kind.to_ascii_lowercase()))),
            None => (Some(action), None),
        },
        None => (None, None),
    };
    Ok(Narrow {
        before,
        from: filter.from.map_or(DateTime::UNIX_EPOCH, microseconds),
        to: filter.to.map_or_else(far, microseconds),
        actor,
        action,
        actions,
        subject: word("subject", &filter.subject)?,
    })
}

/// Later than every entry, and a time for both databases.
fn far() -> DateTime<Utc> {
    // The year 9999 in seconds; within what a time can be.
    DateTime::from_timestamp(253_370_764_800, 0).unwrap_or_default()
}
