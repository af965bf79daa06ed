//! What people are told by e-mail, held against a mail server that keeps what it gets.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use trackside_engine::Source;
use trackside_tests::both_databases;
use trackside_tests::fakes::mail::{Letter, MailServer};
use trackside_tests::harness::{Api, Database, Server, Setup};

use super::{Place, id, notes};

const WIM: &str = "wim@people.example";

/// A server that sends mail.
fn mailing(db: &Database, mail: &MailServer) -> Setup {
    Server::on(db)
        .arg("--lease")
        .arg("2s")
        .env("TRACKSIDE_SMTP_URL", mail.url())
        .env("TRACKSIDE_MAIL_FROM", "Trackside <post@trackside.example>")
        .env("TRACKSIDE_PUBLIC_URL", "https://trackside.example/")
}

/// The path of the link by which one gets no more such letters.
fn way_out(letter: &Letter) -> String {
    let url = letter.header("List-Unsubscribe");
    let url = url.strip_prefix('<').and_then(|url| url.strip_suffix('>')).unwrap_or_else(|| panic!("{url}"));
    url.strip_prefix("https://trackside.example").unwrap_or_else(|| panic!("{url}")).to_owned()
}

async fn held(db: &Database) -> i64 {
    db.count("told where channel = 'email' and done_at is null").await
}

