//! The accept loop: HTTP/1.1 and HTTP/2 over TCP, with limits that a slow or greedy client cannot get around, and an
//! end that lets requests in flight finish. axum's own loop sets no time limit on request heads.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use futures::FutureExt;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// A request's head must have arrived after so long.
const HEAD_WITHIN: Duration = Duration::from_secs(15);
/// The most bytes of a request's head.
const HEAD_BYTES: usize = 32 * 1024;
/// The most headers.
const HEADERS: usize = 100;

/// Serves `router` until `stop`, then lets requests in flight finish for at most `drain`. Says whether all did.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken, drain: Duration) -> bool {
    let graceful = GracefulShutdown::new();
    let builder = builder();
    loop {
        let (stream, peer) = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    refused(&error).await;
                    continue;
                }
            },
        };
        connect(&builder, &graceful, stream, peer, router.clone(), stop.clone());
    }
    drop(listener);
    tokio::time::timeout(drain, graceful.shutdown()).await.is_ok()
}

fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_headers(HEADERS)
        .max_buf_size(HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(20))
        .max_header_list_size(HEAD_BYTES as u32)
        .max_concurrent_streams(256);
    builder
}

fn connect(
    builder: &auto::Builder<TokioExecutor>,
    graceful: &GracefulShutdown,
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    stop: CancellationToken,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection was gone at once");
        return;
    }
    let (asked, mut first) = watch::channel(());
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        asked.send_replace(());
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = router.clone().oneshot(request);
        async move { Ok::<_, Infallible>(answer.await.unwrap_or_else(|never| match never {})) }
    });
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
    let connection = graceful.watch(connection);
    tokio::spawn(async move {
        tokio::pin!(connection);
        // Whoever says nothing, or not enough to tell HTTP/1 from HTTP/2, is met by none of the builder's time limits.
        let ended = tokio::select! {
            biased;
            ended = &mut connection => ended,
            Ok(()) = first.changed() => connection.await,
            () = tokio::time::sleep(HEAD_WITHIN) => return,
            () = stop.cancelled() => connection.as_mut().now_or_never().unwrap_or(Ok(())),
        };
        if let Err(error) = ended {
            tracing::debug!(%peer, %error, "a connection ended badly");
        }
    });
}

/// One connection that could not be accepted is nobody's fault here; no descriptors left is a reason to wait.
async fn refused(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::error!(%error, "connections cannot be accepted; trying again in a second");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
