//! One socket, from `hello` to its end.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message as Frame, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Path, State};
use axum::response::Response;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval, timeout};
use trackside_engine::access::{Actor, EventView, HookView, ProjectView, RuleView, RunView, TaskView};
use trackside_engine::db;
use trackside_engine::{Class, Error, Result, events, hooks, projects, rules, runs, tasks};

use super::hub::{self, Message, Seat};
use super::protocol::{FromClient, FromServer};
use crate::app::App;
use crate::extract::Address;
use crate::standing::Standing;

/// How long a new client may take to say who it is.
const HELLO: Duration = Duration::from_secs(10);
/// How long one write may take before the client counts as gone.
const WRITE: Duration = Duration::from_secs(10);
/// How often the server asks whether the client is there, and whether it may still be.
const BEAT: Duration = Duration::from_secs(20);
/// Without a word for so long, the client is gone.
const SILENCE: Duration = Duration::from_secs(65);
/// The largest message a client may send.
const MESSAGE_BYTES: usize = 64 * 1024;
/// How many topics one socket may listen to.
const TOPICS: usize = 200;
/// A client that missed more events than this reads the state anew instead.
const MISSED: i64 = 2_000;
/// The same for events that are few and large, in bytes.
const MISSED_BYTES: usize = 16 * 1024 * 1024;
/// How many events are read from the log at a time.
const PAGE: i64 = 500;

/// `GET /ws`: subscribes to nothing by itself.
pub async fn root(State(app): State<App>, from: Option<Address>, upgrade: WebSocketUpgrade) -> Response {
    open(app, from, upgrade, None)
}

/// `GET /ws/projects/{id}`: the same, with the subscription made.
pub async fn project(
    State(app): State<App>,
    from: Option<Address>,
    Path(id): Path<String>,
    upgrade: WebSocketUpgrade,
) -> Response {
    open(app, from, upgrade, Some(format!("project:{id}")))
}

/// `GET /ws/tasks/{id}`: the same, with the subscription made.
pub async fn task(
    State(app): State<App>,
    from: Option<Address>,
    Path(id): Path<String>,
    upgrade: WebSocketUpgrade,
) -> Response {
    open(app, from, upgrade, Some(format!("task:{id}")))
}

/// `GET /ws/notifications`: the same, for what concerns the signed-in person.
pub async fn notifications(State(app): State<App>, from: Option<Address>, upgrade: WebSocketUpgrade) -> Response {
    open(app, from, upgrade, Some("notifications".to_owned()))
}

fn open(app: App, from: Option<Address>, upgrade: WebSocketUpgrade, topic: Option<String>) -> Response {
    // A frame announces its length, so that too large a one is refused before it is read.
    upgrade.max_message_size(MESSAGE_BYTES).max_frame_size(MESSAGE_BYTES).on_upgrade(move |socket| async move {
        let (seat, messages, lags) = app.hub.clone().seat();
        let Some((socket, token, mut actor)) = hello(&app, socket).await else { return };
        actor.address = from.map(|Address(address)| address);
        let workspace = actor.workspace;
        let standing = Standing::of(&app, &actor);
        let session =
            Session { app, socket, token, actor, standing, seat, topics: HashMap::new(), names: HashMap::new() };
        // However it ends, the client is gone and its seat is given up; there is nobody left to tell.
        let _ = db::within(workspace, session.run(topic, messages, lags)).await;
    })
}

/// A socket is gone: written too slowly, closed, or broken.
struct Gone;

struct Session {
    app: App,
    socket: WebSocket,
    token: String,
    actor: Actor,
    standing: Standing,
    seat: Seat,
    /// The last position that was sent, by topic.
    topics: HashMap<Arc<str>, i64>,
    /// What the client called a topic by a key, and what it is.
    names: HashMap<String, String>,
}

/// Waits for the first message, and answers who the client is.
async fn hello(app: &App, mut socket: WebSocket) -> Option<(WebSocket, String, Actor)> {
    let first = timeout(HELLO, socket.recv()).await.ok().flatten()?.ok()?;
    let refusal = match first {
        Frame::Text(text) => match serde_json::from_str(&text) {
            Ok(FromClient::Hello { token }) => match app.authenticator.authenticate(&app.db, &token).await {
                Ok(actor) => {
                    let ready = FromServer::Ready { user: actor.user().map(|user| user.to_string()) }.text();
                    timeout(WRITE, socket.send(Frame::Text(ready.into()))).await.ok()?.ok()?;
                    return Some((socket, token, actor));
                }
                Err(error) => error,
            },
            _ => Error::unauthenticated("hello_first", "say {\"type\":\"hello\",\"token\":…} before anything else"),
        },
        _ => Error::unauthenticated("hello_first", "say {\"type\":\"hello\",\"token\":…} before anything else"),
    };
    let (code, detail) = told(&refusal);
    let text = FromServer::Error { code, detail }.text();
    let _ = timeout(WRITE, socket.send(Frame::Text(text.into()))).await;
    let close = axum::extract::ws::CloseFrame { code: close_code::POLICY, reason: refusal.code.into() };
    let _ = timeout(WRITE, socket.send(Frame::Close(Some(close)))).await;
    None
}

