//! What commands say: results on standard output, reasons on standard error.

use std::io::Write;

use anyhow::Context;
use bangtin_renderer::Problem;

/// Prints text on standard output.
///
/// # Errors
/// When nobody reads it any more.
pub fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("standard output")
}

/// Prints a line on standard output.
///
/// # Errors
/// When nobody reads it any more.
pub fn print_line(line: &str) -> anyhow::Result<()> {
    print(&format!("{line}\n"))
}

/// Prints problems, one a line, on standard error.
pub fn print_problems(name: &str, problems: &[Problem]) {
    for problem in problems {
        complain(&format!("{name}: {problem}"));
    }
}

/// Prints a line on standard error, where a reader that is gone is no reason to fail.
pub fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "bangtin-simulator: {line}");
}
