//! Small networks, worked out by hand.

use super::*;

fn link(predecessor: usize, successor: usize) -> Link {
    Link { predecessor, successor, kind: DependencyType::FinishToStart, lag: 0 }
}

fn bound(duration: i64, bound: Bound) -> Activity {
    Activity { bound, ..Activity::new(duration, 0) }
}

#[test]
fn nothing_takes_no_time() {
    assert_eq!(schedule(&[], &[], &[]), Ok(Schedule { times: Vec::new(), finish: 0 }));
}

#[test]
fn a_circle_is_named_without_what_hangs_on_it() {
    let activities = [Activity::new(1, 0); 6];
    // 0 leads into the circle 1, 2, 3, and 4 and 5 hang behind it.
    let links = [link(0, 1), link(1, 2), link(2, 3), link(3, 1), link(3, 4), link(4, 5)];
    let Cycle(mut circle) = schedule(&[], &activities, &links).unwrap_err();
    let first = circle.iter().position(|at| *at == 1).unwrap();
    circle.rotate_left(first);
    assert_eq!(circle, [1, 2, 3]);
    assert_eq!(schedule(&[], &activities[..1], &[link(0, 0)]), Err(Cycle(vec![0])));
}

#[test]
fn what_may_not_start_earlier_has_no_float_before_it() {
    let activities = [Activity::new(10, 0), Activity::new(5, 30)];
    let Schedule { times, finish } = schedule(&[], &activities, &[link(0, 1)]).unwrap();
    assert_eq!((finish, times[1].early_start, times[1].total_float), (35, 30, 0));
    assert_eq!((times[0].total_float, times[0].free_float, times[0].is_critical()), (20, 20, false));
}

/// A task of 10, one of 20 after it that the bound is on, one of 5 after that; beside them one of 50.
fn with(held: Bound) -> (Vec<Times>, i64) {
    let activities = [Activity::new(10, 0), bound(20, held), Activity::new(5, 0), Activity::new(50, 0)];
    let Schedule { times, finish } = schedule(&[], &activities, &[link(0, 1), link(1, 2)]).unwrap();
    (times, finish)
}

#[test]
fn each_bound_holds_in_its_way() {
    // Early start, late start, total float and free float of the bound one; those of the one before; of the one after.
    let told = |held| {
        let (times, finish) = with(held);
        let one = |at: usize| {
            let times = times[at];
            (times.early_start, times.late_start, times.total_float, times.free_float)
        };
        (one(1), one(0), one(2), times[1].conflict, finish)
    };
    assert_eq!(told(Bound::Soon), ((10, 25, 15, 0), (0, 15, 15, 0), (30, 45, 15, 15), false, 50));
    assert_eq!(told(Bound::StartNoEarlier(18)), ((18, 25, 7, 0), (0, 15, 15, 8), (38, 45, 7, 7), false, 50));
    assert_eq!(told(Bound::FinishNoEarlier(38)), told(Bound::StartNoEarlier(18)));
    assert_eq!(told(Bound::StartNoEarlier(3)), told(Bound::Soon));
    // It must start by 12 though it could later, so what is before it has no more time than that.
    assert_eq!(told(Bound::StartNoLater(12)), ((10, 12, 2, 0), (0, 2, 2, 0), (30, 45, 15, 15), false, 50));
    assert_eq!(told(Bound::FinishNoLater(32)), told(Bound::StartNoLater(12)));
    // It starts at 4 though what it waits for is done at 10 only: that is 6 too late.
    assert_eq!(told(Bound::StartNoLater(4)), ((4, 4, 0, 0), (0, -6, -6, 0), (24, 45, 21, 21), true, 50));
    assert_eq!(told(Bound::Start(4)), told(Bound::StartNoLater(4)));
    assert_eq!(told(Bound::Finish(24)), told(Bound::StartNoLater(4)));
    assert_eq!(told(Bound::Start(20)), ((20, 20, 0, 0), (0, 10, 10, 10), (40, 45, 5, 5), false, 50));
    // As late as possible, and what waits for it after that.
    assert_eq!(told(Bound::Late), ((10, 25, 0, 0), (0, 15, 15, 15), (45, 45, 0, 0), false, 50));
}

