//! `/projects/{id}/export`, `/projects/{id}/import` and `/imports`.

use std::collections::BTreeMap;

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use aide::openapi::{MediaType, ReferenceOr, SchemaObject};
use aide::transform::TransformOperation;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tracing::Instrument as _;
use trackside_engine::access::{ProjectCreate, TaskCreate, TaskView};
use trackside_engine::db::{Rx, carried, within};
use trackside_engine::handle::Handle;
use trackside_engine::ids::ProjectId;
use trackside_engine::transfer::{self, Bundle, Format, Options, Report, formats};
use trackside_engine::{Cx, Error, projects};

use crate::answer::{Answer, Result};
use crate::app::App;
use crate::extract::{Archive, At, Auth, Query, Sent};
use crate::openapi::{doc, doc_with};
use crate::problem::Problem;

pub(super) fn routes() -> ApiRouter<App> {
    let into = json!({ "format": "csv", "data": "title,status,assignees\nWrite the notes,todo,ada@example.org\n", "dry_run": true });
    let new = json!({ "format": "csv", "data": "title,status\nWrite the notes,todo\n", "create": { "key": "NEW", "name": "New" }, "dry_run": true });
    ApiRouter::new()
        .api_route("/projects/{id}/export", get_with(export, document_export))
        .api_route(
            "/projects/{id}/import",
            post_with(import, doc_with("importIntoProject", "Import tasks into a project, all or none", into)),
        )
        .api_route(
            "/imports",
            post_with(import_new, doc_with("importProject", "Import as a new project, all or nothing", new)),
        )
}

fn document_export(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    let mut operation =
        doc("exportProject", "Export a project as JSON, alone or with its files, or its tasks as CSV")(operation);
    let media = |schema| MediaType {
        schema: Some(SchemaObject { json_schema: schema, external_docs: None, example: None }),
        ..MediaType::default()
    };
    let json = media(schemars::json_schema!({ "type": "object" }));
    let table = media(schemars::json_schema!({ "type": "string" }));
    let archive = media(schemars::json_schema!({ "type": "string", "format": "binary" }));
    let answer = aide::openapi::Response {
        description: "The project, with `attachments=true` in an archive with its files, or the table of its tasks."
            .into(),
        content: [
            ("application/json".to_owned(), json),
            ("application/zip".to_owned(), archive),
            ("text/csv".to_owned(), table),
        ]
        .into_iter()
        .collect(),
        ..Default::default()
    };
    let responses = operation.inner_mut().responses.get_or_insert_default();
    responses.responses.insert(aide::openapi::StatusCode::Code(200), ReferenceOr::Item(answer));
    operation
}

/// At most so many imports are worked on at once on a node: each holds its document in memory.
static TURNS: Semaphore = Semaphore::const_new(2);

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ExportFormat {
    /// The whole project as JSON, to be imported again.
    Trackside,
    /// Its tasks as a table.
    Csv,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ExportQuery {
    /// `trackside` when left out.
    format: Option<ExportFormat>,
    /// With the files of its tasks: a ZIP archive of `project.json` and `files/`, to be imported again.
    #[serde(default)]
    attachments: bool,
}

async fn export(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    Query(query): Query<ExportQuery>,
) -> Result<Response> {
    if query.attachments && query.format == Some(ExportFormat::Csv) {
        let message = "cannot go with a table; leave `format` out, or export the table without files";
        return Err(Error::field("/attachments", message).into());
    }
    let workspace = cx.actor.workspace;
    // A whole project is much to read: aside from where short requests wait.
    let read = async move |rx: &mut Rx| {
        let project = projects::service::find(rx, cx.actor.workspace, &id).await?;
        transfer::export(rx, &cx, &cx.actor.may::<TaskView, _>(project)?).await
    };
    let document = app.db.scan(read).await?;
    if query.attachments {
        let name = format!("attachment; filename=\"{}.zip\"", document.project.key);
        let pieces = transfer::pack(app.files.clone(), workspace, document).await?;
        let head = [(CONTENT_TYPE, "application/zip".to_owned()), (CONTENT_DISPOSITION, name)];
        return Ok((head, Body::from_stream(pieces)).into_response());
    }
    let (kind, text, ending) = match query.format {
        Some(ExportFormat::Csv) => ("text/csv; charset=utf-8", transfer::csv(&document)?, "csv"),
        _ => (
            "application/json",
            serde_json::to_string(&document).map_err(|error| Problem::internal(error.to_string()))?,
            "json",
        ),
    };
    let name = format!("attachment; filename=\"{}.{ending}\"", document.project.key);
    Ok(([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, name)], text).into_response())
}

