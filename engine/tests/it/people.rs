//! Set-up, sign-in, sessions, tokens, and that workspaces do not see each other.

use chrono::{DateTime, TimeDelta};
use trackside_engine::access::{
    self, Actor, Authenticator, Credentials, Entry, MemberManage, MemberView, NewToken, NewUser, Role, SessionManage,
    Setup, SignedIn, TokenCreate, membership, passwords, sessions, tokens,
};
use trackside_engine::clock::MockClock;
use trackside_engine::connections::{self, ConnectionKind, NewConnection};
use trackside_engine::db::Tx;

use trackside_engine::ids::{UserId, WorkspaceId};
use trackside_engine::vault::{Secret, Vault};
use trackside_engine::{Class, Cx, Result, Source};

use crate::place::{Place, on_each};

const PASSWORD: &str = "correct horse battery";

/// A migrated database, a clock, and somebody to sign people in.
pub struct House<'a> {
    pub place: &'a Place,
    pub clock: MockClock,
    pub source: Source,
    pub vault: Vault,
    pub gate: std::sync::Arc<Authenticator>,
}

impl<'a> House<'a> {
    pub async fn build(place: &'a Place) -> Self {
        place.db.migrate().await.unwrap();
        let clock = MockClock::at(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let source = Source::new(clock.clone());
        let vault = Vault::new([7; 32]);
        let gate = Authenticator::open(&place.db, vault.clone(), source.clone()).await.unwrap();
        Self { place, clock, source, vault, gate }
    }

    pub async fn set_up(&self) -> (SignedIn, Cx) {
        let signed_in = self.gate.setup(&self.place.db, setup("Ana@Example.org")).await.unwrap();
        let actor = self.actor(&signed_in.access_token).await.unwrap();
        (signed_in, self.source.cx(actor))
    }

    pub async fn actor(&self, bearer: &str) -> Result<Actor> {
        self.gate.authenticate(&self.place.db, bearer).await
    }

    async fn login(&self, email: &str, password: &str) -> Result<SignedIn> {
        let credentials = Credentials { email: email.into(), password: Secret::new(password), workspace_id: None };
        match self.gate.login(&self.place.db, credentials).await? {
            Entry::SignedIn(signed_in) => Ok(*signed_in),
            Entry::SecondFactor { .. } => unreachable!("nobody here has a second factor"),
        }
    }

    async fn refresh(&self, token: &str) -> Result<SignedIn> {
        self.gate.refresh(&self.place.db, &Secret::new(token)).await
    }

    async fn token(&self, cx: &Cx, scopes: Option<&[&str]>, expires_at: Option<TimeDelta>) -> String {
        let scopes = scopes.map(|scopes| scopes.iter().map(|scope| (*scope).to_owned()).collect());
        let new = NewToken { name: "script".into(), scopes, expires_at: expires_at.map(|after| cx.now() + after) };
        let cx = cx.clone();
        let create = async move |tx: &mut Tx| tokens::create(tx, &cx, &cx.actor.may_here::<TokenCreate>()?, new).await;
        self.place.db.write(create).await.unwrap().token
    }

    /// A second person, a member of the first one's workspace with this role.
    async fn add(&self, cx: &Cx, email: &str, role: Role) -> UserId {
        let password = passwords::hash(&Secret::new(PASSWORD)).await.unwrap();
        let (cx, new) = (cx.clone(), NewUser { email: email.into(), name: "Ben".into(), password });
        let add = async move |tx: &mut Tx| {
            let may = cx.actor.may_here::<MemberManage>()?;
            let user = access::service::create_user(tx, &cx, &may, &new).await?;
            access::service::add_member(tx, &cx, &may, user.id, role).await?;
            Ok(user.id)
        };
        self.place.db.write(add).await.unwrap()
    }

    /// A second workspace of the same owner, and the owner there.
    pub async fn second(&self, cx: &Cx) -> Cx {
        let (cx, owner) = (cx.clone(), cx.actor.user().unwrap());
        let source = self.source.clone();
        let make = async move |tx: &mut Tx| access::service::create_workspace(tx, &cx, "Second", owner).await;
        let workspace = self.place.db.write(make).await.unwrap().id;
        let signed_in = self.gate.switch(&self.place.db, owner, workspace).await.unwrap();
        source.cx(self.actor(&signed_in.access_token).await.unwrap())
    }
}

fn setup(email: &str) -> Setup {
    let (workspace, name) = ("First".into(), "Ana".into());
    Setup { workspace, name, email: email.into(), password: Secret::new(PASSWORD) }
}

fn code<T>(outcome: Result<T>) -> &'static str {
    match outcome {
        Ok(_) => "ok",
        Err(error) => error.code,
    }
}

