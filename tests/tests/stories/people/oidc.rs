//! Sign-in through another provider, played by the library `oauth2-mock-server` (see `tests/oidc/`).

use std::path::Path;
use std::process::Stdio;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use trackside_engine::access::Role;
use trackside_tests::both_databases;
use trackside_tests::harness::{Answer, Api, Database, People, Server};

use super::happened;

/// The provider, killed when dropped.
struct Provider {
    issuer: String,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

impl Provider {
    async fn start() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("oidc");
        let mut command = Command::new("node");
        command.arg("provider.js").current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().expect("node runs; scripts/install-test-tools.sh installs what it needs");
        let input = process.stdin.take().expect("it has an input");
        let mut output = BufReader::new(process.stdout.take().expect("it has an output")).lines();
        let issuer = output.next_line().await.expect("it can be heard").expect("it says where it is");
        Self { issuer, input, output, _process: process }
    }

    /// What its next ID tokens say besides.
    async fn says(&mut self, what: Value) {
        self.input.write_all(format!("{what}\n").as_bytes()).await.expect("it listens");
        assert_eq!(self.output.next_line().await.expect("it can be heard").as_deref(), Some("ok"));
    }

    /// What it says of somebody with a verified address.
    async fn is(&mut self, subject: &str, email: &str) {
        self.says(json!({ "claims": { "sub": subject, "email": email, "email_verified": true, "name": "Name" } }))
            .await;
    }
}

async fn reaching(db: &Database) -> Server {
    Server::on(db).env("TRACKSIDE_ALLOW_EGRESS", "127.0.0.0/8").start().await
}

async fn added(ada: &Api, provider: &Provider, more: Value) -> String {
    let mut new =
        json!({ "name": "Acme", "issuer": provider.issuer, "client_id": "trackside", "client_secret": "hush hush" });
    new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ada.post("/identity-providers", new).await.expect_status(201).text("/id")
}

/// A browser's way to the provider and back: what the server is asked in the end, and with which cookie.
struct Way {
    path: String,
    cookie: String,
}

impl Way {
    async fn to(api: &Api, provider: &str) -> Self {
        let begun = api.without_token().get(&format!("/auth/oidc/{provider}/start")).await.expect_status(200);
        let cookie = begun.headers["set-cookie"].to_str().unwrap();
        assert!(cookie.contains("HttpOnly; SameSite=Lax") && cookie.contains("Path=/api/v1/auth/oidc;"), "{cookie}");
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let url = begun.text("/url");
        assert!(
            url.contains("code_challenge_method=S256") && url.contains("&nonce=") && url.contains("&state=trk_ost_"),
            "{url}"
        );
        let split = url.find("/authorize").unwrap();
        let sent = Api::at_url(&url[..split]).outside().get(&url[split..]).await.expect_status(302);
        let back = sent.headers["location"].to_str().unwrap();
        let (_, path) = back.split_once("/api/v1").expect("it sends the browser back to us");
        Self { path: path.to_owned(), cookie }
    }

    async fn back(&self, api: &Api) -> Answer {
        api.without_token().with_header("cookie", &format!("other=1; {}", self.cookie)).get(&self.path).await
    }
}

