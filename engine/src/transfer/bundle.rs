//! A project with its files: an archive of the document (`project.json`) and of `files/<n>-<name>`.
//!
//! Out it goes piece by piece, without being whole anywhere. In it comes from a file of its own: what it says is checked
//! first, then each file is taken in as nobody's, by the attachments' own service, and the import's transaction puts them on
//! their tasks. What does not come that far is left, and gone.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use serde_json::Value;
use tokio::sync::mpsc;

use super::archive::{self, DEFLATED, Entry, STORED, Writer, shown};
use super::import::{Target, Work, import_with};
use super::model::{MAX_FILES, Report};
use super::portable::{Portable, PortableAttachment};
use crate::access::permissions::TaskEdit;
use crate::attachments::{Limits, arrive};
use crate::cx::Cx;
use crate::db::{Db, Tx};
use crate::files::{FileKey, FileStore, Pieces};
use crate::handle::Handle;
use crate::ids::WorkspaceId;
use crate::{Error, Result};

/// The most bytes of all files of a project that goes out or comes in with them.
pub const MAX_FILE_BYTES: u64 = 1024 * 1024 * 1024;
/// The most bytes of an archive: those of the files, of a document, and what is around them.
pub const MAX_ARCHIVE: u64 = MAX_FILE_BYTES + 64 * 1024 * 1024;
/// The most bytes of the document in an archive, as of one that comes by itself.
const MAX_DOCUMENT: u64 = 32 * 1024 * 1024;
/// An entry becomes at most so many times as large as it is packed, if it is larger than [`SMALL`].
const SWELLS: u64 = 200;
const SMALL: u64 = 1024 * 1024;
const DOCUMENT: &str = "project.json";
const FOLDER: &str = "files/";
/// How many bytes of a file's name are told in its path: what lies in an archive is to lie in any folder.
const MAX_PATH_NAME: usize = 160;

/// The archive of a document that [`export`](super::export) made, and of the files that it tells of.
///
/// # Errors
/// `project_too_large`. When the store fails later the pieces end with its error.
pub async fn pack(
    files: Arc<dyn FileStore>,
    workspace: WorkspaceId,
    mut document: Portable,
) -> Result<Pieces<'static>> {
    let (mut held, mut bytes) = (Vec::new(), 0_u64);
    for attachment in document.tasks.iter_mut().flat_map(|task| &mut task.attachments) {
        let Some(id) = attachment.id else { continue };
        bytes = bytes.saturating_add(attachment.size);
        let path = format!("{FOLDER}{}-{}", held.len() + 1, ending(&attachment.name));
        held.push((FileKey { workspace, id }, attachment.size, path.clone()));
        attachment.file = Some(path);
    }
    if bytes > MAX_FILE_BYTES {
        let detail = format!(
            "the files of the project have more than {MAX_FILE_BYTES} bytes in all; export it without `attachments`, and get its files one by one"
        );
        return Err(Error::conflict("project_too_large", detail));
    }
    let head = tokio::task::spawn_blocking(move || {
        let text = serde_json::to_vec(&document)?;
        let mut packed = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(&text)?;
        let packed = packed.finish()?;
        let mut writer = Writer::default();
        let before = writer.begin(DOCUMENT.to_owned(), DEFLATED);
        writer.piece(&text, packed.len());
        let behind = writer.end();
        std::io::Result::Ok((vec![before, Bytes::from(packed), behind], writer))
    });
    let head = head.await.map_err(|error| Error::internal("a document was not packed").caused_by(error))?;
    let (head, writer) = head.map_err(|error| Error::internal("a document was not packed").caused_by(error))?;
    let packing = Packing { files, writer, left: held.into_iter(), open: None, ended: false };
    let rest = stream::try_unfold(packing, async |mut packing| Ok(packing.next().await?.map(|piece| (piece, packing))));
    Ok(Box::pin(stream::iter(head.into_iter().map(Ok)).chain(rest)))
}

/// The last of a name, which tells what it is.
fn ending(name: &str) -> &str {
    let mut from = name.len().saturating_sub(MAX_PATH_NAME);
    while !name.is_char_boundary(from) {
        from += 1;
    }
    &name[from..]
}

/// An archive that is under way.
struct Packing {
    files: Arc<dyn FileStore>,
    writer: Writer,
    left: std::vec::IntoIter<(FileKey, u64, String)>,
    open: Option<Pieces<'static>>,
    ended: bool,
}

impl Packing {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        if let Some(open) = &mut self.open {
            let Some(piece) = open.next().await else {
                self.open = None;
                return Ok(Some(self.writer.end()));
            };
            let piece = piece?;
            self.writer.piece(&piece, piece.len());
            return Ok(Some(piece));
        }
        if let Some((key, size, path)) = self.left.next() {
            self.open = Some(self.files.get(&key, 0..size).await?);
            return Ok(Some(self.writer.begin(path, STORED)));
        }
        let last = !std::mem::replace(&mut self.ended, true);
        Ok(last.then(|| self.writer.finish()))
    }
}

