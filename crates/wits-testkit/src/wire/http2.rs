//! HTTP/2 over TLS (RFC 9113): many requests side by side on one connection.
//!
//! What is wrong with an answer can only be told as a stream that is reset: how bytes are sent wrongly is for
//! `http1`.

use std::net::TcpListener;
use std::sync::Arc;

use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use tokio::net::TcpStream;
use tokio::task::{spawn_blocking, spawn_local};
use tokio_rustls::TlsAcceptor;

use super::{Body, Request, Response, Service};

/// Accepts connections for ever.
pub(super) fn listen(
    listener: TcpListener,
    tls: Arc<rustls::ServerConfig>,
    service: &Arc<Service>,
) -> std::io::Result<()> {
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let acceptor = TlsAcceptor::from(tls);
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            let number = service.accepted();
            let (acceptor, service) = (acceptor.clone(), Arc::clone(service));
            spawn_local(serve(stream, acceptor, number, service));
        }
    })
}

/// Serves one connection.
async fn serve(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    number: usize,
    service: Arc<Service>,
) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let stream = acceptor.accept(stream).await.ok()?;
    let mut connection = h2::server::handshake(stream).await.ok()?;
    while let Some(Ok((request, answer))) = connection.accept().await {
        spawn_local(exchange(request, answer, number, Arc::clone(&service)));
    }
    Some(())
}

async fn exchange(
    request: http::Request<RecvStream>,
    mut answer: SendResponse<Bytes>,
    number: usize,
    service: Arc<Service>,
) -> Option<()> {
    let request = read(request, number).await?;
    let exchange = service.begun(&request);
    let (service, response) = spawn_blocking(move || {
        let response = service.answer(&request);
        (service, response)
    })
    .await
    .ok()?;
    let Response {
        status,
        headers,
        body,
    } = response;
    let (Body::Whole(bytes) | Body::Chunked(bytes) | Body::Trickle(bytes, _)) = body else {
        answer.send_reset(h2::Reason::INTERNAL_ERROR);
        return None;
    };
    let mut head = http::Response::builder().status(status);
    for (name, value) in headers {
        head = head.header(name, value);
    }
    let head = head.body(()).expect("headers that a test made up");
    service.ended(exchange);
    let mut stream = answer.send_response(head, bytes.is_empty()).ok()?;
    if !bytes.is_empty() {
        stream.send_data(bytes.into(), true).ok()?;
    }
    Some(())
}

async fn read(request: http::Request<RecvStream>, connection: usize) -> Option<Request> {
    let (head, mut stream) = request.into_parts();
    let mut body = Vec::new();
    while let Some(chunk) = stream.data().await {
        let chunk = chunk.ok()?;
        stream.flow_control().release_capacity(chunk.len()).ok()?;
        body.extend_from_slice(&chunk);
    }
    let text = |value: &http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let mut headers: Vec<_> = head
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), text(value)))
        .collect();
    let authority = head.uri.authority().map(ToString::to_string);
    headers.extend(authority.map(|host| ("host".to_owned(), host)));
    let path = head.uri.path_and_query().map(ToString::to_string);
    Some(Request {
        method: head.method.to_string(),
        path: path.unwrap_or_default(),
        headers,
        body,
        scheme: "https",
        connection,
    })
}
