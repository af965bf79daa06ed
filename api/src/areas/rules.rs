//! `/rules`.

use std::sync::Arc;

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use trackside_engine::Cx;
use trackside_engine::access::{RuleEdit, RuleRun, RuleView, TaskView};
use trackside_engine::db::Tx;
use trackside_engine::handle::Handle;
use trackside_engine::ids::{RuleId, TaskId};
use trackside_engine::paging::Page;
use trackside_engine::rules::buttons::{self, Button, OnTask};
use trackside_engine::rules::{Analysis, RuleInfo, RuleQuery, RuleState, Verdict, analyse, leads_nowhere, service};
use trackside_engine::runs::{self, RunSummary};
use trackside_engine::schedules::{self, RuleSchedule};
use trackside_engine::thresholds::{self, Gauge};
use trackside_engine::variables;
use trackside_rules::model::{Trigger, answers};
use trackside_rules::{Compiled, Rule};

use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, IfMatch, MaybeJson, Query, RuleText, refused, wrong_inputs};
use crate::openapi::{doc, doc_with};
use crate::problem::Problem;

pub(super) fn routes() -> ApiRouter<App> {
    let rule = json!({
        "name": "Say that work is blocked",
        "trigger": { "on": "task.status_changed", "match": { "to": "blocked" } },
        "condition": "task.priority in [\"high\", \"critical\"]",
        "steps": [{ "id": "tell", "action": "notify.send", "with": { "to": ["{{ project.owner }}"], "message": "{{ task.key }} is blocked" } }],
    });
    ApiRouter::new()
        .api_route(
            "/rules",
            get_with(list, doc("listRules", "List rules, oldest first"))
                .post_with(create, doc_with("createRule", "Save a new rule, as a draft", rule.clone())),
        )
        .api_route(
            "/rules/check",
            post_with(check, doc_with("checkRule", "Check a rule without saving it", rule.clone())),
        )
        .api_route(
            "/rules/{id}",
            get_with(find, |op| {
                doc("getRule", "Get a rule; as YAML with `Accept: application/yaml`")(op)
                    .response::<200, Answer<RuleShown>>()
            })
            .put_with(replace, doc_with("replaceRule", "Save a new version of a rule", rule))
            .delete_with(delete, doc("deleteRule", "Delete a rule with its runs")),
        )
        .api_route(
            "/rules/{id}/analysis",
            get_with(
                analyse_saved,
                doc("analyseRule", "Say whether a rule can loop, and which rules it conflicts with"),
            ),
        )
        .api_route("/rules/{id}/enable", post_with(enable, doc("enableRule", "Put a rule to work")))
        .api_route(
            "/rules/{id}/pause",
            post_with(pause, doc("pauseRule", "Switch a rule off; its queued runs are dropped")),
        )
        .api_route("/rules/{id}/shadow", post_with(shadow, doc("shadowRule", "Judge live events, record effects only")))
        .api_route(
            "/rules/{id}/run",
            post_with(run, doc_with("runRule", "Run a rule by hand", json!({ "inputs": {} }))),
        )
        .api_route(
            "/rules/{id}/thresholds",
            get_with(figures, doc("listRuleThresholds", "List how the figures stand that start a rule")),
        )
        .api_route(
            "/tasks/{id}/buttons",
            get_with(list_buttons, doc("listTaskButtons", "List the rules that can be started on a task by hand")),
        )
}

async fn list(
    State(app): State<App>,
    Auth(cx): Auth,
    Query(query): Query<RuleQuery>,
) -> Result<Answer<Page<RuleInfo>>> {
    let may = cx.actor.may_here::<RuleView>()?;
    let mut rx = app.db.read().await?;
    Ok(Answer::new(service::list(&mut rx, &cx.actor, &may, &query).await?))
}

/// Reads a rule and examines it as saving does.
async fn accepted(app: &App, cx: &Cx, text: &RuleText) -> Result<Rule> {
    let rule = text.rule()?;
    let names = variables::known(&mut *app.db.read().await?, &cx.actor, &rule, &[]).await?;
    service::accept(&app.library, names.as_ref(), &rule)?;
    Ok(rule)
}

async fn create(State(app): State<App>, Auth(cx): Auth, text: RuleText) -> Result<Created<RuleSaved>> {
    let may = cx.actor.may_here::<RuleEdit>()?;
    let (rule, asker) = (accepted(&app, &cx, &text).await?, cx.clone());
    let rule = app.db.write(async move |tx| service::create(tx, &cx, &may, rule).await).await?;
    let version = rule.version;
    Ok(Answer::new(RuleSaved::of(&app, &asker, rule).await?).at(version))
}

/// A rule, and when it is due.
#[derive(Debug, Serialize, JsonSchema)]
struct RuleShown {
    #[serde(flatten)]
    info: RuleInfo,
    /// When it is due; only where its trigger is a schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule: Option<RuleSchedule>,
}

