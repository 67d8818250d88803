//! `bangtin-simulator`: what every board will show, on the desktop of whoever writes for them.
#![forbid(unsafe_code)]

mod app;
mod boards;
mod broker;
mod check;
mod command;
mod console;
mod demo;
mod desk;
mod document;
mod draft;
mod input;
mod keys;
mod look;
mod pictures;
mod proof;
mod publish;
mod render;
mod reports;
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
    command: Option<Task>,
}

#[derive(Subcommand)]
enum Task {
    /// Run a broker, real boards and sample notices, in a window or the terminal
    Demo(demo::Arguments),
    /// Draw one notice, JSON or CAP XML, on one layout
    Render(render::Arguments),
    /// Say what people will get of one notice on each layout, and what to change
    Check(check::Arguments),
    /// Make a key and the list that makes boards believe it
    Keygen(keys::KeygenArguments),
    /// Print a notice signed
    Sign(publish::SignArguments),
    /// Sign a notice and send it to boards, its pictures first
    Publish(publish::PublishArguments),
    /// End a notice on its boards
    Cancel(publish::CancelArguments),
    /// Ask something of boards and show what they answer
    Command(command::Arguments),
    /// Show what boards report, as it comes
    Watch(watch::Arguments),
}

fn main() -> ExitCode {
    let task = Arguments::parse().command.unwrap_or(Task::Demo(demo::Arguments::default()));
    let outcome = match task {
        Task::Demo(arguments) => demo::run(&arguments),
        Task::Render(arguments) => render::run(&arguments),
        Task::Check(arguments) => check::run(&arguments),
        Task::Keygen(arguments) => keys::keygen(&arguments),
        Task::Sign(arguments) => publish::sign(&arguments),
        Task::Publish(arguments) => publish::publish(&arguments),
        Task::Cancel(arguments) => publish::cancel(&arguments),
        Task::Command(arguments) => command::run(&arguments),
        Task::Watch(arguments) => watch::run(&arguments),
    };
    match outcome {
        Ok(code) => code,
        Err(failure) => {
            console::complain(&format!("{failure:#}"));
            ExitCode::from(2)
        }
    }
}
