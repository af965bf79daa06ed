//! What a person says of themselves: name, time zone, language, working hours, skills. It belongs to the person and is the
//! same in every workspace; only they change it, and whoever sees the members of a workspace of theirs sees it.

mod hours;

use std::collections::BTreeSet;

use chrono_tz::Tz;
use icu_locale_core::subtags::{Language, Region, Script, Variant};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::events::MemberProfileChanged;
use super::membership;
use super::model::{self, Member};
use super::permissions::{Granted, MemberView, ProfileEdit, Workspace};
use crate::cx::Cx;
use crate::db::{Cell, Column, Json, Rx, Tx, row, statements};
use crate::events::emit;
use crate::ids::{UserId, WorkspaceId};
use crate::patch::Patch;
use crate::projects::events::{Changes, change};
use crate::{Error, Result, resources};

pub use hours::{Hours, TimeOfDay, WorkingHours};

/// Most skills of one person.
const MOST_SKILLS: usize = 100;
/// Longest skill, in characters.
const LONGEST_SKILL: usize = 64;
/// Longest language tag, in bytes; RFC 5646 section 4.4.1 counts 35 for the longest of good sense.
const LONGEST_LOCALE: usize = 64;

row! {
    /// What a person says of themselves.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
    pub struct Profile {
        /// Their IANA time zone; null until they say.
        pub time_zone: Option<String>,
        /// Their language, as a BCP 47 tag; null until they say.
        pub locale: Option<String>,
        /// When they work, by the clock of their time zone; null until they say.
        pub working_hours: Option<WorkingHours>,
        /// What they are good at.
        pub skills: Skills,
    }
}

/// Skills, as the person ordered them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Skills(pub Vec<String>);

impl Skills {
    /// Whether this is one of them; letters count alike in either case, as where a skill is named twice.
    pub fn has(&self, skill: &str) -> bool {
        let skill = skill.trim().to_lowercase();
        self.0.iter().any(|own| own.to_lowercase() == skill)
    }
}

impl Column for Skills {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        Json::<Vec<String>>::from_cell(cell).map(|Json(skills)| Self(skills))
    }
}

impl Column for WorkingHours {
    fn from_cell(cell: Cell<'_>) -> Result<Self> {
        Json::<WorkingHours>::from_cell(cell).map(|Json(hours)| hours)
    }
}

/// What is to change of a profile; what is left out stays.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfilePatch {
    /// What they are called, 1 to 200 characters.
    #[serde(default)]
    pub name: Patch<String>,
    /// An IANA time zone such as `Europe/Vienna`; null forgets it.
    #[serde(default)]
    pub time_zone: Patch<String>,
    /// A language by its BCP 47 tag, such as `de-AT`; null forgets it.
    #[serde(default)]
    pub locale: Patch<String>,
    /// From when to when they work on each day of the week; null forgets them.
    #[serde(default)]
    pub working_hours: Patch<WorkingHours>,
    /// What they are good at: up to 100 skills of up to 64 characters.
    #[serde(default)]
    pub skills: Patch<Vec<String>>,
}

/// A member with their profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MemberProfile {
    /// The member.
    #[serde(flatten)]
    pub member: Member,
    /// What they say of themselves.
    #[serde(flatten)]
    pub profile: Profile,
}

/// When one of the people asked about works and what they are good at, for whoever plans their time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Availability {
    /// The person.
    pub user: UserId,
    /// Their time zone; none until they say.
    pub time_zone: Option<Tz>,
    /// Their working hours by that zone's clock; none until they say.
    pub hours: Option<WorkingHours>,
    /// What they are good at.
    pub skills: Skills,
}

statements! {
    FIND = "select {Profile} from users where id = $1", Profile;
    LOCK = "select name from users where id = $1 for update";
    UPDATE = "update users set name = $2, time_zone = $3, locale = $4, working_hours = $5, skills = $6 where id = $1";
    AVAILABILITY = "select u.id, u.time_zone, u.working_hours, u.skills from members m join users u on u.id = m.user_id \
         where m.workspace_id = $1 and m.user_id = any($2) order by u.id";
}

