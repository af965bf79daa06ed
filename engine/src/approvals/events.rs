//! What approvals announce. An event about an approval on a task is one about the task: who may not see that does not see it.

use schemars::JsonSchema;
use serde::Serialize;

use super::model::{ApprovalRef, Delegation, Vote};
use crate::events::EventType;
use crate::ids::{ProjectId, UserId};
use crate::projects::ProjectRef;
use crate::tasks::Task;

macro_rules! about_an_approval {
    ($($(#[$doc:meta])* $event:ident $kind:literal $summary:literal $({ $(#[$more_doc:meta])* $more:ident: $type:ty })?;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Serialize, JsonSchema)]
        pub struct $event<'a> {
            /// The approval as it is now.
            pub approval: &'a ApprovalRef,
            /// The task that it is about, if it is about one.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub task: Option<&'a Task>,
            /// The project that it is about, if it is about one.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub project: Option<&'a ProjectRef>,
            $($(#[$more_doc])* pub $more: $type,)?
        }

        impl EventType for $event<'_> {
            const KIND: &'static str = $kind;
            const SUMMARY: &'static str = $summary;
            fn subject(&self) -> String {
                self.task.map_or_else(|| self.approval.id.to_string(), |task| task.id.to_string())
            }
            fn project(&self) -> Option<ProjectId> {
                self.project.map(|project| project.id)
            }
        }
    )+};
}

about_an_approval! {
    /// An approval was settled by an answer.
    ApprovalDecided "approval.decided" "An answer settled an approval: `approval.state` is `approved` or `rejected`." {
        /// The answer that settled it.
        vote: &'a Vote
    };
    /// Somebody passed their place on.
    ApprovalDelegated "approval.delegated" "Somebody who is asked lets another answer in their place." {
        /// Who lets whom.
        delegation: &'a Delegation
    };
    /// A run asks.
    ApprovalRequested "approval.requested" "A run waits for people to agree." {
        /// Who may answer now.
        asked: &'a [UserId]
    };
    /// Time is up.
    ApprovalTimedOut "approval.timed_out" "Nobody settled an approval in time.";
    /// Somebody answered, and others must, too.
    ApprovalVoted "approval.voted" "Somebody agreed, and more must." {
        /// The answer.
        vote: &'a Vote
    };
    /// The run ended.
    ApprovalWithdrawn "approval.withdrawn" "The run that waited for an approval ended otherwise; nobody has to answer any more.";
}
