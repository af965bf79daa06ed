//! Which dates of a task were changed, for rules that go by them.

use chrono::NaiveDate;
use serde_json::Value;

use super::model::Task;
use crate::Result;
use crate::db::Tx;
use crate::ids::WorkspaceId;
use crate::projects::events::Changes;
use crate::schedules::changes;

/// A task was made, perhaps with dates.
pub(super) async fn made(tx: &mut Tx, workspace: WorkspaceId, task: &Task) -> Result<()> {
    note(tx, workspace, task, |_| true, &Value::Null).await
}

/// A task was changed, perhaps in its dates.
pub(super) async fn moved(tx: &mut Tx, workspace: WorkspaceId, task: &Task, all: &Changes) -> Result<()> {
    let before = all.get("custom").map(|change| change.from.clone()).unwrap_or_default();
    note(tx, workspace, task, |name| all.contains_key(name), &before).await
}

async fn note(
    tx: &mut Tx,
    workspace: WorkspaceId,
    task: &Task,
    changed: impl Fn(&str) -> bool,
    before: &Value,
) -> Result<()> {
    let own = [("due_at", task.due_at), ("start_at", task.start_at)];
    let own = own.into_iter().filter(|(name, date)| date.is_some() && changed(name));
    let mut fields: Vec<String> = own.map(|(name, _)| name.to_owned()).collect();
    // Most tasks have nothing there, and that is two letters.
    if changed("custom") && task.custom.text().len() > 2 {
        let is_date = |value: &Value| value.as_str().is_some_and(|text| text.parse::<NaiveDate>().is_ok());
        let custom = task.custom.read()?;
        let dates = custom.iter().filter(|(key, value)| is_date(value) && before.get(key.as_str()) != Some(value));
        fields.extend(dates.map(|(key, _)| format!("custom.{key}")));
    }
    changes::note(tx, workspace, task.id, &fields).await
}