/// What a person says of themselves.
///
/// # Errors
/// `user_not_found`.
pub async fn find(rx: &mut Rx, user: UserId) -> Result<Profile> {
    rx.opt(FIND, (user,)).await?.ok_or_else(|| Error::not_found("user", user))
}

/// Who belongs to the workspace, or did, with their profile.
///
/// # Errors
/// `member_not_found`.
pub async fn member(rx: &mut Rx, may: &Granted<MemberView, Workspace>, user: UserId) -> Result<MemberProfile> {
    let member = membership::find(rx, may.resource().0, user).await?;
    Ok(MemberProfile { member, profile: find(rx, user).await? })
}

/// Time zones, working hours and skills of those of `users` who are members of the workspace, by id.
pub async fn availability(rx: &mut Rx, workspace: WorkspaceId, users: &[UserId]) -> Result<Vec<Availability>> {
    type Found = (UserId, Option<String>, Option<WorkingHours>, Skills);
    let found: Vec<Found> = rx.all(AVAILABILITY, (workspace, users)).await?;
    // A zone that a newer list of zones knows and this one does not is as good as none.
    let read = |zone: Option<String>| zone.and_then(|zone| zone.parse().ok());
    let person = |(user, zone, hours, skills)| Availability { user, time_zone: read(zone), hours, skills };
    Ok(found.into_iter().map(person).collect())
}

/// Changes the profile of the person who acts.
///
/// # Errors
/// `invalid_fields`, with the place of each.
pub async fn update(
    tx: &mut Tx,
    cx: &Cx,
    _may: &Granted<ProfileEdit, Workspace>,
    patch: ProfilePatch,
) -> Result<Profile> {
    let user = cx.actor.user().ok_or_else(|| Error::denied("Only a person has a profile; sign in as one."))?;
    let new_name = patch.name.required("/name")?.map(|name| model::name("/name", &name)).transpose()?;
    let time_zone = patch.time_zone.optional().map(|zone| zone.as_deref().map(check_zone).transpose()).transpose()?;
    let locale = patch.locale.optional().map(|tag| tag.as_deref().map(check_locale).transpose()).transpose()?;
    let hours = patch.working_hours.optional();
    hours.flatten().map_or(Ok(()), |hours| hours.check())?;
    let skills = patch.skills.or_default().map(check_skills).transpose()?;
    let Some((mut name,)) = tx.opt::<(String,)>(LOCK, (user,)).await? else {
        return Err(Error::not_found("user", user));
    };
    let mut profile = find(tx, user).await?;
    let mut changes = Changes::new();
    change(&mut changes, "name", &mut name, new_name);
    change(&mut changes, "time_zone", &mut profile.time_zone, time_zone);
    change(&mut changes, "locale", &mut profile.locale, locale);
    change(&mut changes, "working_hours", &mut profile.working_hours, hours);
    change(&mut changes, "skills", &mut profile.skills, skills);
    if !changes.is_empty() {
        let Profile { time_zone, locale, working_hours, skills } = &profile;
        let (hours, skills) = (working_hours.map(Json), Json(&skills.0));
        tx.execute(UPDATE, (user, name.as_str(), time_zone.as_deref(), locale.as_deref(), hours, skills)).await?;
        emit(tx, cx, &MemberProfileChanged { member: user, change: &changes }).await?;
        if changes.contains_key("working_hours") || changes.contains_key("time_zone") {
            resources::service::recheck_person(tx, cx, user).await?;
        }
    }
    Ok(profile)
}

/// The zone by the name that the list of zones gives it.
fn check_zone(text: &str) -> Result<String> {
    let zone: Result<Tz, _> = text.parse();
    zone.map(|zone| zone.name().to_owned())
        .map_err(|_| Error::field("/time_zone", "must be an IANA time zone such as Europe/Vienna or UTC"))
}

