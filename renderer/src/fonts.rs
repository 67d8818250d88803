//! The faces that text is set in: outlines for large panels, our own dot faces for LED rows.

pub mod led;
pub mod outline;

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use thiserror::Error;

use led::LedFace;
use outline::OutlineFace;

/// The drawing of one glyph at one size, as coverage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    /// Columns from the pen to the left edge of the ink.
    pub left: i32,
    /// Rows from the baseline up to the top edge of the ink.
    pub top: i32,
    /// Columns of ink.
    pub width: u32,
    /// Rows of ink.
    pub height: u32,
    /// Coverage 0 to 255, `width × height`, row by row.
    pub coverage: Vec<u8>,
}

/// Where a glyph's ink lies, without drawing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ink {
    /// Columns from the pen to the left edge.
    pub left: i32,
    /// Columns of ink.
    pub width: u32,
    /// Rows of ink above the baseline; negative when it begins below.
    pub above: i32,
    /// Rows of ink below the baseline; negative when it ends above.
    pub below: i32,
}

/// One glyph chosen for a stretch of text, in the face's own units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitGlyph {
    /// Index of the glyph within its face.
    pub glyph: u32,
    /// Byte in the text where its cluster begins.
    pub cluster: usize,
    /// Distance to the next glyph.
    pub advance: i32,
    /// Offset of the drawing to the right.
    pub dx: i32,
    /// Offset of the drawing upwards.
    pub dy: i32,
}

/// A face, by its place in [`Fonts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FaceId(usize);

/// Why a face cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FontError {
    /// The outline font's tables are broken or missing.
    #[error("font `{name}`: {reason}")]
    Outline {
        /// Name the face was given under.
        name: String,
        /// What the font reader said.
        reason: String,
    },
    /// The dot face's text does not follow its format.
    #[error("face `{name}`, line {line}: {reason}")]
    Led {
        /// Name the face was given under.
        name: String,
        /// Line of the file, from 1.
        line: usize,
        /// What is wrong and what is expected.
        reason: String,
    },
}

enum Face {
    Outline(Box<OutlineFace>),
    Led(LedFace),
}

/// All faces of a program, with the glyphs that were drawn so far.
pub struct Fonts {
    names: Vec<String>,
    faces: Vec<Face>,
    masks: RwLock<Masks>,
}

/// Glyphs drawn so far, by face, index and size, and how many bytes they take.
#[derive(Default)]
struct Masks {
    drawn: HashMap<(FaceId, u32, u32), Arc<Mask>>,
    bytes: usize,
}

impl Fonts {
    /// How many bytes of drawn glyphs are kept before the cache starts afresh.
    const MASKS_MAX_BYTES: usize = 16 << 20;

    /// No faces.
    pub fn new() -> Self {
        Self { names: Vec::new(), faces: Vec::new(), masks: RwLock::default() }
    }

    /// Adds an OpenType face under a name that layouts use.
    ///
    /// # Errors
    /// When the bytes are not a font that can be drawn and shaped.
    pub fn add_outline(&mut self, name: &str, bytes: &'static [u8]) -> Result<(), FontError> {
        let face = OutlineFace::new(bytes)
            .map_err(|reason| FontError::Outline { name: name.to_owned(), reason })?;
        self.names.push(name.to_owned());
        self.faces.push(Face::Outline(Box::new(face)));
        Ok(())
    }

    /// Adds a dot face, written as described in [`led`], under a name that layouts use.
    ///
    /// # Errors
    /// With the line at which the text leaves the format.
    pub fn add_led(&mut self, name: &str, text: &str) -> Result<(), FontError> {
        let face = LedFace::parse(text).map_err(|(line, reason)| FontError::Led {
            name: name.to_owned(),
            line,
            reason,
        })?;
        self.names.push(name.to_owned());
        self.faces.push(Face::Led(face));
        Ok(())
    }

    /// The face of that name.
    pub fn find(&self, name: &str) -> Option<FaceId> {
        self.names.iter().position(|known| known == name).map(FaceId)
    }

    /// The names of all faces, in the order they were added.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The name of a face.
    pub fn name(&self, face: FaceId) -> &str {
        &self.names[face.0]
    }

    /// Whether the face draws that letter.
    pub fn covers(&self, face: FaceId, letter: char) -> bool {
        match &self.faces[face.0] {
            Face::Outline(outline) => outline.covers(letter),
            Face::Led(led) => led.glyph(letter).is_some(),
        }
    }

    /// Units in one em: sizes scale a face's units by `size / units`.
    pub fn units_per_em(&self, face: FaceId) -> i32 {
        match &self.faces[face.0] {
            Face::Outline(outline) => outline.units_per_em(),
            Face::Led(led) => led.rows(),
        }
    }

    /// The native height of a dot face in rows; `None` for outlines, which take any size.
    pub fn native_rows(&self, face: FaceId) -> Option<u32> {
        match &self.faces[face.0] {
            Face::Outline(_) => None,
            Face::Led(led) => Some(led.rows() as u32),
        }
    }

    /// Chooses glyphs for text that the face covers, left to right.
    pub fn shape(&self, face: FaceId, text: &str) -> Vec<UnitGlyph> {
        match &self.faces[face.0] {
            Face::Outline(outline) => outline.shape(text),
            Face::Led(led) => led.shape(text),
        }
    }

    /// Where a glyph's ink lies at a size in pixels per em.
    pub fn ink(&self, face: FaceId, glyph: u32, size: u32) -> Ink {
        match &self.faces[face.0] {
            Face::Outline(outline) => outline.ink(glyph, size),
            Face::Led(led) => led.ink(glyph, size),
        }
    }

    /// A glyph drawn at a size in pixels per em.
    pub fn mask(&self, face: FaceId, glyph: u32, size: u32) -> Arc<Mask> {
        let key = (face, glyph, size);
        if let Some(mask) = self.masks.read().ok().and_then(|masks| masks.drawn.get(&key).cloned())
        {
            return mask;
        }
        let mask = Arc::new(match &self.faces[face.0] {
            Face::Outline(outline) => outline.mask(glyph, size),
            Face::Led(led) => led.mask(glyph, size),
        });
        if let Ok(mut masks) = self.masks.write() {
            let bytes = size_of::<Mask>() + mask.coverage.len();
            if masks.bytes + bytes > Self::MASKS_MAX_BYTES {
                *masks = Masks::default();
            }
            masks.bytes += bytes;
            masks.drawn.insert(key, Arc::clone(&mask));
        }
        mask
    }
}

impl Default for Fonts {
    fn default() -> Self {
        Self::new()
    }
}
