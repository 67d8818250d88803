//! From letters to lines: clean them, choose glyphs, break lines, find the size that fits.

pub mod normalise;
pub mod shape;
pub mod wrap;
pub mod fit;
