//! How a text becomes words: the same for what is indexed, what is asked for and what is marked in an answer, on both
//! databases. Letters and digits are words; case, diacritics and the forms of one letter (full width, ligatures) are
//! the same; of scripts that are written without spaces each sign is a word of its own.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The longest word, in characters: what is longer is cut, when it is indexed as when it is asked for.
const LONGEST: usize = 64;

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// How it is searched.
    pub folded: String,
    /// Where it stands in the text, in bytes.
    pub at: Range<usize>,
}

/// The words of a text, in order.
pub(super) fn words(text: &str) -> impl Iterator<Item = Word> {
    let mut rest = 0;
    std::iter::from_fn(move || {
        loop {
            let start = rest + text[rest..].find(char::is_alphanumeric)?;
            let end = start + length(&text[start..]);
            rest = end;
            let folded = fold(&text[start..end]);
            if !folded.is_empty() {
                return Some(Word { folded, at: start..end });
            }
        }
    })
}

/// How long the word is that begins here.
fn length(text: &str) -> usize {
    let mut letters = text.char_indices();
    match letters.next() {
        Some((_, first)) if stands_alone(first) => first.len_utf8(),
        _ => letters
            .find(|(_, letter)| !(letter.is_alphanumeric() || is_combining_mark(*letter)) || stands_alone(*letter))
            .map_or(text.len(), |(at, _)| at),
    }
}

/// Han and kana: written without spaces.
fn stands_alone(letter: char) -> bool {
    matches!(letter, '\u{3041}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9d}' | '\u{20000}'..='\u{3ffff}')
}

fn fold(word: &str) -> String {
    if word.is_ascii() {
        return word[..word.len().min(LONGEST)].to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(word.len());
    for letter in word.chars().flat_map(char::to_lowercase).nfkd().flat_map(char::to_lowercase).take(LONGEST) {
        match letter {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'đ' | 'ð' => folded.push('d'),
            'ł' => folded.push('l'),
            'ı' => folded.push('i'),
            'þ' => folded.push_str("th"),
            letter if is_accent(letter) => {}
            letter if letter.is_alphanumeric() || is_combining_mark(letter) => folded.push(letter),
            _ => {}
        }
    }
    folded
}

/// What stands over, under or in a letter: accents, vowel points of Hebrew and Arabic. The vowels of Indian scripts are
/// marks to Unicode as well, but without them it is another word.
fn is_accent(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5c7}' | '\u{610}'..='\u{61a}'
        | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
        | '\u{3099}'..='\u{309a}' | '\u{fe20}'..='\u{fe2f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> Vec<String> {
        words(text).map(|word| word.folded).collect()
    }

    #[test]
    fn case_and_diacritics_are_the_same() {
        assert_eq!(folded("Über-Größe, naïve CAFÉ e\u{301}te"), ["uber", "grosse", "naive", "cafe", "ete"]);
        assert_eq!(
            folded("Łódź Ørsted ĐỨC Æon İstanbul ıssız ﬁle ＡＢＣ"),
            ["lodz", "orsted", "duc", "aeon", "istanbul", "issiz", "file", "abc"]
        );
        assert_eq!(folded("ΣΊΣΥΦΟΣ Ёлка"), ["σισυφοσ", "елка"]);
        assert_eq!(folded("WEB-142 v2.0 50% don't a_b"), ["web", "142", "v2", "0", "50", "don", "t", "a", "b"]);
        assert_eq!(folded("हिन्दी שָׁלוֹם"), ["हिन्दी", "שלום"]);
    }

    #[test]
    fn signs_without_spaces_stand_alone() {
        assert_eq!(
            folded("東京タワーx2 한국어"),
            ["東", "京", "タ", "ワ", "ー", "x2", "한국어".nfkd().collect::<String>().as_str()]
        );
    }

    #[test]
    fn what_is_no_word_is_none() {
        assert_eq!(folded(" +-*/\"'()& 💩 \u{301} \u{200d}"), Vec::<String>::new());
        assert_eq!(folded(&"x".repeat(1000)), ["x".repeat(64)]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_and_only_words_come_of_it(text in "\\PC{0,40}") {
            let mut end = 0;
            for word in words(&text) {
                assert!(word.at.start >= end && text.is_char_boundary(word.at.start) && text.is_char_boundary(word.at.end));
                end = word.at.end;
                assert!(!word.folded.contains(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric()), "{:?}", word.folded);
            }
        }
    }
}
