//! `bangtin-simulator`: what every board will show, on the desktop of whoever writes for them.
#![forbid(unsafe_code)]

mod app;
mod boards;
mod broker;
mod check;
mod console;
mod demo;
mod draft;
mod input;
mod keys;
mod look;
mod publish;
mod render;
mod samples;
mod terminal;
mod watch;
mod words;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "bangtin-simulator",
    version,
    about = "See what every board will show, send notices, watch them arrive",
    after_help = "Without a command the demo runs: a broker, boards and sample notices.\n\n\
                  Example: bangtin-simulator render --layout led-192x64 --notice notice.json"
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run a broker, real boards and sample notices, in a window or the terminal
    Demo(demo::Arguments),
    /// Draw one notice on one layout
    Render(render::Arguments),
    /// Say what people will get of one notice on each layout, and what to change
    Check(check::Arguments),
    /// Make a key and the list that makes boards believe it
    Keygen(keys::KeygenArguments),
    /// Print a notice signed
    Sign(publish::SignArguments),
    /// Sign a notice and send it to boards
    Publish(publish::PublishArguments),
    /// End a notice on its boards
    Cancel(publish::CancelArguments),
    /// Show boards' statuses and receipts as they come
    Watch(watch::Arguments),
}

fn main() -> ExitCode {
    let command = Arguments::parse().command.unwrap_or(Command::Demo(demo::Arguments::default()));
    let outcome = match command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Render(arguments) => render::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Keygen(arguments) => keys::keygen(&arguments),
        Command::Sign(arguments) => publish::sign(&arguments),
        Command::Publish(arguments) => publish::publish(&arguments),
        Command::Cancel(arguments) => publish::cancel(&arguments),
        Command::Watch(arguments) => watch::run(&arguments),
    };
    match outcome {
        Ok(code) => code,
        Err(failure) => {
            console::complain(&format!("{failure:#}"));
            ExitCode::from(2)
        }
    }
}
