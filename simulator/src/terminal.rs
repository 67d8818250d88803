//! The demo's boards in the terminal, one below the other.
#![expect(clippy::disallowed_methods, reason = "the terminal is drawn in real time")]

use std::io::{IsTerminal, Write};
use std::time::Duration;

use bangtin_agent::io::output::terminal::picture;

use crate::boards::Board;
use crate::demo::Demo;

/// How often the boards are drawn: running lines stay readable, and a slow link is not flooded.
const EVERY: Duration = Duration::from_millis(80);
/// How often they are where the output is a file or a pipe, which keeps every picture.
const EVERY_IN_FILE: Duration = Duration::from_secs(5);

/// Draws until the demo fails or the program is told to stop.
pub fn run(demo: &mut Demo) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    let live = out.is_terminal();
    if live {
        write!(out, "\x1b[2J")?;
    }
    loop {
        let columns = terminal_size::terminal_size().map_or(100, |(width, _)| width.0.into());
        let mut text = if live { "\x1b[H".to_owned() } else { String::new() };
        for line in demo.heading() {
            text += &format!("{line}\x1b[K\n");
        }
        for board in &mut demo.boards {
            board.check()?;
            text += &format!("\n{}\x1b[K\n{}", title(board), pixels(board, columns));
        }
        write!(out, "{text}\x1b[J")?;
        out.flush()?;
        std::thread::sleep(if live { EVERY } else { EVERY_IN_FILE });
    }
}

fn title(board: &Board) -> String {
    format!("{}  ({})", board.name, board.layout)
}

fn pixels(board: &Board, columns: u32) -> String {
    picture(&board.glass.latest().1, columns)
}
