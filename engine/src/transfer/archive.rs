//! The frame of an archive ([ZIP](https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT)), as much of it as projects with
//! their files need: entries that are stored or deflated, without encryption, comments and what is for more than 4 GiB.
//!
//! Written piece by piece, to wherever pieces go. Read with suspicion: what an archive says of itself is held against
//! limits before anything is kept of it, entries may not lie over each other, and what is read is counted and summed.

use std::fs::File;
use std::io::{BufReader, Read, Seek as _, SeekFrom};

use bytes::{BufMut as _, Bytes, BytesMut};
use flate2::read::DeflateDecoder;

use crate::{Error, Result};

/// An entry whose bytes are as they are.
pub(super) const STORED: u16 = 0;
/// An entry whose bytes are deflated.
pub(super) const DEFLATED: u16 = 8;

const LOCAL: u32 = 0x0403_4b50;
const DESCRIPTOR: u32 = 0x0807_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
/// Lengths follow behind the bytes, and names are UTF-8.
const FLAGS: u16 = 0x0808;
/// 2.0, and Unix: so that modes are read.
const MADE_BY: u16 = 0x0314;
/// 1980-01-01: an archive of the same project is the same.
const DAY: u16 = 0x0021;
/// A plain file that everybody may read.
const MODE: u32 = 0o100_644 << 16;

/// The length of the record at the end.
const END_LENGTH: u64 = 22;
/// The most bytes of a directory.
const MAX_DIRECTORY: u64 = 16 * 1024 * 1024;
/// How much is read at once.
const PIECE: usize = 64 * 1024;

/// Writes the frame around what is put into it; the bytes of entries pass by.
#[derive(Debug, Default)]
pub(super) struct Writer {
    /// What the directory says of entries that are done.
    directory: BytesMut,
    count: u16,
    at: u64,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    name: String,
    method: u16,
    at: u64,
    hash: crc32fast::Hasher,
    size: u64,
    packed: u64,
}

impl Writer {
    /// What stands before an entry.
    pub fn begin(&mut self, name: String, method: u16) -> Bytes {
        let mut head = BytesMut::with_capacity(30 + name.len());
        head.put_u32_le(LOCAL);
        put_common(&mut head, method);
        head.put_bytes(0, 12);
        head.put_u16_le(length(&name));
        head.put_u16_le(0);
        head.put_slice(name.as_bytes());
        self.open = Some(Open { name, method, at: self.at, hash: crc32fast::Hasher::new(), size: 0, packed: 0 });
        self.passed(head)
    }

    /// A piece of the entry passes: these bytes, that take up so many.
    pub fn piece(&mut self, bytes: &[u8], packed: usize) {
        if let Some(open) = &mut self.open {
            open.hash.update(bytes);
            open.size += bytes.len() as u64;
            open.packed += packed as u64;
        }
        self.at += packed as u64;
    }

    /// What stands behind the entry.
    pub fn end(&mut self) -> Bytes {
        let Some(open) = self.open.take() else { return Bytes::new() };
        let mut sums = BytesMut::with_capacity(12);
        sums.put_u32_le(open.hash.finalize());
        sums.put_u32_le(short(open.packed));
        sums.put_u32_le(short(open.size));
        let row = &mut self.directory;
        row.put_u32_le(CENTRAL);
        row.put_u16_le(MADE_BY);
        put_common(row, open.method);
        row.put_slice(&sums);
        row.put_u16_le(length(&open.name));
        row.put_bytes(0, 8);
        row.put_u32_le(MODE);
        row.put_u32_le(short(open.at));
        row.put_slice(open.name.as_bytes());
        self.count = self.count.saturating_add(1);
        let mut behind = BytesMut::with_capacity(16);
        behind.put_u32_le(DESCRIPTOR);
        behind.put_slice(&sums);
        self.passed(behind)
    }

