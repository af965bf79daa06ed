//! `github.create_issue`: one issue, and only one however often the step is retried.
//!
//! GitHub knows no idempotency keys, so the issue carries ours as an HTML comment at the end of its body, which
//! readers do not see. From the second attempt on, the newest issues are searched for it before another is made.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trackside_engine::actions::external::{Call, External, Failure};
use trackside_engine::actions::{Effect, OUTSIDE};

use crate::egress::Egress;

/// Issues looked through for what an earlier attempt has made: pages of a hundred, newest first. A busier repository
/// than 300 issues and pull requests between two attempts can get a second issue.
const SEARCH_PAGES: u32 = 3;
const PER_PAGE: usize = 100;

/// Creates the issue.
pub struct CreateIssue {
    egress: Egress,
}

impl CreateIssue {
    /// The action over this way out.
    pub fn new(egress: &Egress) -> Self {
        CreateIssue { egress: egress.clone() }
    }
}

/// The issue.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// `owner/name`.
    pub repository: String,
    /// The title.
    #[schemars(length(min = 1))]
    pub title: String,
    /// The text, in GitHub's Markdown.
    #[serde(default)]
    pub body: Option<String>,
    /// Names of labels. Dropped by GitHub when the token may not set them.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Logins. Dropped by GitHub when the token may not set them.
    #[serde(default)]
    pub assignees: Vec<String>,
    /// The name of the GitHub connection; the workspace's own when left out.
    #[serde(default)]
    pub connection: Option<String>,
}

/// The issue as GitHub has it.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct Output {
    /// Its number within the repository.
    pub number: u64,
    /// Its id within GitHub.
    pub id: u64,
    /// Its page.
    #[serde(rename(deserialize = "html_url"))]
    pub url: String,
}

#[derive(Serialize)]
struct NewIssue<'a> {
    title: &'a str,
    body: String,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    labels: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    assignees: &'a [String],
}

#[derive(Serialize)]
struct Newest {
    state: &'static str,
    sort: &'static str,
    direction: &'static str,
    per_page: usize,
    page: u32,
}

#[derive(Deserialize)]
struct Found {
    body: Option<String>,
    #[serde(flatten)]
    issue: Output,
}

impl External for CreateIssue {
    const NAME: &'static str = "github.create_issue";
    const SUMMARY: &'static str = "Creates an issue in a GitHub repository.";
    const EFFECT: Effect = Effect { reads: &[], writes: &["github.issue"], undo: OUTSIDE };
    type Input = Input;
    type Output = Output;

    async fn perform(&self, call: &Call, input: Input) -> Result<Output, Failure> {
        let (owner, name) = repository(&input.repository)?;
        if input.title.trim().is_empty() {
            return Err(at("/title", "an issue needs a title"));
        }
        let connection = call.connection("github", input.connection.as_deref()).await?;
        let client = super::client(&self.egress, call, &connection)?;
        let route = format!("/repos/{owner}/{name}/issues");
        let marker = marker(&call.idempotency_key);
        let attempt = async {
            if call.attempt > 1
                && let Some(made) = find(&client, &route, &marker).await?
            {
                return Ok(made);
            }
            let body = match input.body.as_deref() {
                None | Some("") => marker,
                Some(text) => format!("{text}\n\n{marker}"),
            };
            let issue = NewIssue { title: &input.title, body, labels: &input.labels, assignees: &input.assignees };
            let made: octocrab::Result<Output> = client.post(&route, Some(&issue)).await;
            made.map_err(|error| super::failure(format_args!("did not create the issue in {owner}/{name}"), error))
        };
        // Several requests, one time limit.
        match tokio::time::timeout(call.timeout, attempt).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failure::unknown(format!("GitHub did not answer within {} ms", call.timeout.as_millis()))),
        }
    }
}

/// What an earlier attempt of the same step has made.
async fn find(client: &octocrab::Octocrab, route: &str, marker: &str) -> Result<Option<Output>, Failure> {
    for page in 1..=SEARCH_PAGES {
        let newest = Newest { state: "all", sort: "created", direction: "desc", per_page: PER_PAGE, page };
        let found: octocrab::Result<Vec<Found>> = client.get(route, Some(&newest)).await;
        // Nothing has been sent yet that could take effect, so an unknown outcome of the search is only a retry.
        let found = found.map_err(|error| match super::failure("could not list issues", error) {
            Failure::Unknown { error } => Failure::retryable(error),
            other => other,
        })?;
        let last = found.len() < PER_PAGE;
        let ours = found.into_iter().find(|one| one.body.as_deref().is_some_and(|body| body.contains(marker)));
        if ours.is_some() || last {
            return Ok(ours.map(|one| one.issue));
        }
    }
    Ok(None)
}

/// A comment that Markdown does not show. The key must not be able to end it.
fn marker(key: &str) -> String {
    let key: String = key.chars().map(|c| if matches!(c, '<' | '>') || c.is_control() { '_' } else { c }).collect();
    format!("<!-- trackside:{key} -->")
}

/// Owner and name, with nothing in them that could lead to another path.
fn repository(text: &str) -> Result<(&str, &str), Failure> {
    let fits = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && part.len() <= 100
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    match text.split_once('/') {
        Some((owner, name)) if fits(owner) && fits(name) => Ok((owner, name)),
        _ => Err(at("/repository", "write it as owner/name, as in octocat/hello-world")),
    }
}

fn at(pointer: &str, error: &str) -> Failure {
    Failure::permanent(format!("wrong input for github.create_issue at `{pointer}`: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_cannot_lead_elsewhere() {
        for good in ["octocat/hello-world", "a/b", "A_1/x.y-z"] {
            assert!(repository(good).is_ok(), "{good}");
        }
        for bad in ["", "octocat", "/x", "a/", "a/b/c", "../user", "a/..", "a/b?x", "a/b#", "a/%2e", "a b/c", "ä/b"] {
            assert!(matches!(repository(bad), Err(Failure::Permanent { .. })), "{bad}");
        }
    }

    #[test]
    fn a_key_cannot_end_its_marker() {
        assert_eq!(marker("run_1/step --> x"), "<!-- trackside:run_1/step --_ x -->");
    }
}
