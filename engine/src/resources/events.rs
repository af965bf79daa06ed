//! What resources announce: who is away and too full when, but not why somebody is away, since everybody hears of it.

use schemars::JsonSchema;
use serde::Serialize;

use super::model::{Absence, Allocation, ResourceDay};
use crate::access::{Permission as _, ResourceView};
use crate::day::Day;
use crate::events::EventType;
use crate::ids::{ProjectId, UserId};
use crate::projects::ProjectRef;
use crate::projects::events::Changes;

/// More is planned for a person than they have time, from this day to that one.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ResourceOverAllocated {
    /// The person.
    pub user: UserId,
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
    /// How many days in between are too full; days off are none.
    pub over_days: i64,
    /// How many minutes too much that is, taken together.
    pub over_minutes: i64,
    /// These days one by one, the first 60.
    pub days: Vec<OverDay>,
}

/// A day that is too full, in minutes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OverDay {
    /// Which.
    pub date: Day,
    /// The working hours without absences.
    pub capacity: i64,
    /// What is planned.
    pub allocated: i64,
    /// How much too much that is.
    pub over: i64,
}

impl From<ResourceDay> for OverDay {
    fn from(day: ResourceDay) -> Self {
        Self { date: day.date, capacity: day.capacity, allocated: day.allocated, over: day.over }
    }
}

/// These days are too full no longer.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ResourceOverAllocationResolved {
    /// The person.
    pub user: UserId,
    /// The first day.
    pub from: Day,
    /// The last day.
    pub to: Day,
}

impl EventType for ResourceOverAllocated {
    const KIND: &'static str = "resource.over_allocated";
    const SUMMARY: &'static str =
        "More is planned for a person than they have time; each day is announced once while it lasts.";
    const NEEDS: &'static str = ResourceView::NAME;
    fn subject(&self) -> String {
        self.user.to_string()
    }
    fn project(&self) -> Option<ProjectId> {
        None
    }
}

impl EventType for ResourceOverAllocationResolved {
    const KIND: &'static str = "resource.over_allocation_resolved";
    const SUMMARY: &'static str = "Days of a person that were too full are so no longer.";
    const NEEDS: &'static str = ResourceView::NAME;
    fn subject(&self) -> String {
        self.user.to_string()
    }
    fn project(&self) -> Option<ProjectId> {
        None
    }
}

macro_rules! about_a_plan {
    ($($(#[$doc:meta])* $event:ident $kind:literal $summary:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Serialize, JsonSchema)]
        pub struct $event<'a> {
            /// The allocation.
            pub allocation: &'a Allocation,
            /// Its project.
            pub project: &'a ProjectRef,
            /// What changed, when something did.
            pub change: &'a Changes,
        }

        impl EventType for $event<'_> {
            const KIND: &'static str = $kind;
            const SUMMARY: &'static str = $summary;
            const NEEDS: &'static str = ResourceView::NAME;
            fn subject(&self) -> String {
                self.allocation.id.to_string()
            }
            fn project(&self) -> Option<ProjectId> {
                Some(self.project.id)
            }
        }
    )+};
}

about_a_plan! {
    /// A person was planned for a project.
    ResourceAllocationAdded "resource.allocation_added" "A person was planned for a project.";
    /// A plan went away.
    ResourceAllocationDeleted "resource.allocation_deleted" "A person is planned for a project no longer.";
    /// A plan changed.
    ResourceAllocationUpdated "resource.allocation_updated" "A person is planned for a project otherwise than before.";
}

macro_rules! about_an_absence {
    ($($(#[$doc:meta])* $event:ident $kind:literal $summary:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Serialize, JsonSchema)]
        pub struct $event<'a> {
            /// The absence, without its reason.
            pub absence: &'a Absence,
        }

        impl EventType for $event<'_> {
            const KIND: &'static str = $kind;
            const SUMMARY: &'static str = $summary;
            const NEEDS: &'static str = ResourceView::NAME;
            fn subject(&self) -> String {
                self.absence.id.to_string()
            }
            fn project(&self) -> Option<ProjectId> {
                None
            }
        }
    )+};
}

about_an_absence! {
    /// Somebody will be away.
    ResourceAbsenceAdded "resource.absence_added" "An absence was entered.";
    /// Somebody will not be away after all.
    ResourceAbsenceDeleted "resource.absence_deleted" "An absence was deleted.";
    /// Somebody will be away at another time.
    ResourceAbsenceUpdated "resource.absence_updated" "An absence changed.";
}
