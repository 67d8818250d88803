//! `bangtin-agent`: the program on the board.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use bangtin_agent::config::OUTPUT_KINDS;
use bangtin_agent::io::{output, setup, signals};
use bangtin_agent::run;
use clap::{Parser, Subcommand};
use tracing::error;

#[derive(Parser)]
#[command(
    name = "bangtin-agent",
    version,
    about = "The program on a public signboard",
    after_help = "Example: bangtin-agent run --config board.toml"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the board until it is told to stop
    #[command(after_help = "Example: bangtin-agent run --config /etc/bangtin/board.toml")]
    Run {
        /// The board's configuration file
        #[arg(long, value_name = "F")]
        config: PathBuf,
    },
    /// Read everything that `run` would read and say what is wrong with it
    #[command(after_help = "Example: bangtin-agent check --config /etc/bangtin/board.toml")]
    Check {
        /// The board's configuration file
        #[arg(long, value_name = "F")]
        config: PathBuf,
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// List the kinds of output, one a line
    #[command(after_help = "Example: bangtin-agent outputs")]
    Outputs,
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Run { config } => run_board(&config),
        Command::Check { config, json } => check(&config, json),
        Command::Outputs => {
            let lines = OUTPUT_KINDS.map(|(name, built_in, what)| {
                let state = if built_in { "built in" } else { "not in this version" };
                format!("{name:<12}{state:<22}{what}\n")
            });
            print(&lines.concat(), ExitCode::SUCCESS)
        }
    }
}

fn run_board(config: &std::path::Path) -> ExitCode {
    let level = tracing_subscriber::EnvFilter::try_from_env("BANGTIN_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(level).with_writer(std::io::stderr).init();
    let setup = match setup::read(config) {
        Ok(setup) => setup,
        Err(problems) => {
            for problem in problems {
                eprintln!("bangtin-agent: {problem}");
            }
            return ExitCode::from(2);
        }
    };
    let outcome = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| {
            runtime.block_on(run::run(setup, output::open, signals::told_to_stop()))
        });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            error!("{failure:#}");
            ExitCode::from(2)
        }
    }
}

fn check(config: &std::path::Path, json: bool) -> ExitCode {
    let problems = setup::check(config);
    for problem in &problems {
        eprintln!("bangtin-agent: {problem}");
    }
    let code = if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) };
    match json {
        true => print(&format!("{}\n", serde_json::json!({ "problems": problems })), code),
        false => code,
    }
}

/// Prints on standard output; a reader that is gone is a failure, not a panic.
fn print(text: &str, code: ExitCode) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => code,
        Err(error) => {
            eprintln!("bangtin-agent: standard output: {error}");
            ExitCode::from(2)
        }
    }
}
