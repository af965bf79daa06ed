//! A scheme as people write it: a bare name, or an object with its settings.
//!
//! Written out instead of derived: serde's untagged enums answer every mistake with "data did not match any variant",
//! and its tagged unit variants silently swallow settings that do not belong to them.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Algorithm, Encoding, Scheme};

const NAMES: &[&str] = &["github", "gitlab", "slack", "standard_webhooks", "hmac", "token", "none"];

/// Longest text before a signature, in bytes.
const LONGEST_PREFIX: usize = 128;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    scheme: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    header: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    algorithm: Option<Algorithm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    encoding: Option<Encoding>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
}

impl Written {
    fn bare(name: &str) -> Self {
        Written { scheme: name.into(), header: None, algorithm: None, encoding: None, prefix: None }
    }

    fn into_scheme(self) -> Result<Scheme, String> {
        if let Some(header) = &self.header
            && !is_header_name(header)
        {
            return Err(format!("`{header}` is not a header name: use letters, digits and hyphens"));
        }
        if let Some(prefix) = &self.prefix
            && (prefix.len() > LONGEST_PREFIX || !prefix.bytes().all(|byte| (b' '..=b'~').contains(&byte)))
        {
            return Err(format!(
                "`prefix` must be at most {LONGEST_PREFIX} visible ASCII characters, as headers can hold them"
            ));
        }
        let scheme = match self.scheme.as_str() {
            "hmac" => {
                let header =
                    self.header.ok_or("the scheme hmac needs `header`, the header that carries the signature")?;
                return Ok(Scheme::Hmac {
                    header,
                    algorithm: self.algorithm.unwrap_or_default(),
                    encoding: self.encoding.unwrap_or_default(),
                    prefix: self.prefix.filter(|prefix| !prefix.is_empty()),
                });
            }
            "token" => Scheme::Token { header: self.header.clone() },
            "github" => Scheme::Github,
            "gitlab" => Scheme::Gitlab,
            "slack" => Scheme::Slack,
            "standard_webhooks" => Scheme::StandardWebhooks,
            "none" => Scheme::None,
            other => return Err(format!("unknown scheme `{other}`: use one of {}", NAMES.join(", "))),
        };
        let stray = match () {
            () if self.header.is_some() && !matches!(scheme, Scheme::Token { .. }) => Some("header"),
            () if self.algorithm.is_some() => Some("algorithm"),
            () if self.encoding.is_some() => Some("encoding"),
            () if self.prefix.is_some() => Some("prefix"),
            () => None,
        };
        match stray {
            Some(field) => {
                Err(format!("`{field}` does not go with the scheme {}: leave it out, or use hmac", scheme.name()))
            }
            None => Ok(scheme),
        }
    }
}

/// A field name as RFC 9110 section 5.1 allows it.
fn is_header_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 128
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

impl Serialize for Scheme {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut written = Written::bare(self.name());
        match self {
            Scheme::Hmac { header, algorithm, encoding, prefix } => {
                written.header = Some(header.clone());
                written.algorithm = Some(*algorithm);
                written.encoding = Some(*encoding);
                written.prefix = prefix.clone();
            }
            Scheme::Token { header: Some(header) } => written.header = Some(header.clone()),
            _ => return serializer.serialize_str(self.name()),
        }
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Scheme {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrObject;
        impl<'de> Visitor<'de> for NameOrObject {
            type Value = Scheme;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                write!(f, "a scheme name ({}) or an object with `scheme` and its settings", NAMES.join(", "))
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Scheme, E> {
                Written::bare(name).into_scheme().map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Scheme, A::Error> {
                let written = Written::deserialize(MapAccessDeserializer::new(map))?;
                written.into_scheme().map_err(A::Error::custom)
            }
        }
        deserializer.deserialize_any(NameOrObject)
    }
}

impl JsonSchema for Scheme {
    fn schema_name() -> Cow<'static, str> {
        "HookScheme".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let algorithm = generator.subschema_for::<Algorithm>();
        let encoding = generator.subschema_for::<Encoding>();
        let bare: Vec<&str> = NAMES.iter().copied().filter(|name| *name != "hmac").collect();
        json_schema!({
            "description": "How posts to a hook are verified: a name, or an object with the scheme's settings.",
            "anyOf": [
                { "type": "string", "enum": bare },
                {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["scheme"],
                    "properties": {
                        "scheme": { "type": "string", "enum": NAMES },
                        "header": {
                            "type": "string",
                            "description": "hmac: header that carries the signature (required). token: header that carries the bare secret; without it, Authorization: Bearer."
                        },
                        "algorithm": algorithm,
                        "encoding": encoding,
                        "prefix": { "type": "string", "description": "hmac: text before the signature, such as `sha256=`." }
                    }
                }
            ]
        })
    }
}
