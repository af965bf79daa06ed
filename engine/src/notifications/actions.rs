//! What rules may tell people.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::service;
use crate::access::permissions::{NotificationSend, Role};
use crate::actions::Internal;
use crate::cx::Cx;
use crate::db::Tx;
use crate::ids::{NotificationId, UserId};
use crate::projects::members;
use crate::{Error, Result, grants, rotas};

/// `notify.send`.
pub struct Send;

/// What `notify.send` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendInput {
    /// Members of the workspace, each by id (`{{ project.owner }}`) or e-mail address; `role:<role>` for everyone who
    /// has that role; `group:<name>` for a group; `oncall:<name>` for whoever is on call; `owner` for the owner of the rule.
    pub to: Vec<String>,
    /// What to tell them, at most 4 KiB.
    pub message: String,
    /// What it is about.
    pub subject: Option<String>,
}

/// What `notify.send` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Sent {
    /// The notifications, one for each person who wants to be told within Trackside.
    pub notifications: Vec<NotificationId>,
}

impl Internal for Send {
    const NAME: &'static str = "notify.send";
    const SUMMARY: &'static str = "Tells people something, in the ways that they want to be told.";
    const CAUSES: &'static [&'static str] = &[];
    type Needs = NotificationSend;
    type Input = SendInput;
    type Output = Sent;

    async fn perform(tx: &mut Tx, cx: &Cx, input: SendInput) -> Result<Sent> {
        let may = cx.actor.may_here::<NotificationSend>()?;
        let people = resolve(tx, cx, &input.to).await?;
        let notifications = service::send(tx, cx, &may, &people, &input.message, input.subject.as_deref()).await?;
        Ok(Sent { notifications })
    }
}

/// The people behind what a rule calls them.
async fn resolve(tx: &mut Tx, cx: &Cx, to: &[String]) -> Result<Vec<UserId>> {
    let (mut people, mut emails, mut roles) = (Vec::new(), Vec::new(), Vec::new());
    for (at, name) in to.iter().enumerate() {
        if let Some(role) = name.strip_prefix("role:") {
            // An unknown word reads as the least role; here it is a mistake that would tell the wrong people.
            if Role::from(role).as_str() != role {
                return Err(unknown(at, name));
            }
            roles.push(role.to_owned());
        } else if let Some(rota) = name.strip_prefix("oncall:") {
            people.push(rotas::service::named(tx, cx.actor.workspace, rota, cx.now()).await?);
        } else if let Some(group) = name.strip_prefix("group:") {
            let found = grants::groups::named(tx, cx.actor.workspace, group).await?.ok_or_else(|| unknown(at, name))?;
            people.extend(grants::groups::people(tx, cx.actor.workspace, found).await?);
        } else if name.contains('@') {
            emails.push(name.to_lowercase());
        } else if name == "owner" {
            people.push(cx.actor.user().ok_or_else(|| unknown(at, name))?);
        } else {
            people.push(name.parse().map_err(|_| unknown(at, name))?);
        }
    }
    let workspace = cx.actor.workspace;
    let found = members::by_email(tx, workspace, &emails).await?;
    if let Some(missing) = emails.iter().find(|email| !found.iter().any(|(_, known)| known == *email)) {
        return Err(Error::field("/to", format!("{missing} is no member's address")));
    }
    people.extend(found.into_iter().map(|(user, _)| user));
    people.extend(members::by_role(tx, workspace, &roles).await?);
    Ok(people)
}

fn unknown(at: usize, name: &str) -> Error {
    let shown: String = name.chars().take(64).collect();
    Error::field(
        format!("/to/{at}"),
        format!(
            "`{shown}` is nobody; give a user id, a member's address, `role:<role>`, `group:<name>`, `oncall:<rota>` or `owner` \
                 (an owner of a project by `{{{{ project.owner }}}}`)"
        ),
    )
}
