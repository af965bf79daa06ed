//! The two passes over a network.

use super::{Activity, Bound, Link, Outgoing, Progress, Role, Times};
use crate::planning::calendar::Calendar;
use crate::planning::model::DependencyType;

/// When the whole is done: a minute of a calendar, or, where activities count by several, a minute since 1970.
#[derive(Clone, Copy)]
pub(super) enum End {
    Number(i64),
    Minute(i64),
}

/// What the passes find out.
pub(super) struct Pass<'a> {
    calendars: &'a [Calendar],
    activities: &'a [Activity],
    outgoing: &'a Outgoing,
    /// Early start and finish, late finish.
    early: Vec<i64>,
    finish: Vec<i64>,
    late: Vec<i64>,
    /// The least start that links allow; none when there are none.
    reach: Vec<Option<i64>>,
    /// For what takes no time: whether it is where work ends.
    ends: Vec<bool>,
    /// For the first of several: which of them it is.
    first: Vec<usize>,
    /// By how much it can slip without moving what waits for it.
    slack: Vec<Option<i64>>,
}

impl<'a> Pass<'a> {
    pub(super) fn new(calendars: &'a [Calendar], activities: &'a [Activity], outgoing: &'a Outgoing) -> Self {
        let count = activities.len();
        Self {
            calendars,
            activities,
            outgoing,
            early: vec![0; count],
            finish: vec![0; count],
            late: vec![0; count],
            reach: vec![None; count],
            ends: vec![false; count],
            first: vec![usize::MAX; count],
            slack: vec![None; count],
        }
    }

    fn late_start(&self, at: usize) -> i64 {
        match self.activities[at].progress {
            Progress::Waiting => self.late[at] - self.activities[at].duration,
            Progress::Started { start, .. } | Progress::Done { start, .. } => start,
        }
    }

    /// Forward: an activity is taken when everything it waits for has been. `again` says that late dates are known.
    pub(super) fn forward(&mut self, order: &[usize], again: bool) {
        self.reach.fill(None);
        self.ends.fill(false);
        for &at in order {
            self.settle(at);
            for link in self.outgoing.of(at) {
                let (least, ends) = self.least(link, again);
                self.hold(link.successor, at, least, ends);
            }
        }
    }

    /// Notes that an activity starts no earlier than this.
    fn hold(&mut self, at: usize, by: usize, least: i64, ends: bool) {
        let first = self.activities[at].role == Role::First;
        let stronger = self.reach[at].is_none_or(|known| if first { least < known } else { least > known });
        if stronger {
            (self.reach[at], self.ends[at], self.first[at]) = (Some(least), ends, by);
        } else if self.reach[at] == Some(least) {
            // Of two instants of one working minute the later one holds.
            self.ends[at] &= ends;
        }
    }

    /// The least start that a link allows its successor, and whether that is where work ends.
    fn least(&self, link: &Link, again: bool) -> (i64, bool) {
        let (from, to) = (link.predecessor, link.successor);
        let (before, after) = (&self.activities[from], &self.activities[to]);
        let late = again && before.is_late() && !after.is_late();
        let of_finish = matches!(link.kind, DependencyType::FinishToStart | DependencyType::FinishToFinish);
        let number = match (of_finish, late) {
            (true, false) => self.finish[from],
            (true, true) => self.late[from].max(self.finish[from]),
            (false, false) => self.early[from],
            (false, true) => self.late_start(from).max(self.early[from]),
        };
        let ends = if before.duration > 0 { of_finish } else { late || self.ends[from] };
        let number = self.in_calendar(after.calendar, before.calendar, number, ends);
        let back = match link.kind {
            DependencyType::FinishToStart | DependencyType::StartToStart => 0,
            DependencyType::FinishToFinish | DependencyType::StartToFinish => after.duration,
        };
        let ends = match link.lag.signum() {
            0 => ends,
            sign => sign > 0,
        };
        (number + link.lag - back, ends)
    }

    /// A minute of one calendar in another: the first that does not begin before it ends, or begins.
    fn in_calendar(&self, into: usize, from: usize, number: i64, ends: bool) -> i64 {
        if into == from {
            return number;
        }
        let minute =
            if ends { self.calendars[from].finish_minute(number) } else { self.calendars[from].start_minute(number) };
        self.calendars[into].number(minute)
    }

