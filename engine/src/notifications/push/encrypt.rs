//! Encryption of a message for one browser (RFC 8291), as one record of `aes128gcm` (RFC 8188).

use aes_gcm::aead::{Aead as _, KeyInit as _};
use aes_gcm::{Aes128Gcm, Key, Nonce};
use hmac::{Hmac, KeyInit as _, Mac as _};
use p256::elliptic_curve::sec1::ToEncodedPoint as _;
use p256::{PublicKey, SecretKey, ecdh};
use sha2::Sha256;

use super::model::Target;
use crate::{Error, Result};

/// The size of a record, and so of the whole body: what a push service must take (RFC 8030 section 7.2).
const RECORD: u32 = 4096;
/// What the header, the padding's one byte and the tag take of it.
const OVERHEAD: usize = 16 + 4 + 1 + 65 + 1 + 16;
/// The longest message, in bytes.
pub const LONGEST: usize = RECORD as usize - OVERHEAD;

/// The body that only the browser of `target` can read. Under new keys each time.
///
/// # Errors
/// A message that is longer than [`LONGEST`].
pub fn encrypt(target: &Target, message: &[u8]) -> Result<Vec<u8>> {
    encrypt_with(target, message, &new_key(), rand::random())
}

/// A new private key.
pub(super) fn new_key() -> SecretKey {
    loop {
        // One in 2³² is none.
        if let Ok(key) = SecretKey::from_slice(&rand::random::<[u8; 32]>()) {
            return key;
        }
    }
}

/// The public key of a browser.
pub(super) fn public_key(bytes: &[u8]) -> Option<PublicKey> {
    // Compressed points are none that browsers give, and would be another text in what is derived.
    (bytes.len() == 65).then(|| PublicKey::from_sec1_bytes(bytes).ok()).flatten()
}

/// As in section 3.4 of RFC 8291, whose names these are.
fn encrypt_with(target: &Target, message: &[u8], own: &SecretKey, salt: [u8; 16]) -> Result<Vec<u8>> {
    if message.len() > LONGEST {
        return Err(Error::internal(format!(
            "A push message has {} bytes; at most {LONGEST} can be sent.",
            message.len()
        )));
    }
    let theirs = public_key(&target.p256dh).ok_or_else(|| Error::internal("A browser's public key is none."))?;
    let secret = ecdh::diffie_hellman(own.to_nonzero_scalar(), theirs.as_affine());
    let as_public = own.public_key().to_encoded_point(false);
    let prk_key = hmac(&target.auth, &[secret.raw_secret_bytes().as_slice()]);
    let ikm = hmac(&prk_key, &[b"WebPush: info\0", &target.p256dh, as_public.as_bytes(), &[1]]);
    let prk = hmac(&salt, &[&ikm]);
    let key = hmac(&prk, &[b"Content-Encoding: aes128gcm\0", &[1]]);
    let nonce = hmac(&prk, &[b"Content-Encoding: nonce\0", &[1]]);
    // The last record, without padding.
    let plain = [message, &[2]].concat();
    let cipher = Aes128Gcm::new(Key::<Aes128Gcm>::from_slice(&key[..16]));
    let sealed = cipher.encrypt(Nonce::from_slice(&nonce[..12]), plain.as_slice());
    let sealed = sealed.map_err(|_| Error::internal("A push message could not be encrypted."))?;
    let mut body = Vec::with_capacity(OVERHEAD + message.len());
    body.extend_from_slice(&salt);
    body.extend_from_slice(&RECORD.to_be_bytes());
    body.push(65);
    body.extend_from_slice(as_public.as_bytes());
    body.extend_from_slice(&sealed);
    Ok(body)
}

/// HMAC-SHA-256: HKDF (RFC 5869) of outputs that are no longer than a digest is this, twice.
fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // A key of any length is one.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;

    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    /// Section 5 and appendix A of RFC 8291.
    #[test]
    fn the_example_of_the_rfc_comes_out_to_the_byte() {
        let target = Target {
            endpoint: String::new(),
            p256dh: bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
            auth: bytes("BTBZMqHH6r4Tts7J_aSIgg"),
        };
        let own = SecretKey::from_slice(&bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")).unwrap();
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
        let body = encrypt_with(&target, b"When I grow up, I want to be a watermelon", &own, salt).unwrap();
        let expected = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK\
                        6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";
        assert_eq!(BASE64_URL_SAFE_NO_PAD.encode(body), expected);
    }

    #[test]
    fn no_two_messages_are_under_one_key_and_none_is_longer_than_a_service_takes() {
        let theirs = new_key();
        let point = theirs.public_key().to_encoded_point(false);
        let target = Target { endpoint: String::new(), p256dh: point.as_bytes().to_vec(), auth: vec![1; 16] };
        let (one, other) = (encrypt(&target, b"x").unwrap(), encrypt(&target, b"x").unwrap());
        assert_ne!((&one[..16], &one[21..86]), (&other[..16], &other[21..86]));
        assert_eq!(encrypt(&target, &[b'x'; LONGEST]).unwrap().len(), 4096);
        assert!(encrypt(&target, &[b'x'; LONGEST + 1]).is_err());
        assert!(public_key(&[4; 65]).is_none() && public_key(&[]).is_none());
    }
}