async fn wait_held(db: &Database, count: i64) {
    let start = Instant::now();
    while held(db).await != count {
        assert!(start.elapsed() < Duration::from_secs(30), "{} are held and not {count}", held(db).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

both_databases! {
    /// NTF-03: text and HTML, in the person's language, with where one gets no more of it.
    async fn a_letter_says_it_in_the_persons_language_and_names_the_way_out(db) {
        let mail = MailServer::start().await;
        let server = mailing(&db, &mail).start().await;
        let place = Place::of(&server, &db).await;
        place.wim.patch("/me", json!({ "locale": "de-AT" })).await.expect_status(200);
        let task = place.assign("Tür & <Tor>").await;
        let letter = mail.letters_to(WIM, 1).await.remove(0);
        let plain = letter.plain();
        assert!(plain.contains("Ada hat dir WEB-2: Tür & <Tor> zugewiesen") && plain.contains("<p>Ada hat dir WEB-2: Tür &amp; &lt;Tor&gt; zugewiesen</p>"), "{plain}");
        assert!(plain.contains(&format!("In Trackside öffnen:\r\nhttps://trackside.example/tasks/{task}")) && plain.contains("<html lang=\"de\">"), "{plain}");
        assert!(letter.header("Content-Type").starts_with("multipart/alternative") && letter.header("Message-ID").starts_with("<job_"));
        assert_eq!(letter.header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
        assert!(plain.contains("Keine solchen E-Mails mehr"), "{plain}");

        // A link scanner only looks; the click turns it off, without anybody's token, as often as it comes.
        let (path, stranger) = (way_out(&letter), place.ada.without_token().outside());
        let page = stranger.get(&path).await.expect_status(200);
        assert!(page.body.as_str().unwrap().contains("Keine E-Mails mehr von Acme über: dir zugewiesene Aufgaben?"), "{:#}", page.body);
        assert_eq!(place.wim.get("/notification-preferences").await.at("/choices"), &json!([]));
        for _ in 0..2 {
            let done = stranger.send_bytes(Method::POST, &path, Some("application/x-www-form-urlencoded"), "List-Unsubscribe=One-Click").await.expect_status(200);
            assert!(done.body.as_str().unwrap().contains("keine E-Mails mehr über"), "{:#}", done.body);
        }
        assert_eq!(place.wim.get("/notification-preferences").await.at("/choices"), &json!([{ "channel": "email", "kind": "assigned", "when": "off" }]));
        for wrong in ["/unsubscribe/nonsense".to_owned(), format!("{path}A"), path[..path.len() - 4].to_owned(), "/unsubscribe/%00".to_owned()] {
            stranger.get(&wrong).await.expect_problem(404, "link_invalid");
            stranger.post(&wrong, json!({})).await.expect_problem(404, "link_invalid");
        }
        place.assign("Unheard").await;
        notes(&place.wim, 2).await;
        // What is of another kind still comes.
        place.ada.post("/tasks/WEB-1/comments", json!({ "body": "@wim@people.example" })).await.expect_status(201);
        let letters = mail.letters_to(WIM, 2).await;
        assert!(letters[1].plain().contains("<p>Ada hat dich in einem Kommentar zu WEB-1: Door erwähnt</p>"), "{}", letters[1].plain());
        assert!(!server.log().contains("panicked"));
    }

    /// NTF-01: what comes in quiet hours is held, not lost.
    async fn quiet_hours_hold_letters_and_let_them_go_together(db) {
        let mail = MailServer::start().await;
        let mut server = mailing(&db, &mail).start().await;
        let mut place = Place::of(&server, &db).await;
        // The whole day but for the minute before this one.
        let now = Source::default().now();
        let at = |minutes| (now + chrono::TimeDelta::minutes(minutes)).format("%H:%M").to_string();
        place.wim.put("/notification-preferences", json!({ "quiet_hours": { "from": at(-1), "to": at(-2) } })).await.expect_status(200);
        place.assign("One").await;
        place.assign("Two").await;
        wait_held(&db, 2).await;
        assert_eq!(notes(&place.wim, 2).await.len(), 2, "within Trackside nothing is held");
        server.restart().await;
        place = Place { ada: place.ada.at(&server), wim: place.wim.at(&server), vic: place.vic.at(&server) };
        assert_eq!((mail.letters().len(), held(&db).await), (0, 2));
        place.wim.put("/notification-preferences", json!({})).await.expect_status(200);
        let letter = mail.letters_to(WIM, 1).await.remove(0);
        assert_eq!(letter.header("Subject"), "2 notifications from Acme");
        let plain = letter.plain();
        assert!(plain.contains("- Ada assigned WEB-2: One to you") && plain.contains(">Ada assigned WEB-3: Two to you</a>"), "{plain}");
        wait_held(&db, 0).await;
        assert_eq!(mail.letters().len(), 1);
    }

    /// The process dies before and behind the commit of what goes out, and a mail server has its troubles: one letter, under
    /// one id.
    async fn a_letter_goes_out_once_through_kills_and_refusals(db) {
        let mail = MailServer::start().await;
        let server = mailing(&db, &mail).start().await;
        let place = Place::of(&server, &db).await;
        drop(server);
        for (count, point) in ["tell.people_before_commit:1", "carry.before_commit:1", "carry.committed:1"].into_iter().enumerate() {
            let mut server = mailing(&db, &mail).env("TRACKSIDE_CRASH_AT", point).start().await;
            let new = json!({ "title": format!("T{count}"), "assignees": [id(&place.wim.at(&server)).await] });
            // The process may die before it has answered.
            let made = place.ada.at(&server).try_send(reqwest::Method::POST, "/projects/WEB/tasks", Some(new)).await;
            if let Ok(answer) = made {
                answer.expect_status(201);
            }
            server.wait_for_end(Duration::from_secs(30)).await;
        }
        mail.answer(["451 4.3.0 Later", "451 4.3.0 Later"]);
        let server = mailing(&db, &mail).start().await;
        let start = Instant::now();
        let said = loop {
            let said: String = mail.letters().iter().map(Letter::plain).collect();
            if (0..3).all(|count| said.contains(&format!(": T{count} to you"))) { break said; }
            assert!(start.elapsed() < Duration::from_secs(60), "{said}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        db.quiet(Duration::from_secs(30)).await;
        for count in 0..3 {
            // Once as text, and once as HTML.
            assert_eq!(said.matches(&format!(": T{count} to you")).count() % 2, 0, "{said}");
            assert_eq!(db.count(&format!("tellings where details like '%\"T{count}\"%'")).await, 1);
        }
        let mut ids: Vec<String> = mail.letters().iter().map(|letter| letter.header("Message-ID")).collect();
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count, "no letter came twice");
        assert_eq!(db.count("told where channel = 'email' and done_at is null").await, 0);
        assert!(!server.log().contains("panicked"));
    }

    async fn an_address_that_is_dead_is_noted_and_tried_again_when_asked_for(db) {
        let mail = MailServer::start().await;
        let server = mailing(&db, &mail).start().await;
        let place = Place::of(&server, &db).await;
        // A policy is about the sender; an address that is unknown is dead.
        mail.answer(["550 5.7.1 Not from you", "550 5.1.1 No such person"]);
        place.assign("Policy").await;
        let dead = async |count: usize| {
            let start = Instant::now();
            loop {
                let dead = place.ada.get("/queues/notify/dead").await.expect_status(200);
                if dead.at("/items").as_array().unwrap().len() == count { return; }
                assert!(start.elapsed() < Duration::from_secs(30), "{:#}", dead.body);
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        dead(1).await;
        let refused = async |api: &Api| api.get("/notification-preferences").await.expect_status(200).at("/email_refused").clone();
        assert!(refused(&place.wim).await.is_null());
        place.assign("Dead").await;
        dead(2).await;
        let noted = refused(&place.wim).await;
        assert!(noted["reason"].as_str().unwrap().contains("5.1.1") && refused(&place.vic).await.is_null(), "{noted:#}");
        place.assign("Unheard").await;
        notes(&place.wim, 3).await;
        db.quiet(Duration::from_secs(30)).await;
        assert_eq!(mail.letters().len(), 0);
        // Whoever sets their preferences has it tried again.
        assert!(place.wim.put("/notification-preferences", json!({})).await.expect_status(200).at("/email_refused").is_null());
        place.assign("Heard").await;
        mail.letters_to(WIM, 1).await;
    }
}
