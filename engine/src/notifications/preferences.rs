//! How a person wants to be told, in one workspace: per kind, channel and project; quiet hours; when what is gathered comes.
//!
//! A choice for a kind in a project counts most, then one for the project, then one for the kind, then one for the channel
//! alone, then what is usual.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, TimeDelta, Utc, Weekday};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::{Channel, Kind};
use super::when::When;
use super::{carry, store};
use crate::access::profile::TimeOfDay;
use crate::access::{self, ProjectView, profile};
use crate::cx::Cx;
use crate::db::{Rx, Tx};
use crate::handle::Handle;
use crate::ids::{ProjectId, UserId};
use crate::mail::refused::{self, Refused};
use crate::words::words;
use crate::{Error, Result, projects};

/// The most choices of one person.
const MOST_CHOICES: usize = 500;
/// Channels rest for a year at the most.
const LONGEST_PAUSE: TimeDelta = TimeDelta::days(366);

words! {
    /// A day of the week.
    pub enum DayOfWeek {
        /// Monday.
        Monday = "monday",
        /// Tuesday.
        Tuesday = "tuesday",
        /// Wednesday.
        Wednesday = "wednesday",
        /// Thursday.
        Thursday = "thursday",
        /// Friday.
        Friday = "friday",
        /// Saturday.
        Saturday = "saturday",
        /// Sunday.
        Sunday = "sunday",
    }
}

impl From<DayOfWeek> for Weekday {
    fn from(day: DayOfWeek) -> Self {
        match day {
            DayOfWeek::Monday => Self::Mon,
            DayOfWeek::Tuesday => Self::Tue,
            DayOfWeek::Wednesday => Self::Wed,
            DayOfWeek::Thursday => Self::Thu,
            DayOfWeek::Friday => Self::Fri,
            DayOfWeek::Saturday => Self::Sat,
            DayOfWeek::Sunday => Self::Sun,
        }
    }
}

/// Hours in which nothing comes but within Trackside, by the clock of the person's time zone; over midnight when they end
/// before they begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// When they begin.
    pub from: TimeOfDay,
    /// When they end.
    pub to: TimeOfDay,
}

/// How soon something is told by a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The channel.
    pub channel: Channel,
    /// Only what is of this kind; of every kind when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// Only what is of this project; of every project when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectId>,
    /// How soon. Other than by e-mail it is `at_once` or `off`.
    pub when: When,
}

/// How a person wants to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Preferences {
    /// Hours in which nothing comes but within Trackside; what comes meanwhile is held until they end.
    #[serde(default)]
    pub quiet_hours: Option<QuietHours>,
    /// Until then, nothing comes but within Trackside; what comes meanwhile is held.
    #[serde(default)]
    pub paused_until: Option<DateTime<Utc>>,
    /// At what time what is gathered for a day or a week comes.
    #[serde(default = "usual_digest_at")]
    pub digest_at: TimeOfDay,
    /// On which day what is gathered for a week comes.
    #[serde(default = "usual_digest_day")]
    pub digest_day: DayOfWeek,
    /// What differs from what is usual. At most 500.
    #[serde(default)]
    #[schemars(length(max = 500))]
    pub choices: Vec<Choice>,
}

fn usual_digest_at() -> TimeOfDay {
    TimeOfDay::EIGHT
}

fn usual_digest_day() -> DayOfWeek {
    DayOfWeek::Monday
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            quiet_hours: None,
            paused_until: None,
            digest_at: usual_digest_at(),
            digest_day: usual_digest_day(),
            choices: Vec::new(),
        }
    }
}

/// What is usual: how soon a kind is told by a channel where nothing was chosen.
fn usual(kind: Kind, channel: Channel) -> When {
    match channel {
        Channel::Email if kind.is_activity() => When::Hourly,
        Channel::Push if kind.is_activity() => When::Off,
        Channel::App | Channel::Email | Channel::Push => When::AtOnce,
    }
}

