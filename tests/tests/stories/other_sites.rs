//! Pages of other sites: only those on the operator's list read answers.

use reqwest::Method;
use serde_json::json;
use trackside_tests::both_databases;
use trackside_tests::harness::{Answer, Api, Server};

const APP: &str = "https://app.example.org";

/// A header of the answer.
fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.get(name).map(|value| value.to_str().unwrap())
}

/// The words of a list in a header.
fn list(answer: &Answer, name: &str) -> Vec<String> {
    let lines = answer.headers.get_all(name).iter();
    lines.flat_map(|line| line.to_str().unwrap().split(',')).map(|word| word.trim().to_lowercase()).collect()
}

/// Whether a page of that site may read the answer, whatever it is; caches are told that it depends on the site.
fn readable(answer: &Answer, site: &str) -> bool {
    assert!(list(answer, "vary").contains(&"origin".to_owned()), "{} {:?}", answer.status, answer.headers);
    assert_eq!(header(answer, "access-control-allow-credentials"), None);
    header(answer, "access-control-allow-origin") == Some(site)
}

both_databases! {
    async fn a_page_of_a_listed_site_uses_the_interface_and_no_other_does(db) {
        let list_of_sites = format!("{APP}/, http://localhost:5173");
        let server = Server::on(&db).env("TRACKSIDE_CORS_ORIGINS", list_of_sites).env("TRACKSIDE_RATE_LIMITS", "guest=9/h,stranger=3/h").start().await;
        let owner = Api::set_up(&server).await;
        let page = owner.with_header("origin", APP);
        let asking = |site: &str, method: &str, headers: &str| {
            let browser = owner.without_token().with_header("origin", site);
            browser.with_header("access-control-request-method", method).with_header("access-control-request-headers", headers)
        };

        // The browser asks first, without a token, and may whatever the interface has.
        for (path, method) in [("/projects", "POST"), ("/projects/WEB", "PATCH"), ("/projects/WEB", "DELETE"), ("/me", "GET"), ("/nowhere", "PUT")] {
            let headers = "authorization,content-type,idempotency-key,if-match,if-none-match,x-request-id,traceparent";
            let answer = asking(APP, method, headers).send(Method::OPTIONS, path, None).await.expect_status(204);
            assert!(readable(&answer, APP));
            assert!(list(&answer, "access-control-allow-methods").contains(&method.to_lowercase()));
            let allowed = list(&answer, "access-control-allow-headers");
            assert!(headers.split(',').all(|name| allowed.contains(&name.to_owned())), "{allowed:?}");
            assert_eq!(header(&answer, "access-control-max-age"), Some("3600"));
        }
        // Others are not told yes, nor is a site that looks alike.
        for site in ["https://evil.example", "http://app.example.org", "https://app.example.org.evil.example", "https://app.example.org:8443", "null"] {
            let answer = asking(site, "GET", "authorization").send(Method::OPTIONS, "/me", None).await;
            assert!(!readable(&answer, site) && header(&answer, "access-control-allow-origin").is_none(), "{site}");
            let answer = owner.with_header("origin", site).get("/me").await;
            assert!(!readable(&answer, site) && header(&answer, "access-control-allow-origin").is_none(), "{site}");
        }

        // What is asked then can be read, with the headers that matter.
        let made = page.post("/projects", json!({ "key": "WEB", "name": "Site" })).await.expect_status(201);
        assert!(readable(&made, APP));
        let told = list(&made, "access-control-expose-headers");
        for name in ["etag", "ratelimit", "ratelimit-policy", "retry-after", "x-request-id", "content-disposition"] {
            assert!(told.contains(&name.to_owned()), "{name}: {told:?}");
        }
        let second = owner.with_header("origin", "http://localhost:5173").get("/projects/WEB").await.expect_status(200);
        assert!(readable(&second, "http://localhost:5173"));
        // Also what went wrong, wherever it did.
        assert!(readable(&page.post("/projects", json!({ "key": "", "name": 1 })).await.expect_status(422), APP));
        assert!(readable(&page.get("/projects/NONE").await.expect_problem(404, "project_not_found"), APP));
        assert!(readable(&page.get("/nowhere").await.expect_problem(404, "route_not_found"), APP));
        assert!(readable(&page.put("/me", json!({})).await.expect_problem(405, "method_not_allowed"), APP));
        let stranger = page.without_token();
        assert!(readable(&stranger.get("/me").await.expect_problem(401, "token_missing"), APP));
        assert!(readable(&stranger.get("/me").await.expect_problem(401, "token_missing"), APP));
        let limited = stranger.get("/me").await.expect_problem(429, "rate_limited");
        assert!(readable(&limited, APP) && limited.headers.contains_key("retry-after"));
        // Who is no page of another site is answered as ever.
        assert!(header(&owner.get("/me").await.expect_status(200), "access-control-allow-origin").is_none());
    }

    async fn without_a_list_no_other_site_reads_anything(db) {
        let server = Server::start(&db).await;
        let owner = Api::set_up(&server).await;
        let page = owner.with_header("origin", APP);
        assert!(header(&page.get("/me").await.expect_status(200), "access-control-allow-origin").is_none());
        let browser = page.without_token().with_header("access-control-request-method", "GET");
        let answer = browser.send(Method::OPTIONS, "/me", None).await.expect_problem(405, "method_not_allowed");
        assert!(header(&answer, "access-control-allow-origin").is_none());
    }
}
