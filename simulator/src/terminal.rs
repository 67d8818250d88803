//! The demo's boards in the terminal, one below the other; where there are too few rows for all,
//! they take turns.
#![expect(clippy::disallowed_methods, reason = "the terminal is drawn in real time")]

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use bangtin_agent::io::output::terminal::{picture, size};

use crate::boards::Board;
use crate::console;
use crate::demo::Demo;

/// How often the boards are drawn: running lines stay readable, and a slow link is not flooded.
const EVERY: Duration = Duration::from_millis(80);
/// How often they are where the output is a file or a pipe, which keeps every picture.
const EVERY_IN_FILE: Duration = Duration::from_secs(5);
/// How long a screenful of boards stands, where they take turns, in seconds.
const TURN_S: u64 = 6;
/// Columns and rows of a file, which has room for all.
const FILE_SIZE: (u32, u32) = (200, 1000);

/// Draws until the program is told to end or a board fails.
pub fn run(demo: &mut Demo) -> anyhow::Result<()> {
    let live = std::io::stdout().is_terminal();
    let began = Instant::now();
    if live {
        console::print("\x1b[2J")?;
    }
    while !demo.is_stopped() {
        for board in &mut demo.boards {
            board.check()?;
        }
        let (columns, rows) = if live { size() } else { FILE_SIZE };
        let heading = demo.heading();
        let room = rows.saturating_sub(heading.len() as u32 + 1).max(4);
        let screens = screenfuls(&demo.boards, columns, room);
        let turn = (began.elapsed().as_secs() / TURN_S) as usize % screens.len().max(1);
        let mut text = if live { "\x1b[H".to_owned() } else { String::new() };
        for line in heading.iter().chain(screens.get(turn).into_iter().flatten()) {
            text += &format!("{line}\x1b[K\n");
        }
        console::print(&if live { text + "\x1b[J" } else { plain(&text) })?;
        let drawn = Instant::now();
        let pause = if live { EVERY } else { EVERY_IN_FILE };
        while drawn.elapsed() < pause && !demo.is_stopped() {
            std::thread::sleep(EVERY);
        }
    }
    Ok(())
}

/// The lines of all boards, as many boards together as there are rows for.
fn screenfuls(boards: &[Board], columns: u32, rows: u32) -> Vec<Vec<String>> {
    let mut screens: Vec<Vec<String>> = Vec::new();
    for board in boards {
        let pixels = picture(&board.glass.latest().1, columns, rows.saturating_sub(2).max(1));
        let mut lines = vec![String::new(), format!("{}  ({})", board.name, board.layout)];
        lines.extend(pixels.lines().map(str::to_owned));
        match screens.last_mut().filter(|screen| screen.len() + lines.len() <= rows as usize) {
            Some(screen) => screen.extend(lines),
            None => screens.push(lines),
        }
    }
    screens
}

/// The same without colours: a file keeps letters and blocks, not what steers a terminal.
fn plain(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|letter: char| letter.is_ascii_alphabetic());
        plain.push_str(end.map_or("", |end| &part[end + 1..]));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_gets_no_escapes() {
        assert_eq!(plain("a\x1b[0m\x1b[Kb\n\x1b[38;2;1;2;3;48;2;0;0;0m▀"), "ab\n▀");
    }
}
