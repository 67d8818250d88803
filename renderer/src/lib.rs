//! Draws notices on public signboards: content, layouts and fonts in, frames out.
//!
//! Everything here is a function of its arguments. No file is opened, no clock is read and no
//! thread is started, so that the desktop and the board draw the same pixels.
//!
//! ```
//! use bangtin_renderer::{builtin, compose, paint, Content, Frame, Look};
//!
//! let fonts = builtin::fonts();
//! let layout = builtin::layout("led-192x64").expect("a layout that comes with the program");
//! let content = Content::new(Look::Notice, "vi", "LỊCH TIẾP CÔNG DÂN", "Sáng thứ Năm hằng tuần.");
//! let composed = compose(&[content], &layout, &fonts).expect("it fits this panel");
//! let mut frame = Frame::new(layout.panel.width, layout.panel.height);
//! paint(&composed.scene, 0, &mut frame);
//! ```
#![forbid(unsafe_code)]

pub mod problem;
pub mod panel;
pub mod frame;
mod tone;
pub mod picture;
pub mod content;
pub mod fonts;
pub mod risk;
pub mod effect;
pub mod qr;
pub mod layout;
pub mod text;
pub mod scene;
pub mod paint;
pub mod pattern;
pub mod light;
pub mod compose;
pub mod describe;
pub mod legibility;
pub mod builtin;

pub use compose::{Composed, compose, reread};
pub use content::{Code, Content, Illustration, Look};
pub use fonts::Fonts;
pub use frame::Frame;
pub use layout::Layout;
pub use light::Light;
pub use paint::{paint, repaint};
pub use panel::{Area, Panel, Rgb};
pub use picture::Picture;
pub use problem::{Finding, Problem};
pub use scene::Scene;