#[tokio::test]
async fn set_up_happens_once_even_when_two_try_at_once() {
    on_each(async |place| {
        let house = House::build(place).await;
        assert!(!house.gate.is_set_up(&place.db).await.unwrap());
        for (setup, pointer) in [
            (Setup { password: Secret::new("short"), ..setup("a@b.c") }, "/password"),
            (Setup { workspace: " ".into(), ..setup("a@b.c") }, "/workspace"),
            (setup("nobody"), "/email"),
        ] {
            let error = house.gate.setup(&place.db, setup).await.err().unwrap();
            assert_eq!((error.class, error.fields[0].pointer.as_str()), (Class::Invalid, pointer));
        }
        let (one, two) = tokio::join!(
            house.gate.setup(&place.db, setup("one@example.org")),
            house.gate.setup(&place.db, setup("two@example.org"))
        );
        let mut codes = [code(one.map(drop)), code(two.map(drop))];
        codes.sort_unstable();
        assert_eq!(codes, ["already_set_up", "ok"]);
        assert_eq!(code(house.gate.setup(&place.db, setup("three@example.org")).await), "already_set_up");
        let admin = house.gate.ensure_admin(&place.db, "four@example.org", Secret::new(PASSWORD)).await;
        assert!(!admin.unwrap());
    })
    .await;
}

#[tokio::test]
async fn the_owner_signs_in_and_is_known() {
    on_each(async |place| {
        let house = House::build(place).await;
        assert!(house.gate.ensure_admin(&place.db, "ana@example.org", Secret::new(PASSWORD)).await.unwrap());
        let signed_in = house.login(" ANA@example.org", PASSWORD).await.unwrap();
        assert_eq!((signed_in.user.name.as_str(), signed_in.expires_in), ("ana", 900));
        let actor = house.actor(&signed_in.access_token).await.unwrap();
        assert_eq!((actor.role, actor.workspace), (Role::Admin, signed_in.workspace_id));
        let me = access::service::me(&mut place.db.read().await.unwrap(), &actor).await.unwrap();
        assert_eq!((me.user.email.as_str(), me.workspace.name.as_str()), ("ana@example.org", "Trackside"));
        for bearer in ["", "a.b.c", "trk_pat_x", &format!("{}x", signed_in.access_token)] {
            assert_eq!(code(house.actor(bearer).await), "token_invalid", "{bearer}");
        }
    })
    .await;
}

#[tokio::test]
async fn guessing_locks_an_address_without_telling_whether_it_exists() {
    on_each(async |place| {
        let house = House::build(place).await;
        house.set_up().await;
        // Side by side, as a guesser sends them.
        let guesses = (0..5).map(|_| house.login("ana@example.org", "wrong password"));
        for outcome in futures::future::join_all(guesses).await {
            assert_eq!(code(outcome), "credentials_wrong");
        }
        let locked = house.login("ana@example.org", PASSWORD).await.err().unwrap();
        let unknown = house.login("nobody@example.org", PASSWORD).await.err().unwrap();
        assert_eq!((locked.code, &locked.detail), (unknown.code, &unknown.detail), "a lock shows nothing");
        house.clock.advance(TimeDelta::milliseconds(1001));
        assert_eq!(code(house.login("ana@example.org", "wrong password").await), "credentials_wrong");
        house.clock.advance(TimeDelta::milliseconds(1001));
        assert_eq!(code(house.login("ana@example.org", PASSWORD).await), "credentials_wrong", "the lock doubles");
        house.clock.advance(TimeDelta::seconds(1));
        assert_eq!(code(house.login("ana@example.org", PASSWORD).await), "ok");
        for _ in 0..4 {
            assert_eq!(code(house.login("ana@example.org", "wrong password").await), "credentials_wrong");
        }
        assert_eq!(code(house.login("ana@example.org", PASSWORD).await), "ok", "a success begins the count anew");
    })
    .await;
}

#[tokio::test]
async fn a_refresh_token_used_twice_ends_the_session() {
    on_each(async |place| {
        let house = House::build(place).await;
        let (first, _) = house.set_up().await;
        let other = house.login("ana@example.org", PASSWORD).await.unwrap();
        let second = house.refresh(&first.refresh_token).await.unwrap();
        let third = house.refresh(&second.refresh_token).await.unwrap();
        assert!(house.actor(&third.access_token).await.is_ok());
        assert_eq!(code(house.refresh(&first.refresh_token).await), "refresh_reused");
        assert_eq!(code(house.refresh(&third.refresh_token).await), "session_ended");
        assert_eq!(code(house.actor(&third.access_token).await), "session_ended", "at once, not when it expires");
        assert!(house.actor(&other.access_token).await.is_ok(), "other sessions go on");
        let (one, two) = tokio::join!(house.refresh(&other.refresh_token), house.refresh(&other.refresh_token));
        let mut codes = [code(one), code(two)];
        codes.sort_unstable();
        assert_eq!(codes, ["ok", "refresh_reused"]);
        assert_eq!(code(house.refresh("trk_ref_nothing").await), "token_invalid");
    })
    .await;
}

