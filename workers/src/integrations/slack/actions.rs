//! `slack.post_message`: a message to a channel or into a thread.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use trackside_engine::actions::external::{Call, External, Failure};
use trackside_engine::actions::{Effect, OUTSIDE};

use crate::egress::{DEFAULT_MAX_BODY, Egress, Request};
use crate::integrations::answers;

/// Posts the message.
pub struct PostMessage {
    egress: Egress,
}

impl PostMessage {
    /// The action over this way out.
    pub fn new(egress: &Egress) -> Self {
        PostMessage { egress: egress.clone() }
    }
}

/// The message.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The channel's id (`C0123456789`) or name. Needed with a bot token; an incoming webhook has its own channel.
    #[serde(default)]
    pub channel: Option<String>,
    /// The text; with `blocks`, what notifications show.
    #[serde(default)]
    pub text: Option<String>,
    /// Block Kit blocks: <https://api.slack.com/block-kit>.
    #[serde(default)]
    #[schemars(length(max = 50))]
    pub blocks: Option<Vec<Value>>,
    /// The `ts` of the message to answer in a thread.
    #[serde(default)]
    pub thread_ts: Option<String>,
    /// The name of the Slack connection; the workspace's own when left out.
    #[serde(default)]
    pub connection: Option<String>,
}

/// Where the message is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// The channel's id; null through an incoming webhook, which does not say.
    pub channel: Option<String>,
    /// The message's id within its channel, for `thread_ts`; null through an incoming webhook.
    pub ts: Option<String>,
}

impl External for PostMessage {
    const NAME: &'static str = "slack.post_message";
    const SUMMARY: &'static str = "Posts a message to a Slack channel or thread.";
    const EFFECT: Effect = Effect { reads: &[], writes: &["slack.message"], undo: OUTSIDE };
    type Input = Input;
    type Output = Output;

    async fn perform(&self, call: &Call, input: Input) -> Result<Output, Failure> {
        if input.text.as_deref().unwrap_or_default().is_empty()
            && input.blocks.as_deref().unwrap_or_default().is_empty()
        {
            return Err(at("/text", "give text or blocks"));
        }
        let connection = call.connection("slack", input.connection.as_deref()).await?;
        let token = connection.token.reveal();
        if token.starts_with("https://") || token.starts_with("http://") {
            return self.through_webhook(call, token, input).await;
        }
        let channel = input.channel.as_deref().filter(|channel| !channel.is_empty());
        let channel = channel.ok_or_else(|| at("/channel", "a bot token needs a channel"))?;
        let blocks = input.blocks.map(|blocks| Value::Array(blocks).to_string());
        let mut fields = vec![("channel", channel)];
        fields.extend(input.text.as_deref().map(|text| ("text", text)));
        fields.extend(blocks.as_deref().map(|blocks| ("blocks", blocks)));
        fields.extend(input.thread_ts.as_deref().map(|ts| ("thread_ts", ts)));
        let answer = super::call_method(&self.egress, call, &connection, "chat.postMessage", &fields).await?;
        let part = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
        Ok(Output { channel: part("channel"), ts: part("ts") })
    }
}

impl PostMessage {
    /// Incoming webhooks: <https://api.slack.com/messaging/webhooks>. They answer in plain text.
    async fn through_webhook(&self, call: &Call, url: &str, input: Input) -> Result<Output, Failure> {
        if input.channel.is_some() {
            return Err(at("/channel", "an incoming webhook posts to its own channel: leave it out, or connect a bot"));
        }
        let mut message = serde_json::Map::new();
        message.extend(input.text.map(|text| ("text".to_owned(), json!(text))));
        message.extend(input.blocks.map(|blocks| ("blocks".to_owned(), Value::Array(blocks))));
        message.extend(input.thread_ts.map(|ts| ("thread_ts".to_owned(), json!(ts))));
        let mut headers = HeaderMap::with_capacity(1);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let answer = self
            .egress
            .send(Request {
                method: Method::POST,
                url: self.egress.check(url)?,
                headers,
                body: Bytes::from(Value::Object(message).to_string()),
                timeout: call.timeout,
                max_body: DEFAULT_MAX_BODY,
            })
            .await?;
        if answer.status.is_success() {
            return Ok(Output { channel: None, ts: None });
        }
        let error = format!("Slack's webhook answered {}: {}", answer.status, answers::excerpt(&answer.body));
        Err(answers::failure(answer.status, &answer.headers, error))
    }
}

fn at(pointer: &str, error: &str) -> Failure {
    Failure::permanent(format!("wrong input for slack.post_message at `{pointer}`: {error}"))
}
