//! The pages that come with the program: the reference at `/api/docs` and the notes that links in letters lead to. Self-contained: they
//! load nothing from elsewhere, and the policy forbids it.

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use aide::openapi::OpenApi;

use crate::app::App;
use crate::problem::Problem;

const DOCS: &str = include_str!("docs.html");
const DOCS_JS: &str = include_str!("docs.js");
const STYLE: &str = include_str!("style.css");

/// Scripts and styles from this server only, nothing inline, no frames.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

pub(crate) fn routes(document: &OpenApi) -> Router<App> {
    // Made once: it is the same for everyone.
    let document = serde_json::to_string(document).map_err(|error| error.to_string());
    let document = move || {
        let document = document.clone();
        async move {
            match document {
                Ok(text) => page("application/json", text),
                Err(error) => Problem::internal(error).into_response(),
            }
        }
    };
    Router::new()
        .route("/api/docs", get(|| async { page("text/html; charset=utf-8", DOCS) }))
        .route("/api/openapi.json", get(document))
        .route("/pages/docs.js", get(|| async { page("text/javascript; charset=utf-8", DOCS_JS) }))
        .route("/pages/style.css", get(|| async { page("text/css; charset=utf-8", STYLE) }))
}

/// A page that says a few sentences: where links in letters lead. `more` is HTML.
pub(crate) fn note(language: &str, says: &[String], more: &str) -> Response {
    let says: String = says.iter().map(|says| format!("<p>{}</p>", escaped(says))).collect();
    page(
        "text/html; charset=utf-8",
        format!(
            "<!doctype html>\n<html lang=\"{language}\"><head><meta charset=\"utf-8\"><title>Trackside</title>\
             <meta name=\"viewport\" content=\"width=device-width\"><link rel=\"stylesheet\" href=\"/pages/style.css\"></head>\n\
             <body><main>{says}{more}</main></body></html>\n"
        ),
    )
}

/// The text, made safe for HTML.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A page, or a part of one, with the policy that holds for all.
pub(crate) fn page(kind: &'static str, text: impl IntoResponse) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, text).into_response()
}
