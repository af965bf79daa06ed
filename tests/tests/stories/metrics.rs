//! Who is shown the figures at `/metrics`.

use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Server};

const TOKEN: &str = "figures-for-prometheus";

both_databases! {
    async fn with_a_token_figures_are_for_whoever_has_it(db) {
        let server = Server::on(&db).env("TRACKSIDE_METRICS_TOKEN", TOKEN).start().await;
        let anybody = Api::new(&server).outside();
        for wrong in [anybody.clone(), anybody.with_token("guessed-for-prometheu"), anybody.with_token(""), anybody.with_header("authorization", "Basic eDp5")] {
            let refused = wrong.get("/metrics").await.expect_problem(401, "metrics_token_needed");
            assert!(refused.headers["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
        }
        let shown = anybody.with_token(TOKEN).get("/metrics").await.expect_status(200);
        assert!(shown.body.as_str().unwrap().contains("trackside_"), "{:#}", shown.body);
        // The other probes are asked by who has none.
        anybody.get("/healthz").await.expect_status(200);
        anybody.get("/readyz").await.expect_status(200);
        assert!(!server.log().contains(TOKEN), "{}", server.log());
    }

    async fn without_a_token_figures_stay_on_the_machine(db) {
        let server = Server::start(&db).await;
        Api::new(&server).outside().get("/metrics").await.expect_status(200);
        drop(server);
        let open = Server::on(&db).listen("0.0.0.0:0").start().await;
        let port = open.url().rsplit(':').next().unwrap();
        let anybody = Api::at_url(&format!("http://127.0.0.1:{port}")).outside();
        let refused = anybody.get("/metrics").await.expect_problem(401, "metrics_token_needed");
        assert!(refused.text("/detail").contains("TRACKSIDE_METRICS_TOKEN"), "it says what to do");
        anybody.get("/healthz").await.expect_status(200);
    }

    async fn a_token_that_is_none_is_refused_at_the_start(db) {
        let ended = Server::on(&db).env("TRACKSIDE_METRICS_TOKEN", "short one").try_start().await.err().unwrap();
        assert!(ended.code == Some(2) && ended.log.contains("TRACKSIDE_METRICS_TOKEN: the value must be"), "{}", ended.log);
    }
}
