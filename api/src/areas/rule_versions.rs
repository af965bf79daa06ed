//! `/rules/{id}/versions`: what rules were, and going back; who owns them.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use trackside_engine::access::{RuleEdit, RuleView};
use trackside_engine::db::Tx;
use trackside_engine::ids::RuleId;
use trackside_engine::paging::Page;
use trackside_engine::rules::diff::{self, Difference};
use trackside_engine::rules::{RuleVersion, service};
use trackside_engine::variables;

use super::PageQuery;
use super::rules::RuleSaved;
use crate::answer::{Answer, Result};
use crate::app::App;
use crate::extract::{At, Auth, IfMatch, Json, Query, VersionAt};
use crate::openapi::{doc, doc_with};

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/rules/{id}/versions",
            get_with(versions, doc("listRuleVersions", "List a rule's versions, newest first")),
        )
        .api_route(
            "/rules/{id}/versions/{version}",
            get_with(
                find,
                doc("getRuleVersion", "Get one version of a rule, and what is different from the one before"),
            ),
        )
        .api_route(
            "/rules/{id}/diff",
            get_with(compare, doc("diffRule", "Say what is different between two versions of a rule")),
        )
        .api_route(
            "/rules/{id}/restore",
            post_with(
                restore,
                doc_with("restoreRule", "Save an old version of a rule as its newest", json!({ "version": 1 })),
            ),
        )
        .api_route(
            "/rules/{id}/take",
            post_with(take, doc("takeRule", "Become a rule's owner: it acts with one's own rights from then on")),
        )
}

async fn versions(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<RuleId>,
    Query(_): Query<PageQuery>,
) -> Result<Answer<Page<RuleVersion>>> {
    let mut rx = app.db.read().await?;
    let may = cx.actor.may::<RuleView, _>(service::find(&mut rx, cx.actor.workspace, id).await?)?;
    let items = service::versions(&mut rx, &may).await?;
    Ok(Answer::new(Page { items, next_cursor: None, total: None }))
}

/// One version of a rule.
#[derive(Debug, Serialize, JsonSchema)]
struct VersionShown {
    #[serde(flatten)]
    version: RuleVersion,
    /// What is different from the version before; empty for the first.
    changes: Vec<Difference>,
}

async fn find(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<RuleId>,
    VersionAt(number): VersionAt<i64>,
) -> Result<Answer<VersionShown>> {
    let mut rx = app.db.read().await?;
    let may = cx.actor.may::<RuleView, _>(service::find(&mut rx, cx.actor.workspace, id).await?)?;
    let version = service::version(&mut rx, &may, number).await?;
    let changes = match number {
        ..=1 => Vec::new(),
        _ => diff::between(&service::version(&mut rx, &may, number - 1).await?.rule, &version.rule)?,
    };
    Ok(Answer::new(VersionShown { version, changes }))
}

/// Which versions are compared.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct DiffQuery {
    /// The one; that before the other when left out.
    from: Option<i64>,
    /// The other; the newest when left out.
    to: Option<i64>,
}

/// What is different between two versions.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RuleDiff")]
struct Diff {
    /// The one.
    from: i64,
    /// The other.
    to: i64,
    /// What is different, place by place.
    changes: Vec<Difference>,
}

async fn compare(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<RuleId>,
    Query(query): Query<DiffQuery>,
) -> Result<Answer<Diff>> {
    let mut rx = app.db.read().await?;
    let may = cx.actor.may::<RuleView, _>(service::find(&mut rx, cx.actor.workspace, id).await?)?;
    let to = query.to.unwrap_or(may.resource().version);
    let from = query.from.unwrap_or_else(|| to.saturating_sub(1).max(1));
    let before = service::version(&mut rx, &may, from).await?;
    let after = service::version(&mut rx, &may, to).await?;
    Ok(Answer::new(Diff { from, to, changes: diff::between(&before.rule, &after.rule)? }))
}

/// Which version is wanted back.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Restore {
    /// The version.
    version: i64,
}

async fn restore(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<RuleId>,
    IfMatch(expected): IfMatch,
    Json(Restore { version }): Json<Restore>,
) -> Result<Answer<RuleSaved>> {
    let (old, names) = {
        let mut rx = app.db.read().await?;
        let known = service::find(&mut rx, cx.actor.workspace, id).await?;
        cx.actor.may::<RuleEdit, _>(known.clone())?;
        let old = service::version(&mut rx, &cx.actor.may(known)?, version).await?.rule;
        let names = variables::known(&mut rx, &cx.actor, &old, &[]).await?;
        (old, names)
    };
    // What was right then may name what is not there any more.
    service::accept(&app.library, names.as_ref(), &old)?;
    let (actions, asker) = (app.actions.clone(), cx.clone());
    let restore = async move |tx: &mut Tx| {
        let known = service::find(tx, cx.actor.workspace, id).await?;
        service::replace(tx, &cx, &actions, &cx.actor.may(known)?, expected, old).await
    };
    let rule = app.db.write(restore).await?;
    let version = rule.version;
    Ok(Answer::new(RuleSaved::of(&app, &asker, rule).await?).at(version))
}

async fn take(State(app): State<App>, Auth(cx): Auth, At(id): At<RuleId>) -> Result<Answer<RuleSaved>> {
    let (actions, asker) = (app.actions.clone(), cx.clone());
    let take = async move |tx: &mut Tx| {
        let known = service::find(tx, cx.actor.workspace, id).await?;
        service::take(tx, &cx, &actions, &cx.actor.may(known)?).await
    };
    let rule = app.db.write(take).await?;
    Ok(Answer::new(RuleSaved::of(&app, &asker, rule).await?))
}
