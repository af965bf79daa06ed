//! `/rules/dry-run`, `/rules/{id}/backtests`, `/rules/{id}/why-not`, `/rules/{id}/shadow-report` and `/tasks/{id}/why`.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use trackside_engine::access::{EventView, RuleEdit, RuleView, RunView, TaskView};
use trackside_engine::db::Tx;
use trackside_engine::handle::Handle;
use trackside_engine::ids::{BacktestId, EventId, RuleId, TaskId};
use trackside_engine::paging::Page;
use trackside_engine::runs::Stage;
use trackside_engine::trials::dry_run::dry_run;
use trackside_engine::trials::model::{Backtest, DryRun, MadeUp, Stretch, Tried};
use trackside_engine::trials::service;
use trackside_engine::trials::shadows::{self, ShadowReport};
use trackside_engine::trials::why::{self, Why};
use trackside_engine::trials::why_not::{self, About, WhyNot};
use trackside_engine::{Error, rules};
use trackside_rules::Rule;

use super::PageQuery;
use crate::answer::{Answer, Result};
use crate::app::App;
use crate::extract::{At, Auth, BacktestAt, Json, MaybeJson, Query, refused};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    let rule = json!({
        "name": "Say that work is blocked",
        "trigger": { "on": "task.status_changed", "match": { "to": "blocked" } },
        "condition": "task.priority in [\"high\", \"critical\"]",
        "steps": [{ "id": "tell", "action": "notify.send", "with": { "to": ["owner"], "message": "{{ task.key }} is blocked" } }],
    });
    let event = json!({
        "kind": "task.status_changed",
        "data": { "task": { "key": "WEB-1", "priority": "high" }, "change": { "from": "todo", "to": "blocked" } },
    });
    let stretch = json!({ "from": "2026-11-01T00:00:00Z", "to": "2026-11-26T00:00:00Z" });
    ApiRouter::new()
        .api_route(
            "/rules/dry-run",
            post_with(
                try_rule,
                doc_with(
                    "dryRunRule",
                    "Hold a rule against one event, and see what it would do, or why nothing",
                    json!({ "rule": rule, "event": event }),
                ),
            ),
        )
        .api_route(
            "/rules/{id}/backtest",
            post_with(begin, doc_with("backtestRule", "Hold a rule against the log, or a stretch of it", stretch)),
        )
        .api_route(
            "/rules/{id}/backtests",
            get_with(list, doc("listBacktests", "List a rule's back-tests, newest first")),
        )
        .api_route(
            "/rules/{id}/backtests/{backtest}",
            get_with(find, doc("getBacktest", "Get a back-test: how far it is and what it found")),
        )
        .api_route(
            "/rules/{id}/backtests/{backtest}/cancel",
            post_with(cancel, doc("cancelBacktest", "Stop a back-test; what it found stays")),
        )
        .api_route(
            "/rules/{id}/why-not",
            get_with(explain, doc("explainRule", "Why did it not fire? For a task's last events, or one event")),
        )
        .api_route(
            "/rules/{id}/shadow-report",
            get_with(report, doc("getShadowReport", "What a rule in shadow would have done, and what happened since")),
        )
        .api_route(
            "/tasks/{id}/why",
            get_with(follow, doc("explainChange", "Why did this change? From a field back to whoever is behind it")),
        )
}

fn stage(app: &App) -> Stage {
    Stage { db: app.db.clone(), library: app.library.clone(), actions: app.actions.clone() }
}

/// A rule, and what it is tried on: either `event_id` or `event`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct DryRunOf {
    /// The rule; it need not be saved. Either this or `rule_id`.
    #[serde(default)]
    #[schemars(with = "Option<Rule>")]
    rule: Option<Value>,
    /// A rule that is saved, as it is now.
    #[serde(default)]
    rule_id: Option<RuleId>,
    /// An event of the log.
    #[serde(default)]
    event_id: Option<EventId>,
    /// An event that is made up.
    #[serde(default)]
    event: Option<MadeUp>,
}

async fn try_rule(State(app): State<App>, Auth(cx): Auth, Json(body): Json<DryRunOf>) -> Result<Answer<DryRun>> {
    let (may, events) = (cx.actor.may_here::<RuleView>()?, cx.actor.may_somewhere::<EventView>()?);
    let tried = match (body.event_id, body.event) {
        (Some(id), None) => Tried::Logged(id),
        (None, Some(event)) => Tried::MadeUp(event),
        _ => return Err(Error::field("/event_id", "give either `event_id` or `event`").into()),
    };
    let rule = match (body.rule, body.rule_id) {
        (Some(rule), None) => Rule::from_json(&rule.to_string()).map_err(|problems| {
            refused(&problems.into_iter().map(|problem| problem.under("/rule")).collect::<Vec<_>>())
        })?,
        (None, Some(id)) => {
            let saved = rules::service::find(&mut *app.db.read().await?, cx.actor.workspace, id).await?;
            cx.actor.may::<RuleView, _>(saved)?.into_resource().rule
        }
        _ => return Err(Error::field("/rule", "give either `rule` or `rule_id`").into()),
    };
    Ok(Answer::new(dry_run(&stage(&app), &cx, &may, &events, rule, tried).await?))
}

