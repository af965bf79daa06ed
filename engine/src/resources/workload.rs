//! How full the days of a person are, and what is announced when they become too full.

use std::collections::BTreeSet;

use super::events::{OverDay, ResourceOverAllocated, ResourceOverAllocationResolved};
use super::hours::{self, Week};
use super::model::{Allocation, DayPart, ResourceDay, StoredAbsence};
use super::store;
use crate::Result;
use crate::cx::Cx;
use crate::day::Day;
use crate::db::{Rx, Tx};
use crate::ids::{UserId, WorkspaceId};

/// The most days that an event tells one by one.
const TOLD: usize = 60;

/// Each day of a range, as it is planned.
pub(super) fn days(
    week: &Week,
    absences: &[StoredAbsence],
    allocations: &[Allocation],
    from: Day,
    to: Day,
) -> Vec<ResourceDay> {
    let count = u64::try_from(from.until(to) + 1).unwrap_or_default();
    (0..count).map(|at| day(week, absences, allocations, from.plus(at))).collect()
}

fn day(week: &Week, absences: &[StoredAbsence], allocations: &[Allocation], date: Day) -> ResourceDay {
    let working = week.minutes(date);
    let away = absences.iter().filter(|absence| (absence.from_day..=absence.to_day).contains(&date));
    let (mut morning, mut afternoon) = (false, false);
    for absence in away {
        morning |= absence.part != DayPart::Afternoon;
        afternoon |= absence.part != DayPart::Morning;
    }
    let first = working / 2;
    let capacity = match (morning, afternoon) {
        (false, false) => working,
        (true, false) => working - first,
        (false, true) => first,
        (true, true) => 0,
    };
    let planned = allocations.iter().filter(|planned| (planned.from_day..=planned.to_day).contains(&date));
    let allocated: i64 = planned.map(|planned| share(planned, working)).sum();
    ResourceDay {
        date,
        working,
        capacity,
        allocated,
        free: (capacity - allocated).max(0),
        over: (allocated - capacity).max(0),
    }
}

/// What an allocation takes of a day with so many working minutes: nothing of a day off, and half a minute counts as one.
fn share(allocation: &Allocation, working: i64) -> i64 {
    match (working, allocation.minutes_per_day, allocation.percent) {
        (0, ..) => 0,
        (_, Some(minutes), _) => minutes,
        (working, None, Some(percent)) => (working * percent + 50) / 100,
        (_, None, None) => 0,
    }
}

/// Reads and reckons each day of a range.
pub(super) async fn of(
    rx: &mut Rx,
    workspace: WorkspaceId,
    user: UserId,
    from: Day,
    to: Day,
) -> Result<(Vec<ResourceDay>, Vec<Allocation>)> {
    let week = hours::of(rx, workspace, user).await?;
    let absences = store::list_absences_of(rx, workspace, user, from, to).await?;
    let allocations = store::list_allocations_of(rx, workspace, user, from, to).await?;
    Ok((days(&week, &absences, &allocations, from, to), allocations))
}

/// Looks which of these days are too full now and which no longer, and announces both. The person's book is locked.
pub(super) async fn recheck(tx: &mut Tx, cx: &Cx, user: UserId, from: Day, to: Day) -> Result<()> {
    let workspace = cx.actor.workspace;
    let (days, _) = of(tx, workspace, user, from, to).await?;
    let known: BTreeSet<Day> = store::list_over(tx, workspace, user, from, to).await?.into_iter().collect();
    let is_new = |day: &ResourceDay| day.over > 0 && !known.contains(&day.date);
    let is_gone = |day: &ResourceDay| day.over == 0 && known.contains(&day.date);
    let dates = |of: &dyn Fn(&ResourceDay) -> bool| -> Vec<Day> {
        days.iter().filter(|day| of(day)).map(|day| day.date).collect()
    };
    store::insert_over(tx, workspace, user, &dates(&is_new)).await?;
    store::delete_over(tx, workspace, user, &dates(&is_gone)).await?;
    for range in ranges(&days, is_new) {
        let (first, last) = ends(&range);
        let told: Vec<OverDay> = range.iter().take(TOLD).map(|day| OverDay::from(**day)).collect();
        let count = i64::try_from(range.len()).unwrap_or(i64::MAX);
        let over = range.iter().map(|day| day.over).sum();
        let event =
            ResourceOverAllocated { user, from: first, to: last, over_days: count, over_minutes: over, days: told };
        crate::events::emit(tx, cx, &event).await?;
    }
    for range in ranges(&days, is_gone) {
        let (from, to) = ends(&range);
        crate::events::emit(tx, cx, &ResourceOverAllocationResolved { user, from, to }).await?;
    }
    Ok(())
}

