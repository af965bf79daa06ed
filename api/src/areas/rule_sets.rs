//! `/rules/apply`: many rules and the variables that they go by, changed together or not at all. `trackside rules apply`
//! brings the files of a folder here.

use aide::axum::ApiRouter;
use aide::axum::routing::post_with;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use trackside_engine::Cx;
use trackside_engine::access::RuleEdit;
use trackside_engine::db::Tx;
use trackside_engine::handle::Handle;
use trackside_engine::ids::{ProjectId, RuleId};
use trackside_engine::projects;
use trackside_engine::rules::service;
use trackside_engine::rules::several::{self, Applied, Several};
use trackside_engine::variables::{self, Planned};
use trackside_rules::Rule;

use crate::answer::{Answer, Result};
use crate::app::App;
use crate::extract::{Auth, Json, refused};
use crate::openapi::doc_with;

pub(super) fn routes() -> ApiRouter<App> {
    let rule = json!({
        "name": "Say that work is blocked",
        "trigger": { "on": "task.status_changed", "match": { "to": "blocked" } },
        "steps": [{ "id": "tell", "action": "notify.send", "with": { "to": ["owner"], "message": "{{ task.key }} is blocked" } }],
    });
    ApiRouter::new().api_route(
        "/rules/apply",
        post_with(
            apply,
            doc_with("applyRules", "Change many rules together: all or none", json!({ "create": [rule] })),
        ),
    )
}

/// What is to be changed.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "RulesToApply")]
struct ToApply {
    /// New rules; they begin as drafts.
    #[schemars(with = "Vec<Rule>")]
    create: Vec<Value>,
    /// New versions of rules.
    replace: Vec<Replacement>,
    /// Rules to be switched off.
    pause: Vec<RuleId>,
    /// Rules to be deleted.
    delete: Vec<RuleId>,
    /// Whether new rules are put to work at once.
    enable: bool,
    /// Variables to be set and deleted with them.
    variables: Variables,
}

/// A new version of a rule.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RuleReplacement")]
struct Replacement {
    /// The rule.
    id: RuleId,
    /// The version that it was made from; another one there refuses all of it.
    #[serde(default)]
    version: Option<i64>,
    /// What it becomes.
    #[schemars(with = "Rule")]
    rule: Value,
}

/// Variables to be changed.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "VariablesToApply")]
struct Variables {
    /// To be set.
    set: Vec<ToSet>,
    /// To be deleted.
    unset: Vec<ToUnset>,
}

/// A variable to be set.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "VariableToSet")]
struct ToSet {
    /// Its project, by id or key; the workspace when left out.
    #[serde(default)]
    project: Option<Handle<ProjectId>>,
    /// Its name.
    name: String,
    /// Its value: any JSON.
    value: Value,
}

/// A variable to be deleted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "VariableToUnset")]
struct ToUnset {
    /// Its project, by id or key; the workspace when left out.
    #[serde(default)]
    project: Option<Handle<ProjectId>>,
    /// Its name.
    name: String,
}

async fn apply(State(app): State<App>, Auth(cx): Auth, Json(body): Json<ToApply>) -> Result<Answer<Applied>> {
    cx.actor.may_here::<RuleEdit>()?;
    let ToApply { create, replace, pause, delete, enable, variables: Variables { set, unset } } = body;
    several::fits(create.len() + replace.len() + pause.len() + delete.len() + set.len() + unset.len())?;
    let set: Vec<_> = set.into_iter().map(|ToSet { project, name, value }| (project, name, value)).collect();
    let planned = planned(&app, &cx, &set).await?;
    let mut several = Several { pause, delete, enable, set, ..Several::default() };
    several.unset = unset.into_iter().map(|ToUnset { project, name }| (project, name)).collect();
    for (at, rule) in create.iter().enumerate() {
        several.create.push(accepted(&app, &cx, &planned, rule, &format!("/create/{at}")).await?);
    }
    for (at, Replacement { id, version, rule }) in replace.into_iter().enumerate() {
        let rule = accepted(&app, &cx, &planned, &rule, &format!("/replace/{at}/rule")).await?;
        several.replace.push((id, version, rule));
    }
    let actions = app.actions.clone();
    let apply = async move |tx: &mut Tx| several::apply(tx, &cx, &actions, several).await;
    Ok(Answer::new(app.db.write(apply).await?))
}

/// Reads a rule and examines it as saving does, with the variables that are set with it.
async fn accepted(app: &App, cx: &Cx, planned: &[Planned], rule: &Value, at: &str) -> Result<Rule> {
    let rule = Rule::from_value(rule)
        .map_err(|problems| refused(&problems.into_iter().map(|problem| problem.under(at)).collect::<Vec<_>>()))?;
    let names = variables::known(&mut *app.db.read().await?, &cx.actor, &rule, planned).await?;
    service::accept(&app.library, names.as_ref(), &rule).map_err(|error| error.under(at))?;
    Ok(rule)
}

/// The variables that are about to be set, with the ids of their projects; whether they may be is asked when they are.
async fn planned(app: &App, cx: &Cx, set: &[(Option<Handle<ProjectId>>, String, Value)]) -> Result<Vec<Planned>> {
    let (mut rx, mut planned) = (app.db.read().await?, Vec::with_capacity(set.len()));
    for (project, name, value) in set {
        let project = match project {
            None => None,
            Some(handle) => Some(projects::service::find(&mut rx, cx.actor.workspace, handle).await?.id),
        };
        planned.push((project, name.clone(), value.clone()));
    }
    Ok(planned)
}
