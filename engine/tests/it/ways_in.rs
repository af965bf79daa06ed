//! Links and challenges end when they say, to the millisecond.

use chrono::TimeDelta;
use trackside_engine::Result;
use trackside_engine::access::invitations::{self, NewInvitation};
use trackside_engine::access::recovery;
use trackside_engine::access::{Acceptance, Role};
use trackside_engine::db::Tx;
use trackside_engine::ids::UserId;
use trackside_engine::vault::Secret;

use crate::people::House;
use crate::place::on_each;

fn code<T>(outcome: Result<T>) -> &'static str {
    outcome.err().map_or("ok", |error| error.code)
}

#[tokio::test]
async fn a_link_is_good_to_the_end_and_no_longer() {
    on_each(async |place| {
        let house = House::build(place).await;
        let (_, cx) = house.set_up().await;
        let moment = TimeDelta::milliseconds(1);
        let mut tokens = Vec::new();
        for name in ["bea", "cid"] {
            let (cx, new) = (cx.clone(), NewInvitation { email: format!("{name}@example.org"), role: Role::Viewer });
            let invite = async move |tx: &mut Tx| invitations::invite(tx, &cx, &cx.actor.may_here()?, new).await;
            tokens.push(place.db.write(invite).await.unwrap().token.unwrap());
        }
        let accept = async |token: &str| {
            let (name, password) = (Some("New".to_owned()), Some(Secret::new("correct horse battery")));
            house.gate.accept(&place.db, None, Acceptance { token: Secret::new(token), name, password }).await.map(drop)
        };
        house.clock.advance(TimeDelta::days(7) - moment);
        assert_eq!(code(accept(&tokens[0]).await), "ok");
        house.clock.advance(moment);
        assert_eq!(code(accept(&tokens[1]).await), "invitation_invalid");

        let found: (UserId,) = place
            .db
            .read()
            .await
            .unwrap()
            .one("select id from users where email = $1", ("bea@example.org",))
            .await
            .unwrap();
        let link = async || {
            let (cx, user) = (cx.clone(), found.0);
            let make = async move |tx: &mut Tx| recovery::reset_link(tx, &cx, &cx.actor.may_here()?, user).await;
            place.db.write(make).await.unwrap().token.unwrap()
        };
        let reset = async |token: &str| {
            house.gate.reset_password(&place.db, &Secret::new(token), &Secret::new("a better horse battery")).await
        };
        let late = link().await;
        house.clock.advance(TimeDelta::hours(1));
        assert_eq!(code(reset(&late).await), "link_invalid");
        let good = link().await;
        house.clock.advance(TimeDelta::hours(1) - moment);
        assert_eq!(code(reset(&good).await), "ok");
        assert_eq!(code(reset(&good).await), "link_invalid");
    })
    .await;
}
