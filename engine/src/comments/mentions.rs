//! Whom a text mentions: `@user_01h…`, or `@ada@acme.example`. What stands in code is not meant.

use super::model::MAX_MENTIONS;
use crate::access::{self, TaskView, Who};
use crate::cx::Cx;
use crate::db::Rx;
use crate::ids::UserId;
use crate::projects::{Project, ProjectOfTask, TaskFacts, members};
use crate::tasks::Task;
use crate::{Error, Result};

/// The length of a user's id as text: `user_` and 26 characters.
const ID: usize = 31;

/// What stands behind an `@`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mention {
    /// A person's id.
    User(UserId),
    /// An e-mail address, in lower case.
    Email(String),
}

/// The mentions of a Markdown text, each once, in the order they stand there.
pub fn find(text: &str) -> Vec<Mention> {
    let (mut found, mut fence) = (Vec::new(), None);
    for line in text.lines() {
        let trimmed = line.trim_start();
        let mark = ["```", "~~~"].into_iter().find(|mark| trimmed.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            (None, None) => find_in_line(line, &mut found),
            (Some(_), _) => {}
        }
    }
    found
}

fn find_in_line(line: &str, found: &mut Vec<Mention>) {
    let mut at = 0;
    let mut before = ' ';
    while let Some(letter) = line[at..].chars().next() {
        let rest = &line[at..];
        let step = match letter {
            '`' => code_length(rest),
            '@' if !before.is_alphanumeric() && !['_', '.', '-', '+', '@', '/'].contains(&before) => {
                let (length, mention) = read(&rest[1..]);
                if let Some(mention) = mention.filter(|mention| !found.contains(mention)) {
                    found.push(mention);
                }
                1 + length
            }
            letter => letter.len_utf8(),
        };
        before = line[at..at + step].chars().next_back().unwrap_or(' ');
        at += step;
    }
}

/// How long the code is that begins here: up to the next run of as many backticks. Without one they mean themselves.
fn code_length(rest: &str) -> usize {
    let ticks = rest.len() - rest.trim_start_matches('`').len();
    let mut at = ticks;
    while let Some(next) = rest[at..].find('`') {
        let start = at + next;
        let run = rest[start..].len() - rest[start..].trim_start_matches('`').len();
        if run == ticks {
            return start + run;
        }
        at = start + run;
    }
    ticks
}

/// What stands behind an `@`, and how long it is.
fn read(rest: &str) -> (usize, Option<Mention>) {
    if let Some(id) = rest.get(..ID).and_then(|text| text.parse().ok())
        && !rest[ID..].starts_with(|next: char| next.is_alphanumeric() || next == '@')
    {
        return (ID, Some(Mention::User(id)));
    }
    let local = rest.len() - rest.trim_start_matches(|c: char| c.is_alphanumeric() || "._%+-".contains(c)).len();
    let Some(domain) = rest[local..].strip_prefix('@') else { return (0, None) };
    let length = domain.len() - domain.trim_start_matches(|c: char| c.is_alphanumeric() || ".-".contains(c)).len();
    let domain = domain[..length].trim_end_matches(['.', '-']);
    if local == 0 || domain.is_empty() {
        return (0, None);
    }
    let address = &rest[..local + 1 + domain.len()];
    (address.len(), (address.len() <= 254).then(|| Mention::Email(address.to_lowercase())))
}

/// The people behind the mentions of a text who may see the task; who may not is passed over as if nobody was
/// meant, so that a mention tells nothing about who is there.
///
/// # Errors
/// More than [`MAX_MENTIONS`].
pub(super) async fn resolve(rx: &mut Rx, cx: &Cx, project: &Project, task: &Task, text: &str) -> Result<Vec<UserId>> {
    let found = find(text);
    if found.len() > MAX_MENTIONS {
        return Err(Error::field("/body", format!("mentions {} people; at most {MAX_MENTIONS} can be", found.len())));
    }
    let (mut people, mut emails) = (Vec::new(), Vec::new());
    for mention in found {
        match mention {
            Mention::User(user) => people.push(user),
            Mention::Email(email) => emails.push(email),
        }
    }
    let workspace = project.workspace_id;
    let named = members::by_email(rx, workspace, &emails).await?;
    people
        .extend(emails.iter().filter_map(|email| named.iter().find(|(_, known)| known == email)).map(|(user, _)| user));
    let mut kept = Vec::with_capacity(people.len());
    for id in people {
        if kept.contains(&id) {
            continue;
        }
        let member = access::service::acting(rx, Who::User { id }, workspace, id, cx.now()).await?;
        let asked = || ProjectOfTask { project: project.clone(), task: TaskFacts::of(task) };
        if member.is_some_and(|member| member.may::<TaskView, _>(asked()).is_ok()) {
            kept.push(id);
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: &str = "user_01h455vb4pex5vsknk084sn02q";

    fn user(text: &str) -> Mention {
        Mention::User(text.parse().unwrap())
    }

    fn email(text: &str) -> Mention {
        Mention::Email(text.to_owned())
    }

    #[test]
    fn people_are_mentioned_by_id_and_by_address() {
        let text = format!("@{ADA}, see @Bob.B+x@Acme.example. (@{ADA}) and **@cy@acme.example**; @dé@ünder.example!");
        let found = [user(ADA), email("bob.b+x@acme.example"), email("cy@acme.example"), email("dé@ünder.example")];
        assert_eq!(find(&text), found);
    }

    #[test]
    fn what_is_no_mention_is_none() {
        let text = format!(
            "ada@acme.example {ADA} @ @@ @ada @user_nonsense @user_8zzzzzzzzzzzzzzzzzzzzzzzzz x@{ADA} @{ADA}q @@{ADA} \
             @@acme.example @a@ @💩@💩 https://x.example/@{ADA}"
        );
        assert_eq!(find(&text), []);
        assert_eq!(find(&format!("@{}@acme.example", "x".repeat(300))), []);
    }

    #[test]
    fn code_mentions_nobody() {
        let text =
            format!("`@{ADA}` ``a ` @{ADA}`` ` @bob@acme.example\n```\n@{ADA}\n~~~\n@{ADA}\n```\n@cy@acme.example");
        assert_eq!(find(&text), [email("bob@acme.example"), email("cy@acme.example")]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in "[@`~\n a.é💩-]{0,60}") {
            let _ = find(&text);
        }
    }
}
