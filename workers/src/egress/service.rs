//! The egress as a tower service, so that a vendor's own client library goes through the same wall.

use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http_body::Body;
use http_body_util::{BodyExt, Full};
use tower::{BoxError, Service};
use url::Url;

use super::{Egress, Request, SendError};

/// Sends `http` requests through an [`Egress`]; the URI must be absolute. Made by [`Egress::service`].
///
/// Its error is always a [`SendError`]. An answer above the limit is an error too: a client library would take the
/// cut text for the whole.
#[derive(Clone)]
pub struct WalledService {
    egress: Egress,
    timeout: Duration,
    max_body: usize,
}

impl WalledService {
    pub(super) fn new(egress: Egress, timeout: Duration, max_body: usize) -> Self {
        WalledService { egress, timeout, max_body }
    }
}

impl<B> Service<http::Request<B>> for WalledService
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = http::Response<Full<Bytes>>;
    type Error = SendError;
    type Future = BoxFuture<'static, Result<Self::Response, SendError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let WalledService { egress, timeout, max_body } = self.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let url = Url::parse(&parts.uri.to_string())
                .map_err(|error| SendError::Refused(format!("the URL cannot be read ({error})")))?;
            let body = body
                .collect()
                .await
                .map_err(|error| SendError::Refused(format!("the request's body cannot be read: {}", error.into())))?
                .to_bytes();
            let answer = egress
                .send(Request { method: parts.method, url, headers: parts.headers, body, timeout, max_body })
                .await?;
            if answer.truncated {
                return Err(SendError::Broken(format!("the answer is longer than {max_body} bytes")));
            }
            let mut response = http::Response::new(Full::new(answer.body));
            *response.status_mut() = answer.status;
            *response.headers_mut() = answer.headers;
            Ok(response)
        })
    }
}
