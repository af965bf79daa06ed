//! The link in a letter by which somebody gets no more like it, without signing in: by one click of their mail program (RFC
//! 8058), or on a page.
//!
//! What stands in the link is sealed, so that nobody makes one; it turns off e-mail for the kinds of that letter and does
//! nothing else, so it holds for as long as there is e-mail to turn off.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::model::{Channel, Kind};
use super::preferences::{self, Preferences};
use super::{store, words};
use crate::access::{Actor, profile};
use crate::cx::Source;
use crate::db::{Rx, Tx};
use crate::ids::{UserId, WorkspaceId};
use crate::vault::Vault;
use crate::{Class, Error, Result};

/// What links are sealed for.
const CONTEXT: &str = "unsubscribe";

/// What a link is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsubscription {
    pub(super) workspace: WorkspaceId,
    pub(super) user: UserId,
    pub(super) kinds: Vec<Kind>,
}

/// What the page says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The language it is in.
    pub language: &'static str,
    /// What it asks.
    pub asks: String,
    /// What the button says.
    pub button: String,
    /// What it says when that is done.
    pub done: String,
}

impl Unsubscription {
    /// The word in the link.
    pub(super) fn seal(&self, vault: &Vault) -> Result<String> {
        let text = serde_json::to_vec(self)
            .map_err(|error| Error::internal("A link cannot be written as JSON.").caused_by(error))?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode(vault.seal(CONTEXT, &text)?))
    }

    /// What the word in a link is for.
    ///
    /// # Errors
    /// `link_invalid`.
    pub fn open(vault: &Vault, word: &str) -> Result<Self> {
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(word).ok();
        let text = sealed.and_then(|sealed| vault.open(CONTEXT, &sealed).ok());
        let read = text.and_then(|text| serde_json::from_slice(&text).ok());
        read.ok_or_else(|| {
            let detail =
                "This link is not whole; copy all of it from the letter, or change your notification preferences.";
            Error::new(Class::NotFound, "link_invalid", detail)
        })
    }

    /// What the page says, in the person's language.
    pub async fn page(&self, rx: &mut Rx) -> Result<Page> {
        let locale = profile::find(rx, self.user).await?.locale;
        let (language, words) = words::of(locale.as_deref());
        let kinds = self.kinds.iter().map(|kind| words.kind(*kind)).collect::<Vec<_>>().join(", ");
        let workspace = store::find_workspace_name(rx, self.workspace).await?;
        let with = [("kinds", kinds.as_str()), ("workspace", workspace.as_str())];
        Ok(Page {
            language,
            asks: words.letter("unsubscribe_ask", &with),
            button: words.letter("unsubscribe_button", &with),
            done: words.letter("unsubscribe_done", &with),
        })
    }

    /// Turns these e-mails off. Done again it changes nothing.
    pub async fn carry_out(&self, tx: &mut Tx, source: &Source) -> Result<()> {
        let settings = store::find_settings(tx, self.workspace, self.user).await?;
        let mut wanted = Preferences::stored(settings.as_deref());
        let before = wanted.clone();
        wanted.turn_off(Channel::Email, &self.kinds);
        if wanted == before {
            return Ok(());
        }
        preferences::keep(tx, &source.cx(Actor::system(self.workspace)), self.user, &wanted).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_only_good_as_it_was_made() {
        let (source, vault) = (Source::default(), Vault::new([7; 32]));
        let made = Unsubscription { workspace: source.new_id(), user: source.new_id(), kinds: vec![Kind::Comment] };
        let word = made.seal(&vault).unwrap();
        assert!(word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
        assert_eq!(Unsubscription::open(&vault, &word).unwrap(), made);
        for wrong in ["", "nonsense", &word[1..], &format!("{word}A"), "💩"] {
            assert_eq!(Unsubscription::open(&vault, wrong).unwrap_err().code, "link_invalid", "{wrong}");
        }
        assert!(Unsubscription::open(&Vault::new([8; 32]), &word).is_err());
        let elsewhere = vault.seal("mail:1", b"{}").unwrap();
        assert!(Unsubscription::open(&vault, &BASE64_URL_SAFE_NO_PAD.encode(elsewhere)).is_err());
    }
}
