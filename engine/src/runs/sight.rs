//! Who may see which runs, and how much of them: decided here and nowhere else.
//!
//! A run says what its event said: whoever may not see the event does not find the run, in no list, search, count or export, and
//! can neither stop nor repeat it. A run that was called has no event of its own, nor has one that repeats such a run: it is for
//! those who may see what stands at the beginning.
//!
//! What goes wrong is said in words that may quote tasks; so may keys of concurrency, and what a called run was given. That is
//! for those who [may read steps](may_read_steps). Everybody else is told the code, and a sentence that says no more.

use std::collections::{HashMap, HashSet};

use serde_json::Value as Json;

use super::events::RunFailed;
use super::model::{Run, RunError, RunSummary, Step, Waiting};
use super::store::{self, RunRow};
use crate::access::{Actor, Permission as _, RunManage, TaskView};
use crate::db::{Rx, Value};
use crate::events::{self, EventType as _, Extent};
use crate::ids::{EventId, Id as _, RuleId, RunId, UserId};
use crate::listing::{self, Column, Request, Statement};
use crate::paging::{Cursor, Page};
use crate::{Error, Result};

/// Runs that are walked back to where it all began; chains of rules are shorter.
const LONGEST_CHAIN: usize = 64;
/// So many rows are looked at together when each is asked for.
const TOGETHER: i64 = 100;
/// So many rows are looked at for one page; then it ends, though it be short, with where to go on.
const MOST_LOOKED_AT: i64 = 10_000;
/// What stands for an error that is not told.
const WITHHELD: &str =
    "what went wrong is told to the rule's owner, and to those who may `run.manage` and are kept from nothing";
/// Errors whose words are Trackside's own, and quote nothing.
const QUOTING_NOTHING: &[&str] = &["cancelled", "condition_false", "discarded", "replaced", "rule_off", "worker_died"];

/// Whether somebody may read what steps of a rule were given and answered, and what went wrong in its runs. That says what the
/// rule's owner sees: it is for the owner, and for those who look after runs and are kept from nothing. A token must be for
/// tasks, too.
pub fn may_read_steps(actor: &Actor, owner: UserId) -> bool {
    reads(actor) && (actor.user() == Some(owner) || looks_after_all(actor))
}

fn reads(actor: &Actor) -> bool {
    actor.scope_allows(TaskView::NAME)
}

fn looks_after_all(actor: &Actor) -> bool {
    actor.rights.is_plain() && actor.may_here::<RunManage>().is_ok()
}

/// Whether somebody may read what goes wrong, whatever rule it is in.
pub fn reads_everything(actor: &Actor) -> bool {
    reads(actor) && looks_after_all(actor)
}

/// Whether there may be runs that somebody may not see, beside those on kinds of events that their role does not reach.
pub(crate) fn is_kept_from_some(actor: &Actor) -> bool {
    !matches!(events::extent(actor), Extent::Everything | Extent::AllBut(_))
}

/// Leaves only what somebody may see of a list, as far as that can be said in a statement.
fn narrow(actor: &Actor, from: &mut Statement<'_>) {
    match events::extent(actor) {
        Extent::Everything | Extent::Asked => {}
        Extent::Nothing => drop(from.push(" and event_id is null")),
        Extent::AllBut(kinds) => without(from, &kinds),
    }
}

/// Leaves out runs that events of these kinds started.
fn without(from: &mut Statement<'_>, kinds: &[&'static str]) {
    if kinds.is_empty() {
        return;
    }
    from.push(" and not exists (select 1 from events e where e.id = runs.event_id and e.kind in (");
    for (at, kind) in kinds.iter().enumerate() {
        from.push(if at == 0 { "'" } else { ", '" }).push(kind).push("'");
    }
    from.push("))");
}

/// Leaves only runs whose errors somebody may read: those of their own rules, unless they read all.
pub(super) fn narrow_to_read(actor: &Actor, from: &mut Statement<'_>) {
    if reads_everything(actor) {
        return;
    }
    match actor.user().filter(|_| reads(actor)) {
        Some(user) => {
            from.push(" and rule_id in (select r.id from rules r where r.workspace_id = $1 and r.owner_id = ");
            from.bind(Value::Uuid(user.uuid())).push(")");
        }
        None => drop(from.push(" and rule_id is null")),
    }
}

/// What stands before a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trail {
    pub event: Option<EventId>,
    /// The run that called it, or that it repeats.
    pub before: Option<RunId>,
}

