//! `/events`: the log, page by page, by long poll, or as a stream of server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::time::Instant;
use trackside_engine::access::{EventView, Granted, ProjectView, Reach, TaskView};
use trackside_engine::db::Signal;
use trackside_engine::events::browse::{self, Begin, Filter};
use trackside_engine::events::{Event, Stretch, service};
use trackside_engine::handle::Handle;
use trackside_engine::ids::{EventId, Id};
use trackside_engine::paging::{DEFAULT_LIMIT, MAX_LIMIT, Page};
use trackside_engine::{Cx, Error, projects, tasks};

use crate::answer::{Answer, Result};
use crate::app::App;
use crate::extract::{At, Auth, Bearer, Query};
use crate::openapi::doc;
use crate::standing::Standing;

/// The longest wait of a long poll; proxies commonly cut at 60 seconds.
const LONGEST_WAIT: u64 = 30;
/// How often a stream asks whether its reader may still read.
const ASK_AGAIN: Duration = Duration::from_secs(15);
/// How long to wait for a word before looking anyway.
const LOOK: Duration = Duration::from_secs(5);

pub(super) fn routes() -> ApiRouter<App> {
    ApiRouter::new()
        .api_route(
            "/events",
            get_with(list, |op| {
                doc("listEvents", "Read the log, oldest first, or newest first with `before`; a stream with `Accept: text/event-stream`")(op)
                    .response::<200, Answer<Page<Event>>>()
            }),
        )
        .api_route("/events/{id}", get_with(find, doc("getEvent", "Get an event")))
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// Only events behind this position: `next_cursor` of the page before. From the beginning when left out; `latest`
    /// begins with what happens from now on.
    after: Option<String>,
    /// Instead of `after`: the newest first, from before this position on; `latest` begins with the last one.
    before: Option<String>,
    /// Only events of these kinds, separated by commas; `task.*` stands for all of tasks.
    kind: Option<String>,
    /// Only what happened in this project, by its id or key.
    project: Option<String>,
    /// Only events about this task, by its id or key.
    task: Option<String>,
    /// 1 to 200 events; 25 when left out.
    limit: Option<i64>,
    /// Wait up to so many seconds (at most 30) for the first event when there is none.
    wait: Option<u64>,
}

async fn list(
    State(app): State<App>,
    Auth(cx): Auth,
    token: Bearer,
    Query(query): Query<ListQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    let may = cx.actor.may_somewhere::<EventView>()?;
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Error::invalid("invalid_parameter", format!("`limit` must be 1 to {MAX_LIMIT}")).into());
    }
    let wants = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let stream = wants.contains("text/event-stream");
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()).filter(|_| stream);
    let filter = filter(&app, &cx, &query).await?;
    if let Some(before) = query.before.as_deref() {
        if stream || query.after.is_some() || query.wait.is_some() {
            let detail = "`before` reads backwards: leave out `after`, `wait` and `Accept: text/event-stream`";
            return Err(Error::invalid("invalid_parameter", detail).into());
        }
        return back(&app, &may, &filter, before, limit).await;
    }
    let after = position(&app, last.or(query.after.as_deref())).await?;
    let standing = Standing::of(&app, &cx.actor);
    if stream {
        let ready = Vec::new().into_iter();
        let feed = Feed { app, cx, may, token, filter, position: after, ready, asked: Instant::now(), standing };
        return Ok(Sse::new(feed.stream())
            .keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
            .into_response());
    }
    let wait = Duration::from_secs(query.wait.unwrap_or(0).min(LONGEST_WAIT));
    let Stretch { mut events, position } = poll(&app, &may, &filter, after, limit, wait).await?;
    if standing.has_ended() {
        // Perhaps this one's rights changed while it waited.
        let may = app.actor(&token.0).await?.may_somewhere::<EventView>()?;
        events.retain(|event| event.seen_by(may.resource().actor()));
    }
    // A log goes on: there is always a place to ask from next, also when nothing came.
    let page = Page { items: events, next_cursor: Some(position.to_string()), total: None };
    Ok(Answer::<_, 200>::new(page).into_response())
}

/// Which events are asked for. What may not be seen is not there.
async fn filter(app: &App, cx: &Cx, query: &ListQuery) -> Result<Filter> {
    let mut rx = app.db.read().await?;
    let project = match &query.project {
        Some(project) => {
            let found = projects::service::find(&mut rx, cx.actor.workspace, &handle("project", project)?).await?;
            Some(cx.actor.may::<ProjectView, _>(found)?.resource().id)
        }
        None => None,
    };
    let task = match &query.task {
        Some(task) => {
            let may = cx.actor.may_somewhere::<TaskView>()?;
            Some(tasks::service::find(&mut rx, &may, &handle("task", task)?).await?.id)
        }
        None => None,
    };
    Ok(Filter::new(query.kind.as_deref(), project, task)?)
}

fn handle<I: Id>(name: &str, text: &str) -> Result<Handle<I>> {
    let unreadable = |_| Error::invalid("invalid_parameter", format!("`{name}` must be an id or a key"));
    Ok(text.parse().map_err(unreadable)?)
}

