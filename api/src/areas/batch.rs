//! `/tasks/batch`.

use aide::axum::ApiRouter;
use aide::axum::routing::post_with;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use trackside_engine::tasks::batch::{self, Done, MAX_OPERATIONS, Operation};
use trackside_engine::{Cx, Error};

use crate::answer::{Answer, Result};
use crate::app::App;
use crate::extract::{Auth, Json, Request, read_value};
use crate::openapi::doc_with;
use crate::problem::{Problem, ProblemBody};

pub(super) fn routes() -> ApiRouter<App> {
    let example = json!({ "atomic": true, "operations": [
        { "op": "create", "project": "WEB", "task": { "title": "Write the notes" } },
        { "op": "update", "task": "WEB-1", "version": 1, "patch": { "status": "in_progress" } },
        { "op": "comment", "task": "WEB-1", "body": "Begun." },
    ] });
    let about =
        doc_with("batchTasks", "Do up to 1,000 operations on tasks, each for itself or all or nothing", example);
    ApiRouter::new().api_route("/tasks/batch", post_with(run, about))
}

/// Many operations.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Batch {
    /// 1 to 1,000 operations, done in this order.
    #[schemars(with = "Vec<Operation>", length(min = 1, max = 1000))]
    operations: Vec<Value>,
    /// Whether all are done or none: then the first that fails refuses the request, and its place is named. When left
    /// out, each is done for itself.
    #[serde(default)]
    atomic: bool,
}

/// What became of each operation.
#[derive(Debug, Serialize, JsonSchema)]
struct Outcomes {
    /// In the order of the operations.
    outcomes: Vec<Outcome>,
    /// How many succeeded.
    succeeded: usize,
    /// How many failed.
    failed: usize,
}

/// What became of one operation.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct Outcome {
    /// The status that the operation alone would have been answered with.
    status: u16,
    /// The id of the task, or of the comment that was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// The key of the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// The version of the task from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
    /// Why it failed; its pointers lead into the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<ProblemBody<'static>>")]
    problem: Option<Value>,
}

impl From<Done> for Outcome {
    fn from(done: Done) -> Self {
        let task = |status, id: String, key, version| Self {
            status,
            id: Some(id),
            key: Some(key),
            version: Some(version),
            problem: None,
        };
        match done {
            Done::Created(id, key, version) => task(201, id.to_string(), key, version),
            Done::Updated(id, key, version) => task(200, id.to_string(), key, version),
            Done::Deleted => Self { status: 204, ..Self::default() },
            Done::Commented(id) => Self { status: 201, id: Some(id.to_string()), ..Self::default() },
        }
    }
}

async fn run(
    State(app): State<App>,
    Auth(cx): Auth,
    request: Request,
    Json(Batch { operations, atomic }): Json<Batch>,
) -> Result<Answer<Outcomes>> {
    if !(1..=MAX_OPERATIONS).contains(&operations.len()) {
        return Err(Error::field("/operations", format!("must be 1 to {MAX_OPERATIONS} operations")).into());
    }
    let read = operations.into_iter().map(read_operation).enumerate();
    let read = read.map(|(at, one)| one.map_err(|error| at_place(error, at)));
    let outcomes: Vec<Outcome> = if atomic {
        let done = batch::all(&app.db, &cx, read.collect::<Result<_, _>>()?).await;
        done.map_err(|(at, error)| at_place(error, at))?.into_iter().map(Outcome::from).collect()
    } else {
        let outcomes = each(&app, &cx, read.collect()).await;
        outcomes.into_iter().map(|one| one.map_or_else(|error| failed(error, &request), Outcome::from)).collect()
    };
    let failed = outcomes.iter().filter(|outcome| outcome.problem.is_some()).count();
    Ok(Answer::new(Outcomes { succeeded: outcomes.len() - failed, outcomes, failed }))
}

/// Does what could be read, each for itself, and puts what became of it back in its place.
async fn each(app: &App, cx: &Cx, read: Vec<Result<Operation, Error>>) -> Vec<Result<Done, Error>> {
    let good = read.iter().filter_map(|one| one.as_ref().ok().cloned()).collect();
    let mut done = batch::each(&app.db, cx, good).await.into_iter();
    let missing = || Err(Error::internal("the outcome of an operation is missing"));
    let told = read
        .into_iter()
        .enumerate()
        .map(|(at, one)| one.and_then(|_| done.next().unwrap_or_else(missing).map_err(|error| at_place(error, at))));
    told.collect()
}

/// `{"op": "create", …}` as the operation it is.
fn read_operation(value: Value) -> Result<Operation, Error> {
    let Value::Object(mut fields) = value else {
        return Err(Error::field("", "must be an object such as {\"op\": \"delete\", \"task\": \"WEB-1\"}"));
    };
    match fields.shift_remove("op") {
        Some(Value::String(kind)) if Operation::KINDS.contains(&kind.as_str()) => read_value(json!({ kind: fields })),
        Some(_) => Err(Error::field("/op", format!("must be one of {}", Operation::KINDS.join(", ")))),
        None => Err(Error::field("/op", "is missing")),
    }
}

fn at_place(error: Error, at: usize) -> Error {
    error.under(&format!("/operations/{at}"))
}

fn failed(error: Error, request: &Request) -> Outcome {
    let problem = Problem::from(error);
    problem.log(&request.id);
    Outcome { status: problem.status().as_u16(), problem: Some(problem.value()), ..Outcome::default() }
}
