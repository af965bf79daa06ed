//! Codes that change every 30 seconds: TOTP (RFC 6238) over HOTP (RFC 4226), with SHA-1 and six digits, which is what every
//! authenticator app understands.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use subtle::ConstantTimeEq as _;

/// Seconds of a step.
const STEP: i64 = 30;
/// Digits of a code.
const DIGITS: u32 = 6;
/// How many steps a clock may be off, either way.
const WINDOW: i64 = 1;
/// RFC 4648 section 6.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The step of a time, in seconds since 1970.
pub(super) fn step(seconds: i64) -> i64 {
    seconds.div_euclid(STEP)
}

/// The step whose code this is, at that time or one step beside it, but only one after `last`, so that no code is taken
/// twice.
pub(super) fn find(secret: &[u8], code: &str, seconds: i64, last: i64) -> Option<i64> {
    let now = step(seconds);
    let mut found = None;
    // All are computed, whichever fits: how long it takes tells nothing.
    for step in now - WINDOW..=now + WINDOW {
        let fits = bool::from(self::code(secret, step, DIGITS).as_bytes().ct_eq(code.as_bytes()));
        if fits && step > last {
            found = Some(step);
        }
    }
    found
}

/// The code of a step.
fn code(secret: &[u8], step: i64, digits: u32) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret) else { return String::new() };
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let at = usize::from(digest[19] & 15);
    let word = u32::from_be_bytes([digest[at], digest[at + 1], digest[at + 2], digest[at + 3]]) & 0x7fff_ffff;
    format!("{:0width$}", word % 10u32.pow(digits), width = digits as usize)
}

/// Base 32 without padding, as apps want secrets.
pub(super) fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut word, mut bits) = (0u32, 0u32);
    for byte in bytes {
        word = (word << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(BASE32[(word >> bits) as usize & 31]));
        }
        word &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(char::from(BASE32[(word << (5 - bits)) as usize & 31]));
    }
    text
}

/// What an app reads from a QR code:
/// [Key URI Format](https://github.com/google/google-authenticator/wiki/Key-Uri-Format).
pub(super) fn url(issuer: &str, account: &str, secret: &str) -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
    let (issuer, account) = (encode(issuer), encode(account));
    format!(
        "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238 appendix B and RFC 4226 appendix D.
    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn codes_are_those_of_the_standards() {
        for (seconds, eight) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(code(SECRET, step(seconds), 8), eight);
            assert_eq!(code(SECRET, step(seconds), DIGITS), eight[2..]);
        }
        let hotp = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
        for (counter, expected) in (0..).zip(hotp) {
            assert_eq!(code(SECRET, counter, 6), expected);
        }
    }

    #[test]
    fn a_code_is_good_one_step_early_and_late_and_once() {
        let at = 1_111_111_109;
        let now = step(at);
        for (off, good) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let code = code(SECRET, now + off, DIGITS);
            assert_eq!(find(SECRET, &code, at, 0), good.then_some(now + off), "{off}");
            assert_eq!(find(SECRET, &code, at, now + off), None, "used before");
        }
        for wrong in ["", "08180", "0818040", "abcdef", "०८१८०४"] {
            assert_eq!(find(SECRET, wrong, at, 0), None, "{wrong}");
        }
    }

    #[test]
    fn secrets_are_written_in_base_32() {
        for (text, encoded) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(text.as_bytes()), encoded);
        }
        assert_eq!(
            url("Trackside", "a b@c.d", "MZXW6"),
            "otpauth://totp/Trackside:a%20b%40c.d?secret=MZXW6&issuer=Trackside&algorithm=SHA1&digits=6&period=30"
        );
    }
}
