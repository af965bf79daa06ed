//! Networks that are made up: what holds for every one of them.

use proptest::prelude::*;
use trackside_engine::planning::DependencyType;
use trackside_engine::planning::calendar::Calendar;
use trackside_engine::planning::network::{Activity, Bound, Link, schedule};

use super::least;

fn kind() -> impl Strategy<Value = DependencyType> {
    prop::sample::select(DependencyType::WORDS).prop_map(|word| word.parse().unwrap())
}

/// Activities in a shuffled order, and links that go forward in the order before it was shuffled.
fn network() -> impl Strategy<Value = (Vec<Activity>, Vec<Link>)> {
    let activity = (0..50_i64, prop_oneof![3 => Just(0), 1 => 0..200_i64])
        .prop_map(|(duration, not_before)| Activity::new(duration, not_before));
    prop::collection::vec(activity, 1..40).prop_flat_map(|activities| {
        let count = activities.len();
        let link = (0..count, 0..count, kind(), -30..60_i64);
        let links = prop::collection::vec(link, 0..count * 3);
        let places = Just((0..count).collect::<Vec<_>>()).prop_shuffle();
        (Just(activities), links, places).prop_map(|(activities, links, places)| {
            let links = links.into_iter().filter(|(one, other, ..)| one != other).map(|(one, other, kind, lag)| Link {
                predecessor: places[one.min(other)],
                successor: places[one.max(other)],
                kind,
                lag,
            });
            (activities, links.collect())
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn early_and_late_dates_keep_every_dependency_and_floats_are_what_can_slip((activities, links) in network()) {
        let schedule = schedule(&[], &activities, &links).unwrap();
        let times = &schedule.times;
        for (activity, times) in activities.iter().zip(times) {
            prop_assert!(times.early_start >= activity.not_before && times.early_start <= times.late_start);
            prop_assert!(times.late_finish <= schedule.finish);
            prop_assert_eq!(times.early_finish, times.early_start + activity.duration);
            prop_assert_eq!(times.late_finish, times.late_start + activity.duration);
            prop_assert_eq!(times.total_float, times.late_start - times.early_start);
            prop_assert!(0 <= times.free_float && times.free_float <= times.total_float);
            prop_assert_eq!(times.is_critical(), times.total_float == 0);
        }
        for link in &links {
            let (before, after, least) = (times[link.predecessor], times[link.successor], least(link, &activities));
            prop_assert!(after.early_start >= before.early_start + least);
            prop_assert!(after.late_start >= before.late_start + least);
            // Slipping by its free float moves nobody.
            prop_assert!(after.early_start >= before.early_start + before.free_float + least);
        }
        prop_assert_eq!(schedule.finish, times.iter().map(|times| times.early_finish).max().unwrap());
    }

    #[test]
    fn a_chain_of_critical_activities_is_as_long_as_the_project((activities, links) in network()) {
        let schedule = schedule(&[], &activities, &links).unwrap();
        let times = &schedule.times;
        let mut at = (0..activities.len()).find(|at| times[*at].early_finish == schedule.finish).unwrap();
        let mut length = activities[at].duration;
        loop {
            prop_assert!(times[at].is_critical());
            let drives = |link: &&Link| link.successor == at
                && times[link.predecessor].early_start + least(link, &activities) == times[at].early_start;
            if times[at].early_start == activities[at].not_before {
                // Nothing but its own bound, or the start of the project, holds it.
                prop_assert_eq!(length + activities[at].not_before, schedule.finish);
                break;
            }
            let Some(link) = links.iter().find(drives) else { panic!("nothing holds {at} of {activities:?} {links:?}") };
            length += least(link, &activities);
            at = link.predecessor;
        }
    }

    #[test]
    fn a_link_back_closes_a_circle_that_is_named((activities, links) in network(), kind in kind(), lag in -100..100_i64, at: prop::sample::Index) {
        prop_assume!(!links.is_empty());
        let Link { predecessor, successor, .. } = links[at.index(links.len())];
        let mut links = links;
        links.push(Link { predecessor: successor, successor: predecessor, kind, lag });
        let circle = schedule(&[], &activities, &links).unwrap_err().0;
        prop_assert!(circle.len() >= 2);
        for (at, next) in circle.iter().zip(circle.iter().cycle().skip(1)) {
            prop_assert!(links.iter().any(|link| (link.predecessor, link.successor) == (*at, *next)), "{circle:?}");
        }
    }
}

/// A week of offices, one with a free Wednesday and a Saturday, and one that works nights.
fn calendars() -> Vec<Calendar> {
    let odd = [(0, 480, 720), (0, 780, 1020), (1, 480, 900), (3, 480, 1020), (4, 0, 1440), (5, 540, 600)];
    let nights: Vec<_> = (0..7).flat_map(|day| [(day, 0, 300), (day, 1320, 1440)]).collect();
    vec![Calendar::office(), Calendar::of(&odd).unwrap(), Calendar::of(&nights).unwrap()]
}

/// When something is done and when it starts, as instants.
fn span(calendar: &Calendar, start: i64, finish: i64) -> (i64, i64) {
    let minute = |at: chrono::DateTime<chrono::Utc>| at.timestamp() / 60;
    (
        minute(calendar.start(start)),
        minute(if finish > start { calendar.finish(finish) } else { calendar.start(start) }),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// What holds whatever the calendars are: links are kept as each successor counts, and slipping by a float moves what it
    /// says and no more.
    #[test]
    fn over_several_calendars_dates_keep_every_dependency((mut activities, links) in network(), which in prop::collection::vec(0..3_usize, 40)) {
        let calendars = calendars();
        let zero = "2026-03-02T00:00:00Z".parse().unwrap();
        for (activity, which) in activities.iter_mut().zip(which) {
            activity.calendar = which;
            // Something that takes no time is tied to no calendar, so it is left out of this.
            activity.duration = activity.duration.max(1) * 13;
            activity.not_before += calendars[which].minute(zero);
        }
        let whole = schedule(&calendars, &activities, &links).unwrap();
        let keeps = |link: &Link, before: (i64, i64), start: i64| {
            let after = &activities[link.successor];
            let calendar = &calendars[after.calendar];
            let (anchor, back) = match link.kind {
                DependencyType::FinishToStart => (before.1, 0),
                DependencyType::StartToStart => (before.0, 0),
                DependencyType::FinishToFinish => (before.1, after.duration),
                DependencyType::StartToFinish => (before.0, after.duration),
            };
            let anchor = chrono::DateTime::from_timestamp(anchor * 60, 0).unwrap();
            calendar.minute(anchor) + link.lag - back <= start
        };
        for link in &links {
            let (times, after) = (&whole.times[link.predecessor], &whole.times[link.successor]);
            let calendar = &calendars[activities[link.predecessor].calendar];
            prop_assert!(keeps(link, span(calendar, times.early_start, times.early_finish), after.early_start));
            prop_assert!(keeps(link, span(calendar, times.late_start, times.late_finish), after.late_start));
            let free = times.free_float;
            prop_assert!(keeps(link, span(calendar, times.early_start + free, times.early_finish + free), after.early_start));
        }
        for (at, times) in whole.times.iter().enumerate() {
            prop_assert!(times.total_float >= 0 && (0..=times.total_float).contains(&times.free_float));
            // One that starts as late as it can delays nothing; a minute later it delays the project.
            let calendar = &calendars[activities[at].calendar];
            let slipped = |by: i64| {
                let mut activities = activities.clone();
                activities[at].not_before = times.early_start + by;
                let slipped = schedule(&calendars, &activities, &links).unwrap();
                let ends = activities.iter().zip(&slipped.times);
                ends.map(|(activity, times)| calendars[activity.calendar].finish(times.early_finish)).max().unwrap()
            };
            if at < 3 {
                let end = slipped(0);
                prop_assert_eq!(slipped(times.total_float), end);
                prop_assert!(slipped(times.total_float + 1) > end, "{} of {:?}", at, calendar.start(times.late_start));
            }
        }
    }

    /// Hard constraints are kept whatever it costs, soft ones never break a dependency, and both are told.
    #[test]
    fn constraints_are_kept_and_conflicts_told((mut activities, links) in network(), held in prop::collection::vec((0..14_u8, 0..250_i64), 40)) {
        for (activity, (which, at)) in activities.iter_mut().zip(held) {
            activity.bound = match which {
                0 => Bound::Late,
                1 => Bound::StartNoEarlier(at),
                2 => Bound::StartNoLater(at),
                3 => Bound::FinishNoEarlier(at),
                4 => Bound::FinishNoLater(at),
                5 => Bound::Start(at),
                6 => Bound::Finish(at),
                _ => Bound::Soon,
            };
        }
        let schedule = schedule(&[], &activities, &links).unwrap();
        for (at, (activity, times)) in activities.iter().zip(&schedule.times).enumerate() {
            let (start, finish) = (times.start(), times.finish());
            prop_assert_eq!(finish - start, activity.duration);
            match activity.bound {
                Bound::Soon | Bound::Late => {}
                Bound::StartNoEarlier(at) => prop_assert!(start >= at),
                Bound::StartNoLater(at) => prop_assert!(start <= at),
                Bound::FinishNoEarlier(at) => prop_assert!(finish >= at),
                Bound::FinishNoLater(at) => prop_assert!(finish <= at),
                Bound::Start(at) => prop_assert_eq!(start, at),
                Bound::Finish(at) => prop_assert_eq!(finish, at),
            }
            prop_assert!(times.free_float >= 0);
            let is_broken = |link: &&Link| link.successor == at
                && schedule.times[link.predecessor].early_start + least(link, &activities) > times.early_start;
            let broken: Vec<&Link> = links.iter().filter(is_broken).collect();
            let is_hard = !matches!(activity.bound, Bound::Soon | Bound::Late | Bound::StartNoEarlier(_) | Bound::FinishNoEarlier(_));
            prop_assert!(is_hard || broken.is_empty());
            if !activities.iter().any(|activity| activity.bound == Bound::Late) {
                prop_assert_eq!(times.conflict, !broken.is_empty());
                // Whoever is in the way of a constraint is too late, unless held where they are themselves.
                for link in broken {
                    let before = link.predecessor;
                    let is_held = matches!(activities[before].bound, Bound::Start(_) | Bound::Finish(_));
                    prop_assert!(is_held || schedule.times[before].total_float < 0);
                }
            }
        }
    }
}

/// As many activities as the largest project has, in one chain: nothing here recurses.
#[test]
fn a_chain_of_twenty_thousand_is_as_long_as_its_links() {
    let activities = vec![Activity::new(3, 0); 20_000];
    let link = |at| Link { predecessor: at, successor: at + 1, kind: DependencyType::FinishToStart, lag: 1 };
    let links: Vec<Link> = (0..19_999).map(link).collect();
    let schedule = schedule(&[], &activities, &links).unwrap();
    assert_eq!(schedule.finish, 20_000 * 3 + 19_999);
    assert!(schedule.times.iter().all(|times| times.is_critical()));
}
