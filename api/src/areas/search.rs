//! `/search`.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;
use trackside_engine::Error;
use trackside_engine::access::TaskView;
use trackside_engine::paging::PageRequest;
use trackside_engine::search::{Found, SearchQuery, Terms, service};

use crate::answer::{Answer, Result};
use crate::app::App;
use crate::extract::{Auth, Query};
use crate::openapi::doc;

/// The most projects that one search names.
const MAX_PROJECTS: usize = 100;

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route("/search", get_with(search, doc("search", "Search tasks and comments, the best match first")))
}

/// What to search for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Params {
    /// Words that must all be there, `"phrases"` in quotes, or a task's key; at most 500 characters. The last word may go
    /// on.
    q: String,
    /// `task`, `comment`, or both parted by a comma; both when left out.
    #[serde(rename = "type")]
    kinds: Option<String>,
    /// Ids or keys of projects, parted by commas.
    project: Option<String>,
    /// 1 to 200 items; 25 when left out.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Whether to count what is found, of each type and in each project, which takes longer.
    #[serde(default)]
    total: bool,
}

async fn search(State(app): State<App>, Auth(cx): Auth, Query(params): Query<Params>) -> Result<Answer<Found>> {
    let may = cx.actor.may_somewhere::<TaskView>()?;
    let query = SearchQuery {
        terms: Terms::parse("q", &params.q)?,
        types: params.kinds.as_deref().map(|text| list("type", text)).transpose()?.unwrap_or_default(),
        projects: params.project.as_deref().map(|text| list("project", text)).transpose()?,
        page: PageRequest { limit: params.limit, cursor: params.cursor },
        total: params.total,
    };
    let mut rx = app.db.read().await?;
    Ok(Answer::new(service::search(&mut rx, &may, &query).await?))
}

fn list<T: std::str::FromStr<Err: std::fmt::Display>>(name: &str, text: &str) -> Result<Vec<T>> {
    let invalid = |what: String| Error::invalid("invalid_parameter", format!("`{name}` {what}"));
    if text.contains('\0') {
        return Err(invalid("must not contain the character U+0000".into()).into());
    }
    let values = text.split(',').map(|value| {
        value
            .parse()
            .map_err(|error| invalid(format!("cannot be `{}`: {error}", value.chars().take(64).collect::<String>())))
    });
    let values = values.collect::<Result<Vec<T>, Error>>()?;
    if values.len() > MAX_PROJECTS {
        return Err(invalid(format!("has more than {MAX_PROJECTS} values")).into());
    }
    Ok(values)
}