async fn find(State(app): State<App>, Auth(cx): Auth, At(id): At<RuleId>, headers: HeaderMap) -> Result<Response> {
    let mut rx = app.db.read().await?;
    let rule = service::find(&mut rx, cx.actor.workspace, id).await?;
    let info = cx.actor.may::<RuleView, _>(rule)?;
    let wants = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !wants.contains("yaml") {
        let schedule = schedules::service::of_rule(&mut rx, &info, cx.now()).await?;
        let info = info.into_resource().told(&cx.actor);
        let version = info.version;
        return Ok(Answer::<_, 200>::new(RuleShown { info, schedule }).at(version).into_response());
    }
    let yaml = info.into_resource().rule.to_yaml().map_err(|problem| Problem::internal(problem.to_string()))?;
    Ok(([(CONTENT_TYPE, HeaderValue::from_static("application/yaml"))], yaml).into_response())
}

async fn replace(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<RuleId>,
    IfMatch(expected): IfMatch,
    text: RuleText,
) -> Result<Answer<RuleSaved>> {
    cx.actor.may_here::<RuleEdit>()?;
    let (rule, asker) = (accepted(&app, &cx, &text).await?, cx.clone());
    let actions = app.actions.clone();
    let replace = async move |tx: &mut Tx| {
        let known = service::find(tx, cx.actor.workspace, id).await?;
        service::replace(tx, &cx, &actions, &cx.actor.may(known)?, expected, rule).await
    };
    let rule = app.db.write(replace).await?;
    let version = rule.version;
    Ok(Answer::new(RuleSaved::of(&app, &asker, rule).await?).at(version))
}

async fn delete(State(app): State<App>, Auth(cx): Auth, At(id): At<RuleId>) -> Result<Done> {
    let delete = async move |tx: &mut Tx| {
        let known = service::find(tx, cx.actor.workspace, id).await?;
        service::delete(tx, &cx, &cx.actor.may(known)?).await
    };
    app.db.write(delete).await?;
    Ok(Done)
}

async fn switch(app: App, cx: Cx, id: RuleId, state: RuleState) -> Result<Answer<RuleSaved>> {
    if matches!(state, RuleState::Enabled | RuleState::Shadow) {
        let mut rx = app.db.read().await?;
        let known = service::find(&mut rx, cx.actor.workspace, id).await?;
        let rule = cx.actor.may::<RuleEdit, _>(known)?.into_resource().rule;
        // What it names may have gone since it was saved.
        if let Some(names) = variables::known(&mut rx, &cx.actor, &rule, &[]).await? {
            service::accept(&app.library, Some(&names), &rule)?;
        }
    }
    let (actions, asker) = (app.actions.clone(), cx.clone());
    let switch = async move |tx: &mut Tx| {
        let known = service::find(tx, cx.actor.workspace, id).await?;
        service::switch(tx, &cx, &actions, &cx.actor.may(known)?, state).await
    };
    let rule = app.db.write(switch).await?;
    Ok(Answer::new(RuleSaved::of(&app, &asker, rule).await?))
}

async fn enable(State(app): State<App>, Auth(cx): Auth, At(id): At<RuleId>) -> Result<Answer<RuleSaved>> {
    switch(app, cx, id, RuleState::Enabled).await
}

async fn pause(State(app): State<App>, Auth(cx): Auth, At(id): At<RuleId>) -> Result<Answer<RuleSaved>> {
    switch(app, cx, id, RuleState::Paused).await
}

async fn shadow(State(app): State<App>, Auth(cx): Auth, At(id): At<RuleId>) -> Result<Answer<RuleSaved>> {
    switch(app, cx, id, RuleState::Shadow).await
}

async fn figures(State(app): State<App>, Auth(cx): Auth, At(id): At<RuleId>) -> Result<Answer<Page<Gauge>>> {
    let mut rx = app.db.read().await?;
    let may = cx.actor.may::<RuleView, _>(service::find(&mut rx, cx.actor.workspace, id).await?)?;
    let items = thresholds::service::of_rule(&mut rx, &may).await?;
    Ok(Answer::new(Page { items, next_cursor: None, total: None }))
}

/// The rule stands alone in YAML, and under `rule` in JSON, beside what a check may be asked for later.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Checked<'a> {
    #[serde(borrow)]
    rule: &'a RawValue,
}

async fn check(State(app): State<App>, Auth(cx): Auth, text: RuleText) -> Result<Answer<Verdict>> {
    cx.actor.may_somewhere::<RuleView>()?;
    let read = match serde_json::from_str::<Checked<'_>>(text.text()) {
        Ok(checked) if !text.is_yaml() => Rule::from_json(checked.rule.get()),
        _ => text.read(),
    };
    let rule = match read {
        Ok(rule) => rule,
        Err(problems) => return Ok(Answer::new(Verdict { ok: false, problems, analysis: None })),
    };
    let names = variables::known(&mut *app.db.read().await?, &cx.actor, &rule, &[]).await?;
    let mut verdict = service::examine(&app.library, names.as_ref(), &rule);
    service::examine_roles(&mut *app.db.read().await?, cx.actor.workspace, &rule, &mut verdict).await?;
    verdict.problems.extend(leads_nowhere(&mut *app.db.read().await?, &cx, &rule).await?);
    if verdict.ok {
        verdict.analysis = Some(analysis(&app, &cx, None, rule).await?);
    }
    Ok(Answer::new(verdict))
}

