//! Files in a folder of this machine: one for each key, in a folder for each workspace. A file that arrives is called
//! `….part`, and gets its name when all of it is on the disk.

use std::io::{Error as IoError, ErrorKind, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use futures::stream;
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};

use super::{FileKey, FileStore, Pieces, Work};
use crate::{Error, Result};

/// How much is read at once.
const PIECE: usize = 256 * 1024;

/// A folder that keeps files.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// Files in this folder, which is made when the first one comes.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    fn path(&self, key: &FileKey) -> PathBuf {
        self.0.join(key.workspace.to_string()).join(key.id.to_string())
    }

    async fn keep(&self, key: &FileKey, mut pieces: Pieces<'_>) -> Result<()> {
        let path = self.path(key);
        let part = part(&path);
        let folder = path.parent().unwrap_or(&self.0);
        fs::create_dir_all(folder).await.map_err(|error| failed("making a folder", error))?;
        let mut left = LeftOver(Some(part.clone()));
        let writing = |error| failed("writing", error);
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&part).await.map_err(writing)?;
        while let Some(piece) = pieces.next().await {
            file.write_all(&piece?).await.map_err(writing)?;
        }
        file.flush().await.map_err(writing)?;
        file.sync_all().await.map_err(writing)?;
        drop(file);
        fs::rename(&part, &path).await.map_err(writing)?;
        left.0 = None;
        // A name lasts once its folder is on the disk: this one, and the ones above if they are new.
        for folder in [folder, &self.0] {
            let folder = File::open(folder).await.map_err(writing)?;
            folder.sync_all().await.map_err(writing)?;
        }
        Ok(())
    }

    async fn open(&self, key: &FileKey, range: Range<u64>) -> Result<Pieces<'static>> {
        let mut file = File::open(self.path(key)).await.map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::internal(format!("The file {key} is missing.")).with_code("file_missing"),
            _ => failed("reading", error),
        })?;
        file.seek(SeekFrom::Start(range.start)).await.map_err(|error| failed("reading", error))?;
        let pieces = stream::try_unfold((file, range.end - range.start), async |(mut file, left)| {
            if left == 0 {
                return Ok(None);
            }
            let mut piece = BytesMut::with_capacity(PIECE.min(usize::try_from(left).unwrap_or(PIECE)));
            let read = (&mut file).take(left).read_buf(&mut piece).await.map_err(|error| failed("reading", error))?;
            if read == 0 {
                return Err(Error::internal("A file is shorter than it was.").with_code("file_missing"));
            }
            Ok(Some((Bytes::from(piece), (file, left - read as u64))))
        });
        Ok(Box::pin(pieces))
    }

    async fn remove(&self, key: &FileKey) -> Result<()> {
        let path = self.path(key);
        for path in [part(&path), path] {
            match fs::remove_file(&path).await {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed("deleting", error)),
                _ => {}
            }
        }
        Ok(())
    }
}

impl FileStore for Folder {
    fn put<'a>(&'a self, key: &'a FileKey, pieces: Pieces<'a>) -> Work<'a, ()> {
        Box::pin(self.keep(key, pieces))
    }

    fn get<'a>(&'a self, key: &'a FileKey, range: Range<u64>) -> Work<'a, Pieces<'static>> {
        Box::pin(self.open(key, range))
    }

    fn delete<'a>(&'a self, key: &'a FileKey) -> Work<'a, ()> {
        Box::pin(self.remove(key))
    }
}

fn part(path: &Path) -> PathBuf {
    path.with_added_extension("part")
}

/// What is to be removed when an attempt fails or is dropped.
struct LeftOver(Option<PathBuf>);

impl Drop for LeftOver {
    fn drop(&mut self) {
        if let Some(path) = self.0.take() {
            // Should it stay, the sweep of the attempt's row removes it.
            let _ = std::fs::remove_file(path);
        }
    }
}

fn failed(doing: &str, error: IoError) -> Error {
    let ours = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            Error::busy("storage_full", "The disk that keeps files is full. Free some space and try again.")
        }
        _ => Error::busy("storage_unavailable", "The folder that keeps files does not answer. Try again."),
    };
    tracing::error!(%error, "{doing} a file failed");
    ours.caused_by(error)
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt as _;

    use super::*;
    use crate::ids::Id;

    fn key(number: u128) -> FileKey {
        let uuid = uuid::Uuid::from_u128;
        FileKey { workspace: Id::from_uuid(uuid(1)), id: Id::from_uuid(uuid(number)) }
    }

    fn pieces(pieces: Vec<Result<Bytes>>) -> Pieces<'static> {
        Box::pin(stream::iter(pieces))
    }

    fn files(path: &Path) -> usize {
        let folders = std::fs::read_dir(path).into_iter().flatten();
        folders.flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap()).count()
    }

    #[tokio::test]
    async fn a_file_is_kept_read_in_parts_and_removed() {
        let place = tempfile::tempdir().unwrap();
        let store = Folder::new(place.path().join("files"));
        let parts = vec![Ok(Bytes::from_static(b"hello ")), Ok(Bytes::new()), Ok(Bytes::from(vec![b'x'; 600_000]))];
        store.put(&key(7), pieces(parts)).await.unwrap();
        for (range, expected) in
            [(0..6, b"hello ".to_vec()), (4..7, b"o x".to_vec()), (6..600_006, vec![b'x'; 600_000]), (3..3, vec![])]
        {
            let read: Vec<Bytes> = store.get(&key(7), range).await.unwrap().try_collect().await.unwrap();
            assert!(read.concat() == expected && read.iter().all(|piece| piece.len() <= PIECE));
        }
        assert_eq!(store.get(&key(8), 0..1).await.err().unwrap().code, "file_missing");
        let read: Result<Vec<Bytes>> = store.get(&key(7), 600_000..700_000).await.unwrap().try_collect().await;
        assert_eq!(read.unwrap_err().code, "file_missing");
        store.delete(&key(7)).await.unwrap();
        store.delete(&key(7)).await.unwrap();
        assert_eq!(files(&place.path().join("files")), 0);
    }

    #[tokio::test]
    async fn what_breaks_off_leaves_nothing() {
        let place = tempfile::tempdir().unwrap();
        let store = Folder::new(place.path());
        let broken = vec![Ok(Bytes::from_static(b"a")), Err(Error::invalid("gone", "the sender has gone"))];
        assert_eq!(store.put(&key(1), pieces(broken)).await.unwrap_err().code, "gone");
        assert_eq!(files(place.path()), 0);
        let key = key(2);
        let endless = Box::pin(stream::once(async { Ok(Bytes::from_static(b"a")) }).chain(stream::pending()));
        let mut putting = store.put(&key, endless);
        while files(place.path()) == 0 {
            assert!(futures::poll!(&mut putting).is_pending());
            tokio::task::yield_now().await;
        }
        drop(putting);
        assert_eq!(files(place.path()), 0);
    }
}
