//! The load generator: requests over kept connections, as fast as they are answered or at a fixed pace. It has a thread
//! of its own and does no more per request than it must, since it shares the processors with what it measures.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::now_us;

/// How much, how fast, and where to.
#[derive(Debug, Clone)]
pub struct Load {
    /// Where to.
    pub address: SocketAddr,
    /// So many connections, each with one request at a time.
    pub connections: usize,
    /// The number of the first request.
    pub first: u64,
    /// Stops after so many requests …
    pub requests: u64,
    /// … or after so long.
    pub within: Duration,
    /// Requests per second; as fast as they are answered when `None`. A request that is sent late because the ones
    /// before it were slow counts from when it was due.
    pub rate: Option<f64>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Answered with 2xx.
    pub accepted: u64,
    /// Answered otherwise, or not at all; with the first such answer.
    pub refused: u64,
    /// The first answer that was no 2xx.
    pub complaint: Option<String>,
    /// The time until the last answer.
    pub took: Duration,
    /// The time of the first request, by [`now_us`].
    pub began_us: u64,
    /// The time from each request to its answer, in microseconds, sorted.
    pub answered_us: Vec<u64>,
}

impl Loaded {
    /// Accepted per second.
    pub fn per_second(&self) -> f64 {
        self.accepted as f64 / self.took.as_secs_f64().max(1e-6)
    }
}

/// The bytes of one request. `headers` are whole lines without their ends.
pub fn request(method: &str, path: &str, headers: &[&str], body: Option<&str>) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n");
    for header in headers {
        text.push_str(header);
        text.push_str("\r\n");
    }
    if let Some(body) = body {
        text.push_str(&format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    text.push_str(body.unwrap_or_default());
    text.into_bytes()
}

impl Load {
    /// Sends what `make` makes of each request's number and the time at which it is due (by [`now_us`]).
    ///
    /// # Panics
    /// When no connection can be made.
    pub async fn run<F>(&self, make: F) -> Loaded
    where
        F: Fn(u64, u64) -> Vec<u8> + Send + Sync + 'static,
    {
        let load = self.clone();
        let (done, loaded) = tokio::sync::oneshot::channel();
        let work = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let loaded = runtime.expect("a runtime can be made").block_on(all(load, Arc::new(make)));
            let _ = done.send(loaded); // nobody waits any more
        };
        std::thread::Builder::new().name("load".into()).spawn(work).expect("a thread can be started");
        loaded.await.expect("the load generator panicked")
    }
}

async fn all<F>(load: Load, make: Arc<F>) -> Loaded
where
    F: Fn(u64, u64) -> Vec<u8> + Send + Sync + 'static,
{
    let next = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let began_us = now_us();
    let tasks: Vec<_> = (0..load.connections)
        .map(|_| tokio::spawn(one(load.clone(), make.clone(), next.clone(), began, began_us)))
        .collect();
    let mut whole = Loaded { began_us, ..Loaded::default() };
    for task in tasks {
        let part = task.await.expect("a connection of the load generator panicked");
        whole.accepted += part.accepted;
        whole.refused += part.refused;
        whole.complaint = whole.complaint.or(part.complaint);
        whole.answered_us.extend(part.answered_us);
    }
    whole.took = began.elapsed();
    whole.answered_us.sort_unstable();
    whole
}

async fn one<F>(load: Load, make: Arc<F>, next: Arc<AtomicU64>, began: Instant, began_us: u64) -> Loaded
where
    F: Fn(u64, u64) -> Vec<u8>,
{
    let mut stream = TcpStream::connect(load.address).await.expect("the server can be reached");
    stream.set_nodelay(true).expect("a socket takes options");
    let (mut loaded, mut buffer) = (Loaded::default(), Vec::with_capacity(16 * 1024));
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= load.requests || began.elapsed() > load.within {
            return loaded;
        }
        let due_us = match load.rate {
            None => now_us(),
            Some(rate) => {
                let due = Duration::from_secs_f64(number as f64 / rate);
                tokio::time::sleep_until(began + due).await;
                began_us + due.as_micros() as u64
            }
        };
        let answer = async {
            stream.write_all(&make(load.first + number, due_us)).await?;
            read_answer(&mut stream, &mut buffer).await
        };
        match answer.await {
            Ok((200..300, _)) => {
                loaded.accepted += 1;
                loaded.answered_us.push(now_us().saturating_sub(due_us));
            }
            Ok((status, body)) => {
                loaded.refused += 1;
                loaded.complaint.get_or_insert(format!("{status}: {body}"));
            }
            Err(error) => {
                loaded.refused += 1;
                loaded.complaint.get_or_insert(error.to_string());
                tokio::time::sleep(Duration::from_millis(5)).await;
                match TcpStream::connect(load.address).await {
                    Ok(fresh) => stream = fresh,
                    Err(_) => return loaded,
                }
                buffer.clear();
            }
        }
    }
}

/// Reads one answer with a Content-Length (or none): its status, and the beginning of its body if it is no success.
async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<(u16, String)> {
    buffer.clear();
    let (head, length) = loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(head) = super::sink::head_end(buffer) {
            break (head, super::sink::content_length(&buffer[..head]).unwrap_or(0));
        }
    };
    while buffer.len() < head + length {
        if stream.read_buf(buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    let status = buffer.get(9..12).and_then(|code| std::str::from_utf8(code).ok()?.parse().ok()).unwrap_or(0);
    let success = (200..300).contains(&status);
    let body =
        if success { String::new() } else { String::from_utf8_lossy(&buffer[head..]).chars().take(400).collect() };
    Ok((status, body))
}
