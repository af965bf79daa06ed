//! What a letter says, as text and as HTML.

use serde::{Deserialize, Serialize};

/// A letter. Its words are plain text; they are made safe for HTML here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The subject line.
    pub subject: String,
    /// The language it is in, as a BCP 47 tag; English when it does not say.
    #[serde(default)]
    pub language: Option<String>,
    /// What it says, before the link.
    pub paragraphs: Vec<String>,
    /// What it lists, after that.
    #[serde(default)]
    pub entries: Vec<Entry>,
    /// By what it can be answered.
    #[serde(default)]
    pub choices: Vec<Link>,
    /// Where it leads.
    pub link: Option<Link>,
    /// What it says after the link.
    pub closing: Vec<String>,
    /// Where one gets no more like it: by a look at that page, and by one click (RFC 8058).
    #[serde(default)]
    pub unsubscribe: Option<Link>,
}

/// One of what a letter lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What it says.
    pub text: String,
    /// What somebody wrote.
    pub quote: Option<String>,
    /// Where it leads.
    pub url: Option<String>,
    /// By what it can be answered.
    #[serde(default)]
    pub choices: Vec<Link>,
}

/// A link in a letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What it says: `Join Acme`.
    pub label: String,
    /// Where it leads.
    pub url: String,
}

impl Letter {
    /// A letter of these paragraphs.
    pub fn new(subject: impl Into<String>, paragraphs: impl IntoIterator<Item = String>) -> Self {
        Self {
            subject: one_line(&subject.into()),
            language: None,
            paragraphs: paragraphs.into_iter().collect(),
            entries: Vec::new(),
            choices: Vec::new(),
            link: None,
            closing: Vec::new(),
            unsubscribe: None,
        }
    }

    /// The same with a link.
    #[must_use]
    pub fn link(mut self, label: impl Into<String>, url: impl Into<String>) -> Self {
        self.link = Some(Link { label: label.into(), url: url.into() });
        self
    }

    /// The same with a last paragraph more.
    #[must_use]
    pub fn closing(mut self, paragraph: impl Into<String>) -> Self {
        self.closing.push(paragraph.into());
        self
    }

    /// As plain text.
    pub fn text(&self) -> String {
        let shown = |link: &Link| format!("{}:\n{}", link.label, link.url);
        let (link, last) = (self.link.as_ref().map(shown), self.unsubscribe.as_ref().map(shown));
        let entries: Vec<String> = self.entries.iter().map(Entry::text).collect();
        let choices: Vec<String> = self.choices.iter().map(shown).collect();
        let parts =
            self.paragraphs.iter().chain(&entries).chain(&choices).chain(&link).chain(&self.closing).chain(&last);
        let parts: Vec<&str> = parts.map(String::as_str).collect();
        format!("{}\n", parts.join("\n\n"))
    }

    /// As HTML, without anything that is fetched from elsewhere.
    pub fn html(&self) -> String {
        let paragraph = |text: &String| format!("<p>{}</p>\n", lines(text));
        let mut body: String = self.paragraphs.iter().map(paragraph).collect();
        if !self.entries.is_empty() {
            let entries: String = self.entries.iter().map(Entry::html).collect();
            body.push_str(&format!("<ul>\n{entries}</ul>\n"));
        }
        body.push_str(&choices(&self.choices, "p"));
        if let Some(Link { label, url }) = &self.link {
            let (label, url) = (escape(label), escape(url));
            body.push_str(&format!("<p><a href=\"{url}\">{label}</a></p>\n<p>{url}</p>\n"));
        }
        body.extend(self.closing.iter().map(paragraph));
        if let Some(Link { label, url }) = &self.unsubscribe {
            body.push_str(&format!("<p><a href=\"{}\">{}</a></p>\n", escape(url), escape(label)));
        }
        let subject = escape(&self.subject);
        let language = escape(self.language.as_deref().unwrap_or("en"));
        format!(
            "<!doctype html>\n<html lang=\"{language}\"><head><meta charset=\"utf-8\"><title>{subject}</title></head>\n<body>\n{body}</body></html>\n"
        )
    }
}

