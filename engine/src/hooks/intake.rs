//! Where posts become events: judged by the rules while each still stands alone, then written together.
//!
//! What a post is answered for is one commit, and that commit holds everything the post leads to at once: its event, the
//! place of that in the log, and the runs it starts (see [`runs::dispatch`]). What cannot be judged in a moment is
//! written as an event and left to the dispatcher.

use std::sync::Arc;

use super::model::Receipt;
use super::store;
use crate::Result;
use crate::cx::Source;
use crate::db::{Batch, Db, Gather, Tx};
use crate::events::Fresh;
use crate::ids::HookId;
use crate::jobs::Job;
use crate::runs::dispatch::{self, Ahead, Claim, Dispatcher, Room};

/// Takes the posts of this process. One per program.
pub struct Intake {
    pub(super) db: Db,
    pub(super) source: Source,
    dispatcher: Option<Dispatcher>,
    posts: Gather<Posts>,
}

/// A post that has proved its origin.
pub(super) struct Post {
    pub hook: HookId,
    /// What its sender calls it, if it says so.
    pub delivery: Option<String>,
    pub event: Fresh,
}

struct Judged {
    post: Post,
    ahead: Option<Arc<Ahead>>,
}

impl Intake {
    /// An intake into this database. Without a dispatcher, as on a node that does no work by itself, nothing is judged here.
    pub fn start(db: Db, source: Source, dispatcher: Option<Dispatcher>) -> Self {
        let posts = Posts { db: db.clone(), source: source.clone(), dispatcher: dispatcher.clone() };
        Self { db, source, dispatcher, posts: Gather::start(posts) }
    }

    /// Stores a post, or knows it again.
    pub(super) async fn take(&self, post: Post) -> Result<Receipt> {
        if post.event.is_heavy() {
            return self.posts.put_alone(Judged { post, ahead: None }).await;
        }
        let ahead = self.dispatcher.as_ref().and_then(|dispatcher| dispatcher.judge_ahead(&post.event));
        self.posts.put(Judged { post, ahead: ahead.map(Arc::new) }).await
    }
}

/// How posts are written.
struct Posts {
    db: Db,
    source: Source,
    dispatcher: Option<Dispatcher>,
}

impl Batch for Posts {
    type Item = Judged;
    type Answer = Receipt;

    async fn write(&self, posts: Vec<Arc<Judged>>) -> Result<Vec<Receipt>> {
        let mut ahead: Vec<_> = posts.iter().map(|judged| judged.ahead.clone()).collect();
        if let Some(dispatcher) = &self.dispatcher {
            for _ in 0..2 {
                let room = dispatcher.room_for(ahead.iter().flatten().map(|ahead| &**ahead));
                let turn = dispatcher.turn().await;
                match self.store(posts.clone(), ahead.clone(), room.as_ref().map(Room::claim)).await {
                    Ok((receipts, claimed)) => {
                        drop(turn);
                        dispatcher.start(room, claimed);
                        return Ok(receipts);
                    }
                    Err(error) if matches!(error.code, dispatch::RULES_CHANGED | dispatch::RULE_GONE) => {}
                    Err(error) => return Err(error),
                }
                // What counts is what the rules are when a post is answered.
                dispatcher.refresh().await?;
                let anew = |(judged, ahead): (&Arc<Judged>, &Option<Arc<Ahead>>)| {
                    ahead.as_ref().and_then(|_| dispatcher.judge_ahead(&judged.post.event)).map(Arc::new)
                };
                ahead = posts.iter().zip(&ahead).map(anew).collect();
            }
        }
        // Nothing is judged here, or the rules change faster than that.
        ahead.fill(None);
        self.store(posts, ahead, None).await.map(|(receipts, _)| receipts)
    }
}

impl Posts {
    async fn store(
        &self,
        posts: Vec<Arc<Judged>>,
        ahead: Vec<Option<Arc<Ahead>>>,
        claim: Option<Claim>,
    ) -> Result<(Vec<Receipt>, Vec<Job>)> {
        let source = self.source.clone();
        self.db
            .write(async move |tx| {
                let receipts = receipts(tx, &source, &posts).await?;
                let judged = posts.iter().zip(&ahead).map(|(judged, ahead)| (&judged.post.event, ahead.as_deref()));
                let new = judged.zip(&receipts).filter(|(_, receipt)| !receipt.duplicate);
                let new: Vec<_> = new.map(|(judged, _)| judged).collect();
                let claimed = dispatch::admit(tx, &source, &new, claim.as_ref()).await?;
                Ok((receipts, claimed))
            })
            .await
    }
}

/// What posts are to be answered: a delivery that came before is that one's event.
async fn receipts(tx: &mut Tx, source: &Source, posts: &[Arc<Judged>]) -> Result<Vec<Receipt>> {
    let of = |judged: &Arc<Judged>| Receipt { event_id: judged.post.event.id(), duplicate: false };
    let mut receipts: Vec<Receipt> = posts.iter().map(of).collect();
    let named = |judged: &Arc<Judged>| judged.post.delivery.clone().map(|delivery| (judged.post.hook, delivery));
    let mut named: Vec<_> =
        posts.iter().zip(&mut receipts).filter_map(|(judged, receipt)| Some((named(judged)?, receipt))).collect();
    // Two nodes that store the same deliveries must take them in the same order, or PostgreSQL ends one of them.
    named.sort_by(|(one, _), (other, _)| one.cmp(other));
    for ((hook, delivery), receipt) in named {
        if !store::insert_delivery(tx, hook, &delivery, receipt.event_id, source.now()).await? {
            *receipt = Receipt { event_id: store::find_delivery(tx, hook, &delivery).await?, duplicate: true };
        }
    }
    Ok(receipts)
}