/// The tag in its usual spelling: `de-at` as `de-AT`. Language, script, region and variants; what extensions say
/// (calendars, digits) is left to the client.
fn check_locale(text: &str) -> Result<String> {
    let wrong = || Error::field("/locale", "must be a language by its BCP 47 tag, such as en or de-AT");
    if text.len() > LONGEST_LOCALE || text.contains('_') {
        return Err(wrong());
    }
    let mut parts = text.split('-').peekable();
    let language = parts.next().and_then(|part| part.parse::<Language>().ok()).ok_or_else(wrong)?;
    if language.is_unknown() {
        return Err(wrong());
    }
    let script = parts.next_if(|part| part.parse::<Script>().is_ok()).and_then(|part| part.parse::<Script>().ok());
    let region = parts.next_if(|part| part.parse::<Region>().is_ok()).and_then(|part| part.parse::<Region>().ok());
    let variants: Vec<Variant> = parts.map(str::parse).collect::<Result<_, _>>().map_err(|_| wrong())?;
    let mut tag = language.to_string();
    let parts = script.map(|part| part.to_string()).into_iter().chain(region.map(|part| part.to_string()));
    parts.chain(variants.iter().map(Variant::to_string)).for_each(|part| tag.extend(["-", part.as_str()]));
    Ok(tag)
}

fn check_skills(skills: Vec<String>) -> Result<Skills> {
    if skills.len() > MOST_SKILLS {
        return Err(Error::field("/skills", format!("must be at most {MOST_SKILLS} skills")));
    }
    let mut seen = BTreeSet::new();
    let check = |(at, skill): (usize, String)| {
        let skill = model::name(&format!("/skills/{at}"), &skill)?;
        if skill.chars().count() > LONGEST_SKILL {
            return Err(Error::field(format!("/skills/{at}"), format!("must be at most {LONGEST_SKILL} characters")));
        }
        if !seen.insert(skill.to_lowercase()) {
            return Err(Error::field(format!("/skills/{at}"), format!("`{skill}` is named twice")));
        }
        Ok(skill)
    };
    skills.into_iter().enumerate().map(check).collect::<Result<_>>().map(Skills)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_known_by_their_tags_and_spelt_as_usual() {
        for (tag, usual) in [
            ("en", "en"),
            ("de-at", "de-AT"),
            ("ZH-hant-tw", "zh-Hant-TW"),
            ("es-419", "es-419"),
            ("ca-valencia", "ca-valencia"),
        ] {
            assert_eq!(check_locale(tag).unwrap(), usual);
        }
        for tag in ["", "e", "und", "de_AT", "german language", "de-", "en-US-", "x-private", &"en-".repeat(30)] {
            assert_eq!(check_locale(tag).unwrap_err().fields[0].pointer, "/locale", "{tag}");
        }
    }

    #[test]
    fn zones_are_those_of_the_list() {
        assert_eq!(check_zone("Europe/Vienna").unwrap(), "Europe/Vienna");
        for zone in ["", "Vienna", "UTC+2", "Europe/Vienna ", "Mars/Base"] {
            assert_eq!(check_zone(zone).unwrap_err().fields[0].pointer, "/time_zone", "{zone}");
        }
    }

    #[test]
    fn a_skill_is_named_once() {
        let check = |skills: &[&str]| check_skills(skills.iter().map(|skill| (*skill).to_owned()).collect());
        assert_eq!(check(&[" Rust ", "law"]).unwrap().0, ["Rust", "law"]);
        for (skills, pointer) in [(&["a", "A"][..], "/skills/1"), (&[""], "/skills/0"), (&["a\0"], "/skills/0")] {
            assert_eq!(check(skills).unwrap_err().fields[0].pointer, pointer);
        }
        assert!(check(&["x"; 101]).is_err());
    }
}
