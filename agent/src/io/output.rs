//! What frames go to. Each kind is one file behind [`Output`].

pub mod png;
pub mod terminal;

use std::io;

use bangtin_renderer::Frame;

use crate::config;

/// Something that makes frames visible.
pub trait Output: Send {
    /// Shows a frame; returns when it is visible, or whole in the hands of what makes it visible.
    ///
    /// # Errors
    /// When the frame could not be shown. The agent then ends, so that what watches it starts it
    /// afresh.
    fn show(&mut self, frame: &Frame) -> io::Result<()>;

    /// Most frames a second that it takes.
    fn fps(&self) -> u32;

    /// Sets how bright the frames from the next one on are, 0 to 100. Outputs that get the frame
    /// untouched ignore it.
    fn set_brightness(&mut self, _percent: u8) {}
}

/// Opens the configured output.
///
/// # Errors
/// When the device or file cannot be opened.
pub fn open(config: &config::Output) -> io::Result<Box<dyn Output>> {
    Ok(match config {
        config::Output::Png { path, fps } => Box::new(png::PngFile::open(path, *fps)?),
        config::Output::Terminal { fps } => Box::new(terminal::Terminal::open(*fps)),
    })
}
