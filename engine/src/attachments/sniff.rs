//! What a file is, by its first bytes.

/// How many bytes are looked at.
pub(super) const ENOUGH: usize = 4096;

const UNKNOWN: &str = "application/octet-stream";
const TEXT: &str = "text/plain";

/// The media type of what begins like this.
pub(super) fn media_type(head: &[u8]) -> &'static str {
    let text = as_text(head);
    // Whatever a browser could take for a page is called one, also when it begins like something else.
    if let Some(markup) = text.and_then(markup) {
        return markup;
    }
    match infer::get(head) {
        Some(kind) if kind.mime_type() != TEXT => kind.mime_type(),
        _ if text.is_some() => TEXT,
        _ => UNKNOWN,
    }
}

/// Whether a browser may show it by itself: what cannot hold a script.
pub fn is_harmless(media_type: &str) -> bool {
    const IMAGES: &[&str] = &["avif", "bmp", "gif", "heif", "jpeg", "jxl", "png", "webp"];
    match media_type.split_once('/') {
        Some(("image", kind)) => IMAGES.contains(&kind),
        Some(("audio" | "video", _)) => true,
        _ => media_type == TEXT,
    }
}

/// The bytes as text, if they are: UTF-8, perhaps cut in its last character, without controls.
fn as_text(head: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&head[..error.valid_up_to()]).ok()?,
        Err(_) => return None,
    };
    let odd = |letter: char| letter.is_control() && !matches!(letter, '\t' | '\n' | '\r' | '\u{c}' | '\u{1b}');
    (!text.is_empty() && !text.contains(odd)).then_some(text)
}

fn markup(text: &str) -> Option<&'static str> {
    let lower = text.trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    if lower.contains("<svg") {
        return Some("image/svg+xml");
    }
    let page = ["<!doctype html", "<html", "<head", "<body", "<script", "<iframe", "<style", "<title", "<meta"];
    if page.iter().any(|tag| lower.contains(tag)) {
        return Some("text/html");
    }
    (lower.starts_with("<?xml") || lower.starts_with("<!doctype") || lower.starts_with("<!--")).then_some("text/xml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_bytes_say() {
        for (head, kind, harmless) in [
            (&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], "image/png", true),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg", true),
            (b"GIF89a<script>alert(1)</script>\0\xff", "image/gif", true),
            (b"GIF89a/*<script>alert(1)</script>", "text/html", false),
            (b"%PDF-1.7\n%\xe2\xe3", "application/pdf", false),
            (b"PK\x03\x04\x14\0\0\0", "application/zip", false),
            (b"<!DOCTYPE html><p>", "text/html", false),
            (b"\xef\xbb\xbf \n<HTML>", "text/html", false),
            (b"hello <script>x</script>", "text/html", false),
            (b"<?xml version=\"1.0\"?><svg onload=\"alert(1)\">", "image/svg+xml", false),
            (b"<?xml version=\"1.0\"?><a/>", "text/xml", false),
            (b"just words, \xc3\xa9", "text/plain", true),
            (b"cut in the middle \xc3", "text/plain", true),
            (b"{\"a\": 1}", "text/plain", true),
            (b"latin \xe9 one", "application/octet-stream", false),
            (b"a\0b", "application/octet-stream", false),
        ] {
            let found = media_type(head);
            assert_eq!((found, is_harmless(found)), (kind, harmless), "{}", String::from_utf8_lossy(head));
        }
    }
}