#[tokio::test]
async fn tokens_expire_and_sessions_end() {
    on_each(async |place| {
        let house = House::build(place).await;
        let (signed_in, cx) = house.set_up().await;
        house.clock.advance(access::ACCESS_LIFETIME - TimeDelta::seconds(1));
        assert!(house.actor(&signed_in.access_token).await.is_ok());
        house.clock.advance(TimeDelta::seconds(1));
        assert_eq!(code(house.actor(&signed_in.access_token).await), "token_expired");
        let renewed = house.refresh(&signed_in.refresh_token).await.unwrap();

        let list = async || {
            let may = cx.actor.may_here::<SessionManage>().unwrap();
            sessions::list(&mut place.db.read().await.unwrap(), &cx, &may).await.unwrap()
        };
        let other = house.login("ana@example.org", PASSWORD).await.unwrap();
        let found = list().await;
        let mine = house.gate.session(&place.db, &renewed.access_token).await.unwrap();
        assert_eq!((found.len(), Some(found[0].id), found[0].renewed_at), (2, mine, house.source.now()));
        let (end, id) = (cx.clone(), found[1].id);
        let end = async move |tx: &mut Tx| sessions::end(tx, &end, &end.actor.may_here::<SessionManage>()?, id).await;
        place.db.write(end).await.unwrap();
        assert_eq!(code(house.actor(&other.access_token).await), "session_ended");
        assert_eq!(list().await.len(), 1);

        house.gate.logout(&place.db, &Secret::new(&*renewed.refresh_token)).await.unwrap();
        assert_eq!(code(house.actor(&renewed.access_token).await), "session_ended");
        assert_eq!(code(house.refresh(&renewed.refresh_token).await), "session_ended");

        let last = house.login("ana@example.org", PASSWORD).await.unwrap();
        house.clock.advance(access::REFRESH_LIFETIME);
        assert_eq!(code(house.refresh(&last.refresh_token).await), "token_expired");
    })
    .await;
}

