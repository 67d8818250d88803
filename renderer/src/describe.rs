//! A scene in words and numbers, for people and scripts that check it without looking.

use serde::Serialize;

use crate::compose::Composed;
use crate::layout::Layout;
use crate::problem::Finding;
use crate::scene::{Drawing, Item, Typeset};

/// What `render --json` prints.
#[derive(Debug, Serialize)]
pub struct Description {
    /// Name of the layout.
    pub layout: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Seconds for one turn.
    pub duration_s: f64,
    /// In the order shown.
    pub pages: Vec<PageDescription>,
    /// What was left out or changed.
    pub findings: Vec<Finding>,
}

/// One page.
#[derive(Debug, Serialize)]
pub struct PageDescription {
    /// Seconds it is shown.
    pub duration_s: f64,
    /// What stands on it.
    pub items: Vec<ItemDescription>,
}

/// One item; the rectangle is the ink's, or the window that a line runs through.
#[derive(Debug, Serialize)]
pub struct ItemDescription {
    /// Name of the zone.
    pub zone: &'static str,
    /// `text`, `code`, `picture` or `clock`.
    pub kind: &'static str,
    /// Left column.
    pub x: u32,
    /// Top row.
    pub y: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Name of the face; empty for codes.
    pub font: String,
    /// Pixels per em; pixels a module for codes.
    pub em_px: u32,
    /// The lines as drawn, in NFC; for a code its data, for a picture its
    /// description.
    pub lines: Vec<String>,
    /// `still` or `marquee`.
    pub motion: &'static str,
    /// Why words have this face, size and motion; empty for codes and pictures.
    pub why: String,
}

/// Describes a composed scene.
pub fn describe(composed: &Composed, layout: &Layout) -> Description {
    let scene = &composed.scene;
    let seconds = |milliseconds: u64| milliseconds as f64 / 1000.0;
    Description {
        layout: layout.name.clone(),
        width: scene.width,
        height: scene.height,
        duration_s: seconds(scene.duration_ms()),
        pages: scene
            .pages
            .iter()
            .map(|page| PageDescription {
                duration_s: seconds(page.duration_ms),
                items: page.items.iter().map(item).collect(),
            })
            .collect(),
        findings: composed.findings.clone(),
    }
}

fn item(item: &Item) -> ItemDescription {
    let typeset = |setting: &Typeset| {
        let Typeset { face, size, lines, why } = setting.clone();
        (face, size, lines, why)
    };
    let (kind, motion, (font, em_px, lines, why)) = match &item.drawing {
        Drawing::Text { setting, .. } => ("text", "still", typeset(setting)),
        Drawing::Marquee { setting, .. } => ("text", "marquee", typeset(setting)),
        Drawing::Clock { setting, .. } => ("clock", "still", typeset(setting)),
        Drawing::Picture { alt, .. } => {
            ("picture", "still", (String::new(), 0, vec![alt.clone()], String::new()))
        }
        Drawing::Code { data, module, .. } => {
            ("code", "still", (String::new(), *module, vec![data.clone()], String::new()))
        }
    };
    let area = if motion == "marquee" { item.area } else { item.ink };
    ItemDescription {
        zone: item.zone.as_str(),
        kind,
        x: area.x,
        y: area.y,
        width: area.width,
        height: area.height,
        font,
        em_px,
        lines,
        motion,
        why,
    }
}
