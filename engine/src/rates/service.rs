//! The public verbs of rates. A rate for a project wants the permission on that project, any other one on the workspace:
//! [`place`] asks for it.

use std::collections::HashMap;

use super::events::{BudgetRateAdded, BudgetRateDeleted, BudgetRateUpdated};
use super::model::{MAX_RATES, NewRate, Rate, RatePatch, RateQuery};
use super::store;
use crate::access::permissions::{BudgetEdit, Permission};
use crate::cx::Cx;
use crate::day::Day;
use crate::db::{Rx, Tx};
use crate::events::emit;
use crate::handle::Handle;
use crate::ids::{RateId, WorkspaceId};
use crate::money::{Amount, Currency, Least};
use crate::paging::{Cursor, Page, PageRequest};
use crate::projects::events::{Changes, change};
use crate::projects::{Project, members};
use crate::{Error, Result, budgets, time_entries};

pub use crate::projects::place::{Place, place};

/// The most decimals of a rate: hours are cheap in some currencies.
const DECIMALS: u32 = 4;

/// Asks for `P` where this rate holds.
pub async fn place_of<P: Permission>(rx: &mut Rx, cx: &Cx, id: RateId) -> Result<Place<P>> {
    let rate = store::find(rx, cx.actor.workspace, id).await?.ok_or_else(|| missing(id))?;
    place(rx, cx, rate.project_id.map(Handle::Id).as_ref()).await
}

/// The rates of a project, or of the workspace with those of all its projects, in the order they were entered.
pub async fn list<P: Permission>(
    rx: &mut Rx,
    place: &Place<P>,
    query: &RateQuery,
    page: &PageRequest,
) -> Result<Page<Rate>> {
    let limit = page.limit()?;
    let rows = store::list(rx, place.workspace(), place.project(), query.user, page.after()?, limit + 1).await?;
    Ok(Page::cut(rows, limit, |last| Cursor::of_id(last.id)))
}

/// One rate.
pub async fn find<P: Permission>(rx: &mut Rx, place: &Place<P>, id: RateId) -> Result<Rate> {
    let rate = store::find(rx, place.workspace(), id).await?;
    rate.filter(|rate| rate.project_id == place.project()).ok_or_else(|| missing(id))
}

/// Enters a rate. Another one for the same that begins on the same day answers the conflict `rate_exists`.
pub async fn add(tx: &mut Tx, cx: &Cx, place: &Place<BudgetEdit>, new: NewRate) -> Result<Rate> {
    let workspace = place.workspace();
    store::lock_book(tx, workspace).await?;
    if let Some(user) = new.user
        && members::stranger(tx, workspace, &[user]).await?.is_some()
    {
        return Err(Error::field("/user", format!("{user} is not a member of this workspace")));
    }
    if store::count(tx, workspace).await? >= MAX_RATES {
        let detail = format!("this workspace has {MAX_RATES} rates, the most that it may have; delete some first");
        return Err(Error::conflict("too_many_rates", detail));
    }
    let rate = Rate {
        id: cx.new_id(),
        project_id: place.project(),
        user_id: new.user,
        amount: new.amount,
        currency: new.currency,
        valid_from: new.valid_from,
        valid_to: new.valid_to,
        version: 1,
        created_by: cx.actor.user(),
        created_at: cx.now(),
    };
    check(tx, workspace, &rate).await?;
    store::insert(tx, workspace, &rate).await?;
    emit(tx, cx, &BudgetRateAdded { rate: &rate }).await?;
    apply(tx, cx, workspace, &rate, rate.valid_from).await?;
    Ok(rate)
}

