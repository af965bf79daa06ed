//! Actions on the outside world.
//!
//! An external action runs outside any transaction, at least once: the process may die between the call and the row
//! that says it was made. Every attempt of one step therefore carries the same [`Call::idempotency_key`], and an
//! action must hand it on in the form its vendor understands, or look for what an earlier attempt has left behind.
//! An action says with a [`Failure`] whether trying again can help; it never retries by itself and never waits.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::effect::Effect;
use crate::ids::WorkspaceId;
use crate::unfit;
pub use crate::vault::Secret;

/// One action on the outside world, in `workers`' `integrations/<vendor>/actions.rs`.
pub trait External: Send + Sync + 'static {
    /// `slack.post_message`: vendor, dot, verb.
    const NAME: &'static str;
    /// One sentence, for the catalogue.
    const SUMMARY: &'static str;
    /// What it reads and writes there, and how to undo it.
    const EFFECT: Effect;
    /// What a step's `with` must hold. Give it `#[serde(deny_unknown_fields)]`.
    type Input: DeserializeOwned + JsonSchema + Send;
    /// What later steps see as `steps.<id>.output`.
    type Output: Serialize + JsonSchema;

    /// Makes one attempt.
    ///
    /// # Errors
    /// A [`Failure`] that says whether another attempt can help.
    fn perform(&self, call: &Call, input: Self::Input) -> impl Future<Output = Result<Self::Output, Failure>> + Send;
}

/// The header that tells how many rules led to a request. A hook that receives it counts on from there, so that rules which
/// start one another over HTTP come to an end as all others do.
pub const DEPTH_HEADER: &str = "trackside-depth";

/// What surrounds one attempt.
#[derive(Clone)]
pub struct Call {
    /// The same for every attempt of one step of one run, and for nothing else.
    pub idempotency_key: String,
    /// 1 for the first attempt. From 2 on, an earlier one may have had its effect.
    pub attempt: i64,
    /// How many rules stand in the chain that led here; see [`Cause::depth`](crate::cx::Cause). It goes out with requests
    /// as [`DEPTH_HEADER`].
    pub depth: i64,
    /// How long the whole attempt may take.
    pub timeout: Duration,
    /// The tenant on whose behalf it is made.
    pub workspace: WorkspaceId,
    /// Where the workspace's connections are found.
    pub credentials: Arc<dyn Credentials>,
}

impl Call {
    /// The workspace's connection of this kind (`github`, `slack`) with this name; without a name, the only or the
    /// default one.
    ///
    /// # Errors
    /// As [`Credentials::find`].
    pub async fn connection(&self, kind: &str, name: Option<&str>) -> Result<Connection, Failure> {
        self.credentials.find(self.workspace, kind, name).await
    }
}

/// Finds the connections that a workspace has made to outside services.
pub trait Credentials: Send + Sync {
    /// The connection of this kind (`github`, `slack`) with this name; without a name, the only or the default one.
    ///
    /// # Errors
    /// [`Failure::Permanent`] when there is none, [`Failure::Retryable`] when it cannot be read just now.
    fn find<'a>(
        &'a self,
        workspace: WorkspaceId,
        kind: &'a str,
        name: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Connection, Failure>>;
}

/// A connection to an outside service, ready to be used.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Where the service's API is, when it is not at its usual place (GitHub Enterprise, tests).
    pub base_url: Option<String>,
    /// What proves who we are.
    pub token: Secret,
}

/// Why an attempt did not succeed, and what may be done about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It was not sent, or was answered "not now" (429, 5xx): another attempt may succeed.
    #[error("{error}")]
    Retryable {
        /// What happened.
        error: String,
        /// How long the other side asks us to wait.
        after: Option<Duration>,
    },
    /// It was sent and never answered: it may have had its effect.
    #[error("{error}")]
    Unknown {
        /// What happened.
        error: String,
    },
    /// It will fail the same way again.
    #[error("{error}")]
    Permanent {
        /// What happened, and what to change.
        error: String,
    },
}

impl Failure {
    /// A failure that another attempt may mend.
    pub fn retryable(error: impl Into<String>) -> Self {
        Failure::Retryable { error: error.into(), after: None }
    }

    /// A failure that only a change of the rule, the connection or the other side mends.
    pub fn permanent(error: impl Into<String>) -> Self {
        Failure::Permanent { error: error.into() }
    }

    /// A failure after which nobody here knows whether the call had its effect.
    pub fn unknown(error: impl Into<String>) -> Self {
        Failure::Unknown { error: error.into() }
    }
}

