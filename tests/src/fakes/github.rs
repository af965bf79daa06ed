//! GitHub's issues and comments.

use std::sync::Mutex;

use serde_json::{Value, json};

use super::schema::{Received, Recognised, Vendor};
use super::{Answer, Service, lock};

const NOW: &str = "2026-01-02T03:04:05Z";

/// A GitHub with one token and the repositories it may see.
pub struct Github {
    vendor: Vendor,
    token: String,
    repositories: Vec<String>,
    issues: Mutex<Vec<Issue>>,
}

#[derive(Clone)]
struct Issue {
    repository: String,
    shown: Value,
    comments: Vec<Value>,
}

impl Github {
    /// A GitHub that knows this token and these repositories (`owner/name`).
    pub fn new(token: &str, repositories: &[&str]) -> Self {
        Github {
            vendor: Vendor::read(include_str!("../../fixtures/vendor/github.json")),
            token: token.to_owned(),
            repositories: repositories.iter().map(|name| (*name).to_owned()).collect(),
            issues: Mutex::new(Vec::new()),
        }
    }

    /// The issues of a repository, oldest first, as the API shows them.
    pub fn issues(&self, repository: &str) -> Vec<Value> {
        let issues = lock(&self.issues);
        issues.iter().filter(|issue| issue.repository == repository).map(|issue| issue.shown.clone()).collect()
    }

    /// Adds issues other people have made.
    pub fn seed(&self, repository: &str, count: usize) {
        for n in 0..count {
            self.create(repository, &json!({ "title": format!("Seed {n}"), "body": null }));
        }
    }

    fn create(&self, repository: &str, asked: &Value) -> Answer {
        let mut issues = lock(&self.issues);
        let number = 1 + issues.iter().filter(|issue| issue.repository == repository).count();
        let url = format!("https://api.github.test/repos/{repository}/issues/{number}");
        let title = match &asked["title"] {
            Value::String(text) if text.trim().is_empty() => {
                return invalid(vec![json!({ "resource": "Issue", "field": "title", "code": "missing_field" })]);
            }
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let labels = asked["labels"].as_array().into_iter().flatten();
        let labels: Vec<Value> = labels
            .map(|label| json!({ "name": label.get("name").unwrap_or(label), "color": "ededed", "default": false }))
            .collect();
        let assignees = asked["assignees"].as_array().into_iter().flatten();
        let assignees: Vec<Value> = assignees.filter_map(Value::as_str).map(user).collect();
        let shown = json!({
            "id": 1_000_000 + issues.len(), "node_id": format!("I_{number}"), "number": number,
            "url": url, "repository_url": format!("https://api.github.test/repos/{repository}"),
            "labels_url": format!("{url}/labels{{/name}}"), "comments_url": format!("{url}/comments"),
            "events_url": format!("{url}/events"), "html_url": format!("https://github.test/{repository}/issues/{number}"),
            "state": "open", "state_reason": null, "title": title, "body": asked["body"], "user": user("trackside"),
            "labels": labels, "assignee": assignees.first(), "assignees": assignees, "milestone": null,
            "locked": false, "comments": 0, "closed_at": null, "created_at": NOW, "updated_at": NOW,
            "author_association": "OWNER",
        });
        issues.push(Issue { repository: repository.to_owned(), shown: shown.clone(), comments: Vec::new() });
        Answer::new(201, shown)
    }

    fn list(&self, repository: &str, received: &Received) -> Answer {
        let number =
            |name, default: usize| received.parameter(name).and_then(|text| text.parse().ok()).unwrap_or(default);
        let (per_page, page) = (number("per_page", 30).min(100), number("page", 1).max(1));
        let state = received.parameter("state").unwrap_or_else(|| "open".into());
        let mut found = self.issues(repository);
        found.retain(|issue| state == "all" || issue["state"] == state.as_str());
        if received.parameter("direction").as_deref() != Some("asc") {
            found.reverse();
        }
        Answer::new(200, found.into_iter().skip((page - 1) * per_page).take(per_page).collect())
    }

    fn comment(&self, repository: &str, number: &str, asked: Option<&Value>) -> Answer {
        let mut issues = lock(&self.issues);
        let found = issues.iter_mut().find(|issue| issue.repository == repository && is_number(&issue.shown, number));
        let Some(issue) = found else { return missing() };
        let Some(asked) = asked else { return Answer::new(200, Value::Array(issue.comments.clone())) };
        let id = issue.comments.len() + 1;
        let page = format!("{}#issuecomment-{id}", issue.shown["html_url"].as_str().unwrap_or_default());
        let comment = json!({
            "id": id, "node_id": format!("IC_{id}"), "url": format!("https://api.github.test/comments/{id}"),
            "html_url": page, "issue_url": issue.shown["url"], "body": asked["body"], "user": user("trackside"),
            "created_at": NOW, "updated_at": NOW, "author_association": "OWNER",
        });
        issue.comments.push(comment.clone());
        issue.shown["comments"] = json!(issue.comments.len());
        Answer::new(201, comment)
    }
}

impl Service for Github {
    fn vendor(&self) -> &Vendor {
        &self.vendor
    }

