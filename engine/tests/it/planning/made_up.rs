//! Networks that are made up: what holds for every one of them.

use proptest::prelude::*;
use trackside_engine::planning::DependencyType;
use trackside_engine::planning::network::{Activity, Link, schedule};

use super::least;

fn kind() -> impl Strategy<Value = DependencyType> {
    prop::sample::select(DependencyType::WORDS).prop_map(|word| word.parse().unwrap())
}

/// Activities in a shuffled order, and links that go forward in the order before it was shuffled.
fn network() -> impl Strategy<Value = (Vec<Activity>, Vec<Link>)> {
    let activity = (0..50_i64, prop_oneof![3 => Just(0), 1 => 0..200_i64])
        .prop_map(|(duration, not_before)| Activity { duration, not_before });
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
        let schedule = schedule(&activities, &links).unwrap();
        let times = &schedule.times;
        for (activity, times) in activities.iter().zip(times) {
            prop_assert!(times.early_start >= activity.not_before && times.early_start <= times.late_start);
            prop_assert!(times.late_finish <= schedule.length);
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
        prop_assert_eq!(schedule.length, times.iter().map(|times| times.early_finish).max().unwrap());
    }

    #[test]
    fn a_chain_of_critical_activities_is_as_long_as_the_project((activities, links) in network()) {
        let schedule = schedule(&activities, &links).unwrap();
        let times = &schedule.times;
        let mut at = (0..activities.len()).find(|at| times[*at].early_finish == schedule.length).unwrap();
        let mut length = activities[at].duration;
        loop {
            prop_assert!(times[at].is_critical());
            let drives = |link: &&Link| link.successor == at
                && times[link.predecessor].early_start + least(link, &activities) == times[at].early_start;
            if times[at].early_start == activities[at].not_before {
                // Nothing but its own bound, or the start of the project, holds it.
                prop_assert_eq!(length + activities[at].not_before, schedule.length);
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
        let circle = schedule(&activities, &links).unwrap_err().0;
        prop_assert!(circle.len() >= 2);
        for (at, next) in circle.iter().zip(circle.iter().cycle().skip(1)) {
            prop_assert!(links.iter().any(|link| (link.predecessor, link.successor) == (*at, *next)), "{circle:?}");
        }
    }
}

/// As many activities as the largest project has, in one chain: nothing here recurses.
#[test]
fn a_chain_of_twenty_thousand_is_as_long_as_its_links() {
    let activities = vec![Activity { duration: 3, not_before: 0 }; 20_000];
    let link = |at| Link { predecessor: at, successor: at + 1, kind: DependencyType::FinishToStart, lag: 1 };
    let links: Vec<Link> = (0..19_999).map(link).collect();
    let schedule = schedule(&activities, &links).unwrap();
    assert_eq!(schedule.length, 20_000 * 3 + 19_999);
    assert!(schedule.times.iter().all(|times| times.is_critical()));
}
