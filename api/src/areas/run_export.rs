//! `/runs/export`: what rules did, for other programs. Read and sent in pieces, so that any number of runs takes no more memory
//! than a few.

use std::borrow::Cow;

use aide::OperationOutput;
use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use aide::generate::GenContext;
use aide::openapi::{MediaType, Operation, Response as Documented, SchemaObject};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SecondsFormat, Utc};
use futures::stream;
use schemars::JsonSchema;
use serde::Deserialize;
use trackside_engine::access::{Granted, RunView, Workspace};
use trackside_engine::ids::{EventId, RuleId, RunId};
use trackside_engine::runs::history::{self, RunFilter};
use trackside_engine::runs::service;
use trackside_engine::runs::{Mode, Run, RunSummary};
use trackside_engine::{Cx, Error, Result as Found};

use crate::answer::Result;
use crate::app::App;
use crate::csv::Csv;
use crate::extract::{Auth, Query};
use crate::openapi::doc;

/// So many runs are read at a time, and no more are held.
const AT_ONCE: i64 = 200;
/// The same with their steps, which can be large.
const WHOLE_AT_ONCE: i64 = 10;
/// The columns of a table.
const HEADS: &[&str] = &[
    "id",
    "rule",
    "rule_name",
    "rule_version",
    "event",
    "mode",
    "state",
    "error_code",
    "error_message",
    "error_step",
    "created_at",
    "finished_at",
];

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new().api_route(
        "/runs/export",
        get_with(export, doc("exportRuns", "Export runs, newest first: a JSON text each on a line, or as CSV")),
    )
}

/// How runs are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "RunExportFormat")]
enum Format {
    /// A JSON text each, on a line.
    #[default]
    Ndjson,
    /// A table with a line of names (RFC 4180), without steps.
    Csv,
}

/// Which runs, and how.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct ExportQuery {
    /// `ndjson` or `csv`; `ndjson` when left out.
    format: Format,
    /// `true` for the steps of each run, too, as they are shown with a single one; only as `ndjson`.
    steps: bool,
    /// Only runs of this rule.
    rule_id: Option<RuleId>,
    /// Only runs in these states, parted by commas.
    state: Option<String>,
    /// Only live ones, or those of rules in shadow.
    mode: Option<Mode>,
    /// Only runs that this event started.
    event_id: Option<EventId>,
    /// Only runs that ended with an error of this code: `step_failed`, `loop`, `budget` ….
    error: Option<String>,
    /// Only runs whose error says this, of those whose errors one may read.
    q: Option<String>,
    /// Only runs that were started since then (RFC 3339).
    since: Option<DateTime<Utc>>,
    /// Only runs that were started before then (RFC 3339).
    until: Option<DateTime<Utc>>,
    /// Only runs older than this one, to go on with an export from where the last one ended.
    after: Option<RunId>,
}

async fn export(State(app): State<App>, Auth(cx): Auth, Query(query): Query<ExportQuery>) -> Result<Lines> {
    let ExportQuery { format, steps, rule_id, state, mode, event_id, error, q, since, until, after } = query;
    if steps && format == Format::Csv {
        return Err(Error::invalid("invalid_parameter", "`steps` are exported as `ndjson` alone").into());
    }
    let filter = RunFilter { rule_id, state, mode, event_id, error, q, since, until };
    let may = cx.actor.may_here()?;
    let mut from = Going { app, cx, may, filter, format, steps, behind: after };
    // The first ones before the answer begins, while it can still be a refusal.
    let first = from.some().await?;
    let rest = stream::unfold((from, first.more), async |(mut from, more)| {
        if !more {
            return None;
        }
        // An export that breaks off must not look like one that ended.
        match from.some().await {
            Ok(some) => Some((Ok(some.bytes), (from, some.more))),
            Err(error) => Some((Err(std::io::Error::other(error)), (from, false))),
        }
    });
    let heads = match format {
        Format::Ndjson => Bytes::new(),
        Format::Csv => Csv::new("runs.csv", HEADS.iter().copied()).into_text().into(),
    };
    let first = stream::iter([Ok(heads), Ok(first.bytes)]);
    Ok(Lines { format, body: Body::from_stream(futures::StreamExt::chain(first, rest)) })
}

