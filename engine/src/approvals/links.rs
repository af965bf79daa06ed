//! The links in a letter by which somebody who is asked answers, without signing in: one that agrees, and one that refuses.
//!
//! What stands in a link is sealed, so that nobody makes one. It is for one person, one approval and one answer. Looked at, it
//! only shows what is asked, for scanners of mail follow links; what is posted answers, and then the same is asked as if the
//! person had signed in: that they belong here, may see it, and are asked at that moment. A link is good for as long as the
//! approval is pending.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::model::{ApprovalDecision, ApprovalState, Asked, NewVote, Via};
use super::service;
use crate::access::{self, Actor, ApprovalDecide, Who, profile};
use crate::cx::{Cx, Source};
use crate::db::{Rx, Tx};
use crate::ids::{ApprovalId, UserId, WorkspaceId};
use crate::notifications::words::{self, Words};
use crate::vault::Vault;
use crate::{Class, Error, Result};

/// What links are sealed for.
const CONTEXT: &str = "approval";

/// What a link is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Where.
    pub workspace: WorkspaceId,
    /// What is answered.
    pub approval: ApprovalId,
    /// Who answers.
    pub user: UserId,
    /// What they answer.
    pub decision: ApprovalDecision,
}

/// What the page says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The language it is in.
    pub language: &'static str,
    /// What it says, one paragraph each.
    pub says: Vec<String>,
    /// What stands over the field for a comment, and on the button; none when there is nothing to answer.
    pub form: Option<(String, String)>,
    /// Why nothing can be answered, if it cannot.
    pub refused: Option<Class>,
}

