//! What views announce.

use schemars::JsonSchema;
use serde::Serialize;

use super::model::View;
use crate::events::EventType;
use crate::ids::{ProjectId, UserId, ViewId};

/// A view in short: its query and options are its owner's, and events are everyone's.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ViewRef {
    /// Its id.
    pub id: ViewId,
    /// Whose it is.
    pub owner: UserId,
    /// Its version from now on.
    pub version: i64,
}

impl From<&View> for ViewRef {
    fn from(view: &View) -> Self {
        Self { id: view.id, owner: view.owner_id, version: view.version }
    }
}

macro_rules! about_a_view {
    ($($event:ident $kind:literal $summary:literal;)+) => {$(
        #[doc = $summary]
        #[derive(Debug, Serialize, JsonSchema)]
        pub struct $event {
            /// The view.
            pub view: ViewRef,
        }

        impl EventType for $event {
            const KIND: &'static str = $kind;
            const SUMMARY: &'static str = $summary;
            fn subject(&self) -> String {
                self.view.id.to_string()
            }
            fn project(&self) -> Option<ProjectId> {
                None
            }
        }
    )+};
}

about_a_view! {
    ViewCreated "view.created" "A view was saved.";
    ViewDeleted "view.deleted" "A view was deleted.";
    ViewUpdated "view.updated" "A view was changed.";
}