both_databases! {
    async fn people_sign_in_through_a_provider_by_their_verified_address(db) {
        let mut provider = Provider::start().await;
        let server = reaching(&db).await;
        let ada = Api::set_up(&server).await;
        let id = added(&ada, &provider, json!({ "auto_join": { "domain": "Acme.example", "role": "viewer" } })).await;
        let listed = ada.get("/identity-providers").await.expect_status(200);
        assert!(listed.text("/items/0/id") == id && !listed.body.to_string().contains("hush"));
        let shown = ada.without_token().get("/auth/oidc").await.expect_status(200);
        assert_eq!(shown.at("/items"), &json!([{ "id": id, "name": "Acme" }]), "strangers see the name and nothing else");
        let enter = async || Way::to(&ada, &id).await.back(&ada).await;
        let me = async |answer: &Answer| ada.with_token(&answer.text("/access_token")).get("/me").await.expect_status(200);

        // Somebody known, by the address; from then on by what the provider calls them, whatever the address is.
        provider.is("s-ada", "ADA@acme.example").await;
        let entered = enter().await.expect_status(200);
        assert_eq!((me(&entered).await.text("/user/email"), me(&entered).await.text("/role")), ("ada@acme.example".into(), "admin".into()));
        provider.says(json!({ "claims": { "sub": "s-ada", "email": "moved@elsewhere.example", "email_verified": false } })).await;
        assert_eq!(me(&enter().await.expect_status(200)).await.text("/user/name"), "Ada");
        ada.without_token().post("/auth/login", json!({ "email": "ada@acme.example", "password": "correct horse battery" })).await.expect_status(200);
        // An address that is not verified finds nobody, and says so before it says anything else.
        for verified in [json!(false), Value::Null, json!("no"), json!(1)] {
            for email in ["ada@acme.example", "nobody@acme.example"] {
                provider.says(json!({ "claims": { "sub": "s-eve", "email": email, "email_verified": verified } })).await;
                enter().await.expect_problem(403, "address_unverified");
            }
        }
        provider.says(json!({ "claims": { "sub": "s-eve" }, "userinfo": { "sub": "s-eve" } })).await;
        enter().await.expect_problem(403, "address_unverified");

        // Somebody new: of the domain, invited, or not at all.
        provider.is("s-bob", "bob@acme.example").await;
        let bob = me(&enter().await.expect_status(200)).await;
        assert_eq!((bob.text("/role"), bob.text("/user/name")), ("viewer".into(), "Name".into()));
        assert!(bob.at("/email_verified_at").is_string());
        provider.is("s-cy", "cy@notacme.example").await;
        enter().await.expect_problem(403, "not_invited");
        ada.post("/invitations", json!({ "email": "cy@notacme.example", "role": "team_member" })).await.expect_status(201);
        assert_eq!(me(&enter().await.expect_status(200)).await.text("/role"), "team_member");
        assert_eq!(ada.get("/invitations").await.at("/items"), &json!([]));
        // What the ID token leaves out is asked for; what is said of somebody else is not taken.
        provider.says(json!({ "claims": { "sub": "s-dee" }, "userinfo": { "sub": "s-dee", "email": "dee@acme.example", "email_verified": true } })).await;
        enter().await.expect_status(200);
        provider.says(json!({ "claims": { "sub": "s-fay" }, "userinfo": { "sub": "s-other", "email": "fay@acme.example", "email_verified": true } })).await;
        enter().await.expect_problem(401, "identity_refused");

        // Out is out, also for who comes by another door.
        provider.is("s-bob", "bob@acme.example").await;
        ada.post(&format!("/members/{}/deactivate", bob.text("/user/id")), json!({})).await.expect_status(200);
        enter().await.expect_problem(403, "no_workspace");
        assert_eq!(happened(&ada, "member.joined", 3).await.len(), 3);

        // A browser gets no token into its address, but a ticket that is good once.
        provider.is("s-ada", "ada@acme.example").await;
        let way = Way::to(&ada, &id).await;
        let browser = ada.without_token().with_header("accept", "text/html").with_header("cookie", &way.cookie);
        let sent = browser.get(&way.path).await.expect_status(303);
        let place = sent.headers["location"].to_str().unwrap().to_owned();
        let ticket = place.strip_prefix(&format!("{}/sign-in#ticket=", server.url())).expect("it is sent to the page").to_owned();
        let session = ada.without_token().post("/auth/oidc/ticket", json!({ "ticket": ticket })).await.expect_status(200);
        assert_eq!(me(&session).await.text("/user/name"), "Ada");
        ada.without_token().post("/auth/oidc/ticket", json!({ "ticket": ticket })).await.expect_problem(401, "ticket_invalid");
        let refused = browser.get(&way.path).await.expect_status(303);
        assert_eq!(refused.headers["location"], format!("{}/sign-in#error=state_invalid", server.url()));
        let started = browser.get(&format!("/auth/oidc/{id}/start")).await.expect_status(303);
        assert!(started.headers["location"].to_str().unwrap().starts_with(&provider.issuer));

        // Gone is gone.
        ada.delete(&format!("/identity-providers/{id}")).await.expect_status(204);
        ada.without_token().get(&format!("/auth/oidc/{id}/start")).await.expect_problem(404, "identity_provider_not_found");
        let log = server.log();
        assert!(!log.contains("panicked") && !log.contains("hush hush") && !log.contains(&ticket));
    }

    async fn a_word_that_is_not_the_providers_opens_nothing(db) {
        let mut provider = Provider::start().await;
        let server = reaching(&db).await;
        let ada = Api::set_up(&server).await;
        let id = added(&ada, &provider, json!({})).await;
        let good = json!({ "sub": "s-ada", "email": "ada@acme.example", "email_verified": true });
        let with = |more: Value| {
            let mut claims = good.clone();
            claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({ "claims": claims })
        };
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        for (says, why) in [
            (with(json!({ "nonce": "another" })), "nonce"), (with(json!({ "nonce": null })), "nonce"),
            (with(json!({ "aud": "another" })), "audience"), (with(json!({ "aud": ["trackside", "another"] })), "client"), (with(json!({ "aud": ["another"] })), "audience"), (with(json!({ "azp": "another" })), "client"),
            (with(json!({ "iss": "https://evil.example" })), "issuer"), (with(json!({ "iss": null })), "must"),
            (with(json!({ "exp": now - 60 })), "expired"), (with(json!({ "exp": null })), "must"), (with(json!({ "nbf": now + 600 })), "clocks"),
            (with(json!({ "sub": "" })), "nobody"), (with(json!({ "sub": null })), "must"), (with(json!({ "sub": "a\u{0}b" })), "nobody"),
            (json!({ "claims": good, "tamper": "payload" }), "signature"), (json!({ "claims": good, "tamper": "none" }), "read"),
            (json!({ "claims": good, "tamper": "kid" }), "publish"), (json!({ "claims": good, "tamper": "missing" }), "no ID token"),
        ] {
            provider.says(says.clone()).await;
            let refused = Way::to(&ada, &id).await.back(&ada).await.expect_problem(401, "identity_refused");
            assert!(refused.text("/detail").contains(why), "{says}: {:#}", refused.body);
        }
        provider.says(json!({ "claims": good })).await;
        // Another browser's way back, none's, a made-up one, and the same again.
        let (one, two) = (Way::to(&ada, &id).await, Way::to(&ada, &id).await);
        Way { path: one.path.clone(), cookie: two.cookie.clone() }.back(&ada).await.expect_problem(401, "state_invalid");
        ada.without_token().get(&one.path).await.expect_problem(401, "state_invalid");
        let code = one.path.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
        for made_up in ["", "nonsense", &format!("trk_ost_{}", "a".repeat(43))] {
            let way = Way { path: format!("/auth/oidc/callback?code={code}&state={made_up}"), cookie: format!("trackside_oidc={made_up}") };
            way.back(&ada).await.expect_problem(401, "state_invalid");
        }
        one.back(&ada).await.expect_status(200);
        one.back(&ada).await.expect_problem(401, "state_invalid");
        // A spent code in another sign-in of one's own: the provider has seen it, and it was made for another verifier.
        let state = two.path.split("state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
        let replay = Way { path: format!("/auth/oidc/callback?code={code}&state={state}"), cookie: two.cookie.clone() };
        replay.back(&ada).await.expect_problem(401, "identity_refused");
        let three = Way::to(&ada, &id).await;
        let state = three.path.split("state=").nth(1).unwrap().split('&').next().unwrap();
        let denied = Way { path: format!("/auth/oidc/callback?error=access_denied&state={state}"), cookie: three.cookie.clone() };
        denied.back(&ada).await.expect_problem(401, "identity_refused");
        assert!(!server.log().contains("panicked"));
    }

    async fn an_account_that_somebody_else_made_for_an_address_is_theirs_no_more(db) {
        let mut provider = Provider::start().await;
        let server = reaching(&db).await;
        let ada = Api::set_up(&server).await;
        let workspace = ada.get("/me").await.text("/workspace/id");
        let id = added(&ada, &provider, json!({})).await;
        let people = People::of(&db).await;
        let eve = people.owner_elsewhere(&server, "Eve").await;
        let cy = people.member(&server, &workspace, "Cy", Role::ProjectManager).await;
        people.leave().await;
        // Eve makes an account for Vic's address, with a password that she knows.
        let token = eve.post("/invitations", json!({ "email": "vic@acme.example", "role": "viewer" })).await.expect_status(201).text("/token");
        let login = json!({ "email": "vic@acme.example", "password": "correct horse battery" });
        let trap = eve.without_token().post("/invitations/accept", json!({ "token": token, "name": "Vic", "password": "correct horse battery" })).await.expect_status(201);
        let trap = eve.with_token(&trap.text("/access_token"));
        let kept = trap.with_token(&trap.post("/tokens", json!({ "name": "kept" })).await.expect_status(201).text("/token"));
        provider.is("s-vic", "vic@acme.example").await;
        Way::to(&ada, &id).await.back(&ada).await.expect_status(200);
        trap.get("/me").await.expect_problem(401, "session_ended");
        kept.get("/me").await.expect_problem(401, "token_invalid");
        eve.without_token().post("/auth/login", login).await.expect_problem(401, "credentials_wrong");
        // Providers are for those who run the installation.
        let new = json!({ "name": "Evil", "issuer": provider.issuer, "client_id": "x" });
        eve.post("/identity-providers", new.clone()).await.expect_problem(403, "denied");
        eve.get("/identity-providers").await.expect_problem(403, "denied");
        eve.delete(&format!("/identity-providers/{id}")).await.expect_problem(403, "denied");
        cy.post("/identity-providers", new).await.expect_problem(403, "denied");
    }

    async fn a_provider_that_makes_no_sense_is_refused(db) {
        let provider = Provider::start().await;
        let server = Server::start(&db).await;
        let ada = Api::set_up(&server).await;
        let new = |issuer: &str| json!({ "name": "Acme", "issuer": issuer, "client_id": "trackside" });
        // Without leave, none on this machine; and nothing that is no address.
        for issuer in [provider.issuer.as_str(), "http://169.254.169.254", "http://accounts.example.org", "http://localhost.example.org", "accounts.example.org", "ftp://accounts.example.org", "https://u:p@accounts.example.org", "https://a.example/?b", ""] {
            assert_eq!(ada.post("/identity-providers", new(issuer)).await.expect_refusal().expect_status(422).text("/errors/0/pointer"), "/issuer", "{issuer}");
        }
        let good = new("https://accounts.acme.invalid");
        for (more, pointer) in [(json!({ "name": "" }), "/name"), (json!({ "client_id": "" }), "/client_id"), (json!({ "client_id": "a\u{0}" }), "/client_id"), (json!({ "auto_join": { "domain": "", "role": "viewer" } }), "/auto_join/domain"),
            (json!({ "auto_join": { "domain": "acme.example", "role": "boss" } }), "/auto_join/role"), (json!({ "secret": "x" }), "/secret")] {
            let mut body = good.clone();
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            assert_eq!(ada.post("/identity-providers", body).await.expect_refusal().text("/errors/0/pointer"), pointer);
        }
        let id = ada.post("/identity-providers", good.clone()).await.expect_status(201).text("/id");
        ada.post("/identity-providers", good).await.expect_problem(409, "provider_name_taken");
        let away = ada.without_token().send(Method::GET, &format!("/auth/oidc/{id}/start"), None).await;
        assert_eq!((away.status, away.body["type"].clone()), (503, json!("/problems/provider_unreachable")));
        for wrong in ["idp_01h455vb4pex5vsknk084sn02q", "nonsense"] {
            ada.without_token().get(&format!("/auth/oidc/{wrong}/start")).await.expect_refusal().expect_status(404);
        }
    }
}
