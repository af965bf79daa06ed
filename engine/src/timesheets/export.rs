//! Time as a table for other programs.

use crate::access::permissions::{BudgetView, Granted, TimeManage, TimeView, Workspace};
use crate::cx::Cx;
use crate::day::Day;
use crate::db::Rx;
use crate::ids::UserId;
use crate::money::{Amount, by_the_hour};
use crate::table::{Table, inert};
use crate::time_entries::service::ExportRow;
use crate::{Error, Result, time_entries};

use super::model::MAX_EXPORT;
use super::service::whose;

/// The most days of an export.
pub const MAX_DAYS: i64 = 366;

/// Whose time and when.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
    /// Whose; everybody's with `time.manage`, otherwise one's own, when left out.
    pub user: Option<UserId>,
}

/// The entries of these days as CSV, with a line of names: by day, at most [`MAX_EXPORT`]. What they cost is only in it for
/// whoever may see budgets in the whole workspace; each amount is rounded by itself.
pub async fn csv(rx: &mut Rx, cx: &Cx, may: &Granted<TimeView, Workspace>, wanted: Wanted) -> Result<String> {
    let days = wanted.from.until(wanted.to);
    if days < 0 {
        return Err(Error::invalid("invalid_parameter", "`to` must not be before `from`"));
    }
    if days >= MAX_DAYS {
        return Err(Error::invalid("invalid_parameter", format!("`from` to `to` must be at most {MAX_DAYS} days")));
    }
    let user = match wanted.user {
        None if cx.actor.may_here::<TimeManage>().is_ok() => None,
        user => Some(whose(rx, cx, user).await?),
    };
    let priced = cx.actor.may_here::<BudgetView>().is_ok();
    let rows =
        time_entries::service::export(rx, may.resource().0, wanted.from, wanted.to, user, MAX_EXPORT + 1).await?;
    if i64::try_from(rows.len()).is_ok_and(|count| count > MAX_EXPORT) {
        let detail = format!(
            "there are more than {MAX_EXPORT} entries from {} to {}; ask for fewer days",
            wanted.from, wanted.to
        );
        return Err(Error::too_large("export_too_large", detail));
    }
    write(&rows, priced)
}

const NAMES: [&str; 11] =
    ["date", "person", "email", "project", "task", "title", "started_at", "ended_at", "minutes", "billable", "note"];
const PRICED: [&str; 3] = ["rate", "currency", "amount"];

fn write(rows: &[ExportRow], priced: bool) -> Result<String> {
    let names = NAMES.iter().chain(if priced { PRICED.as_slice() } else { &[] });
    let mut table = Table::new(names.copied())?;
    for row in rows {
        let mut cells = vec![
            row.day.to_string(),
            inert(&row.person),
            inert(&row.email),
            inert(&row.project),
            inert(&row.task_key),
            inert(row.title.as_deref().unwrap_or_default()),
            row.started_at.to_rfc3339(),
            row.ended_at.to_rfc3339(),
            row.minutes.to_string(),
            row.billable.to_string(),
            inert(&row.note),
        ];
        if priced {
            cells.extend(price(row));
        }
        table.row(&cells)?;
    }
    table.into_text()
}

fn price(row: &ExportRow) -> [String; 3] {
    match (row.rate, row.currency) {
        (Some(rate), Some(currency)) => {
            let amount = Amount::rounded(by_the_hour(rate.for_minutes(row.minutes)), currency);
            [rate.to_string(), currency.to_string(), amount.to_string()]
        }
        _ => Default::default(),
    }
}