impl Answer {
    /// The word in the link.
    pub(crate) fn seal(&self, vault: &Vault) -> Result<String> {
        let text = serde_json::to_vec(self)
            .map_err(|error| Error::internal("A link cannot be written as JSON.").caused_by(error))?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode(vault.seal(CONTEXT, &text)?))
    }

    /// What the word in a link is for; nothing when nobody here made it.
    pub fn open(vault: &Vault, word: &str) -> Option<Self> {
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(word).ok()?;
        serde_json::from_slice(&vault.open(CONTEXT, &sealed).ok()?).ok()
    }

    /// The page of a link that nobody here made.
    pub fn unknown() -> Page {
        let (language, words) = words::of(None);
        Page { language, says: vec![words.letter("answer_unknown", &[])], form: None, refused: Some(Class::NotFound) }
    }

    /// What is asked, or why it is not any more. Nothing is decided by it.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn look(&self, rx: &mut Rx, source: &Source) -> Result<Page> {
        let (language, words) = self.words(rx).await?;
        let looked = match self.person(rx, source).await {
            Ok(cx) => self.ask(rx, &cx, words).await,
            Err(error) => Err(error),
        };
        match looked {
            Ok((says, form)) => Ok(Page { language, says, form, refused: None }),
            Err(error) => self.refusal(language, words, error),
        }
    }

    async fn ask(&self, rx: &mut Rx, cx: &Cx, words: &Words) -> Result<(Vec<String>, Option<(String, String)>)> {
        let asked = self.asked(rx, cx).await?;
        let shown = service::shown(rx, cx, asked.resource()).await?;
        if shown.votes.iter().any(|vote| vote.decided_by == self.user && vote.decision == self.decision) {
            return Ok((vec![self.done(words, &shown.message)], None));
        }
        service::refuse_over(cx, &asked.resource().stored)?;
        if !shown.may_decide {
            return Err(Error::denied("not asked, or not any more"));
        }
        let mut says = vec![words.letter("answer_asks", &[("rule", &shown.rule_name)]), shown.message.clone()];
        if let Some(task) = asked.resource().task() {
            says.push(format!("{}: {}", task.key, task.title));
        }
        let button = match self.decision {
            ApprovalDecision::Approve => "approve",
            ApprovalDecision::Reject => "reject",
        };
        Ok((says, Some((words.letter("answer_comment", &[]), words.letter(button, &[])))))
    }

    /// Answers, by what the person may at this moment. Done again it changes nothing.
    ///
    /// # Errors
    /// As [`service::decide`]; [`refused`](Self::refused) says it to people.
    pub async fn carry_out(&self, tx: &mut Tx, source: &Source, comment: String) -> Result<()> {
        let cx = self.person(tx, source).await?;
        let may = self.asked(tx, &cx).await?;
        let vote = NewVote { decision: self.decision, comment };
        service::decide(tx, &cx, &may, vote, Via::Mail).await.map(drop)
    }

    /// What the page says when the answer was taken.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn taken(&self, rx: &mut Rx) -> Result<Page> {
        let (language, words) = self.words(rx).await?;
        let message = service::find(rx, self.workspace, self.approval).await?.stored.message;
        Ok(Page { language, says: vec![self.done(words, &message)], form: None, refused: None })
    }

    /// What the page says when it was not.
    ///
    /// # Errors
    /// The error itself, when it is none that people can do something about.
    pub async fn refused(&self, rx: &mut Rx, error: Error) -> Result<Page> {
        let (language, words) = self.words(rx).await?;
        self.refusal(language, words, error)
    }

    fn refusal(&self, language: &'static str, words: &Words, error: Error) -> Result<Page> {
        let says = match (error.class, error.code) {
            (Class::Conflict, "already_decided") => words.letter("answer_twice", &[]),
            (Class::Conflict, _) => words.letter("answer_over", &[]),
            (Class::Denied | Class::NotFound, _) => words.letter("answer_denied", &[]),
            (Class::Invalid, _) => error.detail.clone(),
            _ => return Err(error),
        };
        Ok(Page { language, says: vec![says], form: None, refused: Some(error.class) })
    }

    fn done(&self, words: &Words, message: &str) -> String {
        let key = match self.decision {
            ApprovalDecision::Approve => "answer_approved",
            ApprovalDecision::Reject => "answer_rejected",
        };
        words.letter(key, &[("message", message)])
    }

    async fn words(&self, rx: &mut Rx) -> Result<(&'static str, &'static Words)> {
        Ok(words::of(profile::find(rx, self.user).await?.locale.as_deref()))
    }

    /// The person, as they are here now.
    async fn person(&self, rx: &mut Rx, source: &Source) -> Result<Cx> {
        let who = Who::User { id: self.user };
        let actor: Option<Actor> = access::service::acting(rx, who, self.workspace, self.user, source.now()).await?;
        Ok(source.cx(actor.ok_or_else(|| Error::denied("You do not belong to this workspace any more."))?))
    }

    async fn asked(&self, rx: &mut Rx, cx: &Cx) -> Result<access::Granted<ApprovalDecide, Asked>> {
        let asked = service::find(rx, self.workspace, self.approval).await?;
        // What is over is said to be over, also to whoever may see nothing of it any more.
        let over = asked.stored.state;
        cx.actor.may(asked).map_err(|error| match over {
            ApprovalState::Pending => error,
            _ => Error::conflict("approval_over", "The approval is over."),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_only_good_as_it_was_made() {
        let (source, vault) = (Source::default(), Vault::new([7; 32]));
        let made = Answer {
            workspace: source.new_id(),
            approval: source.new_id(),
            user: source.new_id(),
            decision: ApprovalDecision::Reject,
        };
        let word = made.seal(&vault).unwrap();
        assert!(word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
        assert_eq!(Answer::open(&vault, &word), Some(made));
        for wrong in ["", "nonsense", &word[1..], &format!("{word}A"), "💩"] {
            assert_eq!(Answer::open(&vault, wrong), None, "{wrong}");
        }
        assert_eq!(Answer::open(&Vault::new([8; 32]), &word), None);
        let elsewhere = vault.seal("unsubscribe", b"{}").unwrap();
        assert_eq!(Answer::open(&vault, &BASE64_URL_SAFE_NO_PAD.encode(elsewhere)), None);
    }
}