impl Preferences {
    /// Reads what is stored; what cannot be read, of a later version perhaps, is as if nothing was chosen.
    pub(super) fn stored(text: Option<&str>) -> Self {
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    /// How soon a kind in a project is told by a channel.
    pub(super) fn when(&self, channel: Channel, kind: Kind, project: Option<ProjectId>) -> When {
        let fits = |choice: &&Choice| {
            choice.channel == channel
                && choice.kind.is_none_or(|of| of == kind)
                && choice.project.is_none_or(|of| Some(of) == project)
        };
        let weight = |choice: &&Choice| (choice.project.is_some(), choice.kind.is_some());
        let chosen = self.choices.iter().filter(fits).max_by_key(weight);
        chosen.map_or_else(|| usual(kind, channel), |choice| choice.when)
    }

    /// Turns a channel off for these kinds, wherever it was on.
    pub(super) fn turn_off(&mut self, channel: Channel, kinds: &[Kind]) {
        // What was chosen for a project, whatever the kind, must not outweigh it.
        let places: BTreeSet<Option<ProjectId>> =
            self.choices.iter().map(|choice| choice.project).chain([None]).collect();
        let meant =
            |choice: &Choice| choice.channel == channel && choice.kind.is_some_and(|kind| kinds.contains(&kind));
        self.choices.retain(|choice| !meant(choice));
        let kinds = kinds.iter().map(|kind| Some(*kind));
        for kind in kinds {
            let off = places.iter().map(|project| Choice { channel, kind, project: *project, when: When::Off });
            self.choices.extend(off.collect::<Vec<_>>());
        }
    }

    async fn check(&self, rx: &mut Rx, cx: &Cx) -> Result<()> {
        if self.quiet_hours.is_some_and(|hours| hours.from == hours.to) {
            return Err(Error::field("/quiet_hours/to", "must differ from `from`; null for no quiet hours"));
        }
        if self.paused_until.is_some_and(|until| until > cx.now() + LONGEST_PAUSE) {
            return Err(Error::field("/paused_until", "must lie within a year"));
        }
        if self.choices.len() > MOST_CHOICES {
            return Err(Error::field("/choices", format!("must be at most {MOST_CHOICES}")));
        }
        let mut seen = HashSet::new();
        for (at, choice) in self.choices.iter().enumerate() {
            if !seen.insert((choice.channel, choice.kind, choice.project)) {
                return Err(Error::field(format!("/choices/{at}"), "is chosen already; keep one of the two"));
            }
            if choice.channel != Channel::Email && !matches!(choice.when, When::Off | When::AtOnce) {
                let message = "is gathered by e-mail alone; choose `at_once` or `off`";
                return Err(Error::field(format!("/choices/{at}/when"), message));
            }
            if let Some(project) = choice.project {
                let found = projects::service::find(rx, cx.actor.workspace, &Handle::Id(project)).await;
                let seen = found.and_then(|project| cx.actor.may::<ProjectView, _>(project));
                seen.map_err(|_| {
                    Error::field(format!("/choices/{at}/project"), "there is no such project, or none that you may see")
                })?;
            }
        }
        Ok(())
    }
}

/// What is usual for a kind.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct Usual {
    /// The kind.
    pub kind: Kind,
    /// Within Trackside.
    pub app: When,
    /// By e-mail.
    pub email: When,
    /// In browsers.
    pub push: When,
}

/// Preferences with what they are set against.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "ShownPreferences")]
pub struct Shown {
    /// What was chosen.
    #[serde(flatten)]
    pub preferences: Preferences,
    /// By whose clock: the time zone of the person's profile, or UTC.
    pub time_zone: String,
    /// What is usual, for each kind.
    pub usual: Vec<Usual>,
    /// Why no e-mail comes, when a mail server refused the person's address for good; setting preferences has it tried again.
    pub email_refused: Option<Refused>,
}

/// How a person wants to be told.
pub async fn find(rx: &mut Rx, cx: &Cx, user: UserId) -> Result<Shown> {
    let settings = store::find_settings(rx, cx.actor.workspace, user).await?;
    shown(rx, user, Preferences::stored(settings.as_deref())).await
}