#[tokio::test]
async fn a_new_signing_key_signs_nobody_out_and_reaches_other_nodes() {
    on_each(async |place| {
        let house = House::build(place).await;
        let other = Authenticator::open(&place.db, house.vault.clone(), house.source.clone()).await.unwrap();
        let (before, _) = house.set_up().await;
        house.clock.advance(TimeDelta::seconds(1));
        house.gate.rotate_signing_key(&place.db).await.unwrap();
        house.clock.advance(TimeDelta::seconds(5));
        let after = house.login("ana@example.org", PASSWORD).await.unwrap();
        let kid = |token: &str| token.split('.').next().unwrap().to_owned();
        assert_ne!(kid(&before.access_token), kid(&after.access_token));
        assert!(house.actor(&before.access_token).await.is_ok());
        // The time after which a node looks for a name that it does not know.
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        assert!(other.authenticate(&place.db, &after.access_token).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn another_secret_key_is_named_at_the_start() {
    on_each(async |place| {
        House::build(place).await;
        let wrong = Authenticator::open(&place.db, Vault::new([8; 32]), Source::default()).await;
        let error = wrong.err().unwrap();
        assert_eq!(error.code, "secret_key_mismatch");
        assert!(error.detail.contains("does not match this database"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_personal_token_may_what_its_scopes_say_until_it_is_revoked() {
    on_each(async |place| {
        let house = House::build(place).await;
        let (_, cx) = house.set_up().await;
        let token = house.token(&cx, Some(&["member.*", "token.create"]), Some(TimeDelta::hours(1))).await;
        let actor = house.actor(&token).await.unwrap();
        assert!(actor.may_here::<MemberView>().is_ok());
        assert_eq!(code(actor.may_here::<SessionManage>()), "denied");

        let limited = house.source.cx(actor);
        let wider = NewToken { name: "wider".into(), scopes: None, expires_at: None };
        let make = limited.clone();
        let make =
            async move |tx: &mut Tx| tokens::create(tx, &make, &make.actor.may_here::<TokenCreate>()?, wider).await;
        assert_eq!(code(place.db.write(make).await), "denied", "a token does not make a mightier one");

        let list = async || {
            let may = cx.actor.may_here::<TokenCreate>().unwrap();
            tokens::list(&mut place.db.read().await.unwrap(), &cx, &may).await.unwrap()
        };
        let used_at = list().await[0].last_used_at;
        assert_eq!(used_at, Some(house.source.now()));
        house.clock.advance(TimeDelta::seconds(59));
        house.actor(&token).await.unwrap();
        assert_eq!(list().await[0].last_used_at, used_at, "noted once a minute");
        house.clock.advance(TimeDelta::seconds(2));
        house.actor(&token).await.unwrap();
        assert_eq!(list().await[0].last_used_at, Some(house.source.now()));

        house.clock.advance(TimeDelta::hours(1));
        assert_eq!(code(house.actor(&token).await), "token_expired");

        let unlimited = house.token(&cx, None, None).await;
        assert!(house.actor(&unlimited).await.unwrap().scopes.is_none());
        let (revoke, id) = (cx.clone(), list().await[1].id);
        let revoke =
            async move |tx: &mut Tx| tokens::revoke(tx, &revoke, &revoke.actor.may_here::<TokenCreate>()?, id).await;
        place.db.write(revoke).await.unwrap();
        assert_eq!(code(house.actor(&unlimited).await), "token_invalid");
    })
    .await;
}

#[tokio::test]
async fn roles_and_membership_count_with_the_next_request() {
    on_each(async |place| {
        let house = House::build(place).await;
        let (_, cx) = house.set_up().await;
        let ben = house.add(&cx, "ben@example.org", Role::Viewer).await;
        let signed_in = house.login("ben@example.org", PASSWORD).await.unwrap();
        let actor = house.actor(&signed_in.access_token).await.unwrap();
        assert_eq!((actor.user(), actor.role), (Some(ben), Role::Viewer));
        assert_eq!(code(actor.may_here::<MemberManage>()), "denied");
        let workspace = actor.workspace;
        let rx = &mut place.db.read().await.unwrap();
        assert_eq!(access::members::role(rx, workspace, ben).await.unwrap(), Some(Role::Viewer));
        assert_eq!(
            membership::list(rx, &actor.may_here().unwrap(), &access::MemberQuery::default())
                .await
                .unwrap()
                .items
                .len(),
            2
        );
        let away = async move |tx: &mut Tx| {
            tx.execute("delete from members where workspace_id = $1 and user_id = $2", (workspace, ben)).await
        };
        place.db.write(away).await.unwrap();
        assert_eq!(code(house.actor(&signed_in.access_token).await), "session_ended");
        assert_eq!(code(house.refresh(&signed_in.refresh_token).await), "session_ended");
        assert_eq!(access::members::role(rx, workspace, ben).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_connection_gives_its_token_to_the_runner_and_to_nobody_else() {
    on_each(async |place| {
        let house = House::build(place).await;
        let (_, cx) = house.set_up().await;
        let make = async |cx: &Cx, name: &str, base_url: Option<&str>| {
            let (cx, vault) = (cx.clone(), house.vault.clone());
            let new = NewConnection {
                kind: ConnectionKind::Github,
                name: name.into(),
                base_url: base_url.map(Into::into),
                token: Secret::new("ghp_hush"),
            };
            let make = async move |tx: &mut Tx| {
                connections::service::create(tx, &cx, &vault, &cx.actor.may_here()?, new).await
            };
            place.db.write(make).await
        };
        let find = async |workspace: WorkspaceId, name: Option<&str>| {
            let rx = &mut place.db.read().await.unwrap();
            connections::service::find(rx, &house.vault, workspace, ConnectionKind::Github, name).await
        };
        let workspace = cx.actor.workspace;
        assert_eq!(code(find(workspace, None).await), "connection_not_found");
        let made = make(&cx, "work", Some("https://ghe.example.org/api/v3/")).await.unwrap();
        assert!(!serde_json::to_string(&made).unwrap().contains("hush"));
        let found = find(workspace, None).await.unwrap();
        assert_eq!((found.token.reveal(), found.connection.name.as_str()), ("ghp_hush", "work"));
        assert!(!format!("{found:?}").contains("hush"));
        assert_eq!(code(make(&cx, "work", None).await), "connection_name_taken");
        make(&cx, "play", None).await.unwrap();
        assert_eq!(code(find(workspace, None).await), "connection_ambiguous");
        assert_eq!(find(workspace, Some("work")).await.unwrap().connection, made);
        make(&cx, "default", None).await.unwrap();
        assert_eq!(find(workspace, None).await.unwrap().connection.name, "default");

        let second = house.second(&cx).await;
        let stranger = second.actor.workspace;
        assert_eq!(code(find(stranger, Some("work")).await), "connection_not_found");
        let rx = &mut place.db.read().await.unwrap();
        assert_eq!(code(connections::service::get(rx, stranger, made.id).await), "connection_not_found");
        assert!(connections::service::list(rx, &second.actor.may_here().unwrap()).await.unwrap().is_empty());
        assert_eq!(code(second.actor.may::<access::ConnectionManage, _>(made)), "connection_not_found");
    })
    .await;
}
