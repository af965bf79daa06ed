//! Time as a table for other programs: CSV (RFC 4180), in which no cell is taken for a formula.

use crate::access::permissions::{BudgetView, Granted, TimeManage, TimeView, Workspace};
use crate::cx::Cx;
use crate::day::Day;
use crate::db::Rx;
use crate::ids::UserId;
use crate::money::{Amount, by_the_hour};
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
    let failed = |error: csv::Error| Error::internal("CSV cannot be written.").caused_by(error);
    let mut out = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let names = NAMES.iter().chain(if priced { PRICED.as_slice() } else { &[] });
    out.write_record(names).map_err(failed)?;
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
        out.write_record(&cells).map_err(failed)?;
    }
    let bytes = out.into_inner().map_err(|error| Error::internal(format!("CSV cannot be written: {error}")))?;
    String::from_utf8(bytes).map_err(|error| Error::internal("CSV is no text.").caused_by(error))
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

/// A text that no spreadsheet takes for a formula: what could begin one is led by an apostrophe (OWASP, CSV injection).
pub(crate) fn inert(text: &str) -> String {
    // Blanks in front are passed over by some; the wide forms of these letters count for others.
    let begins = text.trim_start().chars().next().or_else(|| text.chars().next());
    let dangerous = matches!(begins, Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠'))
        || text.starts_with(['\t', '\r', '\n']);
    if dangerous { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1"] {
            assert_eq!(inert(text), format!("'{text}"));
        }
        for text in ["", "a=1", "WEB-1", "'=1", "1-1", "ü"] {
            assert_eq!(inert(text), text);
        }
    }
}