/// A page backwards; nothing follows where the log begins.
async fn back(
    app: &App,
    may: &Granted<EventView, Reach>,
    filter: &Filter,
    before: &str,
    limit: i64,
) -> Result<Response> {
    let unreadable = || Error::invalid("invalid_parameter", "`before` must be the position of an event, or `latest`");
    let before = match before {
        "latest" => i64::MAX - 1,
        text => text.parse().ok().filter(|position| *position >= 0).ok_or_else(unreadable)?,
    };
    let found = browse::page(&mut *app.db.read().await?, may, filter, Begin::Before(before), limit).await?;
    let next_cursor = (found.position > 1).then(|| found.position.to_string());
    Ok(Answer::<_, 200>::new(Page { items: found.events, next_cursor, total: None }).into_response())
}

async fn position(app: &App, text: Option<&str>) -> Result<i64> {
    match text {
        None | Some("") => Ok(0),
        Some("latest") => Ok(service::head(&mut *app.db.read().await?).await?),
        Some(text) => {
            let unreadable =
                || Error::invalid("invalid_parameter", "`after` must be the position of an event, or `latest`");
            let position: i64 = text.parse().ok().filter(|position| *position >= 0).ok_or_else(unreadable)?;
            let head = service::head(&mut *app.db.read().await?).await?;
            if position <= head {
                return Ok(position);
            }
            // Whoever goes on from there would hear nothing until the log has caught up, and miss what it says until then.
            let detail = format!(
                "`after` is behind the end of the log, which is {head}: it is of another database, or of one that was restored since. Read again from the beginning"
            );
            Err(Error::invalid("invalid_parameter", detail).into())
        }
    }
}

/// The events behind a position; waits for the first if there is none.
async fn poll(
    app: &App,
    may: &Granted<EventView, Reach>,
    filter: &Filter,
    mut after: i64,
    limit: i64,
    wait: Duration,
) -> Result<Stretch> {
    let mut signal = app.db.signals().watch(Signal::Log);
    let until = Instant::now() + wait;
    loop {
        let mut rx = app.db.read().await?;
        let stretch = match filter.is_everything() {
            true => service::after(&mut rx, may, after, limit).await?,
            false => browse::page(&mut rx, may, filter, Begin::After(after), limit).await?,
        };
        drop(rx);
        let left = until.saturating_duration_since(Instant::now());
        if !stretch.events.is_empty() || left.is_zero() {
            return Ok(stretch);
        }
        // What may not be seen is not looked at again; and what a filter leaves out is looked through to the end.
        let more = stretch.position > after;
        after = stretch.position;
        if more {
            continue;
        }
        // Heard or not, the log is looked at again: a word from another node may be lost.
        let _ = tokio::time::timeout(left.min(LOOK), signal.changed()).await;
    }
}

async fn find(State(app): State<App>, Auth(cx): Auth, At(id): At<EventId>) -> Result<Answer<Event>> {
    let may = cx.actor.may_somewhere::<EventView>()?;
    let mut rx = app.db.read().await?;
    Ok(Answer::new(service::get(&mut rx, &may, id).await?))
}

/// What a stream has to go on with.
struct Feed {
    app: App,
    cx: Cx,
    may: Granted<EventView, Reach>,
    token: Bearer,
    filter: Filter,
    position: i64,
    ready: std::vec::IntoIter<Event>,
    asked: Instant,
    standing: Standing,
}

impl Feed {
    fn stream(self) -> impl Stream<Item = Result<Sent, Infallible>> {
        futures::stream::unfold(self, async |mut feed| {
            loop {
                let ask = feed.standing.has_ended() || feed.asked.elapsed() >= ASK_AGAIN;
                if ask && !feed.may_go_on().await {
                    return None;
                }
                if let Some(event) = feed.ready.next() {
                    feed.position = event.position;
                    return Some((Ok(sent(&event)), feed));
                }
                let found = tokio::select! {
                    found = poll(&feed.app, &feed.may, &feed.filter, feed.position, MAX_LIMIT, ASK_AGAIN) => found,
                    () = feed.standing.ended() => continue,
                };
                match found {
                    Ok(stretch) => {
                        // Behind the last that is sent nothing else can be seen.
                        if stretch.events.is_empty() {
                            feed.position = stretch.position;
                        }
                        feed.ready = stretch.events.into_iter();
                    }
                    // The reader connects again and goes on behind the last event it saw.
                    Err(_) => return None,
                }
            }
        })
    }

    /// Whether the token still stands for somebody who may read here; what they may see may have changed.
    async fn may_go_on(&mut self) -> bool {
        self.asked = Instant::now();
        self.standing.ask();
        let Ok(actor) = self.app.actor(&self.token.0).await else { return false };
        self.standing.holds(&actor);
        match actor.may_somewhere::<EventView>() {
            Ok(may) if actor.workspace == self.cx.actor.workspace => {
                self.may = may;
                // What is not sent yet was chosen by what held before: it is read again.
                self.ready = Vec::new().into_iter();
                true
            }
            Ok(_) | Err(_) => false,
        }
    }
}

fn sent(event: &Event) -> Sent {
    let data = serde_json::to_string(event).unwrap_or_default();
    Sent::default().id(event.position.to_string()).event(event.kind.clone()).data(data)
}
