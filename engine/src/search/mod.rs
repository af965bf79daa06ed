//! Search over tasks and comments: by words, the best first.
//!
//! Every task and every comment that is not deleted is a document: a title and a text, made into words by [`words`] here
//! and not by the database, so that both databases find the same. The document is written in the transaction of the
//! change ([`service::put_task`], [`service::put_comment`]), so search is never behind. What was there before the index
//! was is listed by the migration and put in by [`service::catch_up`] before a node answers.
//!
//! All words of a query must be in one document. First comes the task whose key the query is, then tasks that have all of
//! it in the title, then other tasks, then comments; among each, where it stands among the fewest words, and then the
//! newest. Of more than [`MAX_RANKED`] documents the newest are ranked. What the two databases say differently stands in `fulltext.rs`.
//!
//! Deliberately absent: stemming and synonyms, which belong to one language; corrections of spelling; documents and
//! names of files, as long as there are none of the first and nobody asked for the second.

mod fulltext;
mod marks;
mod model;
mod part;
pub mod service;
pub(crate) mod store;
mod terms;
mod words;

pub use fulltext::{POSTGRES, SQLITE};
pub use model::{DocumentType, Found, Highlights, Hit, ProjectCount, SearchQuery, TypeCount};
pub use terms::{MAX_QUERY, MAX_WORDS, Terms};

pub(crate) use fulltext::task_filter;

/// Of more documents than this only the newest are ranked.
pub const MAX_RANKED: i64 = 2000;
