//! Files on tasks: in and out, what is refused, and what is left when something breaks off.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::fakes::bucket::{self, Bucket};
use trackside_tests::harness::{Answer, Api, Database, People, Server};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR not really";

/// A server whose files may have a megabyte each and three in all, with a task `WEB-1`.
struct Place {
    server: Server,
    api: Api,
    files: PathBuf,
}

impl Place {
    async fn of(db: &Database) -> Self {
        let server = Server::on(db).arg("--max-upload=1MB").arg("--file-quota=3MB").start().await;
        let api = Api::set_up(&server).await;
        api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        api.post("/projects/WEB/tasks", json!({ "title": "Door" })).await.expect_status(201);
        Self { server, api, files: db.folder().join("data/files") }
    }

    /// Every file in the data folder.
    fn kept(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(&self.files, &mut found);
        found
    }

    async fn expect_files(&self, count: usize) {
        let start = Instant::now();
        while self.kept().len() != count {
            assert!(start.elapsed() < Duration::from_secs(30), "{:?}", self.kept());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn listed(&self) -> usize {
        self.api.get("/tasks/WEB-1/attachments").await.expect_status(200).at("/items").as_array().unwrap().len()
    }
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, found) } else { found.push(path) }
    }
}

async fn put(api: &Api, name: &str, bytes: &[u8]) -> Answer {
    let path = reqwest::Url::parse_with_params("http://x/", [("name", name)]).unwrap();
    let path = format!("/tasks/WEB-1/attachments?{}", path.query().unwrap());
    api.send_bytes(Method::POST, &path, Some("application/x-whatever"), bytes).await
}

