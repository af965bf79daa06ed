//! The ways around the wall that are known, each closed.

use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tower::ServiceExt;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn egress(allow: &[&str]) -> Egress {
    Egress::new(Policy { allow: allow.iter().map(|range| range.parse().unwrap()).collect() }).unwrap()
}

fn get(url: &str) -> Request {
    Request::new(Method::GET, Url::parse(url).unwrap(), SECOND)
}

/// Answers every request on one connection with the same bytes, and counts connections.
async fn server(address: &str, answer: &'static [u8]) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((address, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while matches!(stream.read(&mut buffer).await, Ok(1..)) {
                    if stream.write_all(answer).await.is_err() || answer.is_empty() {
                        break;
                    }
                }
            });
        }
    });
    (port.to_string(), count)
}

/// Gives one answer after the other.
struct Answers(Mutex<VecDeque<Vec<IpAddr>>>);

impl Lookup for Answers {
    fn lookup(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let next = self.0.lock().unwrap().pop_front();
        Box::pin(async move { next.ok_or_else(|| io::Error::other("no more answers")) })
    }
}

fn answering(allow: &[&str], answers: &[&[&str]]) -> Egress {
    let answers = answers.iter().map(|one| one.iter().map(|ip| ip.parse().unwrap()).collect()).collect();
    let policy = Policy { allow: allow.iter().map(|range| range.parse().unwrap()).collect() };
    Egress::with_lookup(policy, Arc::new(Answers(Mutex::new(answers)))).unwrap()
}

#[test]
fn addresses_inside_are_refused_in_every_notation() {
    let wall = egress(&[]);
    for url in [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://127.255.255.254:8080/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0x7f.0x0.0x0.0x1/",
        "http://017700000001/",
        "http://0177.0.0.1/",
        "http://127.0.0.1./",
        "http://%31%32%37.0.0.1/",
        "http://127。0。0。1/",
        "http://①②⑦.0.0.1/",
        "http://0/",
        "http://0.0.0.0/",
        "http://0.1.2.3/",
        "http://10.0.0.1/",
        "http://172.16.0.1/",
        "http://172.31.255.255/",
        "http://192.168.1.1/",
        "http://100.64.0.1/",
        "http://100.100.100.200/latest/meta-data/",
        "http://169.254.169.254/latest/meta-data/",
        "http://2852039166/latest/meta-data/",
        "http://169.254.170.2/v2/credentials",
        "http://168.63.129.16/metadata",
        "http://192.0.0.192/opc/v2/",
        "http://192.0.2.1/",
        "http://192.88.99.1/",
        "http://198.18.0.1/",
        "http://198.19.255.255/",
        "http://198.51.100.7/",
        "http://203.0.113.7/",
        "http://224.0.0.1/",
        "http://239.255.255.250:1900/",
        "http://240.0.0.1/",
        "http://255.255.255.255/",
        "http://[::]/",
        "http://[::1]/",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://[::ffff:8.8.8.8]/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[64:ff9b::808:808]/",
        "http://[64:ff9b:1::1]/",
        "http://[100::1]/",
        "http://[2001::1]/",
        "http://[2001:0:7f00:1::]/",
        "http://[2001:2::1]/",
        "http://[2001:10::1]/",
        "http://[2001:db8::1]/",
        "http://[2002:7f00:1::]/",
        "http://[3fff::1]/",
        "http://[5f00::1]/",
        "http://[fc00::1]/",
        "http://[fd00:ec2::254]/latest/meta-data/",
        "http://[fe80::1]/",
        "http://[fec0::1]/",
        "http://[ff02::1]/",
    ] {
        assert!(matches!(wall.check(url), Err(SendError::Refused(_))), "{url} must be refused");
    }
}

#[test]
fn only_plain_http_urls_pass() {
    let wall = egress(&[]);
    for url in [
        "file:///etc/passwd",
        "ftp://example.com/",
        "gopher://example.com/",
        "unix:///run/docker.sock",
        "data:text/plain,x",
        "javascript:1",
        "http://user@example.com/",
        "http://user:password@example.com/",
        "http://:password@example.com/",
        "http://",
        "//example.com/",
        "/path",
        "",
        "http://[::1%25lo]/",
        "http://exa mple.com/",
    ] {
        assert!(matches!(wall.check(url), Err(SendError::Refused(_))), "{url} must be refused");
    }
}

#[test]
fn public_addresses_and_names_pass() {
    let wall = egress(&[]);
    for url in [
        "http://example.com/",
        "https://example.com:8443/a?b=c#d",
        "https://8.8.8.8/",
        "http://1.1.1.1/",
        "http://172.15.255.255/",
        "http://172.32.0.1/",
        "http://100.63.255.255/",
        "http://100.128.0.1/",
        "http://223.255.255.255/",
        "https://[2606:4700:4700::1111]/",
        "https://[2a00:1450:4001::1]/",
        "https://[2001:4860:4860::8888]/",
    ] {
        assert!(wall.check(url).is_ok(), "{url} must pass");
    }
}

