//! What a file may be called, so that its name is harmless wherever it is saved.

use super::model::MAX_NAME;
use crate::{Error, Result};

/// Names that Windows keeps for itself, with whatever extension.
const RESERVED: &[&str] = &["aux", "clock$", "con", "conin$", "conout$", "nul", "prn"];

/// The name without folders, controls, marks that turn the direction of writing round, and what file systems refuse.
///
/// # Errors
/// Nothing left, or more than [`MAX_NAME`] bytes.
pub(super) fn safe(name: &str) -> Result<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut safe = String::with_capacity(last.len());
    for letter in last.chars() {
        match letter {
            '<' | '>' | ':' | '"' | '|' | '?' | '*' => safe.push('_'),
            letter if letter.is_control() || turns(letter) => {}
            letter => safe.push(letter),
        }
    }
    let mut safe = safe.trim_end_matches(['.', ' ']).trim().to_owned();
    if safe.is_empty() {
        return Err(Error::field("/name", "is no name of a file; give one such as `plan.pdf`"));
    }
    if is_reserved(&safe) {
        safe.insert(0, '_');
    }
    if safe.len() > MAX_NAME {
        return Err(Error::field("/name", format!("must be at most {MAX_NAME} bytes; give the file a shorter name")));
    }
    Ok(safe)
}

/// Marks that no eye sees and that make `exe.png` of `gnp.exe`.
fn turns(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{61c}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let numbered = ["com", "lpt"].iter().filter_map(|word| stem.strip_prefix(word));
    RESERVED.contains(&stem.as_str())
        || numbered.into_iter().any(|rest| {
            let mut digits = rest.chars();
            digits.next().is_some_and(|digit| matches!(digit, '0'..='9' | '¹' | '²' | '³')) && digits.next().is_none()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_harmless() {
        for (given, kept) in [
            ("plan.pdf", "plan.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\ada\\plan v2.pdf", "plan v2.pdf"),
            ("  a b .txt. . ", "a b .txt"),
            ("a\u{0}b\r\n\tc\u{7f}.txt", "abc.txt"),
            ("gnp.\u{202e}exe", "gnp.exe"),
            ("a<b>:\"c\"|?*.txt", "a_b___c____.txt"),
            ("con", "_con"),
            ("NUL.tar.gz", "_NUL.tar.gz"),
            ("com1.txt", "_com1.txt"),
            ("LPT³", "_LPT³"),
            ("com10", "com10"),
            ("console.log", "console.log"),
            (".env", ".env"),
            ("Größe 東京 💩.png", "Größe 東京 💩.png"),
        ] {
            assert_eq!(safe(given).unwrap(), kept, "{given}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for given in ["", ".", "..", "../", "a/", "\\", " . ", "\u{0}", "\u{202e}", &"x".repeat(256), &"é".repeat(128)]
        {
            assert_eq!(safe(given).unwrap_err().fields[0].pointer, "/name", "{given}");
        }
        assert_eq!(safe(&format!("{}/{}", "y".repeat(5000), "x".repeat(255))).unwrap().len(), 255);
    }
}