/// A form of these parts: name, file name, bytes.
fn form(parts: &[(&str, Option<&str>, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, bytes) in parts {
        let file = file.map_or(String::new(), |file| format!("; filename=\"{file}\""));
        body.extend(
            format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\nContent-Type: text/html\r\n\r\n")
                .into_bytes(),
        );
        body.extend(*bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--XX--\r\n");
    body
}

async fn post_form(api: &Api, parts: &[(&str, Option<&str>, &[u8])]) -> Answer {
    api.send_bytes(Method::POST, "/tasks/WEB-1/attachments", Some("multipart/form-data; boundary=XX"), form(parts))
        .await
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

async fn kinds(api: &Api) -> Vec<String> {
    let page = api.get("/tasks/WEB-1/activity?order=oldest").await.expect_status(200);
    page.at("/items").as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap().to_owned()).collect()
}

/// Sends the head of an upload as it is, and gives the open connection.
async fn begin(place: &Place, head: &str) -> TcpStream {
    let address = place.server.url().strip_prefix("http://").unwrap().to_owned();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let token = place.api.token();
    let head = format!(
        "POST /api/v1/tasks/WEB-1/attachments?name=big.bin HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{head}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

async fn answer(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(Ok(read)) = tokio::time::timeout(Duration::from_secs(20), stream.read(&mut piece)).await {
        text.extend_from_slice(&piece[..read]);
        if read == 0 || String::from_utf8_lossy(&text).contains("request_id") {
            break;
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

both_databases! {
    async fn a_file_is_put_on_a_task_and_read_again(db) {
        let place = Place::of(&db).await;
        let api = &place.api;
        let made = post_form(api, &[("file", Some("../../Gr\u{f6}\u{df}e.png"), PNG)]).await.expect_status(201);
        let me = api.get("/me").await.text("/user/id");
        assert_eq!((made.text("/name"), made.text("/content_type"), made.at("/size"), made.text("/created_by")), ("Größe.png".into(), "image/png".into(), &json!(PNG.len()), me));
        let path = format!("/attachments/{}", made.text("/id"));
        assert_eq!(api.get(&path).await.expect_status(200).body, made.body);
        let text = put(api, "notes.txt", b"abcdefghij").await.expect_status(201);
        assert_eq!(text.text("/sha256"), "72399361da6a7754fec986dca5b7cbaf1c810a28ded4abaf56b2106d06cb78b0");
        let list = api.get("/tasks/WEB-1/attachments?limit=1").await.expect_status(200);
        assert_eq!(list.at("/items"), &json!([made.body]));
        let rest = api.get(&format!("/tasks/WEB-1/attachments?cursor={}", list.text("/next_cursor"))).await.expect_status(200);
        assert_eq!(rest.at("/items"), &json!([text.body]));

        let content = format!("/attachments/{}/content", text.text("/id"));
        let whole = api.get(&content).await.expect_status(200);
        assert_eq!((&whole.body, header(&whole, "content-type"), header(&whole, "content-length")), (&json!("abcdefghij"), "text/plain; charset=utf-8", "10"));
        assert_eq!((header(&whole, "content-disposition"), header(&whole, "x-content-type-options"), header(&whole, "accept-ranges"), header(&whole, "content-security-policy")),
            ("inline; filename=\"notes.txt\"", "nosniff", "bytes", "sandbox; default-src 'none'"));
        let tag = header(&whole, "etag").to_owned();
        let head = api.send(Method::HEAD, &content, None).await.expect_status(200);
        assert_eq!((&head.body, header(&head, "content-length"), header(&head, "etag")), (&Value::Null, "10", tag.as_str()));
        let known = api.with_header("if-none-match", &tag).get(&content).await.expect_status(304);
        assert_eq!((&known.body, header(&known, "etag")), (&Value::Null, tag.as_str()));
        for (range, status, bytes, said) in [("bytes=2-4", 206, "cde", "bytes 2-4/10"), ("bytes=-3", 206, "hij", "bytes 7-9/10"), ("bytes=4-999", 206, "efghij", "bytes 4-9/10"), ("bytes=5-4", 200, "abcdefghij", "")] {
            let part = api.with_header("range", range).get(&content).await.expect_status(status);
            assert_eq!((&part.body, header(&part, "content-range")), (&json!(bytes), said), "{range}");
        }
        let beyond = api.with_header("range", "bytes=10-").get(&content).await.expect_problem(416, "range_not_satisfiable");
        assert_eq!(header(&beyond, "content-range"), "bytes */10");
        api.with_header("range", "bytes=2-4").with_header("if-range", "\"other\"").get(&content).await.expect_status(200);

        api.delete(&path).await.expect_status(204);
        api.get(&path).await.expect_problem(404, "attachment_not_found");
        api.get(&format!("{path}/content")).await.expect_problem(404, "attachment_not_found");
        api.delete(&path).await.expect_problem(404, "attachment_not_found");
        place.expect_files(1).await;
        assert_eq!(kinds(api).await, ["task.created", "task.attachment_added", "task.attachment_added", "task.attachment_removed"]);
        assert_eq!(api.get("/tasks/WEB-1").await.at("/version"), 1);
    }

    async fn what_a_browser_could_run_is_only_saved(db) {
        let place = Place::of(&db).await;
        for (name, bytes, kind, way) in [("page.png", &b"<!DOCTYPE html><script>alert(1)</script>"[..], "text/html", "attachment"), ("x.svg", b"<svg onload=alert(1)>", "image/svg+xml", "attachment"),
            ("feed.txt", b"<?xml version=\"1.0\"?><a/>", "text/xml", "attachment"), ("a.pdf", b"%PDF-1.7\n%\xe2\xe3", "application/pdf", "attachment"), ("bomb.zip", b"PK\x03\x04\x14\0\0\0", "application/zip", "attachment"),
            ("x.html", PNG, "image/png", "inline"), ("x.html", b"words", "text/plain", "inline"), ("x", b"\0\x01", "application/octet-stream", "attachment")] {
            let made = put(&place.api, name, bytes).await.expect_status(201);
            assert_eq!(made.text("/content_type"), kind, "{name}");
            let content = place.api.get(&format!("/attachments/{}/content", made.text("/id"))).await.expect_status(200);
            assert_eq!(header(&content, "content-disposition"), format!("{way}; filename=\"{name}\""));
            assert!(header(&content, "content-type").starts_with(kind) && header(&content, "content-security-policy").contains("sandbox") && header(&content, "x-content-type-options") == "nosniff");
        }
    }

    async fn what_is_no_upload_is_refused_and_leaves_nothing(db) {
        let place = Place::of(&db).await;
        let api = &place.api;
        let many = vec![b'x'; 1_000_001];
        let file: (&str, Option<&str>, &[u8]) = ("file", Some("a.txt"), b"abc");
        for (parts, status, code, pointer) in [(&[][..], 400, "malformed_form", ""), (&[("file", Some("a.txt"), &b""[..])], 422, "empty_file", ""), (&[("file", None, b"abc")], 422, "invalid_fields", "/name"), (&[("flie", Some("a.txt"), b"abc")], 422, "invalid_fields", "/flie"),
            (&[file, file], 422, "invalid_fields", "/file"), (&[file, ("note", None, b"abc")], 422, "invalid_fields", "/note"), (&[("file", Some(".."), b"abc")], 422, "invalid_fields", "/name"), (&[("file", Some(""), b"abc")], 422, "invalid_fields", "/name"),
            (&[("file", Some(&"x".repeat(300)), b"abc")], 422, "invalid_fields", "/name"), (&[("file", Some("a.txt"), &many)], 413, "file_too_large", "")] {
            let refused = post_form(api, parts).await;
            // An empty form has no part, which may be told either way.
            if parts.is_empty() { refused.expect_refusal(); continue; }
            let refused = refused.expect_problem(status, code);
            assert_eq!(refused.body.pointer("/errors/0/pointer").and_then(Value::as_str).unwrap_or(""), pointer);
        }
        let whole = form(&[file]);
        let send = async |kind: &str, bytes: &[u8]| api.send_bytes(Method::POST, "/tasks/WEB-1/attachments", Some(kind), bytes.to_vec()).await;
        for (kind, bytes, code) in [("multipart/form-data", &whole[..], "malformed_form"), ("multipart/form-data; boundary=", &whole, "malformed_form"), ("multipart/form-data; boundary=YY", &whole, "malformed_form"), ("multipart/form-data; boundary=XX", &whole[..20], "malformed_form"),
            ("multipart/form-data; boundary=XX", &whole[..whole.len() - 12], "malformed_form"), ("multipart/form-data; boundary=XX", b"", "malformed_form"), ("multipart/form-data; boundary=XX", &vec![b'-'; 1_000_000], "malformed_form")] {
            send(kind, bytes).await.expect_problem(400, code);
        }
        let endless_head = [&b"--XX\r\nX: "[..], &vec![b'a'; 3_000_000]].concat();
        send("multipart/form-data; boundary=XX", &endless_head).await.expect_refusal();
        send("text/plain", b"abc").await.expect_problem(422, "invalid_fields");
        for name in ["", "/", ".", "..", "\u{202e}", "\0", &"x".repeat(300)] {
            put(api, name, b"abc").await.expect_problem(422, "invalid_fields");
        }
        put(api, "a.txt", b"").await.expect_problem(422, "empty_file");
        put(api, "a.txt", &many).await.expect_problem(413, "file_too_large");
        api.send_bytes(Method::POST, "/tasks/WEB-1/attachments?nmae=a", None, b"abc".to_vec()).await.expect_problem(422, "unknown_parameter");
        api.send_bytes(Method::POST, "/tasks/WEB-9/attachments?name=a", None, b"abc".to_vec()).await.expect_problem(404, "task_not_found");
        api.send_bytes(Method::POST, "/tasks/%00/attachments?name=a", None, b"abc".to_vec()).await.expect_refusal();
        for path in ["/attachments/att_01h455vb4pex5vsknk084sn02q", "/attachments/nonsense", "/attachments/%00", "/attachments/WEB-1"] {
            api.get(path).await.expect_refusal().expect_status(404);
            api.delete(path).await.expect_refusal().expect_status(404);
            api.get(&format!("{path}/content")).await.expect_refusal().expect_status(404);
        }
        assert_eq!((place.listed().await, place.kept().len(), kinds(api).await), (0, 0, vec!["task.created".to_owned()]));
        let log = place.server.log();
        assert!(!log.contains("ERROR") && !log.contains("panicked"), "{log}");
    }

    async fn two_gigabytes_are_refused_early_and_in_pieces(db) {
        let place = Place::of(&db).await;
        // Said beforehand: refused before a byte was sent.
        let mut stream = begin(&place, "Content-Length: 2147483648\r\nExpect: 100-continue").await;
        let said = answer(&mut stream).await;
        assert!(said.starts_with("HTTP/1.1 413") && said.contains("file_too_large"), "{said}");
        // Not said: refused as soon as it is too much.
        let mut stream = begin(&place, "Transfer-Encoding: chunked").await;
        let piece = [b"10000\r\n".to_vec(), vec![b'x'; 0x10000], b"\r\n".to_vec()].concat();
        let mut sent = 0_u64;
        while sent < 2 << 30 && stream.write_all(&piece).await.is_ok() {
            sent += 0x10000;
            if sent >= 1_500_000 && stream.readable().await.is_ok() && sent > 4_000_000 { break; }
            let mut peeked = [0; 12];
            if let Ok(Ok(12)) = tokio::time::timeout(Duration::from_millis(1), stream.peek(&mut peeked)).await { break; }
        }
        assert!(sent < 64 << 20, "{sent} bytes went in");
        let said = answer(&mut stream).await;
        assert!(said.starts_with("HTTP/1.1 413") && said.contains("file_too_large"), "{said}");
        place.expect_files(0).await;
        assert_eq!(place.listed().await, 0);
    }

    async fn an_upload_that_breaks_off_leaves_neither_row_nor_file(db) {
        let mut place = Place::of(&db).await;
        for head in ["Content-Length: 500000", "Transfer-Encoding: chunked"] {
            let mut stream = begin(&place, head).await;
            let piece = vec![b'x'; 70_000];
            if head.starts_with('T') { stream.write_all(b"11170\r\n").await.unwrap(); }
            stream.write_all(&piece).await.unwrap();
            place.expect_files(1).await;
            drop(stream);
            place.expect_files(0).await;
        }
        assert_eq!((place.listed().await, kinds(&place.api).await), (0, vec!["task.created".to_owned()]));
        // The process dies in the middle of one: what was acknowledged is there, the other is swept when its time is over.
        let kept = put(&place.api, "kept.txt", b"kept").await.expect_status(201);
        let mut stream = begin(&place, "Content-Length: 500000").await;
        stream.write_all(&vec![b'x'; 70_000]).await.unwrap();
        place.expect_files(2).await;
        place.server.kill9();
        drop(stream);
        place.server.restart().await;
        let api = place.api.at(&place.server);
        assert_eq!(api.get(&format!("/attachments/{}/content", kept.text("/id"))).await.expect_status(200).body, "kept");
        assert_eq!(api.get("/tasks/WEB-1/attachments").await.at("/items").as_array().unwrap().len(), 1);
    }

    async fn a_workspace_keeps_only_so_much(db) {
        let place = Place::of(&db).await;
        let api = &place.api;
        let megabyte = vec![b'x'; 1_000_000];
        let mut ids = Vec::new();
        for number in 0..3 {
            ids.push(put(api, &format!("{number}"), &megabyte).await.expect_status(201).text("/id"));
        }
        put(api, "more", b"x").await.expect_problem(409, "quota_reached");
        assert_eq!((place.kept().len(), place.listed().await), (3, 3));
        api.delete(&format!("/attachments/{}", ids[0])).await.expect_status(204);
        place.expect_files(2).await;
        let start = Instant::now();
        while put(api, "again", &megabyte).await.status != 201 {
            assert!(start.elapsed() < Duration::from_secs(30));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        put(api, "more", &[b'x'; 10]).await.expect_problem(409, "quota_reached");
    }

    async fn whoever_may_edit_the_task_puts_and_takes(db) {
        let place = Place::of(&db).await;
        let workspace = place.api.get("/me").await.text("/workspace/id");
        let people = People::of(&db).await;
        let vic = people.member(&place.server, &workspace, "Vic", Role::Viewer).await;
        let eve = people.owner_elsewhere(&place.server, "Eve").await;
        people.leave().await;
        let made = put(&place.api, "plan.txt", b"secret plan").await.expect_status(201);
        let path = format!("/attachments/{}", made.text("/id"));
        put(&vic, "mine.txt", b"mine").await.expect_problem(403, "denied");
        vic.delete(&path).await.expect_problem(403, "denied");
        assert_eq!(vic.get(&format!("{path}/content")).await.expect_status(200).body, "secret plan");
        put(&eve, "mine.txt", b"mine").await.expect_problem(404, "task_not_found");
        for path in [path.clone(), format!("{path}/content")] {
            let hidden = eve.get(&path).await.expect_problem(404, "attachment_not_found");
            assert!(!hidden.body.to_string().contains("secret") && !hidden.headers.contains_key("etag"));
        }
        eve.delete(&path).await.expect_problem(404, "attachment_not_found");
        place.api.without_token().get(&format!("{path}/content")).await.expect_problem(401, "token_missing");
        // With a key a repeated upload is one; another file under it is another request.
        let keyed = place.api.with_header("idempotency-key", "k-1");
        let first = put(&keyed, "again.txt", b"again").await.expect_status(201);
        assert_eq!(put(&keyed, "again.txt", b"again").await.expect_status(201).body, first.body);
        put(&keyed, "other.txt", b"again").await.expect_problem(422, "idempotency_key_reused");
        let large = vec![b'x'; 900_000];
        let large = put(&place.api.with_header("idempotency-key", "k-2"), "large.txt", &large).await.expect_status(201);
        assert_eq!(large.at("/size"), &json!(900_000));
        // A rule takes off what it is told to.
        let rule = json!({ "name": "Off", "trigger": { "on": "task.attachment_added" }, "condition": "attachment.content_type == \"text/html\"",
            "steps": [{ "id": "off", "action": "task.remove_attachment", "with": { "attachment": "{{ attachment.id }}" } }] });
        let rule = place.api.post("/rules", rule).await.expect_status(201).text("/id");
        place.api.post(&format!("/rules/{rule}/enable"), json!({})).await.expect_status(200);
        let page = put(&place.api, "x", b"<html>").await.expect_status(201).text("/id");
        let start = Instant::now();
        while place.api.get(&format!("/attachments/{page}")).await.status != 404 {
            assert!(start.elapsed() < Duration::from_secs(30));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn files_lie_in_a_bucket(db) {
        let bucket = Bucket::start().await;
        let server = Server::on(&db).arg(format!("--files=s3://{}/some/where", bucket::BUCKET)).env("AWS_ACCESS_KEY_ID", bucket::KEY).env("AWS_SECRET_ACCESS_KEY", bucket::SECRET)
            .env("AWS_ENDPOINT_URL", &bucket.url).env("AWS_REGION", "eu-central-1").start().await;
        let api = Api::set_up(&server).await;
        api.post("/projects", json!({ "key": "WEB", "name": "Website" })).await.expect_status(201);
        api.post("/projects/WEB/tasks", json!({ "title": "Door" })).await.expect_status(201);
        // A small one is put whole, a large one in parts.
        let small = put(&api, "small.txt", b"abcdefghij").await.expect_status(201).text("/id");
        let bytes: Vec<u8> = (0..20_000_000_u32).map(|at| b'a' + (at % 23) as u8).collect();
        let large = put(&api, "large.txt", &bytes).await.expect_status(201).text("/id");
        let workspace = api.get("/me").await.text("/workspace/id");
        let name = |id: &str| format!("some/where/{workspace}/{id}");
        let objects = bucket.objects();
        assert_eq!((objects.len(), &objects[&name(&small)][..], objects[&name(&large)] == bytes, bucket.unfinished()), (2, &b"abcdefghij"[..], true, 0));
        assert!(bucket.largest() < 9 << 20, "{}", bucket.largest());
        for (id, range, expected) in [(&small, "bytes=2-4", "cde"), (&large, "bytes=19999990-", std::str::from_utf8(&bytes[19_999_990..]).unwrap())] {
            assert_eq!(api.with_header("range", range).get(&format!("/attachments/{id}/content")).await.expect_status(206).body, expected);
        }
        let whole = api.get(&format!("/attachments/{large}/content")).await.expect_status(200);
        assert!(whole.body.as_str().unwrap().as_bytes() == bytes);
        api.delete(&format!("/attachments/{large}")).await.expect_status(204);
        let start = Instant::now();
        while bucket.objects().len() != 1 {
            assert!(start.elapsed() < Duration::from_secs(30), "{:?}", bucket.requests());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // A hiccup is got over; one that stays is told, and nothing is left.
        bucket.fail(&[503]);
        put(&api, "again.txt", b"again").await.expect_status(201);
        let refused = put(&api, "none.txt", b"").await.expect_problem(422, "empty_file");
        assert!(refused.body.to_string().contains("no bytes"));
        let rows = api.get("/tasks/WEB-1/attachments").await.at("/items").as_array().unwrap().len();
        assert_eq!((rows, bucket.objects().len(), bucket.refusals()), (2, 2, Vec::<String>::new()));
        // With another's keys nothing goes in.
        let other = Server::on(&db).arg(format!("--files=s3://{}", bucket::BUCKET)).env("AWS_ACCESS_KEY_ID", bucket::KEY).env("AWS_SECRET_ACCESS_KEY", "guessed").env("AWS_ENDPOINT_URL", &bucket.url).start().await;
        put(&api.at(&other), "mine.txt", b"mine").await.expect_status(503);
        assert_eq!((bucket.objects().len(), bucket.refusals().is_empty()), (2, false));
        let ended = Server::on(&db).arg("--files=s3://the-bucket").try_start().await.err().unwrap();
        assert!(ended.code == Some(2) && ended.log.contains("AWS_ACCESS_KEY_ID"), "{}", ended.log);
    }
}