/// What a client is told of an error: of our own faults only that there was one.
fn told(error: &Error) -> (&str, &str) {
    if error.class == Class::Internal {
        tracing::error!(%error, "a socket's wish failed on our side");
        return ("internal", "Something went wrong on our side. Try again; if it stays, ask the operator.");
    }
    (error.code, &error.detail)
}

impl Session {
    async fn run(
        mut self,
        first: Option<String>,
        mut messages: mpsc::Receiver<Message>,
        mut lags: mpsc::UnboundedReceiver<Arc<str>>,
    ) -> Result<(), Gone> {
        if let Some(topic) = first {
            self.subscribe(&topic, None).await?;
        }
        let mut beat = interval(BEAT);
        let mut heard = Instant::now();
        loop {
            tokio::select! {
                () = self.standing.ended() => self.check().await?,
                frame = self.socket.recv() => {
                    heard = Instant::now();
                    match frame {
                        Some(Ok(Frame::Text(text))) => self.said(&text).await?,
                        Some(Ok(Frame::Close(_)) | Err(_)) | None => return Err(Gone),
                        Some(Ok(_)) => {}
                    }
                }
                Some(message) = messages.recv() => {
                    // Nothing is sent by rights that have ended, whichever was heard of first.
                    if self.standing.has_ended() {
                        self.check().await?;
                    }
                    self.pass(message).await?;
                }
                Some(topic) = lags.recv() => self.reload(topic, &mut messages).await?,
                _ = beat.tick() => {
                    if heard.elapsed() > SILENCE {
                        return Err(Gone);
                    }
                    self.check().await?;
                    self.send(Frame::Ping(Vec::new().into())).await?;
                }
            }
        }
    }

    /// A token that ended since, or a person who left, ends the socket.
    async fn check(&mut self) -> Result<(), Gone> {
        self.standing.ask();
        match self.app.authenticator.authenticate(&self.app.db, &self.token).await {
            Ok(actor) => {
                self.standing.holds(&actor);
                let same = actor.rights.is_same(&self.actor.rights) && actor.role == self.actor.role;
                let begun = self.actor.changes_at().is_some_and(|at| at <= actor.at);
                self.actor = Actor { address: self.actor.address, ..actor };
                if same && !begun { Ok(()) } else { self.permit_again().await }
            }
            Err(error) if error.class == Class::Unauthenticated => {
                self.error(&error).await?;
                let close = axum::extract::ws::CloseFrame { code: close_code::POLICY, reason: "token".into() };
                let _ = self.send(Frame::Close(Some(close))).await;
                Err(Gone)
            }
            // The database is away for a moment: what was true a moment ago still holds, unless it has ended by itself.
            Err(_) if self.standing.has_ended_by_itself() => Err(Gone),
            Err(_) => Ok(()),
        }
    }

    /// Leaves the topics that may no longer be listened to.
    async fn permit_again(&mut self) -> Result<(), Gone> {
        let topics: Vec<Arc<str>> = self.topics.keys().cloned().collect();
        for topic in topics {
            let Err(error) = self.permitted(&topic).await else { continue };
            // The database may be away for a moment; that is no answer.
            if matches!(error.class, Class::NotFound | Class::Denied) {
                self.seat.leave(self.actor.workspace, &topic);
                self.topics.remove(&topic);
                self.error(&error).await?;
                self.say(FromServer::Unsubscribed { topic: &topic }).await?;
            }
        }
        Ok(())
    }

