//! The faces that text is set in: outlines for large panels, our own dot faces for LED rows.

pub mod led;
pub mod outline;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, RwLock};

use foldhash::fast::FixedState;
use thiserror::Error;

use crate::frame::{Frame, Ink as Brush, Stamp};
use crate::panel::Rgb;
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
    /// Bytes from one row of `coverage` to the next.
    pub stride: u32,
    /// Coverage 0 to 255, `stride × height`, row by row; 0 from `width` on.
    pub coverage: Vec<u8>,
}

impl Mask {
    /// Rows are a multiple of as many bytes, so that whole stretches can be blended at once.
    const ROW_MULTIPLE: usize = 8;

    /// A mask from rows of `width` bytes, whose ink begins at `left` and `top`.
    fn new(left: i32, top: i32, width: u32, rows: &[u8]) -> Self {
        let (from, to) = (width as usize, (width as usize).next_multiple_of(Self::ROW_MULTIPLE));
        let height = rows.len().checked_div(from).unwrap_or(0);
        let mut coverage = vec![0; to * height];
        for (into, row) in coverage.chunks_exact_mut(to.max(1)).zip(rows.chunks(from.max(1))) {
            into[..from].copy_from_slice(row);
        }
        Self { left, top, width, height: height as u32, stride: to as u32, coverage }
    }

