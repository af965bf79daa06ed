//! `/tasks/{id}/attachments` and `/attachments/{id}`: files, in and out, piece by piece.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use aide::openapi::{MediaType, ReferenceOr, RequestBody, SchemaObject};
use aide::transform::TransformOperation;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use tracing::Instrument as _;
use trackside_engine::Error;
use trackside_engine::access::TaskView;
use trackside_engine::attachments::{Attachment, arrive, service};
use trackside_engine::db::{Tx, carried, within};
use trackside_engine::handle::Handle;
use trackside_engine::ids::{AttachmentId, TaskId};
use trackside_engine::paging::Page;

use super::PageQuery;
use crate::answer::{Answer, Created, Done, Result};
use crate::app::App;
use crate::extract::{At, Auth, Query, Upload, pass_over};
use crate::files;
use crate::openapi::doc;
use crate::problem::Problem;

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/tasks/{id}/attachments",
            get_with(list, doc("listAttachments", "List a task's files, oldest first"))
                .post_with(upload, document_upload),
        )
        .api_route(
            "/attachments/{id}",
            get_with(find, doc("getAttachment", "Get what is known of a file"))
                .delete_with(delete, doc("deleteAttachment", "Take a file off its task and delete it")),
        )
        .api_route("/attachments/{id}/content", get_with(content, document_content))
}

fn binary(kind: &str, schema: schemars::Schema) -> (String, MediaType) {
    let schema = SchemaObject { json_schema: schema, external_docs: None, example: None };
    (kind.to_owned(), MediaType { schema: Some(schema), ..MediaType::default() })
}

fn document_upload(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    let mut operation = doc(
        "createAttachment",
        "Put a file on a task: a form with one part `file`, or its bytes with `?name=`",
    )(operation);
    let part = schemars::json_schema!({ "type": "object", "required": ["file"],
        "properties": { "file": { "type": "string", "format": "binary" } } });
    let bytes = schemars::json_schema!({ "type": "string", "format": "binary" });
    let content: IndexMap<_, _> =
        [binary("multipart/form-data", part), binary("application/octet-stream", bytes)].into_iter().collect();
    let body = RequestBody { content, required: true, ..RequestBody::default() };
    operation.inner_mut().request_body = Some(ReferenceOr::Item(body));
    operation
}

fn document_content(operation: TransformOperation<'_>) -> TransformOperation<'_> {
    let about = "Get a file's bytes, or one range of them; what could hold a script is sent to be saved, not shown";
    let mut operation = doc("getAttachmentContent", about)(operation);
    let bytes = schemars::json_schema!({ "type": "string", "format": "binary" });
    // As the file's first bytes told.
    let content: IndexMap<_, _> = [binary("*/*", bytes)].into_iter().collect();
    for (code, description) in [(200, "The bytes."), (206, "The range of them.")] {
        let response =
            aide::openapi::Response { description: description.into(), content: content.clone(), ..Default::default() };
        let responses = operation.inner_mut().responses.get_or_insert_default();
        responses.responses.insert(aide::openapi::StatusCode::Code(code), ReferenceOr::Item(response));
    }
    operation
}

/// How a file that is sent by itself is called.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Called {
    /// The name of the file; in a form its part's own when left out.
    name: Option<String>,
}

async fn list(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<TaskId>>,
    Query(page): Query<PageQuery>,
) -> Result<Answer<Page<Attachment>>> {
    let may = cx.actor.may_somewhere::<TaskView>()?;
    let mut rx = app.db.read().await?;
    Ok(Answer::new(service::list(&mut rx, &may, &id, &page.into()).await?))
}

async fn upload(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<Handle<TaskId>>,
    Query(called): Query<Called>,
    request: Request,
) -> Result<Created<Attachment>> {
    let (parts, mut body) = request.into_parts();
    let asked = async {
        arrive::ask(&mut *app.db.read().await?, &cx, &id).await?;
        Upload::announced(&parts.headers, app.limits)
    };
    if let Err(refused) = asked.await {
        // Whoever waits to be told to go on is told not to; reading would be the other answer.
        if !parts.headers.contains_key(axum::http::header::EXPECT) {
            pass_over(&mut body).await;
        }
        return Err(refused);
    }
    let workspace = cx.actor.workspace;
    // By itself, so that what was begun is also undone when the sender hangs up.
    let work = async move {
        let mut upload = Upload::begin(&parts.headers, called.name, body).await?;
        let (name, pieces) = upload.parts();
        let incoming = arrive::Incoming { name: &name, pieces };
        let kept = arrive::upload(&app.db, &*app.files, app.limits, &cx, &id, incoming).await;
        upload.end(kept).await
    };
    let done = tokio::spawn(carried(within(workspace, work)).in_current_span()).await;
    let attachment = done.map_err(|error| Problem::internal(format!("an upload ended badly: {error}")))??;
    Ok(Answer::new(attachment))
}

async fn find(State(app): State<App>, Auth(cx): Auth, At(id): At<AttachmentId>) -> Result<Answer<Attachment>> {
    let mut rx = app.db.read().await?;
    let project = service::project_of(&mut rx, cx.actor.workspace, id).await?;
    let (attachment, _) = service::find(&mut rx, &cx.actor.may(project)?, id).await?;
    Ok(Answer::new(attachment))
}

async fn delete(State(app): State<App>, Auth(cx): Auth, At(id): At<AttachmentId>) -> Result<Done> {
    let remove = async move |tx: &mut Tx| {
        let project = service::project_of(tx, cx.actor.workspace, id).await?;
        service::remove(tx, &cx, &cx.actor.may(project)?, id).await
    };
    app.db.write(remove).await?;
    app.sweep.notify_one();
    Ok(Done)
}

async fn content(
    State(app): State<App>,
    Auth(cx): Auth,
    At(id): At<AttachmentId>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response> {
    let (attachment, key) = {
        let mut rx = app.db.read().await?;
        let project = service::project_of(&mut rx, cx.actor.workspace, id).await?;
        service::find(&mut rx, &cx.actor.may(project)?, id).await?
    };
    let size = u64::try_from(attachment.size).map_err(|_| Error::internal("A file has a negative size."))?;
    let plan = files::Plan::of(&headers, &attachment.sha256, size)?;
    let body = match plan.range().filter(|_| request.method() != axum::http::Method::HEAD) {
        Some(range) => axum::body::Body::from_stream(app.files.get(&key, range).await?),
        None => axum::body::Body::empty(),
    };
    Ok(files::answer(&plan, &attachment, size, body))
}
