//! Projects in and out with their files: equal to the byte, or refused with nothing left behind.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use trackside_tests::both_databases;
use trackside_tests::harness::{Answer, Api, Database, Server};

use super::whole_projects::{Place, comparable, furnish};

const ZIP: &str = "application/zip";

/// What is put into an archive, and what the archive says of it.
#[derive(Clone)]
struct Packed {
    name: String,
    bytes: Vec<u8>,
    size: usize,
    crc: u32,
    method: u16,
    flags: u16,
    mode: u32,
}

fn stored(name: &str, bytes: &[u8]) -> Packed {
    let (size, crc) = (bytes.len(), crc32fast::hash(bytes));
    Packed { name: name.into(), bytes: bytes.into(), size, crc, method: 0, flags: 0, mode: 0 }
}

fn deflated(name: &str, bytes: &[u8]) -> Packed {
    use std::io::Write as _;
    let mut packed = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(bytes).unwrap();
    Packed { bytes: packed.finish().unwrap(), method: 8, ..stored(name, bytes) }
}

/// An archive by the book, but for what its entries say.
fn zip(entries: &[Packed]) -> Vec<u8> {
    let (mut all, mut directory) = (Vec::new(), Vec::new());
    for it in entries {
        let mut said = Vec::new();
        said.extend([20_u16, it.flags, it.method, 0, 0x21].map(u16::to_le_bytes).concat());
        said.extend([it.crc, it.bytes.len() as u32, it.size as u32].map(u32::to_le_bytes).concat());
        said.extend([it.name.len() as u16, 0].map(u16::to_le_bytes).concat());
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(&said);
        directory.extend([0; 6]);
        directory.extend([it.mode << 16, all.len() as u32].map(u32::to_le_bytes).concat());
        directory.extend(it.name.as_bytes());
        all.extend(b"PK\x03\x04");
        all.extend(&said);
        all.extend(it.name.as_bytes());
        all.extend(&it.bytes);
    }
    let (at, count) = (all.len() as u32, entries.len() as u16);
    all.extend(&directory);
    all.extend(b"PK\x05\x06\0\0\0\0");
    all.extend([count, count].map(u16::to_le_bytes).concat());
    all.extend([directory.len() as u32, at].map(u32::to_le_bytes).concat());
    all.extend([0; 2]);
    all
}

/// What is in an archive, in the order of its directory.
fn unzip(all: &[u8]) -> Vec<(String, Vec<u8>)> {
    use std::io::Read as _;
    let number = |at: usize, length: usize| (0..length).rev().fold(0, |sum, it| sum << 8 | all[at + it] as usize);
    let end = all.len() - 22;
    assert_eq!(&all[end..end + 4], b"PK\x05\x06");
    let (mut at, mut found) = (number(end + 16, 4), Vec::new());
    for _ in 0..number(end + 10, 2) {
        assert_eq!(&all[at..at + 4], b"PK\x01\x02");
        let (name, start) = (number(at + 28, 2), number(at + 42, 4));
        let from = start + 30 + number(start + 26, 2) + number(start + 28, 2);
        let packed = &all[from..from + number(at + 20, 4)];
        let mut bytes = packed.to_vec();
        if number(at + 10, 2) == 8 {
            bytes.clear();
            flate2::read::DeflateDecoder::new(packed).read_to_end(&mut bytes).unwrap();
        }
        assert_eq!((bytes.len(), crc32fast::hash(&bytes) as usize), (number(at + 24, 4), number(at + 16, 4)));
        found.push((String::from_utf8(all[at + 46..at + 46 + name].to_vec()).unwrap(), bytes));
        at += 46 + name + number(at + 30, 2) + number(at + 32, 2);
    }
    found
}

async fn put(api: &Api, task: &str, name: &str, bytes: &[u8]) {
    let path = format!("/tasks/{task}/attachments?name={name}");
    api.send_bytes(Method::POST, &path, Some("application/octet-stream"), bytes).await.expect_status(201);
}