    async fn said(&mut self, text: &str) -> Result<(), Gone> {
        match serde_json::from_str(text) {
            Ok(FromClient::Subscribe { topic, after }) => self.subscribe(&topic, after).await,
            Ok(FromClient::Unsubscribe { topic }) => {
                let topic = self.canonical(&topic);
                self.seat.leave(self.actor.workspace, &topic);
                self.topics.remove(topic.as_str());
                self.say(FromServer::Unsubscribed { topic: &topic }).await
            }
            Ok(FromClient::Signal { topic, kind, data }) => {
                let topic = self.canonical(&topic);
                if !self.topics.contains_key(topic.as_str()) {
                    let error =
                        Error::invalid("not_subscribed", format!("subscribe to `{topic}` before you signal there"));
                    return self.error(&error).await;
                }
                let from = self.actor.user().map(|user| user.to_string()).unwrap_or_default();
                let text = FromServer::Signal { topic: &topic, kind, from: &from, data: &data }.text();
                self.seat.signal(self.actor.workspace, &topic, text);
                Ok(())
            }
            Ok(FromClient::Ping) => self.say(FromServer::Pong).await,
            Ok(FromClient::Hello { .. }) => {
                self.error(&Error::invalid(
                    "already_known",
                    "you have said hello; open another socket for another token",
                ))
                .await
            }
            Err(error) => self.error(&Error::invalid("bad_message", format!("this is no message: {error}"))).await,
        }
    }

    /// The topic by its full name: `notifications` is the signed-in person's own.
    fn canonical(&self, topic: &str) -> String {
        match (topic, self.actor.user()) {
            ("notifications", Some(user)) => format!("user:{user}"),
            ("runs", _) => format!("runs:{}", self.actor.workspace),
            _ => self.names.get(topic).cloned().unwrap_or_else(|| topic.to_owned()),
        }
    }

    async fn subscribe(&mut self, topic: &str, after: Option<i64>) -> Result<(), Gone> {
        let asked = topic;
        let topic = match self.permitted(asked).await {
            Ok(topic) => topic,
            Err(error) => return self.error(&error).await,
        };
        if self.topics.len() >= TOPICS && !self.topics.contains_key(topic.as_str()) {
            let error =
                Error::invalid("too_many_topics", format!("a socket listens to at most {TOPICS} topics; open another"));
            return self.error(&error).await;
        }
        // First the seat, then the log: what is published meanwhile waits in the queue, and what stands in both is
        // sent once, because positions only go up.
        self.seat.join(self.actor.workspace, &topic);
        let missed = match self.missed(&topic, after).await {
            Ok(missed) => missed,
            Err(error) => {
                self.seat.leave(self.actor.workspace, &topic);
                return self.error(&error).await;
            }
        };
        let Some((from, missed)) = missed else {
            self.seat.leave(self.actor.workspace, &topic);
            return self.say(FromServer::Reload { topic: &topic }).await;
        };
        let shared: Arc<str> = Arc::from(topic.as_str());
        self.topics.insert(shared.clone(), from);
        if asked != topic && self.names.len() < TOPICS {
            self.names.insert(asked.to_owned(), topic.clone());
        }
        self.say(FromServer::Subscribed { topic: &topic, position: from }).await?;
        for message in missed {
            self.pass(message).await?;
        }
        Ok(())
    }

    /// The topic's full name, if the client may listen to it. What it may not see does not exist.
    async fn permitted(&mut self, topic: &str) -> Result<String> {
        let shown: String = topic.chars().take(100).collect();
        let unknown = || Error::not_found("topic", format!("`{shown}` that you may listen to"));
        let canonical = self.canonical(topic);
        let (kind, id) = canonical.split_once(':').ok_or_else(unknown)?;
        let workspace = self.actor.workspace;
        if kind != "user" {
            self.actor.may_somewhere::<EventView>()?;
        }
        let mut rx = self.app.db.read().await?;
        // Each is looked for in the client's own workspace: what is of another is not found.
        let found = match kind {
            "workspace" if id == workspace.to_string() => {
                self.actor.may_somewhere::<EventView>().map(|_| workspace.to_string())
            }
            "user" if self.actor.user().is_some_and(|user| user.to_string() == id) => Ok(id.to_owned()),
            "project" => {
                let project = projects::service::find(&mut rx, workspace, &id.parse().map_err(|_| unknown())?).await?;
                self.actor.may::<ProjectView, _>(project).map(|may| may.resource().id.to_string())
            }
            "task" => {
                let may = self.actor.may_somewhere::<TaskView>()?;
                let task = tasks::service::find(&mut rx, &may, &id.parse().map_err(|_| unknown())?).await?;
                Ok(task.id.to_string())
            }
            "rule" => {
                let rule = rules::service::find(&mut rx, workspace, id.parse().map_err(|_| unknown())?).await?;
                self.actor.may::<RuleView, _>(rule).map(|may| may.resource().id.to_string())
            }
            "runs" if id == workspace.to_string() => {
                self.actor.may_here::<RunView>()?;
                Ok(workspace.to_string())
            }
            "runs" => {
                self.actor.may_here::<RunView>()?;
                let rule = rules::service::find(&mut rx, workspace, id.parse().map_err(|_| unknown())?).await?;
                self.actor.may::<RuleView, _>(rule).map(|may| may.resource().id.to_string())
            }
            "run" => {
                let run = runs::service::find(&mut rx, &self.actor, id.parse().map_err(|_| unknown())?).await?;
                self.actor.may::<RunView, _>(run).map(|may| may.resource().id.to_string())
            }
            "hook" => {
                let hook = hooks::service::find(&mut rx, workspace, id.parse().map_err(|_| unknown())?).await?;
                self.actor.may::<HookView, _>(hook).map(|may| may.resource().id.to_string())
            }
            _ => Err(unknown()),
        };
        found.map(|id| format!("{kind}:{id}"))
    }

