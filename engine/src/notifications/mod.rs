//! Who is told of what, by which channel, and when.
//!
//! What happens is told in three steps. [`service::tell`] writes, in the transaction of what happened, one row for what is told
//! and jobs for whom: it costs the same for ten people and little more for ten thousand. [`fan_out`] takes some hundred
//! people at a time, asks who may see what it is about and how each wants to be told ([`preferences`]), and writes one row
//! per person and channel (`told`, unique), with the time when it is due ([`when`]). [`carry`] takes what is due to a channel
//! outside, asks once more, and makes one letter or push message of all that is due for a person at that moment.
//!
//! Events say themselves who is told of them ([`EventType::news`](crate::events::EventType::news), [`sources`]); dates of
//! tasks are looked at by [`reminders`].
//!
//! Guaranteed: nobody is told of what they may not see when they are told, nor of what they did themselves; each is told once
//! per telling and channel, whenever a process dies; what comes in quiet hours is held and not lost; a person reads and marks
//! only their own. Deliberately absent: events of its own, because being told is no change of the work; Slack and webhooks,
//! which get a file each in [`channels`] with their integrations.

pub mod actions;
pub mod carry;
pub mod channels;
pub mod fan_out;
mod model;
pub(crate) mod people;
pub mod preferences;
pub mod push;
pub mod reminders;
pub mod service;
pub(crate) mod sources;
pub(crate) mod store;
pub mod unsubscribe;
mod when;
mod who;
pub(crate) mod words;

pub use model::{
    Channel, Details, Kind, MAX_MESSAGE, MAX_RECIPIENTS, MAX_SUBJECT, News, Notification, Unread, UnreadOfKind,
};
pub use preferences::{Choice, Preferences, QuietHours, Shown};
pub use when::When;
