//! How push services know who sends (VAPID, RFC 8292): a short-lived token, signed by the installation's key.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::sec1::ToEncodedPoint as _;
use p256::{PublicKey, SecretKey};
use serde_json::json;

use crate::{Error, Result};

/// How long a token is good. The standard allows a day; clocks of services differ.
const LIFETIME: TimeDelta = TimeDelta::hours(12);

/// Signs for one installation. Cheap to clone.
#[derive(Clone)]
pub struct Signer {
    key: SigningKey,
    public: String,
}

impl Signer {
    pub(super) fn new(key: &SecretKey) -> Self {
        Self { key: SigningKey::from(key), public: public(&key.public_key()) }
    }

    /// The public key as browsers take it (`applicationServerKey`): uncompressed, in base64url.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// The `Authorization` for an origin such as `https://push.example`; `contact` is a URL at which whoever runs this
    /// installation can be reached.
    ///
    /// # Errors
    /// None in practice.
    pub fn authorization(&self, origin: &str, contact: &str, now: DateTime<Utc>) -> Result<String> {
        let part = |value: serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let head = part(json!({ "typ": "JWT", "alg": "ES256" }));
        let claims = part(json!({ "aud": origin, "exp": (now + LIFETIME).timestamp(), "sub": contact }));
        let signed = format!("{head}.{claims}");
        let signature: Signature = self
            .key
            .try_sign(signed.as_bytes())
            .map_err(|error| Error::internal("A token for a push service could not be signed.").caused_by(error))?;
        let signature = BASE64_URL_SAFE_NO_PAD.encode(signature.to_bytes());
        Ok(format!("vapid t={signed}.{signature}, k={}", self.public))
    }
}

fn public(key: &PublicKey) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(key.to_encoded_point(false).as_bytes())
}

#[cfg(test)]
mod tests {
    use p256::ecdsa::VerifyingKey;
    use p256::ecdsa::signature::Verifier as _;

    use super::super::encrypt::new_key;
    use super::*;

    #[test]
    fn a_token_says_for_whom_until_when_and_from_whom_and_its_key_verifies_it() {
        let key = new_key();
        let signer = Signer::new(&key);
        let now = "2026-03-01T00:00:00Z".parse().unwrap();
        let authorization = signer.authorization("https://push.example", "https://trackside.example", now).unwrap();
        let (token, public) = authorization.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        assert_eq!((public.len(), public), (87, signer.public()));
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).unwrap();
        let signature = Signature::from_slice(&decode(signature)).unwrap();
        VerifyingKey::from_sec1_bytes(&decode(public)).unwrap().verify(signed.as_bytes(), &signature).unwrap();
        let (head, claims) = signed.split_once('.').unwrap();
        let read = |text: &str| serde_json::from_slice::<serde_json::Value>(&decode(text)).unwrap();
        assert_eq!(read(head), json!({ "typ": "JWT", "alg": "ES256" }));
        assert_eq!(
            read(claims),
            json!({ "aud": "https://push.example", "exp": 1_772_366_400, "sub": "https://trackside.example" })
        );
    }
}
