//! How an inbound webhook proves that it comes from the sender it names.
//!
//! A [`Scheme`] is chosen per hook and written by people, either as a bare name (`"github"`) or as an object with
//! its settings (`{"scheme": "hmac", "header": "X-Sig", "encoding": "hex"}`). [`verify`] is pure: it sees the header
//! look-up, the raw bytes and the time, and knows neither HTTP nor storage, so that every vendor's published example
//! can be a test. [`Scheme::None`] is never a default: it must be named.
//!
//! Signatures are compared as text in constant time and byte for byte. Decoding them first would accept several
//! spellings of one signature (upper-case hex, unused base64 bits), and the product promises that a change of any one
//! byte is refused.

mod verify;
mod written;

#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use verify::{Refused, Verified, verify};

/// Seconds a signed timestamp may differ from our clock, either way (Slack and Standard Webhooks both say five minutes).
pub const TOLERANCE_SECONDS: i64 = 300;

/// How one hook's posts are verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `X-Hub-Signature-256: sha256=<hex>` over the body; delivery id from `X-GitHub-Delivery`.
    Github,
    /// Standard Webhooks when the secret is a `whsec_` signing token and the post is signed, otherwise `X-Gitlab-Token`.
    Gitlab,
    /// `X-Slack-Signature: v0=<hex>` over `v0:{timestamp}:{body}`; delivery id from the body's `event_id`.
    Slack,
    /// Standard Webhooks 1.0.0, symmetric (`v1`): `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    StandardWebhooks,
    /// An HMAC of the raw body in a header the sender chose.
    Hmac {
        /// Header that carries the signature; case does not matter.
        header: String,
        /// Hash under the HMAC.
        algorithm: Algorithm,
        /// How the signature is written.
        encoding: Encoding,
        /// Text before the signature in the header, such as `sha256=`.
        prefix: Option<String>,
    },
    /// The secret itself in a header; `Authorization: Bearer <secret>` when no header is named.
    Token {
        /// Header that carries the bare secret; `None` means `Authorization` with `Bearer`.
        header: Option<String>,
    },
    /// Nothing is checked. Anybody who knows the address can post.
    None,
}

/// Hash under an HMAC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// SHA-256, what every current sender offers.
    #[default]
    Sha256,
    /// SHA-1, for senders that know nothing newer. Still sound as an HMAC.
    Sha1,
}

/// How a signature is written in its header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// Hexadecimal, all lower-case or all upper-case.
    #[default]
    Hex,
    /// Standard base64 with padding (RFC 4648 section 4).
    Base64,
}

impl Scheme {
    /// The name people write for this scheme.
    pub fn name(&self) -> &'static str {
        match self {
            Scheme::Github => "github",
            Scheme::Gitlab => "gitlab",
            Scheme::Slack => "slack",
            Scheme::StandardWebhooks => "standard_webhooks",
            Scheme::Hmac { .. } => "hmac",
            Scheme::Token { .. } => "token",
            Scheme::None => "none",
        }
    }

    /// Whether posts are checked against a secret at all.
    pub fn needs_secret(&self) -> bool {
        !matches!(self, Scheme::None)
    }

    /// Checks a secret before a hook is saved with it, so that the mistake shows there and not at the first post.
    ///
    /// # Errors
    /// A sentence that says what the secret must look like.
    pub fn check_secret(&self, secret: &str) -> Result<(), String> {
        if self.needs_secret() && secret.is_empty() {
            return Err(format!(
                "the scheme {} needs a secret: give one or leave it out to have one made",
                self.name()
            ));
        }
        let signing_token = matches!(self, Scheme::StandardWebhooks)
            || (matches!(self, Scheme::Gitlab) && secret.starts_with(verify::SIGNING_PREFIX));
        if signing_token && verify::signing_key(secret).is_none() {
            return Err(
                "the secret must be `whsec_` followed by standard base64, as Standard Webhooks writes it".into()
            );
        }
        Ok(())
    }
}

/// Makes a secret of 32 random bytes in the form the scheme's senders take.
///
/// `None` for [`Scheme::Slack`], whose signing secret only Slack hands out, and for [`Scheme::None`].
pub fn generate_secret(scheme: &Scheme) -> Option<String> {
    let bytes: [u8; 32] = rand::random();
    match scheme {
        Scheme::Slack | Scheme::None => None,
        Scheme::StandardWebhooks => Some(format!("{}{}", verify::SIGNING_PREFIX, STANDARD.encode(bytes))),
        Scheme::Github | Scheme::Gitlab | Scheme::Hmac { .. } | Scheme::Token { .. } => Some(hex::encode(bytes)),
    }
}