#[test]
fn an_administrator_opens_exactly_what_is_named() {
    let wall = egress(&["10.1.0.0/16", "::1/128", "64:ff9b::/96"]);
    for (url, passes) in [
        ("http://10.1.2.3/", true),
        ("http://10.2.0.1/", false),
        ("http://127.0.0.1/", false),
        ("http://[::1]/", true),
        ("http://[::2]/", false),
        ("http://[::ffff:10.1.2.3]/", false),
        ("http://[64:ff9b::808:808]/", true),
        ("http://[64:ff9b::7f00:1]/", false),
        ("http://[64:ff9b::a01:203]/", true),
    ] {
        assert_eq!(wall.check(url).is_ok(), passes, "{url}");
    }
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_before_the_connection() {
    let (port, connections) = server("127.0.0.1", b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    for answers in [&["127.0.0.1"][..], &["::1"], &["::ffff:127.0.0.1"], &["10.0.0.1", "127.0.0.1"]] {
        let error = answering(&[], &[answers]).send(get(&format!("http://inside.test:{port}/"))).await.unwrap_err();
        assert!(matches!(&error, SendError::Refused(detail) if detail.contains("inside.test")), "{error:?}");
        assert!(!error.maybe_sent());
    }
    let error = egress(&[]).send(get(&format!("http://localhost:{port}/"))).await.unwrap_err();
    assert!(matches!(error, SendError::Refused(_)), "{error:?}");
    assert_eq!(connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn of_several_addresses_only_the_permitted_are_tried() {
    let (port, connections) = server("127.0.0.2", b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let mixed = answering(&["127.0.0.1/32"], &[&["127.0.0.2", "127.0.0.1"]]);
    let error = mixed.send(get(&format!("http://mixed.test:{port}/"))).await.unwrap_err();
    assert!(matches!(error, SendError::Connect(_)), "127.0.0.1 refuses, 127.0.0.2 is not tried: {error:?}");
    assert_eq!(connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_name_that_changes_its_address_gains_nothing() {
    let closing = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
    let (port, first) = server("127.0.0.1", closing).await;
    let listener = TcpListener::bind(("127.0.0.2", port.parse::<u16>().unwrap())).await.unwrap();
    let wall = answering(&["127.0.0.1/32"], &[&["127.0.0.1"], &["127.0.0.2"], &["127.0.0.1"]]);
    let url = format!("http://rebind.test:{port}/");
    assert_eq!(wall.send(get(&url)).await.unwrap().body, "ok");
    assert!(matches!(wall.send(get(&url)).await, Err(SendError::Refused(_))));
    assert_eq!(wall.send(get(&url)).await.unwrap().body, "ok");
    assert_eq!(first.load(Ordering::SeqCst), 2);
    let reached = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(reached.is_err(), "nothing may reach the second address");
}

#[tokio::test]
async fn redirects_are_answers_and_not_followed() {
    let (target, reached) = server("127.0.0.1", b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let answer = format!("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:{target}/\r\ncontent-length: 0\r\n\r\n");
    let (port, _) = server("127.0.0.1", Box::leak(answer.into_boxed_str()).as_bytes()).await;
    let response = egress(&["127.0.0.0/8"]).send(get(&format!("http://127.0.0.1:{port}/"))).await.unwrap();
    assert_eq!(response.status, StatusCode::FOUND);
    assert_eq!(reached.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn connections_are_kept_and_long_answers_cut() {
    let (port, connections) = server("127.0.0.1", b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n0123456789").await;
    let wall = egress(&["127.0.0.0/8"]);
    let url = format!("http://127.0.0.1:{port}/");
    for _ in 0..5 {
        let whole = wall.send(get(&url)).await.unwrap();
        assert_eq!((&whole.body[..], whole.truncated), (&b"0123456789"[..], false));
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
    let cut = wall.send(Request { max_body: 4, ..get(&url) }).await.unwrap();
    assert_eq!((&cut.body[..], cut.truncated), (&b"0123"[..], true));
    let exact = wall.send(Request { max_body: 10, ..get(&url) }).await.unwrap();
    assert!(!exact.truncated);
}

#[tokio::test]
async fn errors_tell_never_sent_from_maybe_sent() {
    let wall = egress(&["127.0.0.0/8"]);
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let error = wall.send(get(&format!("http://{free}/?token=s3cret"))).await.unwrap_err();
    assert!(matches!(error, SendError::Connect(_)), "{error:?}");
    assert!(!error.to_string().contains("s3cret"), "{error}");

    let (silent, _) = server("127.0.0.1", b"").await;
    let error = wall.send(get(&format!("http://127.0.0.1:{silent}/?token=s3cret"))).await.unwrap_err();
    assert!(matches!(error, SendError::Broken(_)), "{error:?}");
    assert!(error.maybe_sent() && !error.to_string().contains("s3cret"), "{error}");

    let (short, _) = server("127.0.0.1", b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n01").await;
    let slow = Request { timeout: Duration::from_millis(100), ..get(&format!("http://127.0.0.1:{short}/")) };
    let error = wall.send(slow).await.unwrap_err();
    assert!(matches!(error, SendError::TimedOut(_)), "{error:?}");
}

#[tokio::test]
async fn the_tower_service_stands_behind_the_same_wall() {
    let (port, connections) = server("127.0.0.1", b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n0123456789").await;
    let request =
        || http::Request::get(format!("http://127.0.0.1:{port}/")).body(http_body_util::Empty::<Bytes>::new()).unwrap();
    let refused = egress(&[]).service(SECOND, 100).oneshot(request()).await.unwrap_err();
    assert!(matches!(refused, SendError::Refused(_)));
    assert_eq!(connections.load(Ordering::SeqCst), 0);
    let open = egress(&["127.0.0.0/8"]);
    assert_eq!(open.service(SECOND, 100).oneshot(request()).await.unwrap().status(), StatusCode::OK);
    let cut = open.service(SECOND, 5).oneshot(request()).await.unwrap_err();
    assert!(matches!(cut, SendError::Broken(_)));
}