    /// The directory, which ends the archive.
    pub fn finish(&mut self) -> Bytes {
        let mut last = std::mem::take(&mut self.directory);
        let size = last.len() as u64;
        last.put_u32_le(END);
        last.put_u32_le(0);
        last.put_u16_le(self.count);
        last.put_u16_le(self.count);
        last.put_u32_le(short(size));
        last.put_u32_le(short(self.at));
        last.put_u16_le(0);
        self.passed(last)
    }

    fn passed(&mut self, bytes: BytesMut) -> Bytes {
        self.at += bytes.len() as u64;
        bytes.freeze()
    }
}

fn put_common(head: &mut BytesMut, method: u16) {
    head.put_u16_le(20);
    head.put_u16_le(FLAGS);
    head.put_u16_le(method);
    head.put_u16_le(0);
    head.put_u16_le(DAY);
}

/// Whoever writes keeps archives below 4 GiB.
fn short(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn length(name: &str) -> u16 {
    u16::try_from(name.len()).unwrap_or(u16::MAX)
}

/// What the directory of an archive says of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Its name, as it stands there.
    pub name: String,
    /// How many bytes it has.
    pub size: u64,
    /// How many it takes up.
    pub packed: u64,
    method: u16,
    crc: u32,
    at: u64,
    /// Where the next thing begins.
    until: u64,
}

/// The entries of an archive that has at most so many.
///
/// # Errors
/// `archive_unreadable`, `archive_too_large`.
pub(super) fn entries(file: &File, most: usize) -> Result<Vec<Entry>> {
    let length = (&mut &*file).seek(SeekFrom::End(0)).map_err(reading)?;
    let ends = length.checked_sub(END_LENGTH).ok_or_else(|| unreadable("it is too short"))?;
    let end = at(file, ends, 22)?;
    if u32_at(&end, 0) != END || u16_at(&end, 20) != 0 {
        return Err(unreadable("its end is not that of a ZIP archive without a comment"));
    }
    let (count, size, start) = (u16_at(&end, 10), u64::from(u32_at(&end, 12)), u64::from(u32_at(&end, 16)));
    if usize::from(count) > most || size > MAX_DIRECTORY {
        let detail = format!("the archive has more than {most} entries; export the project in parts");
        return Err(Error::too_large("archive_too_large", detail));
    }
    if u32_at(&end, 4) != 0 || u16_at(&end, 8) != count || start + size != ends {
        return Err(unreadable("its directory is not where it should be"));
    }
    let directory = at(file, start, usize::try_from(size).unwrap_or_default())?;
    let mut rest = directory.as_slice();
    let mut found = Vec::with_capacity(usize::from(count));
    while !rest.is_empty() {
        let (entry, left) = entry(rest)?;
        found.push(entry);
        rest = left;
    }
    if found.len() != usize::from(count) {
        return Err(unreadable("its directory has more or fewer entries than it says"));
    }
    // Entries that share bytes are how a small archive becomes a large one.
    let mut order: Vec<&mut Entry> = found.iter_mut().collect();
    order.sort_by_key(|entry| entry.at);
    let mut until = start;
    for entry in order.into_iter().rev() {
        entry.until = until;
        if entry.at.saturating_add(30 + entry.name.len() as u64 + entry.packed) > until {
            return Err(unreadable("its entries lie over each other"));
        }
        until = entry.at;
    }
    Ok(found)
}

