//! What rules may tell people.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::Channel;
use super::service;
use crate::Result;
use crate::access::permissions::NotificationSend;
use crate::actions::{Effect, Internal, Undo};
use crate::cx::Cx;
use crate::db::Tx;
use crate::ids::NotificationId;
use crate::projects::people;

/// `notify.send`.
pub struct Send;

/// What `notify.send` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SendInput {
    /// Members of the workspace, each by id or e-mail address; `role:` with a role, `group:` with a name or id, `oncall:` with a rota's
    /// name, `owner` for the owner of the rule; and of what the run is about, as it is now: `task.assignees`, `task.watchers`,
    /// `task.created_by`, `project.owner`.
    pub to: Vec<String>,
    /// What to tell them, at most 4 KiB.
    pub message: String,
    /// What it is about.
    pub subject: Option<String>,
    /// By these channels alone, as far as people want to be told by them; by all of those when left out.
    pub channels: Option<Vec<Channel>>,
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
    const EFFECT: Effect = Effect {
        reads: &["members", "groups", "task", "project"],
        writes: &["notifications"],
        undo: Undo::Never { because: "who was told was told" },
    };
    const CAUSES: &'static [&'static str] = &[];
    type Needs = NotificationSend;
    type Input = SendInput;
    type Output = Sent;

    async fn perform(tx: &mut Tx, cx: &Cx, input: SendInput) -> Result<Sent> {
        let may = cx.actor.may_here::<NotificationSend>()?;
        let people = people::named(tx, cx, "/to", &input.to, &cx.about).await?;
        let mut news = service::news(&input.message, input.subject.as_deref())?;
        // The words may say anything about what the run is about: they are for those who may see that.
        (news.project, news.task) = cx.about.there(tx, cx.actor.workspace).await?;
        news.details.channels = input.channels.filter(|channels| !channels.is_empty());
        let notifications = service::send(tx, cx, &may, &people, &news).await?;
        Ok(Sent { notifications })
    }
}
