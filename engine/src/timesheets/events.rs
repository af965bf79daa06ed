//! What timesheets announce.

use schemars::JsonSchema;
use serde::Serialize;

use super::model::TimesheetRef;
use crate::access::{Permission as _, TimeView};
use crate::events::EventType;
use crate::ids::ProjectId;

macro_rules! about_a_timesheet {
    ($($(#[$doc:meta])* $event:ident $kind:literal $summary:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Serialize, JsonSchema)]
        pub struct $event<'a> {
            /// The week as it is now.
            pub timesheet: &'a TimesheetRef,
        }

        impl EventType for $event<'_> {
            const KIND: &'static str = $kind;
            const SUMMARY: &'static str = $summary;
            const NEEDS: &'static str = TimeView::NAME;
            fn subject(&self) -> String {
                self.timesheet.user.to_string()
            }
            fn project(&self) -> Option<ProjectId> {
                None
            }
        }
    )+};
}

about_a_timesheet! {
    /// A week was approved.
    TimesheetApproved "timesheet.approved" "A manager approved a person's week; nothing in it changes any more.";
    /// A week was handed back.
    TimesheetRejected "timesheet.rejected" "A manager handed a person's week back, with a reason.";
    /// A week was opened again.
    TimesheetReopened "timesheet.reopened" "A person took their week back, or a manager opened it again.";
    /// A week was handed in.
    TimesheetSubmitted "timesheet.submitted" "A person submitted their week.";
}
