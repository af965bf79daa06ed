//! A mail server (SMTP, RFC 5321) that keeps what it is given, and refuses on demand.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::lock;

/// How long a letter may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A letter that came in.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Who it says it is from, on the envelope.
    pub from: String,
    /// Whom it goes to, on the envelope.
    pub to: Vec<String>,
    /// Its headers and bodies, as they came.
    pub raw: String,
}

#[derive(Default)]
struct Book {
    letters: Vec<Letter>,
    /// What the next attempts are answered after `DATA`, one each; 250 when there is none.
    answers: VecDeque<&'static str>,
    /// User and password that are asked for, in the form of `AUTH PLAIN`.
    credentials: Option<String>,
}

/// A mail server that is running. It stops when this is dropped.
pub struct MailServer {
    port: u16,
    book: Arc<Mutex<Book>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl MailServer {
    /// Starts one on a free port of loopback, open to everybody.
    ///
    /// # Panics
    /// When loopback gives no port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let book = Arc::new(Mutex::new(Book::default()));
        let shared = Arc::clone(&book);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let book = Arc::clone(&shared);
                // A client that hangs up in the middle is none of the server's business.
                tokio::spawn(async move { talk(stream, &book).await.ok() });
            }
        });
        Self { port, book, task }
    }

    /// What `--smtp-url` takes.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// What `--smtp-url` takes, with a user and a password that are asked for from now on.
    pub fn url_with(&self, user: &str, password: &str) -> String {
        use base64::Engine as _;
        let plain = base64::prelude::BASE64_STANDARD.encode(format!("\0{user}\0{password}"));
        lock(&self.book).credentials = Some(plain);
        format!("smtp://{user}:{password}@127.0.0.1:{}", self.port)
    }

    /// Answers the next letters with these lines, one each (`451 4.3.0 Later`); then takes them again.
    pub fn answer(&self, lines: impl IntoIterator<Item = &'static str>) {
        lock(&self.book).answers.extend(lines);
    }

    /// Every letter so far.
    pub fn letters(&self) -> Vec<Letter> {
        lock(&self.book).letters.clone()
    }

    /// The letters to an address, once there are so many.
    ///
    /// # Panics
    /// When there are not in time, or more.
    pub async fn letters_to(&self, address: &str, count: usize) -> Vec<Letter> {
        let start = Instant::now();
        loop {
            let mut letters = self.letters();
            letters.retain(|letter| letter.to.iter().any(|to| to == address));
            assert!(letters.len() <= count, "{} letters to {address} instead of {count}", letters.len());
            if letters.len() == count {
                return letters;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "{} of {count} letters to {address}: {:#?}",
                letters.len(),
                self.letters()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Letter {
    /// A header.
    ///
    /// # Panics
    /// When there is none of that name.
    pub fn header(&self, name: &str) -> String {
        let head = self.raw.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ");
        let found = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned));
        found.unwrap_or_else(|| panic!("no {name} in {}", self.raw))
    }

    /// All of it with quoted-printable undone (RFC 2045 section 6.7).
    pub fn plain(&self) -> String {
        let text = self.raw.replace("=\r\n", "");
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text.as_bytes();
        while let Some((first, after)) = rest.split_first() {
            let coded = (*first == b'=').then(|| after.get(..2)).flatten();
            match coded.and_then(|pair| hex::decode(pair.to_ascii_lowercase()).ok()) {
                Some(byte) => {
                    bytes.extend(byte);
                    rest = &after[2..];
                }
                None => {
                    bytes.push(*first);
                    rest = after;
                }
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The token behind the link in it.
    ///
    /// # Panics
    /// When there is no link.
    pub fn token(&self) -> String {
        let plain = self.plain();
        let (_, after) = plain.split_once("#token=").unwrap_or_else(|| panic!("no link in {plain}"));
        after.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect()
    }
}

async fn talk(stream: TcpStream, book: &Mutex<Book>) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 test ESMTP\r\n").await?;
    let (mut from, mut to, mut known) = (String::new(), Vec::new(), false);
    while let Some(line) = lines.next_line().await? {
        let credentials = lock(book).credentials.clone();
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        let answer: String = match verb.as_str() {
            "EHLO" if credentials.is_some() => "250-test\r\n250 AUTH PLAIN".into(),
            "EHLO" | "HELO" => "250 test".into(),
            "AUTH" => {
                known = credentials.is_some_and(|plain| line.ends_with(&plain));
                if known { "235 2.7.0 Welcome".into() } else { "535 5.7.8 Wrong password".into() }
            }
            "MAIL" if credentials.is_some() && !known => "530 5.7.0 Who are you?".into(),
            "MAIL" => {
                (from, to) = (address(&line), Vec::new());
                "250 2.1.0 Fine".into()
            }
            "RCPT" => {
                to.push(address(&line));
                "250 2.1.5 Fine".into()
            }
            "DATA" => {
                write.write_all(b"354 Go on\r\n").await?;
                let mut raw = String::new();
                while let Some(line) = lines.next_line().await? {
                    if line == "." {
                        break;
                    }
                    raw.push_str(line.strip_prefix('.').unwrap_or(&line));
                    raw.push_str("\r\n");
                }
                let mut book = lock(book);
                match book.answers.pop_front() {
                    Some(refusal) => refusal.into(),
                    None => {
                        book.letters.push(Letter { from: from.clone(), to: to.clone(), raw });
                        "250 2.0.0 Taken".into()
                    }
                }
            }
            "NOOP" | "RSET" => "250 2.0.0 Fine".into(),
            "QUIT" => {
                write.write_all(b"221 2.0.0 Bye\r\n").await?;
                return Ok(());
            }
            _ => "502 5.5.1 What?".into(),
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}

/// What stands between the angle brackets.
fn address(line: &str) -> String {
    line.split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'))
        .map_or_else(String::new, |(inner, _)| inner.to_owned())
}
