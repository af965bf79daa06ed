//! What each operation needs, as the OpenAPI document says it: a token that has just that is let in, and one that lacks a
//! part of it is refused by the name of that part.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::json;
use trackside_tests::both_databases;
use trackside_tests::harness::{Api, Server};

use super::{OPEN, Operation, World, body, operations};

/// Tokens by their scopes, each made once.
struct Tokens<'a> {
    owner: &'a Api,
    made: BTreeMap<BTreeSet<String>, Api>,
}

impl Tokens<'_> {
    async fn with(&mut self, scopes: &BTreeSet<String>) -> Api {
        if let Some(known) = self.made.get(scopes) {
            return known.clone();
        }
        let token = json!({ "name": "narrow", "scopes": scopes });
        let token = self.owner.post("/tokens", token).await.expect_status(201).text("/token");
        let api = self.owner.with_token(&token);
        self.made.insert(scopes.clone(), api.clone());
        api
    }
}

/// What the operation asks for one by one, until it lets in or refuses for another reason than a missing scope.
async fn asked_for(tokens: &mut Tokens<'_>, world: &World, operation: &Operation) -> BTreeSet<String> {
    let mut asked = BTreeSet::new();
    loop {
        // A token has a scope at least; this one opens nothing that the walk goes through without being asked for.
        let scopes = if asked.is_empty() { ["view.share".to_owned()].into() } else { asked.clone() };
        let api = tokens.with(&scopes).await;
        let answer = api.send(operation.method.clone(), &world.path(&operation.path), body(operation)).await;
        assert!(answer.status < 500, "{}: {} {:#}", operation.name(), answer.status, answer.body);
        let detail = answer.body["detail"].as_str().unwrap_or_default();
        let missing =
            detail.strip_prefix("this token's scopes do not include `").and_then(|rest| rest.split('`').next());
        match missing.filter(|_| answer.status == 403) {
            Some(scope) => assert!(asked.insert(scope.to_owned()), "{} asks for {scope} twice", operation.name()),
            None if answer.status == 403 && detail.contains("sign in to do this") => {
                return ["sign in".to_owned()].into();
            }
            None => return asked,
        }
    }
}

both_databases! {
    async fn each_operation_needs_what_the_document_says(db) {
        let server = Server::start(&db).await;
        let world = World::of(&server, Api::set_up(&server).await, "Acmemark").await;
        let mut operations = operations(&world.api).await;
        // Not what would end the walk.
        operations.retain(|operation| !OPEN.contains(&operation.path.as_str()) && operation.path != "/sessions/{id}");
        // What is removed last, and what lies deep before what holds it.
        operations.sort_by_key(|operation| {
            let removes = operation.method == Method::DELETE;
            (removes && operation.path == "/projects/{id}", removes, std::cmp::Reverse(operation.path.matches('/').count()))
        });
        let mut tokens = Tokens { owner: &world.api, made: BTreeMap::new() };
        let mut wrong = Vec::new();
        for operation in &operations {
            let asked = asked_for(&mut tokens, &world, operation).await;
            if asked != operation.needs() {
                wrong.push(format!("{} needs {asked:?}; the document says {:?}", operation.name(), operation.needs()));
            }
        }
        assert!(wrong.is_empty(), "say in api/src/needs.rs what is needed:\n{}", wrong.join("\n"));
    }
}
