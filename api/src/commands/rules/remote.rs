//! The server's rules, over its REST API.

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
    pub id: String,
    pub rule: Rule,
}

#[derive(Deserialize)]
struct Page {
    items: Vec<Stored>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Verdict {
    ok: bool,
    problems: Vec<trackside_rules::Problem>,
}

#[derive(Deserialize)]
struct Problem {
    detail: String,
    #[serde(default)]
    errors: Vec<Wrong>,
}

#[derive(Deserialize)]
struct Wrong {
    message: String,
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
    pub async fn list(&self) -> Result<Vec<Stored>, Failed> {
        let (mut rules, mut cursor) = (Vec::new(), None);
        loop {
            let after = cursor.map(|cursor: String| format!("&cursor={cursor}")).unwrap_or_default();
            let page: Page = self.ask(Method::GET, &format!("rules?limit=200{after}"), None).await?;
            rules.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(rules);
            }
        }
    }

    /// What the server would refuse a rule for.
    pub async fn problems(&self, rule: &Rule) -> Result<Vec<trackside_rules::Problem>, Failed> {
        let verdict: Verdict = self.ask(Method::POST, "rules/check", Some(rule)).await?;
        Ok(if verdict.ok { Vec::new() } else { verdict.problems })
    }

    /// Saves a new rule; its id.
    pub async fn create(&self, rule: &Rule) -> Result<String, Failed> {
        let stored: Stored = self.ask(Method::POST, "rules", Some(rule)).await?;
        Ok(stored.id)
    }

    /// Saves a new version.
    pub async fn replace(&self, id: &str, rule: &Rule) -> Result<(), Failed> {
        self.ask::<Value>(Method::PUT, &format!("rules/{id}"), Some(rule)).await.map(drop)
    }

    /// Enables a rule.
    pub async fn enable(&self, id: &str) -> Result<(), Failed> {
        self.ask::<Value>(Method::POST, &format!("rules/{id}/enable"), None).await.map(drop)
    }

    /// Deletes a rule.
    pub async fn delete(&self, id: &str) -> Result<(), Failed> {
        self.ask::<Value>(Method::DELETE, &format!("rules/{id}"), None).await.map(drop)
    }

    async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str, rule: Option<&Rule>) -> Result<T, Failed> {
        let url = self.base.join(path).map_err(|error| Failed::Other(error.to_string()))?;
        let about = format!("{method} {url}");
        let mut request = Request::new(method, url, TIMEOUT);
        request.headers = self.headers.clone();
        request.max_body = LARGEST;
        if let Some(rule) = rule {
            let body = serde_json::to_vec(rule).map_err(|error| Failed::Other(error.to_string()))?;
            request.body = Bytes::from(body);
            request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let answer = self.egress.send(request).await.map_err(|error| Failed::Other(format!("{about}: {error}")))?;
        if answer.status.is_success() {
            let body: &[u8] = if answer.body.is_empty() { b"null" } else { &answer.body };
            return serde_json::from_slice(body)
                .map_err(|error| Failed::Other(format!("{about}: no answer of Trackside: {error}")));
        }
        let told = match serde_json::from_slice::<Problem>(&answer.body) {
            Ok(problem) if problem.errors.is_empty() => problem.detail,
            Ok(problem) => {
                problem.errors.iter().fold(problem.detail, |all, wrong| format!("{all}\n  {}", wrong.message))
            }
            Err(_) => format!("answered {}", answer.status),
        };
        Err(Failed::Other(format!("{about}: {told}")))
    }
}