#[test]
fn what_has_begun_waits_no_longer_and_what_is_done_stays() {
    let begun =
        Activity { progress: Progress::Started { start: 4, finish: 24, remaining: 15 }, ..Activity::new(20, 0) };
    let done = Activity { progress: Progress::Done { start: 2, finish: 30 }, ..Activity::new(10, 0) };
    let rest = [Activity::new(5, 0), Activity::new(50, 0)];
    let links = [link(0, 1), link(1, 2)];
    let Schedule { times, .. } = schedule(&[], &[Activity::new(10, 0), begun, rest[0], rest[1]], &links).unwrap();
    let times_of = |times: &Times| (times.early_start, times.early_finish, times.late_start, times.late_finish);
    assert_eq!(times_of(&times[1]), (4, 24, 4, 45));
    assert_eq!((times[1].total_float, times[1].conflict, times[2].early_start), (21, false, 24));
    let Schedule { times, .. } = schedule(&[], &[Activity::new(10, 0), done, rest[0], rest[1]], &links).unwrap();
    assert_eq!(times_of(&times[1]), (2, 30, 2, 30));
    assert_eq!((times[1].total_float, times[1].is_critical(), times[2].early_start), (0, false, 30));
    // Nothing is left that waits for the first.
    assert_eq!((times[0].total_float, times[0].free_float), (40, 40));
}

#[test]
fn between_calendars_instants_decide_and_lags_count_by_what_waits() {
    // Monday to Friday, and every day from 12:00 to 13:00.
    let noon: Vec<_> = (0..7).map(|day| (day, 720, 780)).collect();
    let calendars = [Calendar::office(), Calendar::of(&noon).unwrap()];
    let at = |calendar: usize, text: &str| calendars[calendar].minute(text.parse().unwrap());
    let monday = |calendar| at(calendar, "2026-03-02T00:00:00Z");
    let works = |calendar, duration| Activity { calendar, ..Activity::new(duration, monday(calendar)) };
    // A week of office work, then two hours at noon a day's noon later, then an hour at the office.
    let activities = [works(0, 5 * 480), works(1, 120), works(0, 60)];
    let links = [Link { lag: 60, ..link(0, 1) }, link(1, 2)];
    let Schedule { times, finish } = schedule(&calendars, &activities, &links).unwrap();
    let start = |which: usize, calendar: usize| calendars[calendar].start(times[which].early_start).to_string();
    // Done on Friday evening; Saturday's noon is the lag, Sunday's and Monday's the work.
    assert_eq!(start(1, 1), "2026-03-08 12:00:00 UTC");
    assert_eq!(start(2, 0), "2026-03-09 13:00:00 UTC");
    assert_eq!(calendars[0].finish(finish).to_string(), "2026-03-09 14:00:00 UTC");
    assert!(times.iter().all(|times| times.total_float == 0 && times.free_float == 0), "{times:?}");
}

#[test]
fn the_first_of_several_is_what_starts_first() {
    let gate = Activity { role: Role::First, ..Activity::new(0, 0) };
    let start = |predecessor, successor| Link { kind: DependencyType::StartToStart, ..link(predecessor, successor) };
    let activities = [Activity::new(10, 8), Activity::new(10, 5), gate, Activity::new(7, 0), Activity::new(30, 0)];
    let links = [start(0, 2), start(1, 2), Link { lag: 3, ..start(2, 3) }];
    let Schedule { times, .. } = schedule(&[], &activities, &links).unwrap();
    assert_eq!((times[2].early_start, times[3].early_start), (5, 8));
    // Only the one that starts first holds it.
    assert_eq!((times[0].free_float, times[1].free_float, times[1].total_float), (12, 0, 15));
}

#[test]
fn the_shortest_way_is_found_or_none() {
    let links = [(1, 2), (2, 3), (3, 4), (1, 3), (5, 1)];
    assert_eq!(path(&links, 1, 4), Some(vec![1, 3, 4]));
    assert_eq!(path(&links, 1, 1), Some(vec![1]));
    assert_eq!(path(&links, 4, 1), None);
}
