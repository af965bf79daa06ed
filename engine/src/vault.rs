//! Secrets at rest: sealed with XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) under one key that lies beside the
//! database, not in it, so that a stolen database gives nothing away.
//!
//! What is sealed is bound to its place (`hook:<id>`): a sealed secret copied into another row does not open there.
//! Deliberately absent: changing the key. The first byte of what is sealed leaves room for it.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use sha2::{Digest as _, Sha256};

use crate::{Error, Result};

/// The name of the key file in the data folder, when none is named.
pub const KEY_FILE: &str = "secret.key";

/// What a sealed secret begins with: the form below.
const VERSION: u8 = 1;
/// After the version: the first bytes of the key's SHA-256, so that a wrong key is told from a damaged row.
const MARK: usize = 4;
const NONCE: usize = 24;
const HEAD: usize = 1 + MARK + NONCE;

/// Seals and opens secrets. Cheap to clone.
#[derive(Clone)]
pub struct Vault(Arc<Inner>);

struct Inner {
    cipher: XChaCha20Poly1305,
    mark: [u8; MARK],
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(***)")
    }
}

impl Vault {
    /// A vault with this key.
    pub fn new(key: [u8; 32]) -> Self {
        let digest = Sha256::digest(key);
        let mut mark = [0; MARK];
        mark.copy_from_slice(&digest[..MARK]);
        Self(Arc::new(Inner { cipher: XChaCha20Poly1305::new(&key.into()), mark }))
    }

    /// A vault with the key of a file: 32 bytes in base64.
    ///
    /// # Errors
    /// `secret_key_file` when the file is missing, unreadable or no key.
    pub fn from_file(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(|error| {
            let detail = format!(
                "The secret key file {} cannot be read: {error}. Put back your copy of it, or name it with --secret-key-file (TRACKSIDE_SECRET_KEY_FILE).",
                path.display()
            );
            broken(detail)
        })?;
        let bytes = STANDARD.decode(text.trim()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let Some(key) = bytes else {
            let detail = format!(
                "The secret key file {} holds no key: it must be 32 bytes in base64. Restore it from a backup, or make one with `head -c 32 /dev/urandom | base64`.",
                path.display()
            );
            return Err(broken(detail));
        };
        if let Ok(about) = fs::metadata(path)
            && about.permissions().mode() & 0o077 != 0
        {
            tracing::warn!(file = %path.display(), "the secret key file can be read by others; make it mode 0600");
        }
        Ok(Self::new(key))
    }

    /// The vault of an installation: the key of `named`, or that of the data folder, which is made when absent
    /// (mode 0600, whole or not at all, and the same for programs that start together). Not when the database holds
    /// secrets already: another key could open none of them, and would hide that the right one is missing.
    ///
    /// # Errors
    /// `secret_key_file`. A named file is never made: that it is missing is rather a mistake than a wish.
    pub fn open_or_create(named: Option<&Path>, data: &Path, has_secrets: bool) -> Result<Self> {
        match named {
            Some(path) => Self::from_file(path),
            None => {
                let path = data.join(KEY_FILE);
                if !path.exists() && !has_secrets {
                    create(&path, data).map_err(|error| {
                        let detail = format!(
                            "The secret key file {} cannot be made: {error}. Make the folder writable.",
                            path.display()
                        );
                        broken(detail).caused_by(error)
                    })?;
                }
                Self::from_file(&path)
            }
        }
    }

    /// Seals `plain` for the place `context`, such as `hook:<id>`.
    ///
    /// # Errors
    /// None in practice: the cipher refuses only texts of 256 GiB.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload { msg: plain, aad: context.as_bytes() };
        let sealed = self.0.cipher.encrypt(XNonce::from_slice(&nonce), payload);
        let sealed = sealed.map_err(|_| Error::internal("A secret is too long to be sealed."))?;
        let mut out = Vec::with_capacity(HEAD + sealed.len());
        out.push(VERSION);
        out.extend_from_slice(&self.0.mark);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    /// Opens what was sealed for `context`.
    ///
    /// # Errors
    /// `secret_key_mismatch` when another key sealed it, `sealed_damaged` when it was changed or moved.
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let damaged = || {
            let detail = format!(
                "The sealed secret of {context} was changed or moved within the database; set the secret again."
            );
            Error::internal(detail).with_code("sealed_damaged")
        };
        if sealed.len() < HEAD || sealed[0] != VERSION {
            return Err(damaged());
        }
        let (mark, rest) = sealed[1..].split_at(MARK);
        if mark != self.0.mark {
            let detail = "The secret key file does not match this database: start with the key file that it was made with (TRACKSIDE_SECRET_KEY_FILE).";
            return Err(Error::internal(detail).with_code("secret_key_mismatch"));
        }
        let (nonce, sealed) = rest.split_at(NONCE);
        let payload = Payload { msg: sealed, aad: context.as_bytes() };
        self.0.cipher.decrypt(XNonce::from_slice(nonce), payload).map_err(|_| damaged())
    }