    /// Gives an activity its early dates, when all that holds it is known.
    fn settle(&mut self, at: usize) {
        let activity = &self.activities[at];
        let (start, finish) = match activity.progress {
            Progress::Started { start, finish, .. } | Progress::Done { start, finish } => (start, finish),
            Progress::Waiting => {
                let reach = self.reach[at].unwrap_or(i64::MIN);
                let free = reach.max(activity.not_before);
                let start = match activity.bound {
                    Bound::Soon | Bound::Late => free,
                    Bound::StartNoEarlier(number) => free.max(number),
                    Bound::FinishNoEarlier(number) => free.max(number - activity.duration),
                    Bound::StartNoLater(number) => free.min(number),
                    Bound::FinishNoLater(number) => free.min(number - activity.duration),
                    Bound::Start(number) => number,
                    Bound::Finish(number) => number - activity.duration,
                };
                self.ends[at] = self.side(at, start);
                (start, start + activity.duration)
            }
        };
        (self.early[at], self.finish[at]) = (start, finish);
    }

    /// Whether what takes no time and starts with this minute is where the work before it ends.
    fn side(&self, at: usize, start: i64) -> bool {
        let activity = &self.activities[at];
        let by_links = self.reach[at] == Some(start) && self.ends[at];
        let may_end = start != activity.not_before && (by_links || self.reach[at] != Some(start));
        match activity.bound {
            Bound::Start(_) | Bound::Finish(_) => activity.bound_ends,
            Bound::StartNoEarlier(number) | Bound::FinishNoEarlier(number) if number == start => {
                activity.bound_ends && may_end
            }
            Bound::StartNoLater(number) | Bound::FinishNoLater(number) if number == start => {
                activity.bound_ends || by_links
            }
            _ => by_links && start != activity.not_before,
        }
    }

    /// When the last activity is done.
    pub(super) fn project_finish(&self) -> End {
        let calendar = self.activities.first().map_or(0, |activity| activity.calendar);
        if self.activities.iter().all(|activity| activity.calendar == calendar) {
            let last = self.finish.iter().copied().max();
            return match (calendar, last) {
                (0, last) => End::Number(last.unwrap_or_default()),
                (_, last) => End::Minute(self.calendars[calendar].finish_minute(last.unwrap_or_default())),
            };
        }
        let minute = |at: usize| {
            let (activity, calendar) = (&self.activities[at], &self.calendars[self.activities[at].calendar]);
            if activity.duration > 0 || self.ends[at] {
                calendar.finish_minute(self.finish[at])
            } else {
                calendar.start_minute(self.finish[at])
            }
        };
        End::Minute((0..self.activities.len()).map(minute).max().unwrap_or_default())
    }

    pub(super) fn number_of(&self, calendar: usize, end: End) -> i64 {
        match end {
            End::Number(number) => number,
            End::Minute(minute) => self.calendars[calendar].number(minute),
        }
    }

    /// Backward: everything that waits for an activity has been seen before it.
    pub(super) fn backward(&mut self, order: &[usize], end: End) {
        let ends: Vec<i64> = match end {
            End::Number(number) => vec![number],
            End::Minute(_) => (0..self.calendars.len()).map(|calendar| self.number_of(calendar, end)).collect(),
        };
        for &at in order.iter().rev() {
            let activity = &self.activities[at];
            let mut late = ends[activity.calendar];
            for link in self.outgoing.of(at) {
                if let Some(most) = self.most(link) {
                    late = late.min(most);
                }
            }
            self.late[at] = match (activity.progress, activity.bound) {
                (Progress::Done { finish, .. }, _) => finish,
                (_, Bound::Start(number)) => number + activity.duration,
                (_, Bound::Finish(number)) => number,
                (_, Bound::StartNoLater(number)) => late.min(number + activity.duration),
                (_, Bound::FinishNoLater(number)) => late.min(number),
                _ => late,
            };
        }
    }

