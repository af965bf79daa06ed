//! Each authenticated request within its workspace: on PostgreSQL its handler, and its answer while it is still being made,
//! see no other's rows (`trackside_engine::db::within`).

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http_body::{Frame, SizeHint};
use trackside_engine::db::{self, Dialect};
use trackside_engine::ids::WorkspaceId;

use crate::app::App;
use crate::extract::Auth;

/// Where nobody is known yet, or comes from another workspace.
const OPEN: &[&str] = &[
    "/api/v1/auth/email/verify",
    "/api/v1/auth/login",
    "/api/v1/auth/login/second-factor",
    "/api/v1/auth/logout",
    "/api/v1/auth/oidc",
    "/api/v1/auth/oidc/callback",
    "/api/v1/auth/oidc/ticket",
    "/api/v1/auth/password/forgot",
    "/api/v1/auth/password/reset",
    "/api/v1/auth/refresh",
    "/api/v1/invitations/accept",
    "/api/v1/setup",
];

/// The layer. Who asks is found out here and not in the handler, which finds it known.
pub async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    if app.db.dialect() == Dialect::Sqlite || OPEN.contains(&request.uri().path()) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let known = Auth::from_request_parts(&mut parts, &app).await;
    let request = Request::from_parts(parts, body);
    match known {
        Ok(Auth(cx)) => {
            let workspace = cx.actor.workspace;
            let response = db::within(workspace, next.run(request)).await;
            response.map(|body| Within::around(workspace, body))
        }
        // The route says what is wrong, or lets strangers in.
        Err(_) => next.run(request).await,
    }
}

/// The body of an answer, made within a workspace.
struct Within {
    workspace: WorkspaceId,
    body: Body,
}

impl Within {
    fn around(workspace: WorkspaceId, body: Body) -> Body {
        // What is there as a whole asks the database for nothing.
        if body.size_hint().exact().is_some() { body } else { Body::new(Self { workspace, body }) }
    }
}

impl HttpBody for Within {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let workspace = self.workspace;
        db::poll_within(workspace, || Pin::new(&mut self.body).poll_frame(context))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
