//! Which codes a panel can draw, and whether they can be read back from it.

use crate::content::{Code, Content};
use crate::frame::Frame;
use crate::layout::{Layout, PageKind, ZoneName};
use crate::paint::paint_area;
use crate::problem::Finding;
use crate::qr::{self, Modules, QUIET_ZONE};
use crate::scene::{Drawing, Scene};

/// A code that has room, and the words beside it.
#[derive(Debug, Clone)]
pub(super) struct DrawnCode {
    pub(super) data: String,
    pub(super) modules: Modules,
    pub(super) caption: String,
}

/// Parts a content's codes into those that are drawn and the captions of those that are not: for
/// want of room, or because they are among the `unreadable`.
pub(super) fn choose(
    content: &Content,
    captions: Vec<String>,
    layout: &Layout,
    unreadable: &[String],
    findings: &mut Vec<Finding>,
) -> (Vec<DrawnCode>, Vec<String>) {
    let zone = layout
        .page_beside(PageKind::Service, content.look)
        .and_then(|page| page.zones.iter().find(|zone| zone.name == ZoneName::Code));
    let room = zone.map_or(0, |zone| zone.area.width.min(zone.area.height));
    let (mut drawn, mut said) = (Vec::new(), Vec::new());
    for ((number, Code { data, .. }), caption) in (1..).zip(&content.codes).zip(captions) {
        let data = qr::address(data);
        let modules = qr::encode(&data, zone.map(|zone| zone.correction).unwrap_or_default());
        let needed = modules.as_ref().map(|modules| modules.side + 2 * QUIET_ZONE);
        let mut leave_out = |why: String, value: String, limit: u32| {
            let message = format!("code {number} {why}; its address stands in the text");
            findings.push(Finding::new("code_left_out", "code", message, value, limit));
        };
        match modules.filter(|_| needed.is_some_and(|needed| needed <= room)) {
            Some(_) if unreadable.contains(&data) => {
                let why = format!("cannot be read back from the pixels of {}", layout.name);
                leave_out(why, data, room);
                said.push(caption);
            }
            Some(modules) => drawn.push(DrawnCode { data, modules, caption }),
            None => {
                let needed = needed.map_or("more than a code holds".to_owned(), |n| n.to_string());
                let why = match zone {
                    Some(_) => format!("needs {needed} pixels, {} gives {room}", layout.name),
                    None => format!("has no place on {}", layout.name),
                };
                leave_out(why, needed, room);
                said.push(caption);
            }
        }
    }
    (drawn, said)
}

/// The data of codes that a reader does not find on the panel as they are painted.
pub(super) fn unreadable(scene: &Scene) -> Vec<String> {
    let mut unreadable = Vec::new();
    for (index, page) in scene.pages.iter().enumerate() {
        for item in &page.items {
            let Drawing::Code { data, .. } = &item.drawing else { continue };
            let mut frame = Frame::new(scene.width, scene.height);
            paint_area(scene, scene.page_start_ms(index), item.area, &mut frame);
            if qr::read_back(&frame, item.area).as_ref() != Some(data) {
                unreadable.push(data.clone());
            }
        }
    }
    unreadable
}

#[cfg(test)]
mod tests {
    use crate::builtin;
    use crate::compose::{compose, reread};
    use crate::content::{Code, Content, Look};
    use crate::layout::Layout;
    use crate::scene::{Drawing, Scene};

    fn content() -> Content {
        let code = Code {
            data: "HTTPS://DICHVUCONG.GOV.VN".into(),
            caption: "Dịch vụ công dichvucong.gov.vn".into(),
        };
        let look = Look::Emergency;
        Content {
            codes: vec![code], ..Content::new(look, "vi", "TIN BÃO", "Ở yên trong nhà.")
        }
    }

    fn has_code(scene: &Scene) -> bool {
        let mut items = scene.pages.iter().flat_map(|page| &page.items);
        items.any(|item| matches!(item.drawing, Drawing::Code { .. }))
    }

    #[test]
    fn codes_on_every_panel_are_read_back() {
        let fonts = builtin::fonts();
        for layout in builtin::layout_names().filter_map(builtin::layout) {
            let composed = compose(&[content()], &layout, &fonts).expect("it can be drawn");
            assert_eq!(has_code(&composed.scene), layout.name != "led-96x16", "{}", layout.name);
            let better = reread(&[content()], &layout, &fonts, &composed.scene);
            assert!(
                better.is_none(),
                "{}: {:?}",
                layout.name,
                better.map(|b| b.map(|b| b.findings))
            );
        }
    }

    /// Light modules as dark as the others: a layout may say so, and nobody could scan it.
    #[test]
    fn a_code_that_nobody_can_read_is_left_out_and_its_host_stays() {
        let fonts = builtin::fonts();
        let text = builtin::layout_text("led-192x64").expect("a layout of the program");
        let text = text.replace(r#"name = "code","#, r##"name = "code", colour = "#010101","##);
        let layout = Layout::parse("dim", &text, &fonts).expect("sound");
        let composed = compose(&[content()], &layout, &fonts).expect("it can be drawn");
        assert!(has_code(&composed.scene) && composed.findings.is_empty());
        let better = reread(&[content()], &layout, &fonts, &composed.scene);
        let better = better.expect("unreadable").expect("the words are left");
        assert!(!has_code(&better.scene));
        let codes: Vec<_> = better.findings.iter().map(|f| f.code.as_str()).collect();
        assert_eq!(codes, ["code_left_out"]);
        assert!(format!("{:?}", better.scene).contains("dichvucong.gov.vn"));
    }
}
