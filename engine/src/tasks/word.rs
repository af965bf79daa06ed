//! Words that a project may add to: statuses and types. A word is as small and as quick to copy and compare as the enum
//! that it would be if there were only the usual ones, which have names as its constants.

use std::fmt;

/// The longest word, in bytes.
pub const MAX_WORD: usize = 32;

/// 1 to [`MAX_WORD`] characters of a-z, 0-9 and `_`; what is left is zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Word([u8; MAX_WORD]);

impl Word {
    /// The word in this text. While compiling: a text that is none is no program.
    pub const fn usual(text: &str) -> Self {
        match Self::read(text) {
            Some(word) => word,
            None => panic!("this is no word"),
        }
    }

    pub const fn read(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.is_empty() || bytes.len() > MAX_WORD {
            return None;
        }
        let mut word = [0; MAX_WORD];
        let mut at = 0;
        while at < bytes.len() {
            if !(bytes[at].is_ascii_lowercase() || bytes[at].is_ascii_digit() || bytes[at] == b'_') {
                return None;
            }
            word[at] = bytes[at];
            at += 1;
        }
        Some(Self(word))
    }

    pub fn as_str(&self) -> &str {
        let length = self.0.iter().position(|byte| *byte == 0).unwrap_or(MAX_WORD);
        // It was made of text.
        std::str::from_utf8(&self.0[..length]).unwrap_or_default()
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Declares words that a project may add to, with the usual ones as constants: serde, JSON schema, `FromStr` and the form
/// in the database, all the same word. The schema names the usual ones as `x-usual`, so that checks of rules can warn of
/// others.
macro_rules! open_words {
    (
        $(#[$outer:meta])*
        pub struct $name:ident($what:literal) {
            $( $(#[$inner:meta])* $variant:ident = $word:literal, )+
        }
    ) => {
        $(#[$outer])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($crate::tasks::word::Word);

        #[allow(non_upper_case_globals, reason = "they stand where the variants of an enum would")]
        impl $name {
            $( $(#[$inner])* pub const $variant: Self = Self($crate::tasks::word::Word::usual($word)); )+

            /// The usual ones, in the order of declaration.
            pub const USUAL: &'static [Self] = &[$(Self::$variant),+];

            /// The word.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }

            /// Whether it is one of those that are there by themselves.
            pub fn is_usual(self) -> bool {
                Self::USUAL.contains(&self)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::Error;
            fn from_str(word: &str) -> Result<Self, Self::Err> {
                $crate::tasks::word::Word::read(word).map(Self).ok_or_else(|| {
                    let shown: String = word.chars().take(64).collect();
                    let detail = format!("`{shown}` is no {}: 1 to 32 characters of a-z, 0-9 and _", $what);
                    $crate::Error::invalid("unknown_word", detail)
                })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
                text.parse().map_err(|error: $crate::Error| serde::de::Error::custom(error.detail()))
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "pattern": "^[a-z0-9_]{1,32}$",
                    "x-usual": [$($word),+],
                })
            }
        }

        impl $crate::db::Param for $name {
            const KIND: $crate::db::Kind = $crate::db::Kind::Text;
            fn value(&self) -> $crate::db::Value<'_> {
                $crate::db::Value::Text(self.as_str().into())
            }
        }

        impl $crate::db::Column for $name {
            fn from_cell(cell: $crate::db::Cell<'_>) -> $crate::Result<Self> {
                cell.text()?.parse()
            }
        }
    };
}
pub(super) use open_words;
