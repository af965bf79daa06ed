//! The server's rules, over its REST API.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Method};
use bytes::Bytes;
use ipnet::IpNet;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use trackside_rules::Rule;
use trackside_workers::egress::{Egress, Policy, Request};
use url::Url;

use super::Failed;
use super::variables::Placed;
use crate::config::BadConfig;

const TIMEOUT: Duration = Duration::from_secs(60);
/// A page of 200 rules at their largest.
const LARGEST: usize = 64 * 1024 * 1024;

/// A server, and who asks it.
pub struct Remote {
    egress: Egress,
    base: Url,
    headers: HeaderMap,
}

/// A rule of the server.
#[derive(Deserialize)]
pub struct Stored {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: i64,
    /// The rule.
    pub rule: Rule,
    state: String,
}

impl Stored {
    /// Whether it is listened to.
    pub fn is_on(&self) -> bool {
        matches!(self.state.as_str(), "enabled" | "shadow")
    }
}

/// What the server refused, and why: pointers into the request, with words.
pub struct Refused {
    /// In one sentence.
    pub detail: String,
    /// Part by part.
    pub errors: Vec<(String, String)>,
}

/// A variable or a secret, as it is listed.
#[derive(Deserialize)]
struct Setting {
    name: String,
    #[serde(default)]
    value: Value,
    project_key: Option<String>,
}

#[derive(Deserialize)]
struct Page<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Problem {
    detail: String,
    #[serde(default)]
    errors: Vec<Wrong>,
}

#[derive(Deserialize)]
struct Wrong {
    #[serde(default)]
    pointer: String,
    message: String,
}

/// An answer that is none of the wanted ones.
struct Bad {
    status: u16,
    told: String,
    problem: Option<Problem>,
}

impl Remote {
    /// The server at `url`. Whoever runs the command chose the address, so every one may be reached.
    pub fn new(url: &str, token: Option<String>) -> Result<Self, Failed> {
        let wrong = |what| Failed::Config(BadConfig(what));
        let token =
            token.ok_or_else(|| wrong("set TRACKSIDE_TOKEN to a personal token (POST /api/v1/tokens)".into()))?;
        let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|_| wrong("TRACKSIDE_TOKEN holds characters that no token has".into()))?;
        value.set_sensitive(true);
        let everywhere = ["0.0.0.0/0", "::/0"].iter().filter_map(|range| range.parse::<IpNet>().ok()).collect();
        let egress = Egress::new(Policy { allow: everywhere }).map_err(|error| Failed::Other(error.to_string()))?;
        let base = format!("{}/api/v1/", url.trim_end_matches('/'));
        let base = Url::parse(&base).map_err(|error| wrong(format!("--url: `{url}` is no address: {error}")))?;
        Ok(Self { egress, base, headers: HeaderMap::from_iter([(AUTHORIZATION, value)]) })
    }

    /// Every rule.
    ///
    /// # Errors
    /// When the server does not answer, or refuses to.
    pub async fn list(&self) -> Result<Vec<Stored>, Failed> {
        self.all("rules").await
    }

    /// Every variable with its value.
    ///
    /// # Errors
    /// As [`Remote::list`].
    pub async fn variables(&self) -> Result<BTreeMap<Placed, Value>, Failed> {
        let all: Vec<Setting> = self.all("variables").await?;
        Ok(all.into_iter().map(|it| ((it.project_key, it.name), it.value)).collect())
    }

    /// The name of every secret.
    ///
    /// # Errors
    /// As [`Remote::list`].
    pub async fn secrets(&self) -> Result<BTreeSet<Placed>, Failed> {
        let all: Vec<Setting> = self.all("secrets").await?;
        Ok(all.into_iter().map(|it| (it.project_key, it.name)).collect())
    }

    /// Changes all that is asked for, or nothing.
    ///
    /// # Errors
    /// When the server does not answer, or who asks may not; what it refuses for what is asked is told apart.
    pub async fn apply(&self, changes: &Value) -> Result<Result<(), Refused>, Failed> {
        match self.ask::<Value>(Method::POST, "rules/apply", Some(changes)).await? {
            Ok(_) => Ok(Ok(())),
            Err(Bad { status: 400 | 404 | 409 | 412 | 422, problem: Some(problem), .. }) => {
                let errors = problem.errors.into_iter().map(|wrong| (wrong.pointer, wrong.message)).collect::<Vec<_>>();
                let errors = if errors.is_empty() { vec![(String::new(), problem.detail.clone())] } else { errors };
                Ok(Err(Refused { detail: problem.detail, errors }))
            }
            Err(bad) => Err(Failed::Use(bad.told)),
        }
    }

    /// A list, page by page.
    async fn all<T: DeserializeOwned>(&self, what: &str) -> Result<Vec<T>, Failed> {
        let (mut all, mut cursor) = (Vec::new(), None);
        loop {
            let after = cursor.map(|cursor: String| format!("&cursor={cursor}")).unwrap_or_default();
            let page = self.ask::<Page<T>>(Method::GET, &format!("{what}?limit=200{after}"), None).await?;
            let page = page.map_err(|bad| Failed::Use(bad.told))?;
            all.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(all);
            }
        }
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Result<T, Bad>, Failed> {
        let url = self.base.join(path).map_err(|error| Failed::Other(error.to_string()))?;
        let about = format!("{method} {url}");
        let mut request = Request::new(method, url, TIMEOUT);
        request.headers = self.headers.clone();
        request.max_body = LARGEST;
        if let Some(body) = body {
            request.body = Bytes::from(body.to_string());
            request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let answer = self.egress.send(request).await.map_err(|error| Failed::Use(format!("{about}: {error}")))?;
        if answer.status.is_success() {
            let read = serde_json::from_slice(&answer.body);
            return read
                .map(Ok)
                .map_err(|error| Failed::Use(format!("{about}: this is no answer of Trackside: {error}")));
        }
        let problem = serde_json::from_slice::<Problem>(&answer.body).ok();
        let said =
            problem.as_ref().map_or_else(|| format!("answered {}", answer.status), |problem| problem.detail.clone());
        Ok(Err(Bad { status: answer.status.as_u16(), told: format!("{about}: {said}"), problem }))
    }
}