/// A document to be imported into a project.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ImportBody {
    /// What the document is.
    format: Format,
    /// The document: JSON as it is or as text, a table as text. At most 10,000 tasks, and 32 MiB with all the rest.
    data: Value,
    /// Only says what would be made, and what is wrong.
    #[serde(default)]
    dry_run: bool,
    /// Columns of a table by their headings, and the fields that they fill; null passes one over.
    #[serde(default)]
    mapping: BTreeMap<String, Option<String>>,
    /// What parts the columns; found out when left out.
    #[serde(default)]
    delimiter: Option<char>,
    /// Names of people elsewhere, and their addresses here: `{"octocat": "ada@example.org"}`.
    #[serde(default)]
    people: BTreeMap<String, String>,
}

/// How an archive is imported into a project.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ArchiveQuery {
    /// Of an archive: only says what would be made, and what is wrong.
    dry_run: Option<bool>,
}

/// How an archive is imported as a new project.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewArchiveQuery {
    /// Of an archive: the key of the project, if not that of the export.
    key: Option<String>,
    /// Of an archive: its name, if not that of the export.
    name: Option<String>,
    /// Of an archive: only says what would be made, and what is wrong.
    dry_run: Option<bool>,
}

/// A document to be imported as a new project.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewImportBody {
    /// What the document is.
    format: Format,
    /// The document: JSON as it is or as text, a table as text. At most 10,000 tasks, and 32 MiB with all the rest.
    data: Value,
    /// The project; what is left out is as an export of Trackside's says.
    #[serde(default)]
    create: NewProjectOf,
    /// Only says what would be made, and what is wrong.
    #[serde(default)]
    dry_run: bool,
    /// Columns of a table by their headings, and the fields that they fill; null passes one over.
    #[serde(default)]
    mapping: BTreeMap<String, Option<String>>,
    /// What parts the columns; found out when left out.
    #[serde(default)]
    delimiter: Option<char>,
    /// Names of people elsewhere, and their addresses here: `{"octocat": "ada@example.org"}`.
    #[serde(default)]
    people: BTreeMap<String, String>,
}

/// How the new project is called.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewProjectOf {
    /// Its key.
    key: Option<String>,
    /// Its name.
    name: Option<String>,
}

async fn import(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<ProjectId>>,
    Query(query): Query<ArchiveQuery>,
    sent: Sent<ImportBody>,
) -> Result<Answer<Report>> {
    let may = async {
        // Before anything is read of the document.
        let mut rx = app.db.read().await?;
        let project = projects::service::find(&mut rx, cx.actor.workspace, &id).await?;
        cx.actor.may::<TaskCreate, _>(project).map(drop)
    };
    let may = may.await;
    let target = transfer::Target::Into(id);
    match sent {
        Sent::Archive(archive) => run_archive(app, cx, may, target, archive, query.dry_run).await,
        Sent::Json(body) => {
            may?;
            only_of_archives(query.dry_run.is_some())?;
            let ImportBody { format, data, dry_run, mapping, delimiter, people } = body;
            run(&app, &cx, target, format, data, Options { mapping, delimiter, people }, dry_run).await
        }
    }
}

async fn import_new(
    State(app): State<App>,
    Auth(cx): Auth,
    Query(query): Query<NewArchiveQuery>,
    sent: Sent<NewImportBody>,
) -> Result<Answer<Report>> {
    let may = cx.actor.may_here::<ProjectCreate>().map(drop);
    match sent {
        Sent::Archive(archive) => {
            let target = transfer::Target::New { key: query.key, name: query.name };
            run_archive(app, cx, may, target, archive, query.dry_run).await
        }
        Sent::Json(body) => {
            may?;
            only_of_archives(query.key.is_some() || query.name.is_some() || query.dry_run.is_some())?;
            let NewImportBody { format, data, create, dry_run, mapping, delimiter, people } = body;
            let target = transfer::Target::New { key: create.key, name: create.name };
            run(&app, &cx, target, format, data, Options { mapping, delimiter, people }, dry_run).await
        }
    }
}