/// An archive that came in and keeps to all limits, as far as it can be told without reading its files.
#[derive(Debug)]
pub struct Bundle {
    archive: Arc<File>,
    files: HashMap<String, Entry>,
}

impl Bundle {
    /// Opens an archive, and reads its document. Reads from the disk: for a thread that may wait.
    ///
    /// # Errors
    /// `archive_unreadable`, `archive_too_large`, `archive_entry_unknown`, `archive_file_missing`.
    pub fn open(archive: File) -> Result<(Self, Value)> {
        let (mut files, mut document, mut bytes) = (HashMap::new(), None, 0_u64);
        // The document, and the folder itself, which some programs pack as an entry.
        for entry in archive::entries(&archive, MAX_FILES + 2)? {
            swells(&entry)?;
            if entry.name == FOLDER && entry.size == 0 {
                continue;
            }
            if entry.name == DOCUMENT {
                if document.replace(entry).is_some() {
                    return Err(unknown(DOCUMENT, "stands there twice"));
                }
                continue;
            }
            check_path(&entry.name)?;
            bytes = bytes.saturating_add(entry.size);
            if let Some(twice) = files.insert(entry.name.clone(), entry) {
                return Err(unknown(&twice.name, "stands there twice"));
            }
        }
        if bytes > MAX_FILE_BYTES {
            return Err(too_large(format!("its files have more than {MAX_FILE_BYTES} bytes in all")));
        }
        let document = document.ok_or_else(|| missing(DOCUMENT))?;
        if document.size > MAX_DOCUMENT {
            return Err(too_large(format!("`{DOCUMENT}` has more than {MAX_DOCUMENT} bytes")));
        }
        let mut text = Vec::new();
        archive::read(&archive, &document, |piece| {
            text.extend_from_slice(piece);
            Ok(())
        })?;
        let value = serde_json::from_slice(&text).map_err(|error| {
            Error::invalid(
                "archive_unreadable",
                format!("`{DOCUMENT}` is not JSON: {error}; send it as the export made it"),
            )
        })?;
        Ok((Self { archive: Arc::new(archive), files }, value))
    }

    /// The files that the document tells of, each with its entry: all that are there, and no others.
    fn plan<'a>(
        &self,
        document: &'a Portable,
        limits: Limits,
    ) -> Result<Vec<(&'a str, &'a PortableAttachment, Entry)>> {
        let (mut planned, mut named) = (Vec::new(), HashSet::new());
        for attachment in document.tasks.iter().flat_map(|task| &task.attachments) {
            let Some(path) = attachment.file.as_deref() else { continue };
            let entry = self.files.get(path).ok_or_else(|| missing(path))?;
            if !named.insert(path) {
                return Err(unknown(path, &format!("is named twice in `{DOCUMENT}`")));
            }
            if entry.size != attachment.size {
                let detail = format!(
                    "`{}` has {} bytes, and `{DOCUMENT}` says {}; send the archive as the export made it",
                    shown(path),
                    entry.size,
                    attachment.size
                );
                return Err(Error::invalid("archive_checksum", detail));
            }
            if entry.size > limits.file {
                let detail = format!(
                    "`{}` is larger than the {} bytes that a file may have here; take it out of the archive and of `{DOCUMENT}`",
                    shown(path),
                    limits.file
                );
                return Err(Error::too_large("file_too_large", detail));
            }
            planned.push((path, attachment, entry.clone()));
        }
        match self.files.keys().find(|path| !named.contains(path.as_str())) {
            Some(path) => Err(unknown(path, &format!("is not named in `{DOCUMENT}`"))),
            None => Ok(planned),
        }
    }

    /// The bytes of an entry.
    fn pieces(&self, entry: Entry) -> Pieces<'static> {
        let (sender, receiver) = mpsc::channel(4);
        let archive = self.archive.clone();
        tokio::task::spawn_blocking(move || {
            let gone = || Error::invalid("upload_ended", "nobody takes the file any more; send it again");
            let send = |piece: Result<Bytes>| sender.blocking_send(piece).map_err(|_| gone());
            if let Err(error) = archive::read(&archive, &entry, |piece| send(Ok(Bytes::copy_from_slice(piece)))) {
                let _ = send(Err(error));
            }
        });
        Box::pin(stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver))))
    }
}

/// The files that came with a document, by their paths; none of a document that came by itself.
#[derive(Debug, Default)]
pub(super) struct Files {
    limits: Limits,
    /// What has arrived and is still nobody's.
    held: HashMap<String, arrive::Arrived>,
}

