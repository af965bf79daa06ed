//! `/audit`: who changed who may what.

use aide::OperationOutput;
use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use aide::generate::GenContext;
use aide::openapi::{MediaType, Operation, Response as Documented, SchemaObject};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use futures::stream;
use schemars::JsonSchema;
use serde::Deserialize;
use trackside_engine::access::{AuditView, Granted, Workspace};
use trackside_engine::audit::{Entry, Exported, Filter, service};
use trackside_engine::handle::UserHandle;
use trackside_engine::paging::{Page, PageRequest};
use trackside_engine::{Error, Result as Found};

use crate::answer::{Answer, Result};
use crate::app::App;
use crate::extract::{Auth, Query};
use crate::openapi::doc;

/// So many entries are read at a time for an export, and no more are held.
const AT_ONCE: i64 = 500;

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route("/audit", get_with(list, doc("listAudit", "List who changed who may what, newest first")))
        .api_route(
            "/audit/export",
            get_with(export, doc("exportAudit", "Export the audit log with its hashes, oldest first, a line each")),
        )
}

/// Which entries.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// Only those done by this person (an id, or `me`; also by rules in their name), this rule or hook, or by `system`.
    actor: Option<String>,
    /// Only those with this action, such as `role.created`; `role.*` for all about roles.
    action: Option<String>,
    /// Only those about the thing with this id.
    subject: Option<String>,
    /// Only those since then (RFC 3339).
    from: Option<DateTime<Utc>>,
    /// Only those before then (RFC 3339).
    to: Option<DateTime<Utc>>,
    /// 1 to 200 items; 25 when left out.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

async fn list(State(app): State<App>, Auth(cx): Auth, Query(query): Query<ListQuery>) -> Result<Answer<Page<Entry>>> {
    let may = cx.actor.may_here()?;
    let ListQuery { actor, action, subject, from, to, limit, cursor } = query;
    let actor = match actor.as_deref() {
        Some("me") => Some(UserHandle::Me.of(&cx.actor)?.to_string()),
        _ => actor,
    };
    let filter = Filter { actor, action, subject, from, to };
    let mut rx = app.db.read().await?;
    Ok(Answer::new(service::list(&mut rx, &may, &filter, &PageRequest { limit, cursor }).await?))
}

/// From where on.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ExportQuery {
    /// Only the entries behind this `seq`, to go on with an export from where the last one ended.
    after: Option<i64>,
}

async fn export(State(app): State<App>, Auth(cx): Auth, Query(query): Query<ExportQuery>) -> Result<Lines> {
    let mut from = Going { app, may: cx.actor.may_here()?, after: query.after.unwrap_or(0) };
    // The first ones before the answer begins, while it can still be a refusal.
    let first = from.some().await?;
    let rest = stream::unfold((from, !first.is_empty()), async |(mut from, more)| {
        if !more {
            return None;
        }
        // An export that breaks off must not look like one that ended.
        let some = from.some().await.map_err(std::io::Error::other);
        let more = some.as_ref().is_ok_and(|some| !some.is_empty());
        (more || some.is_err()).then_some((some, (from, more)))
    });
    let first = stream::once(async move { Ok(first) });
    Ok(Lines(Body::from_stream(futures::StreamExt::chain(first, rest))))
}

/// An export on the way.
struct Going {
    app: App,
    may: Granted<AuditView, Workspace>,
    after: i64,
}

impl Going {
    /// The next lines; none at the end.
    async fn some(&mut self) -> Found<Bytes> {
        let entries = service::export(&mut *self.app.db.read().await?, &self.may, self.after, AT_ONCE).await?;
        let mut lines = Vec::with_capacity(512 * entries.len());
        for entry in &entries {
            self.after = entry.seq;
            serde_json::to_writer(&mut lines, entry)
                .map_err(|error| Error::internal("An audit entry cannot be written as JSON.").caused_by(error))?;
            lines.push(b'\n');
        }
        Ok(lines.into())
    }
}

/// JSON texts, a line each.
struct Lines(Body);

impl IntoResponse for Lines {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, "application/x-ndjson")], self.0).into_response()
    }
}

impl OperationOutput for Lines {
    type Inner = Exported;

    fn operation_response(ctx: &mut GenContext, _: &mut Operation) -> Option<Documented> {
        let json_schema = ctx.schema.subschema_for::<Exported>();
        let schema = SchemaObject { json_schema, external_docs: None, example: None };
        let media = MediaType { schema: Some(schema), ..MediaType::default() };
        Some(Documented {
            description: "The entries, a line each.".into(),
            content: [("application/x-ndjson".into(), media)].into_iter().collect(),
            ..Documented::default()
        })
    }

    fn inferred_responses(ctx: &mut GenContext, operation: &mut Operation) -> Vec<(Option<u16>, Documented)> {
        Self::operation_response(ctx, operation).map(|response| (Some(200), response)).into_iter().collect()
    }
}