async fn begin(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<RuleId>,
    MaybeJson(stretch): MaybeJson<Stretch>,
) -> Result<Answer<Backtest, 202>> {
    let begin = async move |tx: &mut Tx| {
        let may = cx.actor.may::<RuleEdit, _>(rules::service::find(tx, cx.actor.workspace, id).await?)?;
        service::begin(tx, &cx, &may, &cx.actor.may_somewhere()?, stretch).await
    };
    Ok(Answer::new(app.db.write(begin).await?))
}

async fn list(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<RuleId>,
    Query(_): Query<PageQuery>,
) -> Result<Answer<Page<Backtest>>> {
    let mut rx = app.db.read().await?;
    let may = cx.actor.may::<RuleView, _>(rules::service::find(&mut rx, cx.actor.workspace, id).await?)?;
    let items = service::list(&mut rx, &cx, &may).await?;
    Ok(Answer::new(Page { items, next_cursor: None, total: None }))
}

async fn find(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<RuleId>,
    BacktestAt(backtest): BacktestAt<BacktestId>,
) -> Result<Answer<Backtest>> {
    let mut rx = app.db.read().await?;
    let may = cx.actor.may::<RuleView, _>(rules::service::find(&mut rx, cx.actor.workspace, id).await?)?;
    Ok(Answer::new(service::find(&mut rx, &cx, &may, backtest).await?))
}

async fn cancel(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<RuleId>,
    BacktestAt(backtest): BacktestAt<BacktestId>,
) -> Result<Answer<Backtest>> {
    let cancel = async move |tx: &mut Tx| {
        let may = cx.actor.may::<RuleEdit, _>(rules::service::find(tx, cx.actor.workspace, id).await?)?;
        service::cancel(tx, &cx, &may, backtest).await
    };
    Ok(Answer::new(app.db.write(cancel).await?))
}

/// What is asked about: either `task` or `event_id`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ExplainQuery {
    /// The last events of this task, by id or key.
    task: Option<Handle<TaskId>>,
    /// This event.
    event_id: Option<EventId>,
    /// How many of a task's events, 1 to 50; 10 when left out.
    limit: Option<i64>,
}

async fn explain(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<RuleId>,
    Query(query): Query<ExplainQuery>,
) -> Result<Answer<WhyNot>> {
    let rule = rules::service::find(&mut *app.db.read().await?, cx.actor.workspace, id).await?;
    let rule = cx.actor.may::<RuleView, _>(rule)?;
    let (tasks, events) = (cx.actor.may_somewhere::<TaskView>()?, cx.actor.may_somewhere::<EventView>()?);
    let runs = cx.actor.may_somewhere::<RunView>()?;
    let about = match (query.task, query.event_id) {
        (Some(task), None) => About::Task(task),
        (None, Some(event)) => About::Event(event),
        _ => return Err(Error::invalid("invalid_parameter", "give either `task` or `event_id`").into()),
    };
    let may = why_not::May { rule: &rule, tasks: &tasks, events: &events, runs: &runs };
    Ok(Answer::new(why_not::why_not(&stage(&app), &cx, may, about, query.limit).await?))
}

async fn report(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<RuleId>,
    Query(stretch): Query<Stretch>,
) -> Result<Answer<ShadowReport>> {
    let rule = rules::service::find(&mut *app.db.read().await?, cx.actor.workspace, id).await?;
    let rule = cx.actor.may::<RuleView, _>(rule)?;
    let (tasks, events) = (cx.actor.may_somewhere::<TaskView>()?, cx.actor.may_somewhere::<EventView>()?);
    let runs = cx.actor.may_somewhere::<RunView>()?;
    let may = shadows::May { rule: &rule, tasks: &tasks, events: &events, runs: &runs };
    Ok(Answer::new(shadows::report(&stage(&app), &cx, may, stretch).await?))
}

/// What is asked about.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FollowQuery {
    /// The field: `status`, `custom.severity`. The last change of all when left out.
    field: Option<String>,
}

async fn follow(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<TaskId>>,
    Query(query): Query<FollowQuery>,
) -> Result<Answer<Why>> {
    let (tasks, events) = (cx.actor.may_somewhere::<TaskView>()?, cx.actor.may_somewhere::<EventView>()?);
    let mut rx = app.db.read().await?;
    Ok(Answer::new(why::why(&mut rx, &tasks, &events, &id, query.field.as_deref()).await?))
}
