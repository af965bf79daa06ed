//! The checks themselves, one function per family of schemes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Algorithm, Encoding, Scheme, TOLERANCE_SECONDS};

/// What a Standard Webhooks secret starts with.
pub(super) const SIGNING_PREFIX: &str = "whsec_";

/// Longest delivery id kept as it came, in bytes; a longer one is kept as its SHA-256.
const LONGEST_ID: usize = 200;

/// Signatures looked at in one Standard Webhooks header; rotation needs two.
const MOST_SIGNATURES: usize = 16;

/// A post that proved its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The sender's own id of this delivery, the same when it is sent again. `None` when the sender gives none.
    pub delivery_id: Option<String>,
}

/// A post that did not prove its origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Refused {
    /// Stable name of the reason: `signature_missing`, `signature_invalid`, `timestamp_invalid`, `timestamp_stale`,
    /// `token_missing`, `token_invalid` or `secret_invalid`.
    pub code: &'static str,
    /// What the sender must change. Never holds the secret or the signature that would have been right.
    pub detail: String,
}

impl Refused {
    fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Refused { code, detail: detail.into() }
    }
}

/// Checks one post. `headers` is asked for lower-case names and answers with the first value.
///
/// The delivery id is taken only after the check. Note that GitHub and generic senders do not sign theirs: it stops
/// repeats by accident, not an attacker who has seen one valid post.
///
/// # Errors
/// [`Refused`] when anything is missing, stale or wrong.
pub fn verify<'h>(
    scheme: &Scheme,
    secret: &str,
    headers: &dyn Fn(&str) -> Option<&'h str>,
    raw: &[u8],
    now: DateTime<Utc>,
) -> Result<Verified, Refused> {
    // An empty key would make every signature computable by anybody.
    if scheme.needs_secret() && secret.is_empty() {
        return Err(Refused::new("secret_invalid", "this hook has no secret: set one before posting to it"));
    }
    let delivery_id = match scheme {
        Scheme::Github => {
            let sent = signature(headers, "X-Hub-Signature-256", Some("sha256="))?;
            matches_hex(sent, &sha256(secret.as_bytes(), &[raw]), false, "X-Hub-Signature-256")?;
            headers("x-github-delivery")
        }
        Scheme::Gitlab if secret.starts_with(SIGNING_PREFIX) && headers("webhook-signature").is_some() => {
            standard(secret, headers, raw, now)?;
            gitlab_id(headers)
        }
        Scheme::Gitlab => {
            token(headers("x-gitlab-token"), secret, "X-Gitlab-Token")?;
            gitlab_id(headers)
        }
        Scheme::Slack => {
            slack(secret, headers, raw, now)?;
            return Ok(Verified { delivery_id: slack_id(raw).map(|id| bounded(&id)) });
        }
        Scheme::StandardWebhooks => {
            standard(secret, headers, raw, now)?;
            headers("webhook-id")
        }
        Scheme::Hmac { header, algorithm, encoding, prefix } => {
            let sent = signature(headers, header, prefix.as_deref())?;
            let expected = match algorithm {
                Algorithm::Sha256 => sha256(secret.as_bytes(), &[raw]),
                Algorithm::Sha1 => sha1(secret.as_bytes(), raw),
            };
            match encoding {
                Encoding::Hex => matches_hex(sent, &expected, true, header)?,
                Encoding::Base64 => matches_text(sent, &STANDARD.encode(expected), header)?,
            }
            headers("idempotency-key")
        }
        Scheme::Token { header: None } => {
            let sent = headers("authorization").map(|value| bearer(value).unwrap_or_default());
            token(sent, secret, "Authorization: Bearer")?;
            headers("idempotency-key")
        }
        Scheme::Token { header: Some(header) } => {
            token(headers(&header.to_ascii_lowercase()), secret, header)?;
            headers("idempotency-key")
        }
        Scheme::None => headers("idempotency-key"),
    };
    Ok(Verified { delivery_id: delivery_id.filter(|id| !id.is_empty()).map(bounded) })
}

/// Slack's v0 signature: <https://api.slack.com/authentication/verifying-requests-from-slack>.
fn slack<'h>(
    secret: &str,
    headers: &dyn Fn(&str) -> Option<&'h str>,
    raw: &[u8],
    now: DateTime<Utc>,
) -> Result<(), Refused> {
    let timestamp = timestamp(headers, "X-Slack-Request-Timestamp", now)?;
    let sent = signature(headers, "X-Slack-Signature", Some("v0="))?;
    let expected = sha256(secret.as_bytes(), &[b"v0:", timestamp.as_bytes(), b":", raw]);
    matches_hex(sent, &expected, false, "X-Slack-Signature")
}

/// Standard Webhooks 1.0.0 with symmetric keys; any one matching `v1` signature in the header is enough.
fn standard<'h>(
    secret: &str,
    headers: &dyn Fn(&str) -> Option<&'h str>,
    raw: &[u8],
    now: DateTime<Utc>,
) -> Result<(), Refused> {
    let key = signing_key(secret).ok_or_else(|| {
        Refused::new(
            "secret_invalid",
            "this hook's secret is not `whsec_` and base64: set it again in the hook's settings",
        )
    })?;
    let id = headers("webhook-id")
        .filter(|id| !id.is_empty())
        .ok_or_else(|| Refused::new("signature_missing", "send the header webhook-id"))?;
    let timestamp = timestamp(headers, "webhook-timestamp", now)?;
    let sent = signature(headers, "webhook-signature", None)?;
    let expected = STANDARD.encode(sha256(&key, &[id.as_bytes(), b".", timestamp.as_bytes(), b".", raw]));
    let matched = sent
        .split(' ')
        .filter_map(|one| one.strip_prefix("v1,"))
        .take(MOST_SIGNATURES)
        .any(|one| one.as_bytes().ct_eq(expected.as_bytes()).into());
    if matched { Ok(()) } else { Err(wrong_signature("webhook-signature")) }
}

