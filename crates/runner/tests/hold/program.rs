//! A stand-in for farmgate that the tests can kill: starts what its arguments name, and holds it.
//!
//! `farmgate-hold MARK adopt|leave PROGRAM ARGS…` starts the program with `MARK` in its environment,
//! says `held` when the program has printed a line, and stops it when a signal asks for that. On a
//! line of its standard input it prints the child's figures.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::os::fd::AsFd as _;
use std::time::Duration;

use farmgate_runner::{Child, Start, orphans};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::signal::unix::{SignalKind, signal};

fn main() {
    farmgate_runner::keeper::serve_if_asked();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    std::process::exit(runtime.block_on(hold()));
}

async fn hold() -> i32 {
    let mut args = std::env::args_os().skip(1);
    let mark = args.next().unwrap();
    let adopts = args.next().unwrap() == "adopt";
    let start = Start::new(args.next().unwrap(), args).with("MARK", mark);
    let mut terminate = signal(SignalKind::terminate()).unwrap();
    let mut interrupt = signal(SignalKind::interrupt()).unwrap();
    if adopts {
        orphans::adopt().unwrap();
        tokio::spawn(orphans::reap());
    }
    let mut child = Child::start(&start).unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.next_line().await.unwrap();
    println!("held {:?}", farmgate_runner::keeper::mode());
    let asked = std::io::stdin().as_fd().try_clone_to_owned().unwrap();
    let asked = tokio::net::unix::pipe::Receiver::from_owned_fd(asked).unwrap();
    let mut asked = BufReader::new(asked).lines();
    let mut asking = true;
    loop {
        tokio::select! {
            status = child.wait() => return status.unwrap().code().unwrap_or(1),
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            line = asked.next_line(), if asking => {
                asking = line.unwrap().is_some();
                println!("{:?}", child.figures());
            }
        }
    }
    child.stop(Duration::from_millis(300)).await;
    0
}
