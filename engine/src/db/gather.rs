//! Gathers what many ask to have written into few writes.
//!
//! What arrives while a write is under way is the next write; there is no lingering for more, so a single item waits for
//! nobody. It is worth it where the same few statements are wanted again and again: one closure, one answer from the
//! writer and, on PostgreSQL, one round trip per statement then serve a whole batch.
//!
//! A batch commits or fails as one. When it fails and the database is not to blame, each of its items is tried by itself,
//! so that none suffers for another.

use std::future::Future;
use std::panic::{AssertUnwindSafe, Location};
use std::sync::Arc;

use futures::FutureExt;
use tokio::sync::{mpsc, oneshot};

use super::writer::panicked;
use crate::{Class, Error, Result};

/// Most items of one write.
const MOST: usize = 128;
/// The code of the error that says that the database does not answer.
const AWAY: &str = "database_unavailable";

/// How a batch is written.
pub(crate) trait Batch: Send + Sync + 'static {
    /// What is to be written.
    type Item: Send + Sync + 'static;
    /// What whoever gave it learns of it.
    type Answer: Send + 'static;

    /// Writes these in one transaction and answers them in their order.
    fn write(&self, items: Vec<Arc<Self::Item>>) -> impl Future<Output = Result<Vec<Self::Answer>>> + Send;
}

type Waiting<B> = (Arc<<B as Batch>::Item>, oneshot::Sender<Result<<B as Batch>::Answer>>);

/// The way to a task that writes batches; the task ends with it.
pub(crate) struct Gather<B: Batch> {
    batch: Arc<B>,
    queue: mpsc::Sender<Waiting<B>>,
}

impl<B: Batch> Gather<B> {
    /// Starts the task.
    pub(crate) fn start(batch: B) -> Self {
        let (batch, (queue, waiting)) = (Arc::new(batch), mpsc::channel(MOST));
        tokio::spawn(work(batch.clone(), waiting));
        Self { batch, queue }
    }

    /// Has an item written; answers after the commit. When this is dropped half way, it may be written all the same.
    pub(crate) async fn put(&self, item: B::Item) -> Result<B::Answer> {
        let (reply, answer) = oneshot::channel();
        self.queue.send((Arc::new(item), reply)).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Writes an item by itself: one so large that others would wait for it.
    pub(crate) async fn put_alone(&self, item: B::Item) -> Result<B::Answer> {
        one(&*self.batch, Arc::new(item)).await
    }
}

fn closed() -> Error {
    Error::busy("database_closed", "The program is stopping. Try again.")
}

async fn work<B: Batch>(batch: Arc<B>, mut queue: mpsc::Receiver<Waiting<B>>) {
    let mut waiting = Vec::with_capacity(MOST);
    while queue.recv_many(&mut waiting, MOST).await > 0 {
        let (items, replies): (Vec<_>, Vec<_>) = waiting.drain(..).filter(|(_, reply)| !reply.is_closed()).unzip();
        let answers = write(&*batch, items).await;
        let away = answers.iter().filter_map(|answer| answer.as_ref().err()).find(|error| error.code == AWAY);
        if let Some(away) = away.map(Error::copy) {
            // Who came meanwhile has waited as long: in turn, the last of many would wait for minutes to hear the same.
            while let Ok((_, reply)) = queue.try_recv() {
                drop(reply.send(Err(away.copy())));
            }
        }
        // Whoever gave an item may be gone; what was committed stays.
        replies.into_iter().zip(answers).for_each(|(reply, answer)| drop(reply.send(answer)));
    }
}

async fn write<B: Batch>(batch: &B, items: Vec<Arc<B::Item>>) -> Vec<Result<B::Answer>> {
    let count = items.len();
    match attempt(batch, items.clone()).await {
        Ok(answers) => answers.into_iter().map(Ok).collect(),
        Err(error) if count == 1 || error.class == Class::Busy => items.iter().map(|_| Err(error.copy())).collect(),
        Err(error) => {
            tracing::debug!(%error, count, "a batch failed; its items are written one by one");
            let mut answers = Vec::with_capacity(count);
            for item in items {
                answers.push(one(batch, item).await);
            }
            answers
        }
    }
}

async fn one<B: Batch>(batch: &B, item: Arc<B::Item>) -> Result<B::Answer> {
    attempt(batch, vec![item]).await?.pop().ok_or_else(|| Error::internal("A batch of one was not answered."))
}

/// A panic must not end the task: all that come later would wait for it.
async fn attempt<B: Batch>(batch: &B, items: Vec<Arc<B::Item>>) -> Result<Vec<B::Answer>> {
    if items.is_empty() {
        return Ok(Vec::new());
    }
    let written = AssertUnwindSafe(batch.write(items)).catch_unwind().await;
    written.unwrap_or_else(|panic| Err(panicked(&*panic, Location::caller())))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Doubles numbers; refuses 13, panics over 66, and says that the database is away at 99.
    #[derive(Default, Clone)]
    struct Doubles(Arc<Mutex<Vec<usize>>>);

    impl Batch for Doubles {
        type Item = u32;
        type Answer = u32;

        async fn write(&self, items: Vec<Arc<u32>>) -> Result<Vec<u32>> {
            self.0.lock().unwrap().push(items.len());
            tokio::task::yield_now().await;
            match items.iter().find(|item| matches!(***item, 13 | 66 | 99)).map(|item| **item) {
                Some(13) => Err(Error::conflict("unlucky", "thirteen")),
                Some(99) => Err(Error::busy(AWAY, "away")),
                Some(_) => panic!("sixty-six"),
                None => Ok(items.iter().map(|item| **item * 2).collect()),
            }
        }
    }

    async fn put_all(gather: &Gather<Doubles>, items: &[u32]) -> Vec<Result<u32, &'static str>> {
        let answers = futures::future::join_all(items.iter().map(|item| gather.put(*item))).await;
        answers.into_iter().map(|answer| answer.map_err(|error| error.code)).collect()
    }

    #[tokio::test]
    async fn what_comes_together_is_written_together() {
        let doubles = Doubles::default();
        let gather = Gather::start(doubles.clone());
        let items: Vec<u32> = (100..200).collect();
        assert!(put_all(&gather, &items).await.into_iter().eq(items.iter().map(|item| Ok(item * 2))));
        assert!(doubles.0.lock().unwrap().len() <= 3, "{:?}", doubles.0.lock().unwrap());
    }

    #[tokio::test]
    async fn while_the_database_is_away_nobody_waits_for_a_turn() {
        let doubles = Doubles::default();
        let gather = Gather::start(doubles.clone());
        let items = [99; 500];
        assert!(put_all(&gather, &items).await.iter().all(|answer| *answer == Err(AWAY)));
        assert!(doubles.0.lock().unwrap().len() <= 4, "{:?}", doubles.0.lock().unwrap());
    }

    #[tokio::test]
    async fn nobody_suffers_for_another_and_the_task_goes_on() {
        let gather = Gather::start(Doubles::default());
        assert_eq!(put_all(&gather, &[1, 13, 2]).await, [Ok(2), Err("unlucky"), Ok(4)]);
        assert_eq!(put_all(&gather, &[3, 66]).await, [Ok(6), Err("write_panicked")]);
        assert_eq!(put_all(&gather, &[4, 99]).await, [Err(AWAY), Err(AWAY)]);
        assert_eq!(gather.put_alone(5).await.map_err(|error| error.code), Ok(10));
        assert_eq!(put_all(&gather, &[6]).await, [Ok(12)]);
    }
}