/// Imports a document with its files. Their bytes are stored before the transaction that puts them on their tasks; when that
/// is not done, or is only tried, they are gone again.
///
/// # Errors
/// Those of [`import`](super::import); `archive_file_missing`, `archive_entry_unknown`, `archive_checksum`,
/// `archive_unreadable`, `file_too_large`, `quota_reached`.
#[allow(clippy::too_many_arguments, reason = "everything that an import and a file that arrives want to know")]
pub async fn import_bundle(
    db: &Db,
    store: &dyn FileStore,
    limits: Limits,
    cx: &Cx,
    target: Target,
    bundle: &Bundle,
    document: Portable,
    dry_run: bool,
) -> Result<Report> {
    super::import::check(&document)?;
    let planned = bundle.plan(&document, limits)?;
    let bytes = planned.iter().map(|(_, attachment, _)| attachment.size).sum();
    arrive::ask_room(&mut *db.read().await?, cx, limits, bytes).await?;
    let mut files = Files { limits, held: HashMap::new() };
    let mut staged = Ok(());
    for (path, attachment, entry) in planned {
        match stage(db, store, limits, cx, bundle.pieces(entry), attachment, path).await {
            Ok(arrived) => drop(files.held.insert(path.to_owned(), arrived)),
            Err(error) => {
                staged = Err(error);
                break;
            }
        }
    }
    let files = Arc::new(files);
    let done = match staged {
        Ok(()) => import_with(db, cx, target, document, files.clone(), dry_run).await,
        Err(error) => Err(error),
    };
    let made = done.as_ref().is_ok_and(|report| !report.dry_run && report.problems.is_empty());
    if !made {
        for arrived in files.held.values() {
            arrive::leave(db, store, cx, arrived.key).await;
        }
    }
    done
}

/// Takes one file in, as nobody's, if it is the one that was packed.
async fn stage(
    db: &Db,
    store: &dyn FileStore,
    limits: Limits,
    cx: &Cx,
    pieces: Pieces<'_>,
    attachment: &PortableAttachment,
    path: &str,
) -> Result<arrive::Arrived> {
    let incoming = arrive::Incoming { name: &attachment.name, pieces };
    let arrived = arrive::stage(db, store, limits, cx, incoming).await?;
    if arrived.sha256() == attachment.sha256 {
        return Ok(arrived);
    }
    arrive::leave(db, store, cx, arrived.key).await;
    let detail = format!(
        "`{}` is not the file that was exported: its SHA-256 is {}, and `{DOCUMENT}` says {}; send the archive as the export made it",
        shown(path),
        arrived.sha256(),
        shown(&attachment.sha256)
    );
    Err(Error::invalid("archive_checksum", detail))
}

impl<'a> Work<'a> {
    /// Puts the files on their tasks.
    pub(super) async fn files(&mut self, tx: &mut Tx, document: &'a Portable, files: &Files) -> Result<()> {
        let mut missing = 0;
        for task in &document.tasks {
            let Some(id) = self.tasks.get(task.key.as_str()).copied() else { continue };
            for attachment in &task.attachments {
                let Some(arrived) = attachment.file.as_ref().and_then(|file| files.held.get(file)) else {
                    missing += 1;
                    continue;
                };
                let may = self.cx.actor.may::<TaskEdit, _>(self.project.clone())?;
                match arrive::place(tx, self.cx, files.limits, &may, &Handle::Id(id), arrived).await {
                    Ok(_) => self.report.attachments += 1,
                    Err(error) => self.note(Some(task.line), "attachments", error)?,
                }
            }
        }
        if missing > 0 {
            let note = format!(
                "the document names {missing} files and does not hold them: export with `attachments=true` and import the archive, or put them on their tasks by hand"
            );
            self.report.notes.push(note);
        }
        Ok(())
    }
}

/// Refuses what is packed so small that it is meant to fill disks.
fn swells(entry: &Entry) -> Result<()> {
    if entry.size > SMALL && entry.size / SWELLS > entry.packed {
        let what = format!("`{}` becomes more than {SWELLS} times as large as it is packed", shown(&entry.name));
        return Err(too_large(what));
    }
    Ok(())
}

/// Refuses whatever does not lie directly in the folder of files.
fn check_path(path: &str) -> Result<()> {
    let odd = |letter: char| letter.is_control() || matches!(letter, '/' | '\\');
    match path.strip_prefix(FOLDER) {
        Some(name) if !name.is_empty() && !matches!(name, "." | "..") && !name.contains(odd) => Ok(()),
        _ => Err(unknown(path, &format!("is neither `{DOCUMENT}` nor a file directly in `{FOLDER}`"))),
    }
}

fn too_large(what: String) -> Error {
    Error::too_large(
        "archive_too_large",
        format!("the archive is refused: {what}; take files out of it, and of `{DOCUMENT}`"),
    )
}

fn unknown(path: &str, what: &str) -> Error {
    let detail = format!("`{}` {what}; send the archive as the export made it", shown(path));
    Error::invalid("archive_entry_unknown", detail)
}

fn missing(path: &str) -> Error {
    let detail = format!("the archive does not hold `{}`; send it as the export made it", shown(path));
    Error::invalid("archive_file_missing", detail)
}
