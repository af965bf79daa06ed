//! Mail: letters that people get outside of Trackside.
//!
//! Whoever changes something writes a [`Letter`] in the same transaction, by [`Post::send`]; a job in the queue `notify`
//! takes it to the mail server after the commit, again and again with pauses if need be. So a letter goes out exactly if
//! what it tells of is true, at least once, and always under the same `Message-ID`. Links in letters open doors, so a letter
//! lies sealed in its job. Without a mail server nothing is written: callers ask [`Post::sends`] and show the link to an
//! administrator instead.
//!
//! An address that a mail server refuses for good is noted ([`refused`]): notifications are not sent there until some letter
//! gets through. Letters that somebody waits for are always tried.
//!
//! Deliberately absent: templates that people edit, attachments, letters that come in.

mod letter;
mod post;
pub mod refused;
pub(crate) mod store;

pub use letter::{Entry, Letter, Link};
pub use post::{KIND, Outgoing, Post, QUEUE, Sealed};