/// The archive of a project, as it is.
async fn archive(server: &Server, api: &Api, key: &str) -> Vec<u8> {
    let http = reqwest::Client::builder().tls_certs_only([]).no_proxy().build().unwrap();
    let path = format!("{}/api/v1/projects/{key}/export?attachments=true", server.url());
    let answer = http.get(path).bearer_auth(api.token()).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["content-type"]), (200, &ZIP.parse().unwrap()));
    assert_eq!(answer.headers()["content-disposition"], format!("attachment; filename=\"{key}.zip\""));
    answer.bytes().await.unwrap().to_vec()
}

async fn send(api: &Api, path: &str, body: Vec<u8>) -> Answer {
    api.send_bytes(Method::POST, path, Some(ZIP), body).await
}

/// The files in the data folder.
fn kept(db: &Database) -> usize {
    fn count(folder: &Path) -> usize {
        let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
        entries.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
    }
    count(&db.folder().join("data/files"))
}

/// A document with one task, and these files on it.
fn document(files: &[(&str, &str, &[u8])]) -> Value {
    let told = |(path, name, bytes): &(&str, &str, &[u8])| {
        let sha256 = hex::encode(Sha256::digest(bytes));
        json!({ "name": name, "size": bytes.len(), "sha256": sha256, "file": path })
    };
    let files: Vec<Value> = files.iter().map(told).collect();
    let task = json!({ "key": "NEW-1", "title": "One", "attachments": files });
    json!({ "format": "trackside.project", "version": 2, "project": { "key": "NEW", "name": "New", "status": "active" }, "tasks": [task] })
}

fn with(document: &Value, entries: &[Packed]) -> Vec<u8> {
    let document = deflated("project.json", document.to_string().as_bytes());
    zip(&[&[document], entries].concat())
}