impl Trail {
    pub(super) fn of(row: &RunRow) -> Self {
        Self { event: row.event_id, before: row.parent_id.or(row.rerun_of) }
    }

    fn of_run(run: &RunSummary) -> Self {
        Self { event: run.event_id, before: run.parent_id.or(run.rerun_of) }
    }
}

/// Those of these runs that somebody may see.
pub(super) async fn keep<T>(rx: &mut Rx, actor: &Actor, runs: Vec<T>, of: fn(&T) -> Trail) -> Result<Vec<T>> {
    if matches!(events::extent(actor), Extent::Everything) || runs.is_empty() {
        return Ok(runs);
    }
    let mut trails: Vec<Trail> = runs.iter().map(of).collect();
    for _ in 0..LONGEST_CHAIN {
        let open = |trail: &&mut Trail| trail.event.is_none() && trail.before.is_some();
        let before: HashSet<RunId> = trails.iter_mut().filter(open).filter_map(|trail| trail.before).collect();
        if before.is_empty() {
            break;
        }
        let known: HashMap<RunId, Trail> = store::trails(rx, &before.into_iter().collect::<Vec<_>>()).await?;
        for trail in trails.iter_mut().filter(open) {
            // What is gone cannot be asked about any more: then nobody who is kept from anything sees it.
            let gone = Trail { event: Some(EventId::from_uuid(uuid::Uuid::nil())), before: None };
            *trail = trail.before.and_then(|before| known.get(&before).copied()).unwrap_or(gone);
        }
    }
    let asked: HashSet<EventId> = trails.iter().filter_map(|trail| trail.event).collect();
    let seen = events::service::seen(rx, actor, &asked.into_iter().collect::<Vec<_>>()).await?;
    let may = |trail: &Trail| trail.event.is_none_or(|event| seen.contains(&event));
    Ok(runs.into_iter().zip(trails).filter(|(_, trail)| may(trail)).map(|(run, _)| run).collect())
}

/// Those of these runs that somebody may see.
pub async fn seen(rx: &mut Rx, actor: &Actor, runs: Vec<RunSummary>) -> Result<Vec<RunSummary>> {
    keep(rx, actor, runs, Trail::of_run).await
}

/// A run, if somebody may see it.
///
/// # Errors
/// `run_not_found`, also for one that may not be seen.
pub async fn find(rx: &mut Rx, actor: &Actor, id: RunId) -> Result<RunSummary> {
    let found = store::find(rx, actor.workspace, id).await?;
    let seen = seen(rx, actor, found.into_iter().collect()).await?.pop();
    seen.ok_or_else(|| Error::not_found("run", id))
}

/// Takes from runs what somebody may not read of them.
pub async fn veil(rx: &mut Rx, actor: &Actor, runs: &mut [RunSummary]) -> Result<()> {
    if runs.is_empty() || reads_everything(actor) {
        return Ok(());
    }
    let mut rules: Vec<RuleId> = runs.iter().map(|run| run.rule_id).collect();
    rules.sort_unstable();
    rules.dedup();
    let owners = store::owners(rx, &rules).await?;
    for run in runs {
        if !owners.get(&run.rule_id).is_some_and(|owner| may_read_steps(actor, *owner)) {
            run.veil();
        }
    }
    Ok(())
}

/// The same of one.
pub async fn veiled(rx: &mut Rx, actor: &Actor, mut run: RunSummary) -> Result<RunSummary> {
    veil(rx, actor, std::slice::from_mut(&mut run)).await?;
    Ok(run)
}

impl RunError {
    /// The same, as those are told who may not read what it quotes.
    pub(crate) fn veiled(self) -> Self {
        match QUOTING_NOTHING.contains(&self.code.as_str()) {
            true => self,
            false => Self { message: WITHHELD.to_owned(), ..self },
        }
    }
}

impl RunSummary {
    fn veil(&mut self) {
        self.error = self.error.take().map(RunError::veiled);
        if let Some(Waiting::Key { key }) = &mut self.waiting {
            "(not told)".clone_into(key);
        }
        if self.parent_id.is_some() || self.rerun_of.is_some() {
            self.inputs = None;
        }
    }
}

impl Run {
    /// Takes from a run what only those may read who may read steps.
    pub(super) fn veil(&mut self) {
        self.summary.veil();
        self.steps.iter_mut().for_each(Step::veil);
    }
}

impl Step {
    /// The same of one of its steps.
    pub(super) fn veil(&mut self) {
        (self.input, self.output) = (None, None);
        self.error = self.error.take().map(|_| WITHHELD.to_owned());
    }
}

