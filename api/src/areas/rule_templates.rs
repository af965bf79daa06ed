//! `/rule-templates`.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};
use trackside_engine::access::{RuleEdit, RuleView};
use trackside_engine::db::Tx;
use trackside_engine::paging::Page;
use trackside_engine::rule_templates::{
    NewFromTemplate, RuleTemplateInfo, RuleTemplateQuery, RuleTemplateShown, TemplateParameters, service,
};
use trackside_engine::rules::{self, RuleState, Verdict};
use trackside_engine::variables;
use trackside_engine::{Cx, Error};
use trackside_rules::{Names, Rule};

use super::rules::{RuleSaved, analysis};
use crate::answer::{Answer, Created, Result};
use crate::app::App;
use crate::extract::{At, Auth, Json, Query};
use crate::openapi::{doc, doc_with};
use crate::problem::Problem;

pub(super) fn routes() -> ApiRouter<App> {
    let given = json!({ "parameters": { "projects": ["WEB"], "who": ["role:project_manager"] } });
    let wanted = json!({ "parameters": { "projects": ["WEB"], "who": ["role:project_manager"] }, "name": "New in WEB", "state": "enabled" });
    ApiRouter::new()
        .api_route(
            "/rule-templates",
            get_with(list, doc("listRuleTemplates", "List templates of rules by their slugs")),
        )
        .api_route(
            "/rule-templates/{id}",
            get_with(find, doc("getRuleTemplate", "Get a template of rules by its slug")),
        )
        .api_route(
            "/rule-templates/{id}/preview",
            post_with(preview, doc_with("previewRuleTemplate", "Say which rule a template makes, and check it", given)),
        )
        .api_route(
            "/rule-templates/{id}/apply",
            post_with(apply, doc_with("applyRuleTemplate", "Make a rule of a template", wanted)),
        )
}

async fn list(
    State(app): State<App>,
    Auth(cx): Auth,
    Query(query): Query<RuleTemplateQuery>,
) -> Result<Answer<Page<RuleTemplateInfo>>> {
    Ok(Answer::new(service::list(&cx.actor.may_somewhere::<RuleView>()?, &app.actions, &query)?))
}

async fn find(State(app): State<App>, Auth(cx): Auth, At(slug): At<String>) -> Result<Answer<RuleTemplateShown>> {
    Ok(Answer::new(service::find(&cx.actor.may_somewhere::<RuleView>()?, &app.actions, &slug)?))
}

/// The rule that a template makes.
#[derive(Debug, Serialize, JsonSchema)]
struct RulePreview {
    /// The rule.
    rule: Rule,
    /// The same as YAML.
    yaml: String,
    /// What it does, in words.
    preview: String,
    /// What the check says of it.
    #[serde(flatten)]
    verdict: Verdict,
}

/// The rule that a template makes of what is given, and the variables and secrets that it may name.
async fn filled(
    app: &App,
    cx: &Cx,
    slug: &str,
    given: &Map<String, Value>,
    name: Option<String>,
) -> Result<(Rule, Option<Names>)> {
    let mut rx = app.db.read().await?;
    let rule = service::fill(&mut rx, &cx.actor, slug, given, name).await?;
    let names = variables::known(&mut rx, &cx.actor, &rule, &[]).await?;
    Ok((rule, names))
}

async fn preview(
    State(app): State<App>,
    Auth(cx): Auth,
    At(slug): At<String>,
    Json(given): Json<TemplateParameters>,
) -> Result<Answer<RulePreview>> {
    cx.actor.may_somewhere::<RuleView>()?;
    let (rule, names) = filled(&app, &cx, &slug, &given.parameters, None).await?;
    let mut verdict = rules::service::examine(&app.library, names.as_ref(), &rule);
    if verdict.ok {
        verdict.analysis = Some(analysis(&app, &cx, None, rule.clone()).await?);
    }
    let yaml = rule.to_yaml().map_err(|problem| Problem::internal(problem.to_string()))?;
    let preview = service::told(&rule, &app.actions);
    Ok(Answer::new(RulePreview { rule, yaml, preview, verdict }))
}

async fn apply(
    State(app): State<App>,
    Auth(cx): Auth,
    At(slug): At<String>,
    Json(wanted): Json<NewFromTemplate>,
) -> Result<Created<RuleSaved>> {
    let may = cx.actor.may_here::<RuleEdit>()?;
    let state = wanted.state.unwrap_or(RuleState::Draft);
    if state == RuleState::Paused {
        return Err(Error::field("/state", "must be draft, shadow or enabled: a new rule has nothing to pause").into());
    }
    let NewFromTemplate { parameters, name, .. } = wanted;
    let (rule, names) = filled(&app, &cx, &slug, &parameters, name).await?;
    rules::service::accept(&app.library, names.as_ref(), &rule)?;
    let (actions, asker) = (app.actions.clone(), cx.clone());
    let create = async move |tx: &mut Tx| {
        let info = rules::service::create(tx, &cx, &may, rule).await?;
        if state == RuleState::Draft {
            return Ok(info);
        }
        rules::service::switch(tx, &cx, &actions, &cx.actor.may(info)?, state).await
    };
    let info = app.db.write(create).await?;
    let version = info.version;
    Ok(Answer::new(RuleSaved::of(&app, &asker, info).await?).at(version))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use trackside_engine::actions::Actions;
    use trackside_engine::rule_templates::TEMPLATES;
    use trackside_engine::rules::Library;
    use trackside_rules::graph::{Node, shortest_loop};
    use trackside_rules::{Compiled, RuleTemplate};
    use trackside_workers::egress::{Egress, Policy};
    use trackside_workers::integrations;

    use super::*;

    /// With the real actions: what those of vendors take is known here and not in the engine.
    #[test]
    fn every_template_makes_a_rule_without_problems_that_cannot_loop() {
        let library = Library::new(&Actions::new(integrations::all(&Egress::new(Policy::default()).unwrap())));
        let mut wrong = Vec::new();
        for (slug, text) in TEMPLATES {
            let template = RuleTemplate::from_yaml(text).unwrap();
            let rule = match template.fill(&template.read(&template.examples()).unwrap()) {
                Ok(rule) => rule,
                Err(problems) => {
                    wrong.extend(problems.iter().map(|problem| format!("{slug}: {problem}")));
                    continue;
                }
            };
            let verdict = rules::service::examine(&library, None, &rule);
            wrong.extend(verdict.problems.iter().map(|problem| format!("{slug}: {problem}")));
            if let Ok(compiled) = Compiled::new(Arc::new(rule), library.sandbox()) {
                let alone = [Node { id: "it", compiled: &compiled }];
                let path = shortest_loop("it", &alone, library.effects());
                wrong.extend(path.map(|path| format!("{slug} can loop: {path:?}")));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
