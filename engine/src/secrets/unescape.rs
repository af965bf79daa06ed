//! Takes back what was escaped, for who looks for something in a text, and keeps in mind where each sign stood.

/// A sign of a text, and where in the original it stands: from, to, in bytes.
pub(super) type Sign = (char, usize, usize);

/// The signs of a text.
pub(super) fn signs(text: &str) -> Vec<Sign> {
    text.char_indices().map(|(at, sign)| (sign, at, at + sign.len_utf8())).collect()
}

/// In lower case, with where each byte of that stands in the original.
pub(super) fn fold(signs: &[Sign]) -> (String, Vec<(usize, usize)>) {
    let (mut text, mut places) = (String::with_capacity(signs.len()), Vec::with_capacity(signs.len()));
    for (sign, from, to) in signs {
        for lower in sign.to_lowercase() {
            text.push(lower);
            places.extend(std::iter::repeat_n((*from, *to), lower.len_utf8()));
        }
    }
    (text, places)
}

/// The same once more without the escapes of URLs (`%2F`), of HTML (`&#x2f;`) and of JSON (`\u002f`); `None` when there are none.
pub(super) fn unescape(signs: &[Sign]) -> Option<Vec<Sign>> {
    let (mut plain, mut at, mut changed) = (Vec::with_capacity(signs.len()), 0, false);
    while let Some(sign) = signs.get(at) {
        let found = match sign.0 {
            '%' => url(&signs[at..], &mut plain),
            '&' => html(&signs[at..]).map(|(escaped, length)| one(escaped, &signs[at..at + length], &mut plain)),
            '\\' => json(&signs[at..]).map(|(escaped, length)| one(escaped, &signs[at..at + length], &mut plain)),
            _ => None,
        };
        changed |= found.is_some();
        at += found.unwrap_or_else(|| {
            plain.push(*sign);
            1
        });
    }
    changed.then_some(plain)
}

/// Writes one sign that stood for so many; answers how many.
fn one(sign: char, escaped: &[Sign], plain: &mut Vec<Sign>) -> usize {
    if let (Some(first), Some(last)) = (escaped.first(), escaped.last()) {
        plain.push((sign, first.1, last.2));
    }
    escaped.len()
}

/// Bytes written as `%2F`, as many as stand in a row, since a sign may be several of them.
fn url(signs: &[Sign], plain: &mut Vec<Sign>) -> Option<usize> {
    let mut bytes = Vec::new();
    while let [('%', ..), high, low, ..] = &signs[bytes.len() * 3..] {
        let (Some(high), Some(low)) = (high.0.to_digit(16), low.0.to_digit(16)) else { break };
        // Two hexadecimal digits are a byte.
        bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
    }
    let mut at = 0;
    for chunk in bytes.utf8_chunks() {
        let valid = chunk.valid().chars().map(|sign| (sign, sign.len_utf8()));
        let invalid = chunk.invalid().iter().map(|_| (char::REPLACEMENT_CHARACTER, 1));
        for (sign, length) in valid.chain(invalid) {
            plain.push((sign, signs[at * 3].1, signs[(at + length) * 3 - 1].2));
            at += length;
        }
    }
    (at > 0).then_some(at * 3)
}

/// `&amp;`, `&#47;`, `&#x2f;`.
fn html(signs: &[Sign]) -> Option<(char, usize)> {
    let end = signs.iter().take(12).position(|sign| sign.0 == ';')?;
    let name: String = signs[1..end].iter().map(|sign| sign.0).collect();
    let sign = match name.to_ascii_lowercase().as_str() {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "sol" => '/',
        "plus" => '+',
        "equals" => '=',
        name => {
            let digits = name.strip_prefix('#')?;
            let number = match digits.strip_prefix('x') {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => digits.parse(),
            };
            char::from_u32(number.ok()?)?
        }
    };
    Some((sign, end + 1))
}

/// `\"`, `\/`, `\u002f`, and two of the latter for one sign.
fn json(signs: &[Sign]) -> Option<(char, usize)> {
    let sign = match signs.get(1)?.0 {
        sign @ ('"' | '\\' | '/' | '\'') => sign,
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' | 'U' => {
            let unit = |at: usize| {
                let digits: String = signs.get(at..at + 4)?.iter().map(|sign| sign.0).collect();
                u16::from_str_radix(&digits, 16).ok()
            };
            let first = unit(2)?;
            let second = match signs.get(6..8) {
                Some([('\\', ..), ('u' | 'U', ..)]) => unit(8),
                _ => None,
            };
            let decoded = |units: &[u16]| char::decode_utf16(units.iter().copied()).next()?.ok();
            return match (decoded(&[first]), second) {
                (Some(sign), _) => Some((sign, 6)),
                (None, Some(second)) => decoded(&[first, second]).map(|sign| (sign, 12)),
                (None, None) => None,
            };
        }
        _ => return None,
    };
    Some((sign, 2))
}
