//! The realtime channel: `/ws` and its three short forms.
//!
//! One [`Hub`] per process follows the event log by position and hands each event, encoded once, to whoever has
//! subscribed to one of its topics. A topic is a workspace, a project, or the id of what an event is about
//! (`project:proj_…`, `task:task_…`, `workspace:ws_…`). A position is an event's place in the log, so a client that
//! comes back says the last one it saw and gets exactly what it missed, or is told to reload.
//!
//! On a person's own topic (`notifications`) it also says how many notifications they have not read ([`unread`]), and to those who
//! watch runs that these begin, go on and end ([`runs`]).
//!
//! A client that reads slowly fills only its own, bounded queue; when that is full, its subscription ends with
//! `reload`, and nobody else notices. Signals (typing, presence, cursors) go from client to client and are never stored.

mod hub;
mod protocol;
mod runs;
mod socket;
mod unread;

pub use hub::Hub;

use axum::Router;
use axum::routing::get;

use crate::app::App;

/// `/ws` and its three short forms.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/ws", get(socket::root))
        .route("/ws/projects/{id}", get(socket::project))
        .route("/ws/tasks/{id}", get(socket::task))
        .route("/ws/notifications", get(socket::notifications))
}
