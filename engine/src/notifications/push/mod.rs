//! Web push: messages to the browsers in which somebody asked for them, through the push services that those browsers chose.
//!
//! A browser hands over an endpoint and two keys ([`subscribe`]); they are kept sealed, for whoever has them can send to that
//! browser. A message is encrypted for the browser alone ([`encrypt`], RFC 8291) and signed by a key of this installation that the
//! browser was shown when it asked ([`vapid`], RFC 8292). A subscription that its service does not know any more is removed.

pub mod encrypt;
mod model;
mod service;
pub mod vapid;

pub use model::{KIND, Message, NewSubscription, Push, PushKeys, Subscription, Target, URGENT_FOR};
pub use service::{Checked, expired, forget, list, public_key, signer, subscribe, target, unsubscribe};
