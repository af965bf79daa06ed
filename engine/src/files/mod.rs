//! Where the bytes of files lie: a folder ([`Folder`]), or whatever else keeps [`FileStore`]'s promises.
//!
//! A file is put once, whole, under a key of our own making, and never changes; so there is nothing to lock and nothing to
//! overwrite. Bytes pass through piece by piece and are never whole in memory. What a file is called, whose it is and
//! what is in it is the [`attachments`](crate::attachments)' matter.

mod folder;

use std::fmt;
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;

use bytes::Bytes;
use futures::Stream;

pub use folder::Folder;

use crate::Result;
use crate::ids::{AttachmentId, WorkspaceId};

/// The pieces of a file, in order. The first error is the last of them.
pub type Pieces<'a> = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send + 'a>>;

/// What a store is busy with.
pub type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// The name of a file in the store: `ws_…/att_…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileKey {
    /// The workspace it belongs to.
    pub workspace: WorkspaceId,
    /// Its own id.
    pub id: AttachmentId,
}

impl fmt::Display for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.workspace, self.id)
    }
}

/// Keeps files.
pub trait FileStore: Send + Sync + 'static {
    /// Keeps what comes under this key. When it answers, the file survives a power cut; when it fails, also because
    /// `pieces` did, there is no file.
    ///
    /// # Errors
    /// That of `pieces`, or `storage_unavailable` and `storage_full`, which may pass.
    fn put<'a>(&'a self, key: &'a FileKey, pieces: Pieces<'a>) -> Work<'a, ()>;

    /// The bytes of this range, which must lie within the file.
    ///
    /// # Errors
    /// `storage_unavailable`; `file_missing` when there is no such file, which is a fault of ours.
    fn get<'a>(&'a self, key: &'a FileKey, range: Range<u64>) -> Work<'a, Pieces<'static>>;

    /// Removes the file and whatever came of an attempt to put it. Nothing there is as good.
    ///
    /// # Errors
    /// `storage_unavailable`.
    fn delete<'a>(&'a self, key: &'a FileKey) -> Work<'a, ()>;
}