    fn perform(&self, request: &Recognised, received: &Received) -> Answer {
        if !received.headers.contains_key("user-agent") {
            return Answer::new(403, json!({ "message": "Request forbidden by administrative rules." }));
        }
        if received.bearer() != Some(self.token.as_str()) {
            return Answer::new(401, json!({ "message": "Bad credentials", "status": "401" }));
        }
        let repository = format!("{}/{}", request.path["owner"], request.path["repo"]);
        if !self.repositories.contains(&repository) {
            return missing();
        }
        match request.operation.as_str() {
            "issues/create" => self.create(&repository, &request.body),
            "issues/list-for-repo" => self.list(&repository, received),
            "issues/get" => {
                let number = &request.path["issue_number"];
                let found = self.issues(&repository).into_iter().find(|issue| is_number(issue, number));
                found.map_or_else(missing, |issue| Answer::new(200, issue))
            }
            "issues/create-comment" => self.comment(&repository, &request.path["issue_number"], Some(&request.body)),
            "issues/list-comments" => self.comment(&repository, &request.path["issue_number"], None),
            other => Answer::new(501, json!({ "message": format!("the fake does not play {other}") })),
        }
    }

    fn refusal(&self, problems: &[String]) -> Answer {
        invalid(problems.iter().map(|problem| json!({ "message": problem })).collect())
    }

    fn trouble(&self, status: u16) -> Answer {
        Answer::new(status, json!({ "message": "Server trouble", "documentation_url": "https://docs.github.com/rest" }))
    }
}

fn is_number(issue: &Value, number: &str) -> bool {
    issue["number"].as_u64() == number.parse().ok()
}

fn missing() -> Answer {
    Answer::new(404, json!({ "message": "Not Found", "status": "404" }))
}

fn invalid(errors: Vec<Value>) -> Answer {
    Answer::new(422, json!({ "message": "Validation Failed", "errors": errors }))
}

fn user(login: &str) -> Value {
    let url = format!("https://api.github.test/users/{login}");
    let part = |name: &str| format!("{url}/{name}");
    json!({
        "login": login, "id": 1, "node_id": "U_1", "avatar_url": part("avatar"), "gravatar_id": "", "url": url,
        "html_url": format!("https://github.test/{login}"), "followers_url": part("followers"),
        "following_url": part("following"), "gists_url": part("gists"), "starred_url": part("starred"),
        "subscriptions_url": part("subscriptions"), "organizations_url": part("orgs"), "repos_url": part("repos"),
        "events_url": part("events"), "received_events_url": part("received_events"), "type": "User", "site_admin": false,
    })
}
