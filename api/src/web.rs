//! The web app: what `web/` was built into lies in the program, each file also compressed, and is handed out here. Whatever
//! no other route wants is one of its files, or one of its pages, which are all the same document.

use std::borrow::Cow;

use axum::extract::Request;
use axum::http::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, REFERRER_POLICY, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::{observe, pages};

/// Debug builds read the folder as it is when they are asked, so that the app can be built anew beside a running server.
#[derive(RustEmbed)]
#[folder = "../web/dist"]
#[allow_missing = true]
struct Dist;

const DOCUMENT: &str = "index.html";

/// Scripts come from this server only. Styles are also set by the libraries of the app, in the page itself.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; \
     object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

/// What the interface and the sockets have for themselves: nothing below is a page.
const NOT_OURS: &[&str] = &["/api/", "/hooks/", "/ws/", "/pages/", "/assets/"];

/// Answers whatever no other route wants.
pub(crate) async fn serve(request: Request) -> Response {
    let (method, path) = (request.method(), request.uri().path());
    if method != Method::GET && method != Method::HEAD {
        return observe::not_found(request).await.into_response();
    }
    let name = path.trim_start_matches('/');
    if let Some(found) = file(name, request.headers()) {
        return found;
    }
    let wants = path == "/" || wants_page(request.headers());
    if !wants || NOT_OURS.iter().any(|begin| path.starts_with(begin)) {
        return observe::not_found(request).await.into_response();
    }
    file(DOCUMENT, request.headers()).unwrap_or_else(|| {
        let says =
            ["This Trackside was built without its web app. Build it with `make run`, or go on by the interface."];
        pages::note("en", &says.map(str::to_owned), "<p><a href=\"/api/docs\">/api/docs</a></p>")
    })
}

fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|kinds| kinds.contains("text/html"))
}

/// One file, compressed in the best way that the client reads; nothing where there is none of this name.
fn file(name: &str, headers: &HeaderMap) -> Option<Response> {
    let accepts = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let reads =
        |coding: &str| accepts.split(',').any(|one| one.split(';').next().is_some_and(|one| one.trim() == coding));
    let packed = [("br", "br"), ("gzip", "gz")]
        .into_iter()
        .filter(|(coding, _)| reads(coding))
        .find_map(|(coding, ending)| Some((Some(coding), Dist::get(&format!("{name}.{ending}"))?)));
    let (coding, found) = packed.or_else(|| Some((None, Dist::get(name)?)))?;
    let tag = tag(&found, coding);
    // Names of assets have a digest of what is in them, so they never change.
    let keep = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut headers_out = HeaderMap::from_iter([
        (CONTENT_TYPE, HeaderValue::from_static(kind(name))),
        (CACHE_CONTROL, HeaderValue::from_static(keep)),
        (VARY, HeaderValue::from_static("accept-encoding")),
    ]);
    // They bind pages and workers. A page asks for dozens of scripts, and would wait as long for their headers as for themselves.
    if !name.starts_with("assets/") {
        headers_out.extend([
            (CONTENT_SECURITY_POLICY, POLICY),
            (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
            // The microphone is for dictating a task, the place for checking in; both ask first.
            (
                HeaderName::from_static("permissions-policy"),
                HeaderValue::from_static("camera=(self), microphone=(self), geolocation=(self)"),
            ),
            (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
        ]);
    }
    if let Some(coding) = coding {
        headers_out.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    let known = headers.get(IF_NONE_MATCH).is_some_and(|seen| *seen == tag);
    headers_out.insert(ETAG, tag);
    if known {
        return Some((StatusCode::NOT_MODIFIED, headers_out).into_response());
    }
    let body = match found.data {
        Cow::Borrowed(bytes) => bytes.into_response(),
        Cow::Owned(bytes) => bytes.into_response(),
    };
    Some((headers_out, body.into_body()).into_response())
}

/// The version of a file: each way of compressing it is another.
fn tag(file: &EmbeddedFile, coding: Option<&str>) -> HeaderValue {
    let digest: String = file.metadata.sha256_hash().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let text = format!("\"{digest}{}\"", coding.unwrap_or_default());
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