/// Changes a rate, for the time that was logged already as well.
pub async fn update(
    tx: &mut Tx,
    cx: &Cx,
    place: &Place<BudgetEdit>,
    id: RateId,
    expected: Option<i64>,
    patch: RatePatch,
) -> Result<Rate> {
    store::lock_book(tx, place.workspace()).await?;
    let mut rate = held(tx, place, id, expected).await?;
    let before = rate.valid_from;
    let mut changes = Changes::new();
    change(&mut changes, "amount", &mut rate.amount, patch.amount.required("/amount")?);
    change(&mut changes, "currency", &mut rate.currency, patch.currency.required("/currency")?);
    change(&mut changes, "valid_from", &mut rate.valid_from, patch.valid_from.required("/valid_from")?);
    change(&mut changes, "valid_to", &mut rate.valid_to, patch.valid_to.optional());
    if changes.is_empty() {
        return Ok(rate);
    }
    check(tx, place.workspace(), &rate).await?;
    rate.version += 1;
    store::update(tx, place.workspace(), &rate).await?;
    emit(tx, cx, &BudgetRateUpdated { rate: &rate, change: &changes }).await?;
    apply(tx, cx, place.workspace(), &rate, before.min(rate.valid_from)).await?;
    Ok(rate)
}

/// Deletes a rate; time that had it gets the next best.
pub async fn delete(tx: &mut Tx, cx: &Cx, place: &Place<BudgetEdit>, id: RateId, expected: Option<i64>) -> Result<()> {
    store::lock_book(tx, place.workspace()).await?;
    let rate = held(tx, place, id, expected).await?;
    store::delete(tx, place.workspace(), id).await?;
    emit(tx, cx, &BudgetRateDeleted { rate: &rate }).await?;
    apply(tx, cx, place.workspace(), &rate, rate.valid_from).await
}

/// Keeps the rates as they are until the transaction ends: whoever books time begins with this.
pub(crate) async fn hold(tx: &mut Tx, workspace: WorkspaceId) -> Result<()> {
    store::share_book(tx, workspace).await
}

/// What these rates are.
pub(crate) async fn prices(
    rx: &mut Rx,
    workspace: WorkspaceId,
    ids: &[RateId],
) -> Result<HashMap<RateId, (Amount, Currency)>> {
    let rows = store::list_prices(rx, workspace, ids).await?;
    Ok(rows.into_iter().map(|(id, amount, currency)| (id, (amount, currency))).collect())
}

/// Whether rates of the project are in another currency than this.
pub(crate) async fn in_other_currency(rx: &mut Rx, project: &Project, currency: Currency) -> Result<bool> {
    Ok(store::count_others(rx, project.workspace_id, project.id, currency).await? > 0)
}

/// The rate as it is now. The book is locked, so nobody else changes it.
async fn held(tx: &mut Tx, place: &Place<BudgetEdit>, id: RateId, expected: Option<i64>) -> Result<Rate> {
    let rate = find(tx, place, id).await?;
    match expected.filter(|expected| *expected != rate.version) {
        None => Ok(rate),
        Some(expected) => Err(Error::stale(format!(
            "you saw version {expected} of {id}, which is at version {}; read it again and repeat your change",
            rate.version
        ))),
    }
}

async fn check(tx: &mut Tx, workspace: WorkspaceId, rate: &Rate) -> Result<()> {
    rate.amount.check("/amount", DECIMALS, Least::Zero)?;
    if rate.valid_to.is_some_and(|last| last < rate.valid_from) {
        return Err(Error::field("/valid_to", "must not be before `valid_from`"));
    }
    if let Some(other) = store::find_same(tx, workspace, rate).await? {
        let message = format!("{other} is for the same and begins on {}, too; change that one", rate.valid_from);
        return Err(Error::conflict("rate_exists", message.clone()).and_field("/valid_from", message));
    }
    if let Some(project) = rate.project_id
        && let Some(currency) = budgets::service::currency_of(tx, workspace, project).await?
        && currency != rate.currency
    {
        let message = format!("must be {currency}, in which the budget of this project is");
        return Err(Error::field("/currency", message));
    }
    Ok(())
}

/// Gives the entries that a rate concerns their rate anew, from `day` on, and looks whether budgets cross a threshold.
async fn apply(tx: &mut Tx, cx: &Cx, workspace: WorkspaceId, rate: &Rate, day: Day) -> Result<()> {
    time_entries::service::price(tx, workspace, rate.project_id, rate.user_id, day).await?;
    budgets::service::recount_all(tx, cx, workspace, rate.project_id).await
}

fn missing(id: RateId) -> Error {
    Error::not_found("rate", id)
}
