//! What a letter says, as text and as HTML.

use serde::{Deserialize, Serialize};

/// A letter. Its words are plain text; they are made safe for HTML here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The subject line.
    pub subject: String,
    /// What it says, before the link.
    pub paragraphs: Vec<String>,
    /// Where it leads.
    pub link: Option<Link>,
    /// What it says after the link.
    pub closing: Vec<String>,
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
            paragraphs: paragraphs.into_iter().collect(),
            link: None,
            closing: Vec::new(),
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
        let link = self.link.as_ref().map(|link| format!("{}:\n{}", link.label, link.url));
        let parts: Vec<&str> = self.paragraphs.iter().chain(&link).chain(&self.closing).map(String::as_str).collect();
        format!("{}\n", parts.join("\n\n"))
    }

    /// As HTML, without anything that is fetched from elsewhere.
    pub fn html(&self) -> String {
        let paragraph = |text: &String| format!("<p>{}</p>\n", escape(text));
        let mut body: String = self.paragraphs.iter().map(paragraph).collect();
        if let Some(Link { label, url }) = &self.link {
            let (label, url) = (escape(label), escape(url));
            body.push_str(&format!("<p><a href=\"{url}\">{label}</a></p>\n<p>{url}</p>\n"));
        }
        body.extend(self.closing.iter().map(paragraph));
        let subject = escape(&self.subject);
        format!(
            "<!doctype html>\n<html><head><meta charset=\"utf-8\"><title>{subject}</title></head>\n<body>\n{body}</body></html>\n"
        )
    }
}

/// A subject is one line: what follows would be read as another header.
fn one_line(text: &str) -> String {
    text.split(|letter: char| letter.is_control()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
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
}