both_databases! {
    async fn a_project_with_its_files_goes_to_another_workspace_and_is_the_same(db) {
        let server = Server::start(&db).await;
        let place = Place::of(&db, &server).await;
        furnish(&place).await;
        let long = format!("{}.bin", "x".repeat(240));
        // More than a piece, and nothing that deflates.
        let noise: Vec<u8> = (0_u32..40_000).flat_map(|it| Sha256::digest(it.to_le_bytes())).collect();
        put(&place.ada, "WEB-2", "plan.txt", b"Doors").await;
        put(&place.ada, "WEB-2", "plan.txt", b"Windows").await;
        put(&place.ada, "WEB-1", "Gr%C3%B6%C3%9Fe%201.svg", b"<svg></svg>").await;
        put(&place.ada, "WEB-4", &long, &noise).await;
        let first = archive(&server, &place.ada, "WEB").await;
        let entries = unzip(&first);
        let names: Vec<&str> = entries.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names[..4], ["project.json", "files/1-Größe 1.svg", "files/2-plan.txt", "files/3-plan.txt"]);
        assert!(names[4].starts_with("files/4-xxx") && names[4].ends_with("x.bin") && names[4].len() < 200, "{names:?}");
        assert_eq!((entries.len(), entries[4].1 == noise), (5, true));
        let before = comparable(serde_json::from_slice(&entries[0].1).unwrap(), "WEB");

        // A dry run makes the same and leaves nothing.
        let tried = send(&place.eve, "/imports?key=NEW&dry_run=true", first.clone()).await.expect_status(200);
        assert_eq!((tried.at("/attachments"), tried.at("/problems"), tried.at("/project")), (&json!(4), &json!([]), &Value::Null));
        assert_eq!(kept(&db), 4);
        place.eve.get("/projects/NEW").await.expect_problem(404, "project_not_found");

        let repeated = place.eve.with_header("idempotency-key", "once");
        let done = send(&repeated, "/imports?key=NEW", first.clone()).await.expect_status(200);
        assert_eq!((done.at("/attachments"), done.at("/tasks")), (&json!(4), &json!(4)));
        assert!(!done.at("/notes").to_string().contains("files"), "{:#}", done.body);
        assert_eq!(send(&repeated, "/imports?key=NEW", first.clone()).await.expect_status(200).body, done.body);
        assert_eq!(kept(&db), 8);
        let again = unzip(&archive(&server, &place.eve, "NEW").await);
        assert_eq!(comparable(serde_json::from_slice(&again[0].1).unwrap(), "NEW"), before);
        assert!(again[1..] == entries[1..]);
        // The type is told by the bytes, as of every file.
        let list = place.eve.get("/tasks/NEW-1/attachments").await.expect_status(200);
        assert_eq!((list.text("/items/0/name"), list.text("/items/0/content_type")), ("Größe 1.svg".into(), "image/svg+xml".into()));

        // Into a project that is there; and as other programs pack it, with an entry for the folder.
        place.eve.post("/projects", json!({ "key": "HERE", "name": "Here" })).await.expect_status(201);
        let bytes: &[u8] = b"Doors";
        let small = with(&document(&[("files/1-a.txt", "a.txt", bytes)]), &[stored("files/", b""), deflated("files/1-a.txt", bytes)]);
        let into = send(&place.eve, "/projects/HERE/import", small).await.expect_status(200);
        assert_eq!((into.at("/attachments"), into.at("/tasks")), (&json!(1), &json!(1)));
        assert_eq!(kept(&db), 9);

        // What is asked for and cannot be is refused, not passed over.
        place.ada.get("/projects/WEB/export?attachments=true&format=csv").await.expect_problem(422, "invalid_fields");
        let json = json!({ "format": "trackside", "data": document(&[]) });
        place.eve.post("/imports?dry_run=true", json.clone()).await.expect_problem(422, "unknown_parameter");
        place.eve.post("/projects/HERE/import?dry_run=true", json).await.expect_problem(422, "unknown_parameter");
        // The document by itself says that its files are not in it.
        let alone = json!({ "format": "trackside", "data": serde_json::from_slice::<Value>(&entries[0].1).unwrap(), "create": { "key": "ALONE" }, "dry_run": true });
        let alone = place.eve.post("/imports", alone).await.expect_status(200);
        assert!(alone.at("/notes").to_string().contains("names 4 files"), "{:#}", alone.body);
        assert_eq!(alone.at("/attachments"), &json!(0));
    }

    async fn an_archive_that_is_wrong_leaves_nothing_and_says_why(db) {
        let server = Server::on(&db).arg("--max-upload=1MB").arg("--file-quota=3MB").start().await;
        let api = Api::set_up(&server).await;
        let bytes: &[u8] = b"Doors";
        let good = document(&[("files/1-a.txt", "a.txt", bytes)]);
        let file = stored("files/1-a.txt", bytes);
        let mut cut = with(&good, std::slice::from_ref(&file));
        cut.truncate(cut.len() - 30);
        let mut other = good.clone();
        other["tasks"][0]["attachments"][0]["sha256"] = json!("0".repeat(64));
        let mut longer = good.clone();
        longer["tasks"][0]["attachments"][0]["size"] = json!(6);
        let twice = json!([good["tasks"][0]["attachments"][0], good["tasks"][0]["attachments"][0]]);
        let mut named_twice = good.clone();
        named_twice["tasks"][0]["attachments"] = twice;
        // Both entries in the directory have the same bytes.
        let mut shared = with(&good, &[file.clone(), Packed { name: "files/2-a.txt".into(), ..file.clone() }]);
        let directory = shared.windows(4).position(|it| it == b"PK\x01\x02").unwrap();
        let entry = directory + 46 + "project.json".len();
        let start = shared[entry + 42..entry + 46].to_vec();
        let last = entry + 46 + "files/1-a.txt".len();
        shared[last + 42..last + 46].copy_from_slice(&start);
        let zeros = vec![0_u8; 20_000_000];
        let many: Vec<Packed> = (0..10_003).map(|it| stored(&format!("files/{it}-a"), b"")).collect();
        let (big, noise) = (vec![b'x'; 1_000_001], vec![b'y'; 900_000]);
        let names = ["files/1", "files/2", "files/3", "files/4"];
        let four: Vec<(&str, &str, &[u8])> = names.iter().map(|it| (*it, "noise.bin", noise.as_slice())).collect();
        let four = with(&document(&four), &names.map(|it| stored(it, &noise)));
        let also = |name: &str| with(&good, &[file.clone(), stored(name, b"x")]);
        for (what, body, status, code, said) in [
            ("words", b"Just words, and no archive at all".to_vec(), 422, "archive_unreadable", "its end"),
            ("nothing", Vec::new(), 422, "archive_unreadable", "too short"),
            ("cut off", cut, 422, "archive_unreadable", "its end"),
            ("a password", with(&good, &[Packed { flags: 1, ..file.clone() }]), 422, "archive_unreadable", "is encrypted"),
            ("another way of packing", with(&good, &[Packed { method: 12, ..file.clone() }]), 422, "archive_unreadable", "neither stored nor deflated"),
            ("a link", with(&good, &[Packed { mode: 0o120_777, ..file.clone() }]), 422, "archive_unreadable", "no plain file"),
            ("another sum", with(&good, &[Packed { crc: 7, ..file.clone() }]), 422, "archive_unreadable", "its sum is another one"),
            ("more than it says", with(&good, &[Packed { size: 5, crc: 7, ..deflated("files/1-a.txt", b"Doors and more") }]), 422, "archive_unreadable", "more bytes than"),
            ("not deflated", with(&good, &[Packed { method: 8, bytes: vec![255; 9], ..file.clone() }]), 422, "archive_unreadable", "cannot be unpacked"),
            ("entries that share", shared, 422, "archive_unreadable", "over each other"),
            ("no JSON", zip(&[stored("project.json", b"{")]), 422, "archive_unreadable", "is not JSON"),
            ("a bomb", with(&good, &[deflated("files/1-a.txt", &zeros)]), 413, "archive_too_large", "200 times"),
            ("a document that is a bomb", zip(&[Packed { size: 3_000_000_000, ..stored("project.json", b"{}") }]), 422, "archive_unreadable", "two lengths"),
            ("more than there may be", with(&good, &[Packed { size: 2_000_000_000, bytes: vec![0; 12_000_000], ..deflated("files/1-a.txt", b"") }]), 413, "archive_too_large", "in all"),
            ("many", zip(&many), 413, "archive_too_large", "entries"),
            ("a way out", also("../evil"), 422, "archive_entry_unknown", "neither"),
            ("a way out of the folder", also("files/../../evil"), 422, "archive_entry_unknown", "neither"),
            ("an absolute path", also("/etc/passwd"), 422, "archive_entry_unknown", "neither"),
            ("a folder in the folder", also("files/a/b"), 422, "archive_entry_unknown", "neither"),
            ("a backslash", also("files/a\\b"), 422, "archive_entry_unknown", "neither"),
            ("a file beside", also("notes.txt"), 422, "archive_entry_unknown", "neither"),
            ("a file too many", also("files/2-b.txt"), 422, "archive_entry_unknown", "is not named"),
            ("an entry twice", with(&good, &[file.clone(), file.clone()]), 422, "archive_entry_unknown", "twice"),
            ("a document twice", zip(&[stored("project.json", b"{}"), stored("project.json", b"{}")]), 422, "archive_entry_unknown", "twice"),
            ("a file for two", with(&named_twice, std::slice::from_ref(&file)), 422, "archive_entry_unknown", "named twice"),
            ("no document", zip(std::slice::from_ref(&file)), 422, "archive_file_missing", "project.json"),
            ("no file", with(&good, &[]), 422, "archive_file_missing", "files/1-a.txt"),
            ("another hash", with(&other, std::slice::from_ref(&file)), 422, "archive_checksum", "SHA-256"),
            ("another length", with(&longer, std::slice::from_ref(&file)), 422, "archive_checksum", "has 5 bytes"),
            ("a large file", with(&document(&[("files/1", "big", &big)]), &[stored("files/1", &big)]), 413, "file_too_large", "1000000"),
            ("an empty file", with(&document(&[("files/1", "a", b"")]), &[stored("files/1", b"")]), 422, "empty_file", "no bytes"),
            ("no name", with(&document(&[("files/1", "..", bytes)]), &[stored("files/1", bytes)]), 422, "invalid_fields", "is no name"),
            ("no room", four, 409, "quota_reached", "3000000"),
            ("a document of another kind", zip(&[stored("project.json", b"{}")]), 422, "invalid_fields", "missing"),
        ] {
            let refused = send(&api, "/imports", body).await;
            assert!(refused.status == status, "{what}: {} {:#}", refused.status, refused.body);
            let refused = refused.expect_problem(status, code);
            assert!(refused.text("/detail").contains(said), "{what}: {:#}", refused.body);
            assert_eq!(kept(&db), 0, "{what}");
        }
        // What is wrong with the document itself is found after the files have come.
        let mut wrong = good.clone();
        wrong["tasks"][0]["sprint"] = json!("s9");
        let refused = send(&api, "/imports", with(&wrong, std::slice::from_ref(&file))).await.expect_problem(422, "import_refused");
        assert!(refused.text("/errors/0/message").contains("no sprint `s9`"), "{:#}", refused.body);
        let tried = send(&api, "/imports?dry_run=true", with(&wrong, std::slice::from_ref(&file))).await.expect_status(200);
        assert_eq!((tried.at("/problems").as_array().unwrap().len(), kept(&db)), (1, 0));
        api.get("/projects/NEW").await.expect_problem(404, "project_not_found");

        // What says itself that it is too large is not taken in; nor is what somebody sends who may not.
        let mut stream = tokio::net::TcpStream::connect(server.url().strip_prefix("http://").unwrap()).await.unwrap();
        let head = format!("POST /api/v1/imports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: {ZIP}\r\nContent-Length: 2000000000\r\n\r\n", api.token());
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut said = vec![0; 4096];
        let length = stream.read(&mut said).await.unwrap();
        assert!(String::from_utf8_lossy(&said[..length]).contains("413 "), "{}", String::from_utf8_lossy(&said[..length]));
        let token = api.post("/tokens", json!({ "name": "narrow", "scopes": ["task.*"] })).await.expect_status(201).text("/token");
        let narrow = api.with_token(&token);
        send(&narrow, "/imports", with(&good, std::slice::from_ref(&file))).await.expect_problem(403, "denied");

        // Some that do not come to an end are waited for; one more is asked to come again.
        let (mut slow, start) = (Vec::new(), std::time::Instant::now());
        let busy = loop {
            let mut stream = tokio::net::TcpStream::connect(server.url().strip_prefix("http://").unwrap()).await.unwrap();
            stream.write_all(head.replace("2000000000", "1000").as_bytes()).await.unwrap();
            slow.push(stream);
            let answer = send(&api, "/imports", Vec::new()).await;
            if answer.status == 503 || start.elapsed() > std::time::Duration::from_secs(20) {
                break answer.expect_status(503);
            }
        };
        assert_eq!(busy.text("/type"), "/problems/imports_busy");
        drop(slow);

        // The same archive, when nothing is wrong with it.
        let done = loop {
            let done = send(&api, "/imports", with(&good, std::slice::from_ref(&file))).await;
            if done.status != 503 || start.elapsed() > std::time::Duration::from_secs(40) {
                break done;
            }
        };
        assert_eq!(done.expect_status(200).at("/attachments"), &json!(1));
        assert_eq!(kept(&db), 1);
    }
}