    /// Where the subscription begins, and what the client missed since `after`; nothing if that is too much.
    async fn missed(&mut self, topic: &str, after: Option<i64>) -> Result<Option<(i64, Vec<Message>)>> {
        let mut rx = self.app.db.read().await?;
        let head = events::service::head(&mut rx).await?;
        let Some(after) = after else { return Ok(Some((head, Vec::new()))) };
        // A position from the future is from another database; a very old one is cheaper to make up for by reloading.
        if !(0..=head).contains(&after) || head - after > MISSED * 50 {
            return Ok(None);
        }
        // What concerns oneself is not of the log.
        let Ok(may) = self.actor.may_somewhere::<EventView>() else { return Ok(Some((head, Vec::new()))) };
        let shared: Arc<str> = Arc::from(topic);
        let (mut missed, mut bytes, mut position) = (Vec::new(), 0, after);
        loop {
            let stretch = events::service::after(&mut rx, &may, position, PAGE).await?;
            let more = stretch.position > position;
            position = stretch.position;
            for event in stretch.events {
                if hub::topics(&event).iter().any(|own| own == topic)
                    && let Ok(encoded) = serde_json::value::to_raw_value(&event)
                {
                    let message = hub::message(shared.clone(), &Arc::new(event), &encoded);
                    bytes += message.text.len();
                    missed.push(message);
                }
            }
            if missed.len() as i64 > MISSED || bytes > MISSED_BYTES {
                return Ok(None);
            }
            if !more {
                return Ok(Some((after, missed)));
            }
        }
    }

    /// Hands on a message, unless the client has it or has left the topic.
    async fn pass(&mut self, message: Message) -> Result<(), Gone> {
        let Some(last) = self.topics.get_mut(&message.topic) else { return Ok(()) };
        if let Some(position) = message.position {
            if position <= *last {
                return Ok(());
            }
            *last = position;
        }
        if message.event.is_some_and(|event| !event.seen_by(&self.actor)) {
            return Ok(());
        }
        self.send(Frame::Text(message.text)).await
    }

    /// The queue was full: what is in it still goes out, then the client is told to start over.
    async fn reload(&mut self, topic: Arc<str>, messages: &mut mpsc::Receiver<Message>) -> Result<(), Gone> {
        if self.standing.has_ended() {
            self.check().await?;
        }
        while let Ok(message) = messages.try_recv() {
            self.pass(message).await?;
        }
        self.topics.remove(&topic);
        self.say(FromServer::Reload { topic: &topic }).await
    }

    async fn error(&mut self, error: &Error) -> Result<(), Gone> {
        let (code, detail) = told(error);
        self.say(FromServer::Error { code, detail }).await
    }

    async fn say(&mut self, what: FromServer<'_>) -> Result<(), Gone> {
        self.send(Frame::Text(what.text().into())).await
    }

    async fn send(&mut self, frame: Frame) -> Result<(), Gone> {
        match timeout(WRITE, self.socket.send(frame)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Gone),
        }
    }
}

/// The hub is started by `serve`; a test may make one that nobody feeds.
impl App {
    /// Starts to follow the log, to count what people have not read, and to look at runs that are watched, for this process's sockets.
    pub fn follow_log(&self) -> tokio::task::JoinHandle<()> {
        let follow = self.hub.clone().follow(self.db.clone());
        let count = self.hub.clone().count(self.db.clone(), self.source.clone());
        let watch = self.hub.clone().watch_runs(self.db.clone());
        tokio::spawn(async move {
            tokio::join!(follow, count, watch);
        })
    }
}