/// An export on the way.
struct Going {
    app: App,
    cx: Cx,
    may: Granted<RunView, Workspace>,
    filter: RunFilter,
    format: Format,
    steps: bool,
    behind: Option<RunId>,
}

/// The next piece of an export.
struct Piece {
    bytes: Bytes,
    more: bool,
}

impl Going {
    async fn some(&mut self) -> Found<Piece> {
        let most = if self.steps { WHOLE_AT_ONCE } else { AT_ONCE };
        let mut rx = self.app.db.read().await?;
        let (runs, next) = history::export(&mut rx, &self.cx.actor, &self.may, &self.filter, self.behind, most).await?;
        let more = next.is_some();
        self.behind = next.or(self.behind);
        let mut lines = Vec::with_capacity(512 * runs.len());
        if self.format == Format::Csv {
            let mut table = Csv::rows();
            runs.iter().for_each(|run| table.row(cells(run).iter()));
            lines = table.into_text().into_bytes();
            return Ok(Piece { bytes: lines.into(), more });
        }
        for run in runs {
            let run = match self.steps {
                true => service::get(&mut rx, &self.cx.actor, &self.cx.actor.may(run)?).await?,
                false => Run { summary: run, steps: Vec::new() },
            };
            let written = if self.steps {
                serde_json::to_writer(&mut lines, &run)
            } else {
                serde_json::to_writer(&mut lines, &run.summary)
            };
            written.map_err(|error| Error::internal("A run cannot be written as JSON.").caused_by(error))?;
            lines.push(b'\n');
        }
        Ok(Piece { bytes: lines.into(), more })
    }
}

fn cells(run: &RunSummary) -> [Cow<'_, str>; 12] {
    let time = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::Micros, true);
    let error = run.error.as_ref();
    [
        run.id.to_string().into(),
        run.rule_id.to_string().into(),
        run.rule_name.as_str().into(),
        run.rule_version.to_string().into(),
        run.event_id.map(|event| event.to_string()).unwrap_or_default().into(),
        run.mode.as_str().into(),
        run.state.as_str().into(),
        error.map_or("", |error| &error.code).into(),
        error.map_or("", |error| &error.message).into(),
        error.and_then(|error| error.step.as_deref()).unwrap_or_default().into(),
        time(run.created_at).into(),
        run.finished_at.map(time).unwrap_or_default().into(),
    ]
}

/// Runs, a line each.
struct Lines {
    format: Format,
    body: Body,
}

impl IntoResponse for Lines {
    fn into_response(self) -> Response {
        let kind = match self.format {
            Format::Ndjson => "application/x-ndjson",
            Format::Csv => "text/csv; charset=utf-8; header=present",
        };
        ([(CONTENT_TYPE, kind)], self.body).into_response()
    }
}

impl OperationOutput for Lines {
    type Inner = Run;

    fn operation_response(ctx: &mut GenContext, _: &mut Operation) -> Option<Documented> {
        let json_schema = ctx.schema.subschema_for::<Run>();
        let json = MediaType {
            schema: Some(SchemaObject { json_schema, external_docs: None, example: None }),
            ..MediaType::default()
        };
        let json_schema = schemars::json_schema!({ "type": "string" });
        let table = MediaType {
            schema: Some(SchemaObject { json_schema, external_docs: None, example: None }),
            ..MediaType::default()
        };
        Some(Documented {
            description: "The runs, a line each; `steps` only where they were asked for.".into(),
            content: [("application/x-ndjson".into(), json), ("text/csv".into(), table)].into_iter().collect(),
            ..Documented::default()
        })
    }

    fn inferred_responses(ctx: &mut GenContext, operation: &mut Operation) -> Vec<(Option<u16>, Documented)> {
        Self::operation_response(ctx, operation).map(|response| (Some(200), response)).into_iter().collect()
    }
}
