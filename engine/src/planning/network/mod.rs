//! The critical path method over a network of activities: pure, in whole working minutes, and in time linear in
//! activities and links.
//!
//! Every activity counts in the minutes of its own [`Calendar`]. Between two of the same calendar a link comes down to a
//! sum; between two of different ones the minute is told as an instant and found in the other calendar, where the lag is
//! counted. The forward pass is a longest path in topological order, the backward pass the same from the end. What each
//! constraint does is as in Microsoft Project, with "tasks always honor their constraint dates": `docs/planning.md`.

mod order;
mod pass;
#[cfg(test)]
mod tests;

use self::order::order;
pub use self::order::path;
use self::pass::Pass;
use super::calendar::Calendar;
use super::model::DependencyType;

/// What holds an activity besides its links; numbers are those of its calendar's minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// As soon as possible.
    Soon,
    /// As late as possible without the project being done later.
    Late,
    /// It starts no earlier.
    StartNoEarlier(i64),
    /// It starts no later, whatever it waits for.
    StartNoLater(i64),
    /// It is done no earlier.
    FinishNoEarlier(i64),
    /// It is done no later, whatever it waits for.
    FinishNoLater(i64),
    /// It starts then, whatever it waits for.
    Start(i64),
    /// It is done then, whatever it waits for.
    Finish(i64),
}

/// How far an activity has come; numbers are those of its calendar's minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nobody has begun.
    Waiting,
    /// It has begun, and waits for nothing any more.
    Started {
        /// When it began.
        start: i64,
        /// When it will be done.
        finish: i64,
        /// How many working minutes are left.
        remaining: i64,
    },
    /// It is done.
    Done {
        /// When it began.
        start: i64,
        /// When it was done.
        finish: i64,
    },
}

/// What an activity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Something to be done.
    Work,
    /// A place where links meet, without a float of its own: it happens when all that it waits for has.
    Gate,
    /// The same, but it happens when the first of what it waits for has started.
    First,
}

/// Something that takes time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    /// How long it takes, in working minutes; 0 for a milestone.
    pub duration: i64,
    /// Which calendar it counts by: a place in the list of calendars.
    pub calendar: usize,
    /// It starts no earlier than this minute of its calendar, unless its bound says so: the project's start, or later.
    pub not_before: i64,
    /// What else holds it.
    pub bound: Bound,
    /// Whether its bound is an instant at which work ends rather than one at which it begins: for milestones, which take
    /// no time to tell the two apart.
    pub bound_ends: bool,
    /// How far it has come.
    pub progress: Progress,
    /// What it is.
    pub role: Role,
}

impl Activity {
    /// Something to be done as soon as possible, by the first calendar.
    pub fn new(duration: i64, not_before: i64) -> Self {
        Self {
            duration,
            calendar: 0,
            not_before,
            bound: Bound::Soon,
            bound_ends: false,
            progress: Progress::Waiting,
            role: Role::Work,
        }
    }

    fn is_late(&self) -> bool {
        self.bound == Bound::Late && self.progress == Progress::Waiting
    }

    fn is_done(&self) -> bool {
        matches!(self.progress, Progress::Done { .. })
    }

    fn has_started(&self) -> bool {
        self.progress != Progress::Waiting
    }

    /// How much of it is still to be done.
    fn remaining(&self) -> i64 {
        match self.progress {
            Progress::Waiting => self.duration,
            Progress::Started { remaining, .. } => remaining,
            Progress::Done { .. } => 0,
        }
    }
}

/// What one activity waits for; both ends are places in the list of activities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// What is waited for.
    pub predecessor: usize,
    /// What waits.
    pub successor: usize,
    /// Which ends of the two are tied.
    pub kind: DependencyType,
    /// How many working minutes, of the successor's calendar, lie between the two ends at least; negative for a lead.
    pub lag: i64,
}

/// When an activity may and must happen, in minutes of its calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// The earliest that it can start.
    pub early_start: i64,
    /// The earliest that it can be done.
    pub early_finish: i64,
    /// The latest that it can start without the project being done later.
    pub late_start: i64,
    /// The latest that it can be done without the project being done later.
    pub late_finish: i64,
    /// How much it can slip without the project being done later; negative when it is too late already.
    pub total_float: i64,
    /// How much it can slip without anything else starting later.
    pub free_float: i64,
    /// Whether it happens as late as possible rather than as early.
    pub is_late: bool,
    /// Whether it takes no time and is early where work ends rather than where it begins again.
    pub ends: bool,
    /// Whether its bound has it start before what it waits for lets it.
    pub conflict: bool,
    /// Whether it is done.
    pub is_done: bool,
}

impl Times {
    /// Whether the project is done later when this is.
    pub fn is_critical(&self) -> bool {
        self.total_float <= 0 && !self.is_done
    }

    /// When it starts: late if it is to be as late as possible and can be, otherwise early.
    pub fn start(&self) -> i64 {
        if self.is_late { self.late_start.max(self.early_start) } else { self.early_start }
    }

    /// When it is done.
    pub fn finish(&self) -> i64 {
        if self.is_late { self.late_finish.max(self.early_finish) } else { self.early_finish }
    }
}

/// The answer for a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The times of each activity, in the order of the activities.
    pub times: Vec<Times>,
    /// When all of it can be done at the earliest, in minutes of the first calendar.
    pub finish: i64,
}

/// Activities that wait for each other in a circle, each for the one before it and the first for the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle(pub Vec<usize>);

/// The links by predecessor, in one piece of memory: those of activity `i` are `ends[starts[i]..starts[i + 1]]`.
struct Outgoing {
    starts: Vec<usize>,
    ends: Vec<Link>,
}

impl Outgoing {
    fn new(activities: usize, links: &[Link]) -> Self {
        let mut starts = vec![0; activities + 1];
        for link in links {
            starts[link.predecessor + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let (mut next, mut ends) = (starts.clone(), links.to_vec());
        for link in links {
            ends[next[link.predecessor]] = *link;
            next[link.predecessor] += 1;
        }
        Self { starts, ends }
    }

    fn of(&self, activity: usize) -> &[Link] {
        &self.ends[self.starts[activity]..self.starts[activity + 1]]
    }
}

/// Schedules a network, or names a circle in it.
///
/// # Panics
/// When a link names an activity that is not there, or activities of different calendars one that is not.
pub fn schedule(calendars: &[Calendar], activities: &[Activity], links: &[Link]) -> Result<Schedule, Cycle> {
    let outgoing = Outgoing::new(activities.len(), links);
    let order = order(activities.len(), links, &outgoing)?;
    let mut pass = Pass::new(calendars, activities, &outgoing);
    pass.forward(&order, false);
    let finish = pass.project_finish();
    pass.backward(&order, finish);
    if activities.iter().any(Activity::is_late) {
        // What waits for something that happens as late as possible happens after that.
        pass.forward(&order, true);
    }
    Ok(Schedule { times: pass.times(&order), finish: pass.number_of(0, finish) })
}
