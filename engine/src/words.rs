//! Enums that are one word in JSON, in the database and in queries.

/// Declares an enum of words: serde, JSON schema, `as_str`, `FromStr` and its form in the database, all the same word.
macro_rules! words {
    (
        $(#[$outer:meta])*
        pub enum $name:ident {
            $( $(#[$inner:meta])* $variant:ident = $word:literal, )+
        }
    ) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub enum $name {
            $( $(#[$inner])* #[serde(rename = $word)] $variant, )+
        }

        impl $name {
            /// Every word, in the order of declaration.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )+ }
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
                match word {
                    $( $word => Ok(Self::$variant), )+
                    _ => Err($crate::Error::invalid(
                        "unknown_word",
                        format!("`{word}` is none of {}", Self::WORDS.join(", ")),
                    )),
                }
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
pub(crate) use words;