/// Sets how a person wants to be told; what is held for them is looked at anew.
///
/// # Errors
/// `invalid_fields`.
pub async fn put(tx: &mut Tx, cx: &Cx, user: UserId, preferences: Preferences) -> Result<Shown> {
    preferences.check(tx, cx).await?;
    if let Some(address) = address(tx, user).await? {
        refused::forget(tx, &address).await?;
    }
    keep(tx, cx, user, &preferences).await?;
    shown(tx, user, preferences).await
}

/// Writes preferences, and has what is held looked at anew.
pub(super) async fn keep(tx: &mut Tx, cx: &Cx, user: UserId, preferences: &Preferences) -> Result<()> {
    let settings = serde_json::to_string(preferences)
        .map_err(|error| Error::internal("Preferences cannot be written as JSON.").caused_by(error))?;
    store::put_settings(tx, cx.actor.workspace, user, &settings, cx.now()).await?;
    if store::hurry(tx, cx.actor.workspace, user, cx.now()).await? {
        for channel in [Channel::Email, Channel::Push] {
            carry::wake(tx, cx.source(), cx.actor.workspace, channel, None).await?;
        }
    }
    Ok(())
}

async fn shown(rx: &mut Rx, user: UserId, preferences: Preferences) -> Result<Shown> {
    let zone = profile::find(rx, user).await?.time_zone;
    let usual = Kind::ALL.map(|kind| Usual {
        kind,
        app: usual(kind, Channel::App),
        email: usual(kind, Channel::Email),
        push: usual(kind, Channel::Push),
    });
    let email_refused = match address(rx, user).await? {
        Some(address) => refused::find(rx, &address).await?,
        None => None,
    };
    let time_zone = zone.unwrap_or_else(|| "UTC".to_owned());
    Ok(Shown { preferences, time_zone, usual: usual.to_vec(), email_refused })
}

async fn address(rx: &mut Rx, user: UserId) -> Result<Option<String>> {
    access::addresses::of(rx, user).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Id as _;

    fn choice(kind: Option<Kind>, project: Option<ProjectId>, when: When) -> Choice {
        Choice { channel: Channel::Email, kind, project, when }
    }

    #[test]
    fn what_is_said_of_less_counts_more() {
        let (here, there) =
            (ProjectId::from_uuid(uuid::Uuid::from_u128(1)), ProjectId::from_uuid(uuid::Uuid::from_u128(2)));
        let mut preferences = Preferences::default();
        let when = |preferences: &Preferences, kind, project| preferences.when(Channel::Email, kind, Some(project));
        assert_eq!(when(&preferences, Kind::Comment, here), When::Hourly);
        assert_eq!(when(&preferences, Kind::Mention, here), When::AtOnce);
        preferences.choices = vec![
            choice(Some(Kind::Comment), Some(here), When::Weekly),
            choice(None, Some(here), When::Daily),
            choice(Some(Kind::Comment), None, When::AtOnce),
            choice(None, None, When::Off),
        ];
        assert_eq!(when(&preferences, Kind::Comment, here), When::Weekly);
        assert_eq!(when(&preferences, Kind::Mention, here), When::Daily);
        assert_eq!(when(&preferences, Kind::Comment, there), When::AtOnce);
        assert_eq!(when(&preferences, Kind::Mention, there), When::Off);
        assert_eq!(preferences.when(Channel::App, Kind::Mention, Some(there)), When::AtOnce);
        preferences.turn_off(Channel::Email, &[Kind::Comment]);
        assert_eq!(when(&preferences, Kind::Comment, here), When::Off);
        assert_eq!(when(&preferences, Kind::Comment, there), When::Off);
        assert_eq!(when(&preferences, Kind::Mention, here), When::Daily);
    }

    #[test]
    fn what_cannot_be_read_is_as_if_nothing_was_chosen() {
        assert_eq!(Preferences::stored(Some("{\"choices\":[{\"channel\":\"pigeon\"}]}")), Preferences::default());
        assert_eq!(Preferences::stored(None), Preferences::default());
    }
}
