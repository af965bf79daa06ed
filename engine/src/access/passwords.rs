//! Passwords: what they must be, and their hashes (Argon2id with the OWASP cheat sheet's m = 19 MiB, t = 2, p = 1).
//!
//! Hashing costs tens of milliseconds and 19 MiB, so it runs on a blocking thread, a few at a time, and never inside a
//! transaction: a service takes a [`Hashed`], which only [`hash`] makes.

use std::fmt;
use std::sync::{LazyLock, OnceLock};

use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::vault::Secret;
use crate::{Error, Result};

/// Fewest characters of a password.
pub const SHORTEST: usize = 10;
/// Most characters of a password.
pub const LONGEST: usize = 128;

/// Hashes that may wait for their turn; a flood of sign-ins is told to come back instead of filling the memory.
const MOST_WAITING: usize = 64;

/// A hashed password, in the PHC string format.
#[derive(Clone)]
pub struct Hashed(String);

impl Hashed {
    /// No password at all: none fits it.
    pub(super) fn none() -> Self {
        Self(String::new())
    }

    /// The PHC string, for the row.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Whether a password is long enough and not too long. What it is made of is left to people (NIST SP 800-63B 3.1.1).
///
/// # Errors
/// `invalid_fields` at `/password`.
pub fn check(password: &Secret) -> Result<()> {
    match password.reveal().chars().count() {
        SHORTEST..=LONGEST => Ok(()),
        length => Err(Error::field("/password", format!("must have {SHORTEST} to {LONGEST} characters, not {length}"))),
    }
}

/// Hashes a password.
///
/// # Errors
/// `busy_signing_in` when too many wait for the same.
pub async fn hash(password: &Secret) -> Result<Hashed> {
    let password = password.clone();
    apart(move || {
        let salt: [u8; 16] = rand::random();
        let failed = |error| Error::internal(format!("A password could not be hashed: {error}."));
        let salt = SaltString::encode_b64(&salt).map_err(failed)?;
        argon2().hash_password(password.reveal().as_bytes(), &salt).map_err(failed).map(|hash| Hashed(hash.to_string()))
    })
    .await?
}

/// Whether `password` is the one that was hashed. Without a hash, when nobody has that address, it takes as long and
/// answers no.
///
/// # Errors
/// `busy_signing_in` when too many wait for the same.
pub async fn verify(password: &Secret, hash: Option<String>) -> Result<bool> {
    let password = password.clone();
    // Whoever signs in by another provider, or never, has none.
    let hash = hash.filter(|hash| !hash.is_empty());
    apart(move || {
        let known = hash.is_some();
        let Some(text) = hash.as_deref().or_else(|| nobodys()) else { return false };
        let Ok(hash) = PasswordHash::new(text) else { return false };
        argon2().verify_password(password.reveal().as_bytes(), &hash).is_ok() && known
    })
    .await
}

/// A hash to compare with when there is none.
fn nobodys() -> Option<&'static str> {
    static HASH: OnceLock<Option<String>> = OnceLock::new();
    let make = || {
        let salt = SaltString::encode_b64(&[0; 16]).ok()?;
        argon2().hash_password(&rand::random::<[u8; 16]>(), &salt).ok().map(|hash| hash.to_string())
    };
    HASH.get_or_init(make).as_deref()
}

fn argon2() -> Argon2<'static> {
    // Fails only for figures out of range, and these are constants; the crate's defaults are the same figures.
    let params = Params::new(19 * 1024, 2, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Runs `work` on a blocking thread when it is its turn.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    static WAITING: Semaphore = Semaphore::const_new(MOST_WAITING);
    static AT_ONCE: LazyLock<Semaphore> =
        LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(2, |cores| cores.get().min(4))));
    let Ok(_waiting) = WAITING.try_acquire() else {
        return Err(Error::busy(
            "busy_signing_in",
            "Too many people sign in at this moment; try again in a few seconds.",
        ));
    };
    let turn = AT_ONCE.acquire().await.map_err(|error| Error::internal("The turns were closed.").caused_by(error))?;
    let died = |error| Error::internal("Hashing a password panicked.").caused_by(error);
    // The turn goes with the work: a caller that goes away does not stop it, and its place is not free before it ends.
    tokio::task::spawn_blocking(move || {
        let _turn = turn;
        work()
    })
    .await
    .map_err(died)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_again_and_nobodys_never_fits() {
        let password = Secret::new("correct horse");
        let hash = hash(&password).await.unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_str());
        assert!(verify(&password, Some(hash.as_str().to_owned())).await.unwrap());
        assert!(!verify(&Secret::new("incorrect horse"), Some(hash.as_str().to_owned())).await.unwrap());
        assert!(!verify(&password, None).await.unwrap());
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert!(check(&Secret::new("ä".repeat(10))).is_ok());
        assert!(check(&Secret::new("ä".repeat(128))).is_ok());
        assert!(check(&Secret::new("ä".repeat(9))).is_err());
        assert!(check(&Secret::new("ä".repeat(129))).is_err());
    }
}