/// What a rule sets off among those that are switched on.
pub(super) async fn analysis(app: &App, cx: &Cx, id: Option<RuleId>, rule: Rule) -> Result<Analysis> {
    let compiled = Compiled::new(Arc::new(rule), app.library.sandbox()).map_err(|problems| refused(&problems))?;
    app.refresh_rules().await?;
    Ok(analyse(&mut *app.db.read().await?, &app.library, &cx.actor, id, &compiled).await?)
}

async fn analyse_saved(State(app): State<App>, Auth(cx): Auth, At(id): At<RuleId>) -> Result<Answer<Analysis>> {
    let rule = service::find(&mut *app.db.read().await?, cx.actor.workspace, id).await?;
    let rule = cx.actor.may::<RuleView, _>(rule)?.into_resource().rule;
    Ok(Answer::new(analysis(&app, &cx, Some(id), rule).await?))
}

/// A rule that was just saved or switched, and what it sets off.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct RuleSaved {
    #[serde(flatten)]
    info: RuleInfo,
    /// What it sets off among the rules that are switched on.
    analysis: Analysis,
    /// What in it leads nowhere just now: projects, people, rules and hooks that are not there, a clock that never comes.
    warnings: Vec<trackside_rules::Problem>,
}

impl RuleSaved {
    pub(super) async fn of(app: &App, cx: &Cx, info: RuleInfo) -> Result<Self> {
        let analysis = analysis(app, cx, Some(info.id), info.rule.clone()).await?;
        let warnings = leads_nowhere(&mut *app.db.read().await?, cx, &info.rule).await?;
        Ok(Self { info: info.told(&cx.actor), analysis, warnings })
    }
}

/// What a rule is started with by hand.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct ByHand {
    /// The form of a `manual` trigger, filled in.
    inputs: Map<String, Value>,
    /// The task that it is started on, by id or key: for rules whose trigger says `subject: task`, and for no others.
    task: Option<Handle<TaskId>>,
}

async fn run(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<RuleId>,
    MaybeJson(by_hand): MaybeJson<ByHand>,
) -> Result<Answer<RunSummary, 202>> {
    let mut rx = app.db.read().await?;
    let rule = service::find(&mut rx, cx.actor.workspace, id).await?;
    let may = cx.actor.may::<RuleRun, _>(rule)?;
    let rule = may.resource();
    buttons::check_task(rule, by_hand.task.as_ref())?;
    let compiled = app.library.version(&mut rx, id, rule.version).await?;
    let inputs = Value::Object(inputs(&rule.rule.trigger, by_hand.inputs)?);
    let (on, holds) = match by_hand.task {
        None => (None, runs::service::judge_by_hand(&mut rx, rule, &compiled, &inputs, cx.now()).await?),
        Some(task) => {
            let on = OnTask::find(&mut rx, &cx.actor.may_somewhere::<TaskView>()?, &task).await?;
            let holds = buttons::judge_press(&mut rx, &cx, rule, &compiled, &on, &inputs).await?;
            (Some(on), holds)
        }
    };
    drop(rx);
    let start = async move |tx: &mut Tx| runs::service::run_by_hand(tx, &cx, &may, inputs, on.as_ref(), holds).await;
    Ok(Answer::new(app.db.write(start).await?))
}

/// The buttons of a task.
#[derive(Debug, Serialize, JsonSchema)]
struct Buttons {
    /// By what they say.
    items: Vec<Button>,
}

async fn list_buttons(State(app): State<App>, Auth(cx): Auth, At(id): At<Handle<TaskId>>) -> Result<Answer<Buttons>> {
    let may = cx.actor.may_somewhere::<RuleRun>()?;
    let mut rx = app.db.read().await?;
    let on = OnTask::find(&mut rx, &cx.actor.may_somewhere::<TaskView>()?, &id).await?;
    Ok(Answer::new(Buttons { items: buttons::of_task(&mut rx, &cx, &app.library, &may, &on).await? }))
}

/// The answers to the form of a manual trigger, checked and with its defaults.
fn inputs(trigger: &Trigger, given: Map<String, Value>) -> Result<Map<String, Value>> {
    // A rule that listens to events can be run by hand as well; it has no form, so anything may be given.
    let checked = if trigger.on == "manual" { answers(&trigger.form, &given) } else { Ok(given) };
    checked.map_err(|problems| {
        wrong_inputs(&problems.into_iter().map(|problem| problem.under("/inputs")).collect::<Vec<_>>())
    })
}
