//! Subscriptions, as they are stored, shown and asked for; and what is sent to them.

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::db::row;
use crate::ids::PushSubscriptionId;

/// The kind of job that takes a message to a push service.
pub const KIND: &str = "send_push";
/// For so long a push service keeps a message for a browser that is not there; what is older is not sent.
pub const URGENT_FOR: TimeDelta = TimeDelta::days(1);

/// The two keys of a browser, in base64url.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PushKeys {
    /// Its public key: a point of P-256, uncompressed.
    pub p256dh: String,
    /// Its authentication secret: 16 bytes.
    pub auth: String,
}

/// A subscription as a browser gives it: `JSON.stringify` of a `PushSubscription`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSubscription {
    /// Where its push service takes messages for it.
    #[schemars(length(min = 1, max = 2048))]
    pub endpoint: String,
    /// Its keys.
    pub keys: PushKeys,
    /// When it ends, in milliseconds since 1970, if the browser knows.
    #[serde(rename = "expirationTime", default)]
    pub expiration_time: Option<i64>,
}

row! {
    /// A browser in which somebody is told. Its endpoint is a secret and not shown.
    #[derive(Debug, Clone, Serialize, JsonSchema)]
    pub struct Subscription {
        /// Its id.
        pub id: PushSubscriptionId,
        /// The host of its push service.
        pub host: String,
        /// When it was made.
        pub created_at: DateTime<Utc>,
        /// When it ends, if the browser knows.
        pub expires_at: Option<DateTime<Utc>>,
    }
}

/// Where a message goes, opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The endpoint.
    pub endpoint: String,
    /// The browser's public key: 65 bytes.
    pub(super) p256dh: Vec<u8>,
    /// Its authentication secret: 16 bytes.
    pub(super) auth: Vec<u8>,
}

/// What a browser shows. Kept small: a push service need take no more than 4 KiB.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The first line.
    pub title: String,
    /// What stands below.
    pub body: String,
    /// Where a click leads.
    pub url: String,
    /// A message of the same tag is shown in place of the one before.
    pub tag: String,
}

/// A message on its way to one browser.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Push {
    /// To which.
    pub subscription: PushSubscriptionId,
    /// What it says.
    pub message: Message,
    /// What is not delivered yet and has the same topic is replaced (RFC 8030 section 5.4).
    pub topic: Option<String>,
    /// When it was told.
    pub told_at: DateTime<Utc>,
}