/// What is asked for in the address and would be passed over is refused.
fn only_of_archives(given: bool) -> Result<()> {
    match given {
        true => {
            let detail =
                "only an archive is imported with query parameters; put them into the body, as `dry_run` and `create`";
            Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unknown_parameter", detail))
        }
        false => Ok(()),
    }
}

async fn run(
    app: &App,
    cx: &Cx,
    target: transfer::Target,
    format: Format,
    data: Value,
    options: Options,
    dry_run: bool,
) -> Result<Answer<Report>> {
    let _turn = turn().await?;
    // Reading a document is computing: aside from where short requests wait.
    let read = tokio::task::spawn_blocking(move || formats::read(format, data, &options)).await;
    let read = read.map_err(|error| Problem::internal(error.to_string()))??;
    let report = match read.problems.is_empty() {
        false => Report { dry_run, ..Report::default() },
        true => transfer::import(&app.db, cx, target, read.document, dry_run).await?,
    };
    told(report, read.notes, read.problems, dry_run)
}

async fn run_archive(
    app: App,
    cx: Cx,
    may: trackside_engine::Result<()>,
    target: transfer::Target,
    archive: Archive,
    dry_run: Option<bool>,
) -> Result<Answer<Report>> {
    if let Err(refused) = may {
        archive.pass_over().await;
        return Err(refused.into());
    }
    let (workspace, dry_run) = (cx.actor.workspace, dry_run.unwrap_or_default());
    let spooled = archive.spool().await?;
    // By itself, so that what was begun is also undone when the sender hangs up.
    let work = async move {
        // All of it, with its turn.
        let spooled = spooled;
        let _turn = turn().await?;
        let file = spooled.file.try_clone().map_err(|error| Problem::internal(error.to_string()))?;
        let read = tokio::task::spawn_blocking(move || {
            let (bundle, data) = Bundle::open(file)?;
            let read = formats::read(Format::Trackside, data, &Options::default())?;
            Ok::<_, Error>((bundle, read))
        });
        let (bundle, read) = read.await.map_err(|error| Problem::internal(error.to_string()))??;
        let done =
            transfer::import_bundle(&app.db, &*app.files, app.limits, &cx, target, &bundle, read.document, dry_run);
        told(done.await?, read.notes, read.problems, dry_run)
    };
    let done = tokio::spawn(carried(within(workspace, work)).in_current_span()).await;
    done.map_err(|error| Problem::internal(format!("an import ended badly: {error}")))?
}

async fn turn() -> Result<tokio::sync::SemaphorePermit<'static>> {
    Ok(TURNS.acquire().await.map_err(|_| Error::busy("stopping", "The program is stopping. Try again."))?)
}

fn told(
    mut report: Report,
    notes: Vec<String>,
    problems: Vec<transfer::Trouble>,
    dry_run: bool,
) -> Result<Answer<Report>> {
    report.notes.splice(0..0, notes);
    report.problems.splice(0..0, problems);
    if report.problems.is_empty() || dry_run {
        return Ok(Answer::new(report));
    }
    Err(refused(&report))
}

/// Nothing was done, and this is why.
fn refused(report: &Report) -> Problem {
    let count = report.problems.len();
    let detail =
        format!("nothing was imported: {count} problems stand in the way; correct them, or try with `dry_run` first");
    let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "import_refused", detail);
    report.problems.iter().fold(problem, |problem, trouble| {
        let line = trouble.line.map_or(String::new(), |line| format!("line {line}"));
        let place = [line, trouble.field.clone().unwrap_or_default()].join(" ").trim().to_owned();
        let message = if place.is_empty() { trouble.message.clone() } else { format!("{place}: {}", trouble.message) };
        problem.and_field("/data", message)
    })
}