/// The days that are wanted, in runs: days off in between are no gap.
fn ranges(days: &[ResourceDay], wanted: impl Fn(&ResourceDay) -> bool) -> Vec<Vec<&ResourceDay>> {
    let (mut ranges, mut open) = (Vec::new(), Vec::new());
    for day in days {
        if wanted(day) {
            open.push(day);
        } else if day.working > 0 && !open.is_empty() {
            ranges.push(std::mem::take(&mut open));
        }
    }
    if !open.is_empty() {
        ranges.push(open);
    }
    ranges
}

fn ends(range: &[&ResourceDay]) -> (Day, Day) {
    // A range is made of the days in it, so it has some.
    (range[0].date, range[range.len() - 1].date)
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::*;
    use crate::ids::Id;

    fn absence(from: &str, to: &str, part: DayPart) -> StoredAbsence {
        let uuid = uuid::Uuid::nil();
        StoredAbsence {
            id: Id::from_uuid(uuid),
            user_id: Id::from_uuid(uuid),
            from_day: from.parse().unwrap(),
            to_day: to.parse().unwrap(),
            part,
            kind: super::super::model::AbsenceKind::Other,
            note: String::new(),
            version: 1,
            created_by: None,
            created_at: Default::default(),
            updated_at: Default::default(),
        }
    }

    fn allocation(from: &str, to: &str, minutes: Option<i64>, percent: Option<i64>) -> Allocation {
        let uuid = uuid::Uuid::nil();
        Allocation {
            id: Id::from_uuid(uuid),
            project_id: Id::from_uuid(uuid),
            task_id: None,
            user_id: Id::from_uuid(uuid),
            from_day: from.parse().unwrap(),
            to_day: to.parse().unwrap(),
            minutes_per_day: minutes,
            percent,
            note: String::new(),
            version: 1,
            created_by: None,
            created_at: Default::default(),
            updated_at: Default::default(),
        }
    }

    #[test]
    fn days_are_filled_and_weekends_are_no_gap() {
        let week = Week::usual(Tz::UTC);
        // 2026-11-23 is a Monday.
        let absences = [
            absence("2026-11-24", "2026-11-24", DayPart::Morning),
            absence("2026-11-24", "2026-11-25", DayPart::Afternoon),
        ];
        let allocations = [
            allocation("2026-11-23", "2026-11-30", None, Some(50)),
            allocation("2026-11-26", "2026-11-30", Some(300), None),
        ];
        let days = days(&week, &absences, &allocations, "2026-11-23".parse().unwrap(), "2026-12-01".parse().unwrap());
        let told: Vec<_> = days.iter().map(|day| (day.capacity, day.allocated, day.free, day.over)).collect();
        assert_eq!(
            told,
            [
                (480, 240, 240, 0),
                (0, 240, 0, 240),
                (240, 240, 0, 0),
                (480, 540, 0, 60),
                (480, 540, 0, 60),
                (0, 0, 0, 0),
                (0, 0, 0, 0),
                (480, 540, 0, 60),
                (480, 0, 480, 0),
            ]
        );
        let runs: Vec<_> = ranges(&days, |day| day.over > 0)
            .iter()
            .map(|range| (ends(range).0.to_string(), ends(range).1.to_string(), range.len()))
            .collect();
        let run = |from: &str, to: &str, count| (from.to_owned(), to.to_owned(), count);
        assert_eq!(runs, [run("2026-11-24", "2026-11-24", 1), run("2026-11-26", "2026-11-30", 3)]);
    }
}