impl Entry {
    fn text(&self) -> String {
        let lines = [Some(format!("- {}", self.text)), self.quote.as_ref().map(|quote| format!("  “{quote}”"))];
        let url = self.url.as_ref().map(|url| format!("  {url}"));
        let choices = self.choices.iter().map(|link| Some(format!("  {}: {}", link.label, link.url)));
        lines.into_iter().chain([url]).chain(choices).flatten().collect::<Vec<_>>().join("\n")
    }

    fn html(&self) -> String {
        let text = lines(&self.text);
        let text = match &self.url {
            Some(url) => format!("<a href=\"{}\">{text}</a>", escape(url)),
            None => text,
        };
        let quote = self.quote.as_ref().map_or(String::new(), |quote| format!("<br>“{}”", lines(quote)));
        format!("<li>{text}{quote}{}</li>\n", choices(&self.choices, "div"))
    }
}

/// What something can be answered by, in an element of this name; nothing when there is nothing.
fn choices(links: &[Link], element: &str) -> String {
    let link = |Link { label, url }: &Link| format!("<a href=\"{}\">{}</a>", escape(url), escape(label));
    let links: Vec<String> = links.iter().map(link).collect();
    if links.is_empty() { String::new() } else { format!("<{element}>{}</{element}>", links.join(" · ")) }
}

/// A subject is one line: what follows would be read as another header.
fn one_line(text: &str) -> String {
    text.split(|letter: char| letter.is_control()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Safe for HTML, and with its lines.
fn lines(text: &str) -> String {
    escape(text.trim_end()).lines().collect::<Vec<_>>().join("<br>\n")
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_says_the_same_twice_and_nobody_writes_html_into_it() {
        let letter = Letter::new("Join <Acme>\r\nBcc: eve@example.org", ["Ada & \"Co\" ask <b>you</b>.".to_owned()])
            .link("Join", "https://x.example/join#a&b")
            .closing("Bye.");
        assert_eq!(letter.subject, "Join <Acme> Bcc: eve@example.org");
        assert_eq!(letter.text(), "Ada & \"Co\" ask <b>you</b>.\n\nJoin:\nhttps://x.example/join#a&b\n\nBye.\n");
        let html = letter.html();
        assert!(html.contains("<p>Ada &amp; &quot;Co&quot; ask &lt;b&gt;you&lt;/b&gt;.</p>"), "{html}");
        assert!(html.contains("<a href=\"https://x.example/join#a&amp;b\">Join</a>"), "{html}");
    }

    #[test]
    fn lines_stay_lines() {
        let letter = Letter::new("Week", ["2 are done:\nWEB-1 <Paint>\nWEB-2 Pay\n".to_owned()]);
        assert!(
            letter.html().contains("<p>2 are done:<br>\nWEB-1 &lt;Paint&gt;<br>\nWEB-2 Pay</p>"),
            "{}",
            letter.html()
        );
    }

    #[test]
    fn what_a_letter_lists_stands_in_both_of_its_forms() {
        let mut letter = Letter::new("Two", []);
        letter.language = Some("de".into());
        letter.entries = vec![
            Entry {
                text: "A <b>".into(),
                quote: Some("Hm & so".into()),
                url: Some("https://x.example/a?b&c".into()),
                choices: Vec::new(),
            },
            Entry { text: "B".into(), quote: None, url: None, choices: Vec::new() },
        ];
        assert_eq!(letter.text(), "- A <b>\n  “Hm & so”\n  https://x.example/a?b&c\n\n- B\n");
        let html = letter.html();
        let item = "<li><a href=\"https://x.example/a?b&amp;c\">A &lt;b&gt;</a><br>“Hm &amp; so”</li>\n<li>B</li>\n";
        assert!(html.contains(item) && html.contains("<html lang=\"de\">"), "{html}");
    }
}
