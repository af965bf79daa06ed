//! Much work, piece by piece: each for itself, many in one transaction.
//!
//! A transaction a piece would wait for the disk as often as there are pieces, and one transaction for all would hold up
//! every other write for as long as all of them take. So a handful shares one. When a piece fails, those before it in its
//! transaction are done again without it, then it fails alone, and the work goes on behind it: what succeeds does not
//! depend on how the pieces were put together, and they are done in their order.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Db, Tx};
use crate::Result;

/// The most pieces of one transaction: about as many as are written in a few milliseconds.
const TOGETHER: usize = 25;

/// Does the piece of this number. It may be asked more than once, but only one of its transactions is committed.
pub type Piece<T> =
    dyn for<'a> Fn(&'a mut Tx, usize) -> Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>> + Send + Sync;

impl Db {
    /// Does the pieces 0 to `count`, each for itself, in their order; what became of each.
    pub async fn write_each<T: Send + 'static>(&self, count: usize, piece: Arc<Piece<T>>) -> Vec<Result<T>> {
        let mut outcomes = Vec::with_capacity(count);
        let mut most = TOGETHER;
        while outcomes.len() < count {
            let (from, to) = (outcomes.len(), count.min(outcomes.len() + most));
            let reached = Arc::new(AtomicUsize::new(from));
            most = TOGETHER;
            match self.write_some(from, to, piece.clone(), reached.clone()).await {
                Ok(done) => outcomes.extend(done.into_iter().map(Ok)),
                Err(error) => match reached.load(Ordering::Acquire) {
                    at if at == from => outcomes.push(Err(error)),
                    // No piece failed: the commit did, for all of them.
                    at if at == to => outcomes.extend((from..to).map(|_| Err(error.copy()))),
                    at => most = at - from,
                },
            }
        }
        outcomes
    }

    async fn write_some<T: Send + 'static>(
        &self,
        from: usize,
        to: usize,
        piece: Arc<Piece<T>>,
        reached: Arc<AtomicUsize>,
    ) -> Result<Vec<T>> {
        self.write_boxed(Box::new(move |tx: &mut Tx| {
            Box::pin(async move {
                let mut done = Vec::with_capacity(to - from);
                for at in from..to {
                    reached.store(at, Ordering::Release);
                    done.push(piece(tx, at).await?);
                }
                reached.store(to, Ordering::Release);
                Ok(done)
            })
        }))
        .await
    }
}
