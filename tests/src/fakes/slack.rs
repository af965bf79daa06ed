//! Slack's `chat.postMessage` and incoming webhooks.

use std::sync::Mutex;

use serde_json::{Value, json};

use super::schema::{Received, Recognised, Vendor};
use super::{Answer, Service, lock};

/// Path of the one incoming webhook.
pub const WEBHOOK_PATH: &str = "/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX";

/// The channel the bot is in, as `(id, name)`.
pub const GENERAL: (&str, &str) = ("C012AB3CD", "general");

/// A channel that exists and is archived.
pub const ARCHIVED: &str = "C0ARCHIVED";

/// A Slack workspace with one bot.
pub struct Slack {
    vendor: Vendor,
    token: String,
    messages: Mutex<Vec<Value>>,
}

impl Slack {
    /// A workspace whose bot has this token.
    pub fn new(token: &str) -> Self {
        Slack {
            vendor: Vendor::read(include_str!("../../fixtures/vendor/slack.json")),
            token: token.to_owned(),
            messages: Mutex::new(Vec::new()),
        }
    }

    /// Every message, oldest first: `channel`, `ts`, `text`, `blocks`, `thread_ts`.
    pub fn messages(&self) -> Vec<Value> {
        lock(&self.messages).clone()
    }

    fn post(&self, channel: &str, asked: &Value, blocks: Value) -> String {
        let mut messages = lock(&self.messages);
        let ts = format!("{}.{:06}", 1_700_000_000 + messages.len(), 100);
        messages.push(json!({
            "channel": channel, "ts": ts, "text": asked["text"], "blocks": blocks, "thread_ts": asked["thread_ts"],
        }));
        ts
    }
}

impl Service for Slack {
    fn vendor(&self) -> &Vendor {
        &self.vendor
    }

    fn perform(&self, request: &Recognised, received: &Received) -> Answer {
        match received.bearer() {
            None => return refused("not_authed"),
            Some(token) if token != self.token => return refused("invalid_auth"),
            Some(_) => {}
        }
        let asked = &request.body;
        let channel = match asked["channel"].as_str().unwrap_or_default() {
            id if id == GENERAL.0 || id.trim_start_matches('#') == GENERAL.1 => GENERAL.0,
            ARCHIVED => return refused("is_archived"),
            _ => return refused("channel_not_found"),
        };
        let blocks = match asked["blocks"].as_str().map(serde_json::from_str::<Value>) {
            None => Value::Null,
            Some(Ok(blocks)) if are_blocks(&blocks) => blocks,
            Some(_) => return refused("invalid_blocks"),
        };
        let text = asked["text"].as_str().unwrap_or_default();
        if text.is_empty() && blocks.is_null() {
            return refused("no_text");
        }
        let ts = self.post(channel, asked, blocks);
        let message = json!({ "type": "message", "subtype": "bot_message", "text": text, "ts": ts });
        Answer::new(200, json!({ "ok": true, "channel": channel, "ts": ts, "message": message }))
    }

    fn refusal(&self, _: &[String]) -> Answer {
        refused("invalid_arguments")
    }

    fn trouble(&self, status: u16) -> Answer {
        match status {
            429 => Answer::new(429, json!({ "ok": false, "error": "ratelimited" })),
            other => Answer::new(other, json!("server trouble")),
        }
    }

    fn outside(&self, received: &Received) -> Option<Result<Answer, Vec<String>>> {
        let path = received.path.as_str();
        if !path.starts_with("/services/") {
            return None;
        }
        if path != WEBHOOK_PATH {
            return Some(Ok(Answer::new(404, json!("no_service"))));
        }
        if received.method != "POST" || received.headers.get("content-type").is_none_or(|k| k != "application/json") {
            return Some(Err(vec!["an incoming webhook takes a POST of application/json".into()]));
        }
        let asked = match serde_json::from_slice::<Value>(&received.body) {
            Ok(asked @ Value::Object(_)) => asked,
            _ => return Some(Ok(Answer::new(400, json!("invalid_payload")))),
        };
        // <https://api.slack.com/messaging/webhooks>: the channel and name cannot be overridden.
        let known = ["text", "blocks", "attachments", "thread_ts", "mrkdwn", "unfurl_links", "unfurl_media"];
        let unknown: Vec<String> = asked
            .as_object()
            .into_iter()
            .flat_map(|fields| fields.keys())
            .filter(|name| !known.contains(&name.as_str()))
            .map(|name| format!("an incoming webhook does not take `{name}`"))
            .collect();
        if !unknown.is_empty() {
            return Some(Err(unknown));
        }
        let blocks = asked["blocks"].clone();
        if !blocks.is_null() && !are_blocks(&blocks) {
            return Some(Ok(Answer::new(400, json!("invalid_blocks"))));
        }
        if asked["text"].as_str().unwrap_or_default().is_empty() && blocks.is_null() {
            return Some(Ok(Answer::new(400, json!("no_text"))));
        }
        self.post(GENERAL.0, &asked, blocks);
        Some(Ok(Answer::new(200, json!("ok"))))
    }
}

/// At most fifty objects with a `type`: what Slack checks of every block before it looks closer.
fn are_blocks(value: &Value) -> bool {
    value
        .as_array()
        .is_some_and(|list| (1..=50).contains(&list.len()) && list.iter().all(|one| one["type"].is_string()))
}

fn refused(error: &str) -> Answer {
    Answer::new(200, json!({ "ok": false, "error": error }))
}