    /// [`open`](Self::open) for what was text.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_text(&self, context: &str, sealed: &[u8]) -> Result<Secret> {
        let plain = String::from_utf8(self.open(context, sealed)?);
        plain.map(Secret).map_err(|_| Error::internal(format!("The secret of {context} is no text.")))
    }
}

fn broken(detail: String) -> Error {
    Error::internal(detail).with_code("secret_key_file")
}

/// Writes a new key beside its place and links it there: a link fails when the place is taken, so of several programs
/// one wins and all use its key, and a crash leaves no half of a key.
fn create(path: &Path, folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let draft = PathBuf::from(format!("{}.{:016x}", path.display(), rand::random::<u64>()));
    let key: [u8; 32] = rand::random();
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let made = file
        .write_all(format!("{}\n", STANDARD.encode(key)).as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| match fs::hard_link(&draft, path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        });
    fs::remove_file(&draft)?;
    made?;
    // The folder's entry must be as durable as what will be sealed with the key.
    File::open(folder)?.sync_all()
}

/// A text that must not be seen in logs, errors or journals. Shows itself as `***` and cannot be serialised.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. Put it where it belongs and nowhere else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self)
    }
}

impl JsonSchema for Secret {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Secret".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "password", "writeOnly": true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_in_its_place_and_with_its_key() {
        let vault = Vault::new([7; 32]);
        let mut sealed = vault.seal("hook:1", b"hush").unwrap();
        assert!(!sealed.windows(4).any(|part| part == b"hush"));
        assert_ne!(sealed, vault.seal("hook:1", b"hush").unwrap(), "a nonce is never used twice");
        assert_eq!(vault.open("hook:1", &sealed).unwrap(), b"hush");
        assert_eq!(vault.open("hook:2", &sealed).unwrap_err().code, "sealed_damaged");
        assert_eq!(Vault::new([8; 32]).open("hook:1", &sealed).unwrap_err().code, "secret_key_mismatch");
        for at in 0..sealed.len() {
            sealed[at] ^= 1;
            assert!(vault.open("hook:1", &sealed).is_err(), "byte {at}");
            sealed[at] ^= 1;
        }
        assert!(vault.open("hook:1", &sealed[..10]).is_err());
    }

    #[test]
    fn programs_that_start_together_agree_on_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let vaults: Vec<Vault> = std::thread::scope(|scope| {
            let open = || Vault::open_or_create(None, &data, false).unwrap();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let sealed = vaults[0].seal("x", b"hush").unwrap();
        assert!(vaults.iter().all(|vault| vault.open("x", &sealed).is_ok()));
        let files: Vec<_> = fs::read_dir(&data).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(files, [KEY_FILE], "no draft is left");
        assert_eq!(fs::metadata(data.join(KEY_FILE)).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn no_key_is_made_for_secrets_that_another_one_sealed() {
        let folder = tempfile::tempdir().unwrap();
        let refused = Vault::open_or_create(None, folder.path(), true).unwrap_err();
        assert!(refused.code == "secret_key_file" && refused.detail.contains("Put back your copy"), "{refused}");
        assert!(!folder.path().join(KEY_FILE).exists());
    }

    #[test]
    fn a_named_file_is_never_made_and_must_hold_a_key() {
        let folder = tempfile::tempdir().unwrap();
        let named = folder.path().join("mine.key");
        assert_eq!(Vault::open_or_create(Some(&named), folder.path(), false).unwrap_err().code, "secret_key_file");
        fs::write(&named, "c2hvcnQ=").unwrap();
        assert!(Vault::open_or_create(Some(&named), folder.path(), false).unwrap_err().detail.contains("32 bytes"));
    }

    #[test]
    fn a_secret_shows_nothing() {
        let secret = Secret::new("hush");
        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
    }
}