    /// The latest that the predecessor of a link may be done; none when the link does not hold it.
    fn most(&self, link: &Link) -> Option<i64> {
        let (from, to) = (link.predecessor, link.successor);
        let (before, after) = (&self.activities[from], &self.activities[to]);
        if after.is_done() || after.role == Role::First && self.first[to] != from {
            return None;
        }
        // By the work that is left, if it has begun.
        let late_start = self.late[to] - after.remaining();
        match link.kind {
            DependencyType::FinishToStart => Some(self.back(link, late_start, true)),
            DependencyType::FinishToFinish => Some(self.back(link, self.late[to], true)),
            // What has started cannot start later, nor can what waited for that.
            DependencyType::StartToStart | DependencyType::StartToFinish if before.has_started() => None,
            DependencyType::StartToStart if after.has_started() => None,
            DependencyType::StartToStart => Some(self.back(link, late_start, false) + before.duration),
            DependencyType::StartToFinish => Some(self.back(link, self.late[to], false) + before.duration),
        }
    }

    /// The last minute of the predecessor's calendar that, by the lag, is not after this one of the successor's: at which
    /// it `ends`, or else begins.
    fn back(&self, link: &Link, number: i64, ends: bool) -> i64 {
        let (from, to) = (self.activities[link.predecessor].calendar, self.activities[link.successor].calendar);
        let number = number - link.lag;
        if from == to {
            return number;
        }
        let minute = self.calendars[to].start_minute(number);
        let found = self.calendars[from].number(minute);
        if ends || self.calendars[from].start_minute(found) == minute { found } else { found - 1 }
    }

    /// When an activity starts and is done as planned.
    fn planned(&self, at: usize) -> (i64, i64) {
        let (start, finish) = (self.early[at], self.finish[at]);
        if !self.activities[at].is_late() {
            return (start, finish);
        }
        (self.late_start(at).max(start), self.late[at].max(finish))
    }

    /// How much the predecessor of a link can slip without moving its successor.
    fn slack(&self, link: &Link) -> Option<i64> {
        let (from, to) = (link.predecessor, link.successor);
        let after = &self.activities[to];
        if after.is_done() || after.role == Role::First && self.first[to] != from {
            return None;
        }
        let (start, finish) = self.planned(to);
        let (before_start, before_finish) = self.planned(from);
        let slack = match link.kind {
            DependencyType::FinishToStart => self.back(link, start, true) - before_finish,
            DependencyType::FinishToFinish => self.back(link, finish, true) - before_finish,
            DependencyType::StartToStart => self.back(link, start, false) - before_start,
            DependencyType::StartToFinish => self.back(link, finish, false) - before_start,
        };
        match after.role {
            Role::Work => Some(slack),
            // What only hands on slips until what is behind it would.
            Role::Gate | Role::First => self.slack[to].map(|behind| slack + behind),
        }
    }

    pub(super) fn times(&mut self, order: &[usize]) -> Vec<Times> {
        for &at in order.iter().rev() {
            self.slack[at] = self.outgoing.of(at).iter().filter_map(|link| self.slack(link)).min();
        }
        (0..self.activities.len()).map(|at| self.times_of(at)).collect()
    }

    fn times_of(&self, at: usize) -> Times {
        let activity = &self.activities[at];
        let total_float = match activity.progress {
            // As late as possible is no float, but may be too late already.
            _ if activity.is_late() => (self.late_start(at) - self.early[at]).min(0),
            Progress::Done { .. } => 0,
            Progress::Started { .. } => self.late[at] - self.finish[at],
            Progress::Waiting => self.late_start(at) - self.early[at],
        };
        let free_float = if activity.is_done() { 0 } else { self.slack[at].unwrap_or(total_float) };
        Times {
            early_start: self.early[at],
            early_finish: self.finish[at],
            late_start: self.late_start(at),
            late_finish: self.late[at],
            total_float,
            free_float: free_float.min(total_float).max(0),
            is_late: activity.is_late(),
            ends: activity.duration == 0 && self.ends[at],
            conflict: !activity.has_started() && self.reach[at].is_some_and(|reach| self.early[at] < reach),
            is_done: activity.is_done(),
        }
    }
}