/// An [`External`] action without its types, as the runner holds it.
pub trait ErasedExternal: Send + Sync {
    /// `slack.post_message`.
    fn name(&self) -> &'static str;
    /// One sentence.
    fn summary(&self) -> &'static str;
    /// What it reads and writes there, and how to undo it.
    fn effect(&self) -> Effect;
    /// The JSON schema of its input.
    fn input_schema(&self) -> Value;
    /// The JSON schema of its output.
    fn output_schema(&self) -> Value;
    /// Makes one attempt, from JSON to JSON. Input that does not fit is a permanent failure that names the place by
    /// a JSON pointer (RFC 6901).
    fn perform_json<'a>(&'a self, call: &'a Call, input: Value) -> BoxFuture<'a, Result<Value, Failure>>;
}

impl<A: External> ErasedExternal for A {
    fn name(&self) -> &'static str {
        A::NAME
    }

    fn summary(&self) -> &'static str {
        A::SUMMARY
    }

    fn effect(&self) -> Effect {
        A::EFFECT
    }

    fn input_schema(&self) -> Value {
        schemars::schema_for!(A::Input).to_value()
    }

    fn output_schema(&self) -> Value {
        // As it is written, which may be otherwise than a vendor's answer is read.
        SchemaSettings::default().for_serialize().into_generator().into_root_schema_for::<A::Output>().to_value()
    }

    fn perform_json<'a>(&'a self, call: &'a Call, input: Value) -> BoxFuture<'a, Result<Value, Failure>> {
        Box::pin(async move {
            let input = serde_path_to_error::deserialize(input).map_err(|error| {
                let place = pointer(error.path());
                let what = error.inner().to_string();
                Failure::permanent(format!("wrong input for {} at `{place}`: {}", A::NAME, unfit::readable(&what)))
            })?;
            let output = self.perform(call, input).await?;
            // The effect is already there, so a retry would only repeat it.
            serde_json::to_value(output).map_err(|error| {
                Failure::permanent(format!("{} succeeded, but its output is not JSON: {error}", A::NAME))
            })
        })
    }
}

/// The JSON pointer (RFC 6901) of a path within the input; empty for the input as a whole.
pub(super) fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
            // The variant of an enum is not a place of its own in the text.
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::actions::OUTSIDE;
    use crate::ids::Id;

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Input {
        #[serde(default)]
        numbers: BTreeMap<String, Vec<u8>>,
    }

    struct Sum;

    impl External for Sum {
        const NAME: &'static str = "test.sum";
        const SUMMARY: &'static str = "Adds up.";
        const EFFECT: Effect = Effect { reads: &[], writes: &[], undo: OUTSIDE };
        type Input = Input;
        type Output = u64;

        async fn perform(&self, _: &Call, input: Input) -> Result<u64, Failure> {
            Ok(input.numbers.values().flatten().map(|n| u64::from(*n)).sum())
        }
    }

    struct Nothing;

    impl Credentials for Nothing {
        fn find<'a>(
            &'a self,
            _: WorkspaceId,
            kind: &'a str,
            _: Option<&'a str>,
        ) -> BoxFuture<'a, Result<Connection, Failure>> {
            Box::pin(async move { Err(Failure::permanent(format!("no {kind} connection"))) })
        }
    }

    fn call() -> Call {
        Call {
            idempotency_key: "k".into(),
            attempt: 1,
            depth: 1,
            timeout: Duration::from_secs(1),
            workspace: WorkspaceId::from_uuid(uuid::Uuid::nil()),
            credentials: Arc::new(Nothing),
        }
    }

    #[tokio::test]
    async fn wrong_input_is_permanent_and_names_its_place() {
        let sum: Arc<dyn ErasedExternal> = Arc::new(Sum);
        assert_eq!(sum.perform_json(&call(), json!({"numbers": {"a": [1, 2]}})).await, Ok(json!(3)));
        for (input, place) in [
            (json!({"numbers": {"a/b": [1, "two"]}}), "at `/numbers/a~1b/1`"),
            (json!({"number": {}}), "unknown field `number`"),
            (json!([1, "x"]), "test.sum"),
        ] {
            match sum.perform_json(&call(), input).await {
                Err(Failure::Permanent { error }) => assert!(error.contains(place), "{error}"),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(sum.input_schema()["additionalProperties"], json!(false));
    }

    #[test]
    fn secrets_do_not_show() {
        let connection = Connection { base_url: None, token: Secret::new("xoxb-1") };
        assert!(!format!("{connection:?}").contains("xoxb"));
        assert_eq!(connection.token.reveal(), "xoxb-1");
    }
}
