//! `farmgate builtin`: the servers that come with farmgate, as `up` starts them.
//!
//! It is hidden: farm files name such a server as `builtin:everything`.

use crate::args::{Builtin, BuiltinServer};
use crate::exit::Exit;
use crate::problem::{Failure, Problem};

/// Serves until a signal ends it, or until the input does.
///
/// # Errors
/// If it can't listen, or if its client doesn't speak MCP.
pub fn run(args: &Builtin) -> Result<Exit, Failure> {
    let BuiltinServer::Everything = args.server;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| failed(&error))?;
    let served = runtime.block_on(async {
        let Some(address) = args.listen else {
            return farmgate_everything::stdio().await;
        };
        let listener = tokio::net::TcpListener::bind(address).await?;
        farmgate_everything::http(listener, ended()).await
    });
    // What still reads the standard input can't be waited for.
    runtime.shutdown_background();
    served.map(|()| Exit::Fine).map_err(|error| failed(&error))
}

/// Until a signal says that it is over.
async fn ended() {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    let (Ok(mut terminate), Ok(mut interrupt)) = signals else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

fn failed(error: &std::io::Error) -> Failure {
    Failure::environment(vec![Problem::Plain {
        code: "cannot-serve",
        file: None,
        message: format!("the server can't serve: {error}"),
        help: None,
    }])
}
