//! Which other sites' pages may read answers: those that the operator lists, as <https://fetch.spec.whatwg.org/#http-cors-protocol>
//! has it. A token travels in a header that a page must hold, never in a cookie, so that credentials are not allowed.

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;

/// How long a browser need not ask again, in seconds: a site that is taken off the list is refused everywhere after it.
const MAX_AGE: HeaderValue = HeaderValue::from_static("3600");
/// The most sites.
const MOST: usize = 100;
/// What a page may do.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
/// Every header that a request may bring and that means something here.
const ASKED: &str = "accept, accept-language, authorization, content-type, idempotency-key, if-match, if-none-match, \
                     if-range, last-event-id, range, traceparent, x-request-id";
/// Every header of an answer that a page may want to read, besides those that it always may.
const TOLD: &str = "accept-ranges, allow, content-disposition, content-range, etag, idempotency-replayed, link, \
                    location, ratelimit, ratelimit-policy, retry-after, www-authenticate, x-request-id";

/// The layer, where any site is listed. Others are answered as ever: it is their browser that keeps the answer from
/// the page when nothing here says otherwise.
pub async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    let site = request.headers().get(ORIGIN).filter(|site| app.cors_origins.contains(site)).cloned();
    // A browser that asks beforehand; such a question has no token, and is none of the routes' business.
    let beforehand =
        request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match beforehand {
        true => StatusCode::NO_CONTENT.into_response(),
        false => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("origin"));
    let Some(site) = site else { return response };
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, site);
    if beforehand {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ASKED));
        headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    } else {
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(TOLD));
    }
    response
}

/// Reads the list of sites. `*` is no list: on an internal network it would lend every page that somebody there looks
/// at the reach of their browser.
pub fn origins(text: &str) -> Result<Vec<HeaderValue>, String> {
    let parts: Vec<&str> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.len() > MOST {
        return Err(format!("lists {} sites; {MOST} are possible", parts.len()));
    }
    parts.into_iter().map(origin).collect()
}

fn origin(part: &str) -> Result<HeaderValue, String> {
    if part.contains('*') || part == "null" {
        return Err(format!("has `{part}`; list each site by its origin, such as https://app.example.org"));
    }
    let wrong =
        || format!("has `{part}`, which is no origin such as https://app.example.org: scheme, host and port alone");
    let url = url::Url::parse(part).map_err(|_| wrong())?;
    let alone = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let anonymous = url.username().is_empty() && url.password().is_none();
    if !matches!(url.scheme(), "http" | "https") || !alone || !anonymous {
        return Err(wrong());
    }
    // As browsers write it: in lower case, without a usual port and a slash.
    HeaderValue::from_str(&url.origin().ascii_serialization()).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_read_as_browsers_write_them_and_nothing_else_is() {
        let read = origins("https://App.Example.org:443/, http://localhost:5173").unwrap();
        assert_eq!(read, ["https://app.example.org", "http://localhost:5173"]);
        for bad in [
            "*",
            "https://*.example.org",
            "null",
            "app.example.org",
            "https://a.example/x",
            "https://a:b@c.example",
            "file:///x",
            "https://a.example?b",
        ] {
            assert!(origins(bad).unwrap_err().contains(bad), "{bad}");
        }
    }

    #[test]
    fn whatever_header_a_route_documents_a_page_may_send() {
        let document: serde_json::Value = serde_json::from_str(&crate::openapi::json()).unwrap();
        let mut stack = vec![&document];
        let mut found = 0;
        while let Some(value) = stack.pop() {
            match value {
                serde_json::Value::Array(items) => stack.extend(items),
                serde_json::Value::Object(fields) => {
                    if fields.get("in").is_some_and(|place| place == "header") {
                        let name = fields["name"].as_str().unwrap();
                        assert!(
                            ASKED.split(", ").any(|known| known == name.to_lowercase()),
                            "{name} is not in cors::ASKED"
                        );
                        found += 1;
                    }
                    stack.extend(fields.values());
                }
                _ => {}
            }
        }
        assert!(found > 3);
    }
}