/// A page of the runs that `from` leaves, as far as somebody may see them. What they may not see is neither counted nor passed
/// over.
pub(super) async fn page(
    rx: &mut Rx,
    actor: &Actor,
    request: &Request,
    mut from: Statement<'_>,
    of: impl Fn(&RunRow, &Column) -> Json + Copy,
) -> Result<Page<RunRow>> {
    narrow(actor, &mut from);
    let extent = events::extent(actor);
    if matches!(extent, Extent::Everything) {
        return request.page(rx, RunRow::COLUMNS, from, of, |_| true).await;
    }
    let total = match request.total() {
        false => None,
        true if matches!(extent, Extent::AllBut(_)) => {
            let mut all = from.clone();
            without(&mut all, &[RunFailed::KIND]);
            Some(all.count(rx).await?)
        }
        true => count(rx, actor, request, &from, of).await?,
    };
    let (limit, mut offset) = request.bounds();
    let (mut after, mut kept, mut looked) = (request.begin()?, Vec::new(), 0);
    let most = TOGETHER.max(limit + 1);
    loop {
        let rows: Vec<RunRow> = request.rows(rx, RunRow::COLUMNS, &from, after.as_ref(), most).await?;
        let count = i64::try_from(rows.len()).unwrap_or(most);
        looked += count;
        after = rows.last().map(|last| request.mark(last, of));
        let mut seen = keep(rx, actor, rows, Trail::of).await?;
        let passed = usize::try_from(offset).unwrap_or_default().min(seen.len());
        seen.drain(..passed);
        offset -= i64::try_from(passed).unwrap_or_default();
        kept.append(&mut seen);
        let full = i64::try_from(kept.len()).is_ok_and(|count| count > limit);
        if full || count < most {
            let mut page = Page::cut(kept, limit, |last| request.mark(last, of));
            page.total = total;
            return Ok(page);
        }
        if looked >= MOST_LOOKED_AT {
            if offset > 0 {
                return Err(listing::invalid(
                    "offset",
                    "cannot pass over so many; go on by `cursor`, or narrow the filter",
                ));
            }
            return Ok(Page { items: kept, next_cursor: after.map(|after| after.encode()), total });
        }
    }
}

/// How many runs somebody may see; nothing if that takes too long to say.
async fn count(
    rx: &mut Rx,
    actor: &Actor,
    request: &Request,
    from: &Statement<'_>,
    of: impl Fn(&RunRow, &Column) -> Json + Copy,
) -> Result<Option<i64>> {
    let (mut after, mut seen, mut looked): (Option<Cursor>, i64, i64) = (None, 0, 0);
    loop {
        let rows: Vec<RunRow> = request.rows(rx, RunRow::COLUMNS, from, after.as_ref(), TOGETHER).await?;
        let count = i64::try_from(rows.len()).unwrap_or(TOGETHER);
        looked += count;
        after = rows.last().map(|last| request.mark(last, of));
        seen += i64::try_from(keep(rx, actor, rows, Trail::of).await?.len()).unwrap_or_default();
        if count < TOGETHER {
            return Ok(Some(seen));
        }
        if looked >= MOST_LOOKED_AT {
            return Ok(None);
        }
    }
}

/// Some of the newest runs that `from` leaves, older than `behind`, as far as somebody may see them; and where to go on, if more
/// may come.
pub(super) async fn newest(
    rx: &mut Rx,
    actor: &Actor,
    mut from: Statement<'_>,
    mut behind: Option<RunId>,
    most: i64,
) -> Result<(Vec<RunRow>, Option<RunId>)> {
    narrow(actor, &mut from);
    let (mut kept, mut looked) = (Vec::new(), 0);
    loop {
        let mut next = from.clone();
        if let Some(behind) = behind {
            next.push(" and id < ").bind(Value::Uuid(behind.uuid()));
        }
        next.push(" order by id desc");
        let rows: Vec<RunRow> = next.all(rx, RunRow::COLUMNS, most).await?;
        let count = i64::try_from(rows.len()).unwrap_or(most);
        looked += count;
        behind = rows.last().map(|last| last.id);
        kept.append(&mut keep(rx, actor, rows, Trail::of).await?);
        if count < most {
            return Ok((kept, None));
        }
        if i64::try_from(kept.len()).is_ok_and(|count| count >= most) || looked >= MOST_LOOKED_AT {
            return Ok((kept, behind));
        }
    }
}
