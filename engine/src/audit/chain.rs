//! The hash of an entry, so that a third party can compute it.
//!
//! `hash = SHA-256(previous ‖ field ‖ field ‖ …)`. `previous` is the 32 bytes of the hash before it, 32 zero bytes for the
//! first. The fields follow in this order, each as its length in bytes (8 bytes, big-endian) and then its bytes (UTF-8):
//!
//! 1. `workspace_id` as it is shown (`ws_…`)
//! 2. `seq` in decimal digits
//! 3. `at` as `2026-03-01T09:00:00.000000Z`: UTC, always six digits of the second
//! 4. `actor`: the JSON text, to the letter
//! 5. `action`
//! 6. `subject`
//! 7. `detail`: the JSON text, to the letter
//!
//! A line of an export ([`Exported`]) has just these strings, with `actor` and `detail` as strings that hold JSON.

use chrono::{DateTime, SecondsFormat, Utc};
use sha2::{Digest as _, Sha256};

use super::model::{Exported, Fault};
use crate::{Error, Result};

/// A hash.
pub type Hash = [u8; 32];

/// What stands before the first entry.
pub const START: Hash = [0; 32];

/// What an entry says, in the texts that are hashed.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// `ws_…`.
    pub workspace: &'a str,
    /// 1, 2, 3, …
    pub seq: i64,
    /// By [`moment`].
    pub at: &'a str,
    /// JSON text.
    pub actor: &'a str,
    /// Such as `role.created`.
    pub action: &'a str,
    /// The id of what was changed.
    pub subject: &'a str,
    /// JSON text.
    pub detail: &'a str,
}

/// The hash of an entry that follows `previous`.
pub fn hash(previous: &Hash, said: &Said<'_>) -> Hash {
    let seq = said.seq.to_string();
    let mut sha = Sha256::new();
    sha.update(previous);
    for field in [said.workspace, &seq, said.at, said.actor, said.action, said.subject, said.detail] {
        // A length before each, so that nothing can be moved from one field into the next.
        sha.update((field.len() as u64).to_be_bytes());
        sha.update(field);
    }
    sha.finalize().into()
}

/// A time as it is hashed and exported.
pub fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// The bytes of a hash that is written in hexadecimal digits.
pub fn read(text: &str) -> Option<Hash> {
    hex::decode(text).ok()?.try_into().ok()
}

/// Walks along one workspace's entries.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    /// The number and the hash of the last one.
    pub seq: i64,
    pub hash: Hash,
}

impl Walk {
    pub fn new() -> Self {
        Self { seq: 0, hash: START }
    }

    /// Goes on by one entry, or says what is wrong with it.
    pub fn step(&mut self, said: &Said<'_>, found: &[u8]) -> Result<(), Fault> {
        if said.seq != self.seq + 1 {
            return Err(Fault::Missing { seq: self.seq + 1 });
        }
        let hash = hash(&self.hash, said);
        if found != hash {
            return Err(Fault::Changed { seq: said.seq });
        }
        (self.seq, self.hash) = (said.seq, hash);
        Ok(())
    }
}

/// Checks the lines of an export; the workspace, the last number and the last hash.
///
/// An export that begins later than with entry 1 is checked from the `previous` of its first line on.
///
/// # Errors
/// `export_broken`, with the line and what is wrong there.
pub fn verify_export<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Option<(String, i64, String)>> {
    let broken = |line: usize, what: &str| {
        Error::invalid("export_broken", format!("Line {line}: {what}.")).with_code("export_broken")
    };
    let mut walk: Option<(String, Walk)> = None;
    for (at, line) in lines.enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let at = at + 1;
        let entry: Exported =
            serde_json::from_str(line).map_err(|error| broken(at, &format!("it is no audit entry: {error}")))?;
        let previous = read(&entry.previous).ok_or_else(|| broken(at, "`previous` is no hash"))?;
        let found = read(&entry.hash).ok_or_else(|| broken(at, "`hash` is no hash"))?;
        let (workspace, walk) =
            walk.get_or_insert_with(|| (entry.workspace_id.clone(), Walk { seq: entry.seq - 1, hash: previous }));
        if *workspace != entry.workspace_id {
            return Err(broken(at, "it is of another workspace than the line before"));
        }
        if walk.seq == 0 && walk.hash != START {
            return Err(broken(at, "the first entry has something before it"));
        }
        let fault = match walk.hash == previous {
            true => walk.step(&entry.said(), &found).err(),
            false if entry.seq == walk.seq + 1 => Some(Fault::Changed { seq: entry.seq }),
            false => Some(Fault::Missing { seq: walk.seq + 1 }),
        };
        if let Some(fault) = fault {
            return Err(broken(at, &fault.to_string()));
        }
    }
    Ok(walk.map(|(workspace, walk)| (workspace, walk.seq, hex::encode(walk.hash))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said<'a>(action: &'a str, subject: &'a str) -> Said<'a> {
        let at = "2026-03-01T09:00:00.000000Z";
        Said { workspace: "ws_1", seq: 1, at, actor: "{}", action, subject, detail: "null" }
    }

    #[test]
    fn the_hash_is_the_one_that_is_documented() {
        // By hand: printf with the lengths, piped into sha256sum.
        let mut bytes = vec![0u8; 32];
        for field in ["ws_1", "1", "2026-03-01T09:00:00.000000Z", "{}", "role.created", "role_1", "null"] {
            bytes.extend([0, 0, 0, 0, 0, 0, 0, field.len() as u8]);
            bytes.extend(field.as_bytes());
        }
        assert_eq!(hash(&START, &said("role.created", "role_1")), Hash::from(Sha256::digest(&bytes)));
    }

    #[test]
    fn nothing_moves_between_fields() {
        assert_ne!(hash(&START, &said("ab", "c")), hash(&START, &said("a", "bc")));
        assert_ne!(hash(&START, &said("a", "b")), hash(&[1; 32], &said("a", "b")));
    }

    #[test]
    fn a_time_always_has_six_digits() {
        let at: DateTime<Utc> = "2026-03-01T10:00:00+01:00".parse().unwrap();
        assert_eq!(moment(at), "2026-03-01T09:00:00.000000Z");
    }
}