    /// The rows of coverage, each `width` bytes.
    pub fn rows(&self) -> impl Iterator<Item = &[u8]> {
        self.coverage
            .chunks_exact(self.stride.max(1) as usize)
            .map(|row| &row[..self.width as usize])
    }
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

/// All faces of a program, with the glyphs that were drawn so far.
pub struct Fonts {
    faces: Vec<Named>,
    drawn: RwLock<Drawn>,
    /// Words shaped so far, by face.
    words: RwLock<Map<FaceId, Words>>,
}

/// A map that hashes fast: a page asks for some thousand words and glyphs.
type Map<K, V> = HashMap<K, V, FixedState>;

/// Words of one face and their glyphs.
type Words = Map<String, Arc<[UnitGlyph]>>;

/// A face under its name, read when it is first needed: most boards use few of the faces that
/// come with the program, and reading one takes a small Pi tens of milliseconds.
struct Named {
    name: String,
    source: Source,
    face: OnceLock<Face>,
}

#[derive(Clone, Copy)]
enum Source {
    Outline(&'static [u8]),
    Led(&'static str),
}

enum Face {
    Outline(Box<OutlineFace>),
    Led(LedFace),
}

impl Source {
    fn read(self, name: &str) -> Result<Face, FontError> {
        match self {
            Self::Outline(bytes) => OutlineFace::new(bytes)
                .map(|face| Face::Outline(Box::new(face)))
                .map_err(|reason| FontError::Outline { name: name.to_owned(), reason }),
            Self::Led(text) => LedFace::parse(text)
                .map(Face::Led)
                .map_err(|(line, reason)| FontError::Led { name: name.to_owned(), line, reason }),
        }
    }
}

/// A face, a glyph of it and its size in pixels per em.
type Sized = (FaceId, u32, u32);

/// Glyphs drawn so far, and how many bytes they take.
#[derive(Default)]
struct Drawn {
    masks: Map<Sized, Arc<Mask>>,
    tiles: Map<(Sized, Rgb, Rgb), Arc<Frame>>,
    bytes: usize,
}

impl Drawn {
    /// How many bytes of drawn glyphs are kept before the cache starts afresh.
    const MAX_BYTES: usize = 8 << 20;

    fn make_room(&mut self, bytes: usize) {
        if self.bytes + bytes > Self::MAX_BYTES {
            *self = Self::default();
        }
        self.bytes += bytes;
    }
}

impl Fonts {
    /// How many shaped words of a face are kept before they are forgotten: Vietnamese has some
    /// seven thousand syllables, of which notices use few hundred.
    const WORDS_MAX: usize = 4096;

    /// Longest text that is kept. Khmer is written without blanks.
    const WORD_MAX_BYTES: usize = 256;

    /// No faces.
    pub fn new() -> Self {
        Self { faces: Vec::new(), drawn: RwLock::default(), words: RwLock::default() }
    }

    /// Adds an OpenType face under a name that layouts use.
    ///
    /// # Errors
    /// When the bytes are not a font that can be drawn and shaped.
    pub fn add_outline(&mut self, name: &str, bytes: &'static [u8]) -> Result<(), FontError> {
        let source = Source::Outline(bytes);
        let face = source.read(name)?;
        self.faces.push(Named { name: name.to_owned(), source, face: face.into() });
        Ok(())
    }

    /// Adds a dot face, written as described in [`led`], under a name that layouts use.
    ///
    /// # Errors
    /// With the line at which the text leaves the format.
    pub fn add_led(&mut self, name: &str, text: &'static str) -> Result<(), FontError> {
        let source = Source::Led(text);
        let face = source.read(name)?;
        self.faces.push(Named { name: name.to_owned(), source, face: face.into() });
        Ok(())
    }

    /// Adds an OpenType face that is known to be sound.
    pub(crate) fn add_known_outline(&mut self, name: &str, bytes: &'static [u8]) {
        let source = Source::Outline(bytes);
        self.faces.push(Named { name: name.to_owned(), source, face: OnceLock::new() });
    }

    /// Adds a dot face that is known to be sound.
    pub(crate) fn add_known_led(&mut self, name: &str, text: &'static str) {
        let source = Source::Led(text);
        self.faces.push(Named { name: name.to_owned(), source, face: OnceLock::new() });
    }

    /// The face of that name.
    pub fn find(&self, name: &str) -> Option<FaceId> {
        self.faces.iter().position(|face| face.name == name).map(FaceId)
    }

    /// The names of all faces, in the order they were added.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.faces.iter().map(|face| face.name.as_str())
    }

    /// The dot faces, in the order they were added.
    pub fn led_faces(&self) -> impl Iterator<Item = FaceId> {
        let faces = self.faces.iter().enumerate();
        faces.filter(|(_, face)| matches!(face.source, Source::Led(_))).map(|(at, _)| FaceId(at))
    }

    /// The name of a face.
    pub fn name(&self, face: FaceId) -> &str {
        &self.faces[face.0].name
    }

    /// Whether an outline face is bold: 600 and more in OpenType's weights. Dot faces do not say.
    pub fn is_bold(&self, face: FaceId) -> bool {
        match self.faces[face.0].source {
            Source::Outline(bytes) => outline::is_bold(bytes),
            Source::Led(_) => false,
        }
    }

    /// Whether the face draws all letters of the text, each with its marks: a dot face draws no
    /// mark alone.
    pub fn covers(&self, face: FaceId, text: &str) -> bool {
        match self.face(face) {
            Face::Outline(outline) => outline.covers(text),
            Face::Led(led) => led.covers(text),
        }
    }

    /// Units in one em: sizes scale a face's units by `size / units`.
    pub fn units_per_em(&self, face: FaceId) -> i32 {
        match self.face(face) {
            Face::Outline(outline) => outline.units_per_em(),
            Face::Led(led) => led.rows(),
        }
    }

    /// The native height of a dot face in rows; `None` for outlines, which take any size.
    pub fn native_rows(&self, face: FaceId) -> Option<u32> {
        match self.faces[face.0].source {
            Source::Outline(_) => None,
            Source::Led(_) => Some(self.units_per_em(face) as u32),
        }
    }

    /// Chooses glyphs for text that the face covers, left to right.
    pub fn shape(&self, face: FaceId, text: &str) -> Arc<[UnitGlyph]> {
        let known = self.words.read().ok();
        if let Some(glyphs) = known.and_then(|words| words.get(&face)?.get(text).cloned()) {
            return glyphs;
        }
        let glyphs: Arc<[UnitGlyph]> = match self.face(face) {
            Face::Outline(outline) => outline.shape(text).into(),
            Face::Led(led) => led.shape(text).into(),
        };
        if let Ok(mut words) = self.words.write() {
            let words = words.entry(face).or_default();
            if words.len() >= Self::WORDS_MAX {
                words.clear();
            }
            if text.len() <= Self::WORD_MAX_BYTES {
                words.insert(text.to_owned(), Arc::clone(&glyphs));
            }
        }
        glyphs
    }

    /// Where a glyph's ink lies at a size in pixels per em.
    pub fn ink(&self, face: FaceId, glyph: u32, size: u32) -> Ink {
        match self.face(face) {
            Face::Outline(outline) => outline.ink(glyph, size),
            Face::Led(led) => led.ink(glyph, size),
        }
    }

    /// A glyph drawn at a size in pixels per em.
    pub fn mask(&self, face: FaceId, glyph: u32, size: u32) -> Arc<Mask> {
        let key = (face, glyph, size);
        if let Some(mask) = self.drawn.read().ok().and_then(|drawn| drawn.masks.get(&key).cloned())
        {
            return mask;
        }
        let mask = Arc::new(match self.face(face) {
            Face::Outline(outline) => outline.mask(glyph, size),
            Face::Led(led) => led.mask(glyph, size),
        });
        if let Ok(mut drawn) = self.drawn.write() {
            drawn.make_room(size_of::<Mask>() + mask.coverage.len());
            drawn.masks.insert(key, Arc::clone(&mask));
        }
        mask
    }

    /// A glyph in its colour on its ground, as large as its [`mask`](Self::mask): copying it costs
    /// a tenth of blending the mask.
    pub fn tile(&self, face: FaceId, glyph: u32, size: u32, ink: Rgb, ground: Rgb) -> Arc<Frame> {
        let key = ((face, glyph, size), ink, ground);
        if let Some(tile) = self.drawn.read().ok().and_then(|drawn| drawn.tiles.get(&key).cloned())
        {
            return tile;
        }
        let mask = self.mask(face, glyph, size);
        let Mask { width, stride, coverage, .. } = &*mask;
        let mut tile = Frame::new(*width, mask.height);
        tile.fill(tile.area(), ground);
        let stamp = Stamp { x: 0, y: 0, width: *width, stride: *stride, coverage };
        tile.blend(stamp, tile.area(), Brush::opaque(ink));
        let tile = Arc::new(tile);
        if let Ok(mut drawn) = self.drawn.write() {
            drawn.make_room(size_of::<Frame>() + tile.bytes().len());
            drawn.tiles.insert(key, Arc::clone(&tile));
        }
        tile
    }
}

impl Fonts {
    fn face(&self, FaceId(at): FaceId) -> &Face {
        let Named { name, source, face } = &self.faces[at];
        face.get_or_init(|| source.read(name).expect("faces added unread are known to be sound"))
    }
}

impl Default for Fonts {
    fn default() -> Self {
        Self::new()
    }
}
