//! What is shown of a text that was found: its words marked, everything else made harmless.

use std::ops::Range;

use super::terms::Terms;
use super::words::{Word, words};

/// How many words of a long text are shown before what was found.
const BEFORE: usize = 8;
/// And how many in all.
const SHOWN: usize = 40;

/// The whole text as HTML, with `<mark>` around what was found; nothing if nothing of it was.
pub(super) fn whole(text: &str, terms: &Terms) -> Option<String> {
    let words: Vec<Word> = words(text).collect();
    let found = found(&words, terms);
    (!found.is_empty()).then(|| marked(text, 0..text.len(), &words, &found))
}

/// The part of the text around what was found first.
pub(super) fn part(text: &str, terms: &Terms) -> Option<String> {
    let words: Vec<Word> = words(text).collect();
    let found = found(&words, terms);
    let first = found.first()?.start.saturating_sub(BEFORE);
    let last = (first + SHOWN).min(words.len());
    let start = if first == 0 { 0 } else { words[first].at.start };
    let end = if last == words.len() { text.len() } else { words[last - 1].at.end };
    let shown = marked(text, start..end, &words, &found);
    let (before, after) = (if first == 0 { "" } else { "… " }, if last == words.len() { "" } else { " …" });
    Some(format!("{before}{}{after}", shown.trim()))
}

/// Where terms stand, by the numbers of the words, in order and apart from each other.
fn found(words: &[Word], terms: &Terms) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let longest = terms
            .terms
            .iter()
            .filter(|term| {
                let (last, before) = match term.words.split_last() {
                    Some(parts) => parts,
                    None => return false,
                };
                let Some(stretch) = words.get(at..at + term.words.len()) else { return false };
                let ends = &stretch[before.len()].folded;
                stretch.iter().zip(before).all(|(word, wanted)| word.folded == *wanted)
                    && if term.prefix { ends.starts_with(last.as_str()) } else { ends == last }
            })
            .map(|term| term.words.len())
            .max();
        if let Some(length) = longest {
            found.push(at..at + length);
        }
        at += longest.unwrap_or(1);
    }
    found
}

fn marked(text: &str, shown: Range<usize>, words: &[Word], found: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(shown.len() + 32);
    let mut at = shown.start;
    for stretch in found {
        let (start, end) = (words[stretch.start].at.start, words[stretch.end - 1].at.end.min(shown.end));
        if start < at || start >= shown.end {
            continue;
        }
        escape(&text[at..start], &mut out);
        out.push_str("<mark>");
        escape(&text[start..end], &mut out);
        out.push_str("</mark>");
        at = end;
    }
    escape(&text[at..shown.end], &mut out);
    out
}

fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            letter => out.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Terms {
        Terms::parse("q", text).unwrap()
    }

    #[test]
    fn what_was_found_is_marked_and_the_rest_is_harmless() {
        let text = "Fix the <b>Dóor</b> & the doorbell";
        assert_eq!(
            whole(text, &terms("door")).as_deref(),
            Some("Fix the &lt;b&gt;<mark>Dóor</mark>&lt;/b&gt; &amp; the <mark>doorbell</mark>")
        );
        assert_eq!(
            whole(text, &terms("door ")).as_deref(),
            Some("Fix the &lt;b&gt;<mark>Dóor</mark>&lt;/b&gt; &amp; the doorbell")
        );
        assert_eq!(whole("a <mark>", &terms("mark")).as_deref(), Some("a &lt;<mark>mark</mark>&gt;"));
        assert_eq!(
            whole("the front of the door", &terms("\"the door\"")).as_deref(),
            Some("the front of <mark>the door</mark>")
        );
        assert_eq!(whole("nothing", &terms("door")), None);
        assert_eq!(whole("", &terms("💩")), None);
    }

    #[test]
    fn a_long_text_is_cut_around_it() {
        let text: String = (0..200).map(|number| format!("w{number} ")).collect();
        let shown = part(&text, &terms("w100 ")).unwrap();
        assert!(
            shown.starts_with("… w92 ") && shown.ends_with(" w131 …") && shown.contains("<mark>w100</mark>"),
            "{shown}"
        );
        assert!(part(&text, &terms("w0 ")).unwrap().starts_with("<mark>w0</mark>"));
        assert!(part(&text, &terms("w199 ")).unwrap().ends_with("<mark>w199</mark>"));
        // What begins inside and ends outside is cut, too.
        assert!(part(&text, &terms("w10 \"w49 w50 w51\"")).unwrap().contains("w10"));
    }

    proptest::proptest! {
        #[test]
        fn nothing_but_marks_is_html(text in "[a-c<>&\"' .é東]{0,60}", query in "[a-c\" 東]{1,12}") {
            if let Ok(terms) = Terms::parse("q", &query) {
                for shown in [whole(&text, &terms), part(&text, &terms)].into_iter().flatten() {
                    let bare = shown.replace("<mark>", "").replace("</mark>", "");
                    assert!(!bare.contains(['<', '>', '"', '\'']), "{shown}");
                }
            }
        }
    }
}
