//! Serving over HTTP (Streamable HTTP, both eras) and over standard input and output.

use std::io;
use std::sync::Arc;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use rmcp::ServiceExt;
use rmcp::transport::StreamableHttpService;
use rmcp::transport::streamable_http_server::StreamableHttpServerConfig;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use tokio::net::TcpListener;

use crate::hang_up::HangUp;
use crate::server::Everything;
use crate::shared::Shared;

/// The server as `rmcp` runs it.
type Service = StreamableHttpService<Everything, LocalSessionManager>;

/// Serves HTTP at any path until `stop` is done; then lets open requests end, and sessions not.
///
/// # Errors
/// If the system has no randomness for its key. A connection that fails ends by itself.
pub async fn http(listener: TcpListener, stop: impl Future<Output = ()>) -> io::Result<()> {
    let shared = Arc::new(Shared::new()?);
    let config = StreamableHttpServerConfig::default().with_allowed_origins([
        "http://localhost:*",
        "http://127.0.0.1:*",
        "http://[::1]:*",
    ]);
    let stopped = config.cancellation_token.clone();
    let factory = move || Ok(Everything::new(shared.clone()));
    let service = Service::new(factory, Arc::default(), config);
    let connections = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        // The system is short of something, or the client has left already: the next may do better.
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let service = service.clone();
        let handle = service_fn(move |request| answer(service.clone(), request));
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), handle);
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            // A client that leaves is no error of this server.
            let _ = connection.await;
        });
    }
    // Streams and sessions end with it.
    stopped.cancel();
    connections.shutdown().await;
    Ok(())
}

async fn answer(
    service: Service,
    mut request: Request<Incoming>,
) -> io::Result<Response<impl http_body::Body<Data = bytes::Bytes, Error = std::convert::Infallible>>>
{
    let hang_up = HangUp::default();
    request.extensions_mut().insert(hang_up.clone());
    Ok(service.handle(request).await.map(|body| hang_up.line(body)))
}

/// Serves one client over standard input and output, until the input ends.
///
/// # Errors
/// If the client doesn't begin as MCP says, or the system has no randomness.
pub async fn stdio() -> io::Result<()> {
    let shared = Arc::new(Shared::new()?);
    let running = Everything::new(shared).serve(rmcp::transport::stdio()).await;
    running.map_err(io::Error::other)?.waiting().await.map_err(io::Error::other)?;
    Ok(())
}
