//! The sink: what the rules of a bench call. It answers at once, and notes when each event arrived and how often.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::now_us;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{\"ok\":true}";

/// A sink on a thread of its own, for as long as the process lives.
pub struct Sink {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// The number of the first event that counts; others are late ones of a phase before.
    first: u64,
    /// How often each event came.
    times: Vec<u16>,
    latencies_us: Vec<u64>,
    duplicates: u64,
    last_us: u64,
}

/// What has arrived since the last [`Sink::expect`].
#[derive(Debug, Clone, Default)]
pub struct Arrived {
    /// Different events.
    pub events: u64,
    /// Events that had come before.
    pub duplicates: u64,
    /// When the last one came, by [`now_us`].
    pub last_us: u64,
    /// The time from each event's own time to its arrival, in microseconds, sorted.
    pub latencies_us: Vec<u64>,
}

impl Sink {
    /// Starts it.
    ///
    /// # Panics
    /// When it cannot listen.
    pub fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        listener.set_nonblocking(true).expect("a socket takes options");
        let address = listener.local_addr().expect("a bound socket has an address");
        let state: Arc<Mutex<State>> = Arc::default();
        let shared = state.clone();
        let work = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime can be made").block_on(async move {
                let listener = TcpListener::from_std(listener).expect("a listening socket");
                while let Ok((stream, _)) = listener.accept().await {
                    let state = shared.clone();
                    tokio::spawn(async move {
                        // The other side ending the connection is the usual end.
                        let _ = serve(stream, &state).await;
                    });
                }
            });
        };
        std::thread::Builder::new().name("sink".into()).spawn(work).expect("a thread can be started");
        Self { address, state }
    }

    /// Where to post `{"seq": …, "ts": …}`.
    pub fn url(&self) -> String {
        format!("http://{}/sink", self.address)
    }

    /// Forgets everything and counts events from this number on.
    pub fn expect(&self, first: u64) {
        *lock(&self.state) = State { first, ..State::default() };
    }

    /// What has arrived so far.
    pub fn arrived(&self) -> Arrived {
        let state = lock(&self.state);
        let mut latencies_us = state.latencies_us.clone();
        latencies_us.sort_unstable();
        Arrived {
            events: latencies_us.len() as u64,
            duplicates: state.duplicates,
            last_us: state.last_us,
            latencies_us,
        }
    }

    /// Waits until so many events have arrived, or nothing more has for `patience`.
    pub async fn wait(&self, events: u64, patience: Duration) -> Arrived {
        let (mut before, mut since) = (0, tokio::time::Instant::now());
        loop {
            let now = lock(&self.state).latencies_us.len() as u64;
            if now >= events || (now == before && since.elapsed() > patience) {
                return self.arrived();
            }
            if now != before {
                (before, since) = (now, tokio::time::Instant::now());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(4096);
    loop {
        let (head, length) = loop {
            if let Some(head) = head_end(&buffer) {
                break (head, content_length(&buffer[..head]).unwrap_or(0));
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        while buffer.len() < head + length {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        }
        let body = &buffer[head..head + length];
        if let (Some(seq), Some(ts)) = (number_after(body, b"\"seq\":"), number_after(body, b"\"ts\":")) {
            note(&mut lock(state), seq, ts);
        }
        buffer.drain(..head + length);
        stream.write_all(ANSWER).await?;
    }
}

fn note(state: &mut State, seq: u64, ts: u64) {
    let Some(at) = seq.checked_sub(state.first) else { return };
    let at = at as usize;
    if at >= state.times.len() {
        state.times.resize(at + 1, 0);
    }
    state.times[at] += 1;
    if state.times[at] > 1 {
        state.duplicates += 1;
        return;
    }
    state.last_us = now_us();
    state.latencies_us.push(state.last_us.saturating_sub(ts));
}

/// Where the body begins, once the whole head is there.
pub(super) fn head_end(buffer: &[u8]) -> Option<usize> {
    buffer.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

/// The value of Content-Length.
pub(super) fn content_length(head: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"\r\ncontent-length:";
    let at = head.windows(NAME.len()).position(|window| window.eq_ignore_ascii_case(NAME))? + NAME.len();
    let digits: Vec<u8> =
        head[at..].iter().copied().skip_while(|b| *b == b' ').take_while(u8::is_ascii_digit).collect();
    std::str::from_utf8(&digits).ok()?.parse().ok()
}

/// The number behind a key of flat JSON, quoted or not.
fn number_after(body: &[u8], key: &[u8]) -> Option<u64> {
    let at = body.windows(key.len()).position(|window| window == key)? + key.len();
    let digits = body[at..].iter().skip_while(|b| matches!(b, b' ' | b'"')).take_while(|b| b.is_ascii_digit());
    let mut number = None;
    for digit in digits {
        number = Some(number.unwrap_or(0u64).checked_mul(10)?.checked_add(u64::from(digit - b'0'))?);
    }
    number
}