/// The key bytes in a Standard Webhooks secret; the prefix may be missing, as the reference libraries allow.
pub(super) fn signing_key(secret: &str) -> Option<Vec<u8>> {
    let key = STANDARD.decode(secret.strip_prefix(SIGNING_PREFIX).unwrap_or(secret)).ok()?;
    (!key.is_empty()).then_some(key)
}

/// Unix seconds from a header, as text, no further from `now` than [`TOLERANCE_SECONDS`].
fn timestamp<'h>(
    headers: &dyn Fn(&str) -> Option<&'h str>,
    name: &str,
    now: DateTime<Utc>,
) -> Result<&'h str, Refused> {
    let text = headers(&name.to_ascii_lowercase())
        .ok_or_else(|| Refused::new("timestamp_invalid", format!("send the header {name} with the time of sending")))?;
    let seconds: i64 = text
        .parse()
        .map_err(|_| Refused::new("timestamp_invalid", format!("{name} must be whole seconds since 1970-01-01 UTC")))?;
    if now.timestamp().abs_diff(seconds) > TOLERANCE_SECONDS.unsigned_abs() {
        return Err(Refused::new(
            "timestamp_stale",
            format!(
                "{name} is more than {TOLERANCE_SECONDS} seconds from our clock: send it freshly signed, and check the sender's clock"
            ),
        ));
    }
    Ok(text)
}

/// The text after the prefix in a signature's header.
fn signature<'h>(
    headers: &dyn Fn(&str) -> Option<&'h str>,
    name: &str,
    prefix: Option<&str>,
) -> Result<&'h str, Refused> {
    let value = headers(&name.to_ascii_lowercase()).ok_or_else(|| {
        Refused::new("signature_missing", format!("send the signature of the body in the header {name}"))
    })?;
    match prefix {
        None => Ok(value),
        Some(prefix) => value
            .strip_prefix(prefix)
            .ok_or_else(|| Refused::new("signature_invalid", format!("the header {name} must start with {prefix}"))),
    }
}

fn matches_hex(sent: &str, expected: &[u8], upper_too: bool, header: &str) -> Result<(), Refused> {
    if upper_too && sent.bytes().any(|b| b.is_ascii_uppercase()) {
        return matches_text(sent, &hex::encode_upper(expected), header);
    }
    matches_text(sent, &hex::encode(expected), header)
}

fn matches_text(sent: &str, expected: &str, header: &str) -> Result<(), Refused> {
    if sent.as_bytes().ct_eq(expected.as_bytes()).into() { Ok(()) } else { Err(wrong_signature(header)) }
}

fn wrong_signature(header: &str) -> Refused {
    Refused::new(
        "signature_invalid",
        format!(
            "the signature in {header} does not match the body: check that both sides hold the same secret and that nothing changes the body on its way"
        ),
    )
}

/// Compares digests, so that not even the secret's length shows in the time taken.
fn token(sent: Option<&str>, secret: &str, header: &str) -> Result<(), Refused> {
    let sent =
        sent.ok_or_else(|| Refused::new("token_missing", format!("send the hook's secret in the header {header}")))?;
    if Sha256::digest(sent).ct_eq(&Sha256::digest(secret)).into() {
        Ok(())
    } else {
        Err(Refused::new("token_invalid", format!("the token in {header} is not this hook's secret")))
    }
}

/// The token of `Authorization: Bearer <token>`; the word's case does not matter (RFC 9110 section 11.1).
fn bearer(value: &str) -> Option<&str> {
    let (word, token) = value.split_once(' ')?;
    word.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// GitLab's `Idempotency-Key` is one per delivery. `X-Gitlab-Event-UUID` comes last because hooks that trigger each
/// other share it, and deduplicating by it would drop the second.
fn gitlab_id<'h>(headers: &dyn Fn(&str) -> Option<&'h str>) -> Option<&'h str> {
    ["idempotency-key", "webhook-id", "x-gitlab-event-uuid"].into_iter().find_map(headers)
}

/// `event_id` of an Events API call. Slash commands and button presses are forms and carry none.
fn slack_id(raw: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Envelope {
        event_id: Option<String>,
    }
    if raw.first() != Some(&b'{') {
        return None;
    }
    serde_json::from_slice::<Envelope>(raw).ok()?.event_id.filter(|id| !id.is_empty())
}

fn bounded(id: &str) -> String {
    if id.len() <= LONGEST_ID { id.to_owned() } else { format!("sha256:{}", hex::encode(Sha256::digest(id))) }
}

fn sha256(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    hmac_of(Hmac::<Sha256>::new_from_slice(key), parts)
}

fn sha1(key: &[u8], raw: &[u8]) -> Vec<u8> {
    hmac_of(Hmac::<Sha1>::new_from_slice(key), &[raw])
}

fn hmac_of<M: Mac, E: std::fmt::Debug>(mac: Result<M, E>, parts: &[&[u8]]) -> Vec<u8> {
    // HMAC takes keys of any length (RFC 2104 section 3), so this cannot fail.
    let mut mac = mac.expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}