/// The first entry of a directory, and what follows.
fn entry(row: &[u8]) -> Result<(Entry, &[u8])> {
    if row.len() < 46 || u32_at(row, 0) != CENTRAL {
        return Err(unreadable("its directory is broken"));
    }
    let lengths = [28, 30, 32].map(|at| usize::from(u16_at(row, at)));
    let name = row.get(46..46 + lengths[0]).ok_or_else(|| unreadable("its directory is broken"))?;
    let left = row.get(46 + lengths.iter().sum::<usize>()..).ok_or_else(|| unreadable("its directory is broken"))?;
    let name = std::str::from_utf8(name).map_err(|_| unreadable("it has a name that is not UTF-8"))?;
    let shown = shown(name);
    let (flags, method) = (u16_at(row, 8), u16_at(row, 10));
    if flags & 0x2041 != 0 {
        return Err(unreadable(&format!("`{shown}` is encrypted; pack it without a password")));
    }
    if method != STORED && method != DEFLATED {
        return Err(unreadable(&format!("`{shown}` is neither stored nor deflated; pack it in one of these ways")));
    }
    // What is no plain file: links, above all.
    let kind = (u32_at(row, 38) >> 16) & 0o170_000;
    if !matches!(kind, 0 | 0o100_000 | 0o040_000) {
        return Err(unreadable(&format!("`{shown}` is no plain file; leave it out")));
    }
    let [packed, size, at] = [20, 24, 42].map(|place| u64::from(u32_at(row, place)));
    if [packed, size, at].contains(&u64::from(u32::MAX)) {
        let detail = format!("`{shown}` is said to have 4 GiB or more; leave it out");
        return Err(Error::too_large("archive_too_large", detail));
    }
    if method == STORED && packed != size {
        return Err(unreadable(&format!("`{shown}` is stored, and has two lengths")));
    }
    Ok((Entry { name: name.to_owned(), size, packed, method, crc: u32_at(row, 16), at, until: 0 }, left))
}

/// Reads an entry piece by piece. When this succeeds, the pieces were as many bytes as the directory says, with that sum.
/// One entry of a file at a time.
///
/// # Errors
/// `archive_unreadable`; those of `take`.
pub(super) fn read(file: &File, entry: &Entry, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let broken = |what: &str| unreadable(&format!("`{}` {what}", shown(&entry.name)));
    let head = at(file, entry.at, 30)?;
    let name = at(file, entry.at + 30, entry.name.len())?;
    let skipped = 30 + u64::from(u16_at(&head, 26)) + u64::from(u16_at(&head, 28));
    let same = u32_at(&head, 0) == LOCAL && u16_at(&head, 8) == entry.method && name == entry.name.as_bytes();
    if !same || usize::from(u16_at(&head, 26)) != entry.name.len() || entry.at + skipped + entry.packed > entry.until {
        return Err(broken("is not what the directory says"));
    }
    (&mut &*file).seek(SeekFrom::Start(entry.at + skipped)).map_err(reading)?;
    let packed = BufReader::with_capacity(PIECE, file.take(entry.packed));
    let mut bytes: Box<dyn Read + '_> = match entry.method {
        DEFLATED => Box::new(DeflateDecoder::new(packed)),
        _ => Box::new(packed),
    };
    let (mut piece, mut size, mut hash) = (vec![0; PIECE], 0, crc32fast::Hasher::new());
    loop {
        let read = bytes.read(&mut piece).map_err(|_| broken("cannot be unpacked"))?;
        if read == 0 {
            break;
        }
        size += read as u64;
        if size > entry.size {
            return Err(broken("has more bytes than the directory says"));
        }
        hash.update(&piece[..read]);
        take(&piece[..read])?;
    }
    if size != entry.size || hash.finalize() != entry.crc {
        return Err(broken("is not what was packed: its sum is another one"));
    }
    Ok(())
}

/// So many bytes from there on.
fn at(file: &File, place: u64, length: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    (&mut &*file).seek(SeekFrom::Start(place)).map_err(reading)?;
    (&mut &*file).read_exact(&mut bytes).map_err(|_| unreadable("it is shorter than it says"))?;
    Ok(bytes)
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn reading(error: std::io::Error) -> Error {
    Error::busy("storage_unavailable", "The archive that was sent cannot be read here. Try again.").caused_by(error)
}

fn unreadable(what: &str) -> Error {
    let detail = format!("the archive cannot be read: {what}; send it as the export made it");
    Error::invalid("archive_unreadable", detail)
}

/// A name as a message may say it.
pub(super) fn shown(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_control()).take(64).collect()
}
