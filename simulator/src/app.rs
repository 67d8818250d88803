//! The window: every board side by side, moving, and what the officer can do.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use anyhow::anyhow;
use bangtin_renderer::panel::Kind;
use bangtin_renderer::{Frame, builtin};
use eframe::egui::{self, ColorImage, FontData, FontDefinitions, FontFamily, TextureHandle};

use crate::boards::Board;
use crate::demo::{Action, Demo};
use crate::look;
use crate::words::Language;

/// The window's class, by which desktops and tests know it.
const APP_ID: &str = "bangtin-simulator";
/// Largest side of one LED pixel in the window, in screen points.
const DOT_MAX: u32 = 7;
/// Room between boards, and for the words above each, in screen points.
const GAP: egui::Vec2 = egui::vec2(24.0, 16.0);
const WORDS_HEIGHT: f32 = 24.0;

/// Asks the window for another picture, once there is a window.
#[derive(Clone, Default)]
pub struct Wake(Arc<OnceLock<egui::Context>>);

impl Wake {
    /// Asks for another picture.
    pub fn wake(&self) {
        if let Some(context) = self.0.get() {
            context.request_repaint();
        }
    }
}

/// Opens the window and runs it until it is closed.
///
/// # Errors
/// When there is no window to be had, or a board ended.
pub fn run(demo: Rc<RefCell<Demo>>, wake: Wake) -> anyhow::Result<()> {
    let viewport = egui::ViewportBuilder::default()
        .with_app_id(APP_ID)
        .with_title(Language::Vietnamese.words().title)
        .with_inner_size([1400.0, 860.0]);
    let options = eframe::NativeOptions { viewport, ..eframe::NativeOptions::default() };
    let failure = Rc::new(RefCell::new(None));
    let app = App {
        demo,
        textures: Vec::new(),
        language: Language::Vietnamese,
        failure: Rc::clone(&failure),
    };
    eframe::run_native(
        APP_ID,
        options,
        Box::new(move |context| {
            context.egui_ctx.set_fonts(fonts());
            // A second window of the same program would only miss some wake-ups.
            let _ = wake.0.set(context.egui_ctx.clone());
            Ok(Box::new(app))
        }),
    )
    .map_err(|error| anyhow!("no window: {error}"))?;
    failure.take().map_or(Ok(()), Err)
}

/// The window's own words are set in the face that the boards use: it has every letter.
fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let name = "be-vietnam-pro";
    if let Some(bytes) = builtin::outline(name) {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
        fonts.families.entry(FontFamily::Proportional).or_default().insert(0, name.to_owned());
    }
    fonts
}

struct App {
    demo: Rc<RefCell<Demo>>,
    /// Each board's picture with the number of its frame and the size of its dots.
    textures: Vec<Option<(u64, u32, TextureHandle)>>,
    language: Language,
    failure: Rc<RefCell<Option<anyhow::Error>>>,
}

impl eframe::App for App {
    fn ui(&mut self, ui: &mut egui::Ui, _: &mut eframe::Frame) {
        let demo = Rc::clone(&self.demo);
        let mut demo = demo.borrow_mut();
        if demo.is_stopped() {
            ui.ctx().send_viewport_cmd(egui::ViewportCommand::Close);
        }
        for board in &mut demo.boards {
            if let Err(failure) = board.check() {
                self.failure.replace(Some(failure));
                ui.ctx().send_viewport_cmd(egui::ViewportCommand::Close);
            }
        }
        egui::CentralPanel::default().show(ui, |ui| {
            self.controls(ui, &demo);
            ui.separator();
            egui::ScrollArea::both().auto_shrink(false).show(ui, |ui| {
                ui.spacing_mut().item_spacing = GAP;
                let (width, rows) = arrange(&demo.boards, ui.available_size());
                for row in rows {
                    ui.horizontal_top(|ui| {
                        for index in row {
                            self.board(ui, index, &demo.boards[index], width);
                        }
                    });
                }
            });
        });
    }
}

/// The largest width that boards can have and be seen without scrolling, and the boards of each
/// row. Small boards are enlarged more: each is to be read.
fn arrange(boards: &[Board], room: egui::Vec2) -> (f32, Vec<Vec<usize>>) {
    const STEP: usize = 16;
    let mut rows = Vec::new();
    let mut width = room.x;
    for widest in (STEP..=room.x as usize).rev().step_by(STEP) {
        width = widest as f32;
        rows = vec![Vec::new()];
        let (mut across, mut height, mut used) = (0.0_f32, 0.0_f32, 0.0_f32);
        for (index, board) in boards.iter().enumerate() {
            let size = shown_size(board, width);
            if across > 0.0 && across + size.x > room.x {
                rows.push(Vec::new());
                used += height;
                (across, height) = (0.0, 0.0);
            }
            if let Some(row) = rows.last_mut() {
                row.push(index);
            }
            across += size.x + GAP.x;
            height = height.max(size.y + WORDS_HEIGHT + 2.0 * GAP.y);
        }
        if used + height <= room.y {
            break;
        }
    }
    (width, rows)
}

/// Whole screen points a pixel for LED boards, any size for screens.
fn shown_size(board: &Board, width: f32) -> egui::Vec2 {
    let pixels = egui::vec2(board.panel.width as f32, board.panel.height as f32);
    match board.panel.kind {
        Kind::Led => pixels * dot(board, width) as f32,
        Kind::Lcd => pixels * (width / pixels.x).min(1.0),
    }
}

/// Screen points on a side of one LED pixel.
fn dot(board: &Board, width: f32) -> u32 {
    ((width / board.panel.width as f32) as u32).clamp(1, DOT_MAX)
}

impl App {
    fn controls(&mut self, ui: &mut egui::Ui, demo: &Demo) {
        let words = self.language.words();
        ui.horizontal(|ui| {
            ui.heading(words.title);
            let send = egui::Button::new(
                egui::RichText::new(words.send_emergency).color(egui::Color32::WHITE).strong(),
            )
            .fill(egui::Color32::from_rgb(176, 0, 0));
            // A click too many is lost, as it should be.
            if ui.add(send).clicked() {
                let _ = demo.desk.try_send(Action::SendEmergency);
            }
            if ui.button(words.end_emergency).clicked() {
                let _ = demo.desk.try_send(Action::EndEmergency);
            }
            if ui.button(words.other_language).clicked() {
                self.language = self.language.other();
                let title = self.language.words().title.to_owned();
                ui.ctx().send_viewport_cmd(egui::ViewportCommand::Title(title));
            }
        });
        ui.label(format!("{} {}: {}", words.hint, words.broker, demo.broker));
    }

    fn board(&mut self, ui: &mut egui::Ui, index: usize, board: &Board, width: f32) {
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 4.0;
            let name = egui::RichText::new(&board.name).strong();
            ui.horizontal(|ui| {
                ui.label(name);
                ui.weak(&board.layout);
            });
            let texture = self.texture(ui.ctx(), index, board, dot(board, width));
            ui.image((texture.id(), shown_size(board, width)));
        });
    }

    /// The board's picture, made anew when it shows another frame.
    fn texture(
        &mut self,
        context: &egui::Context,
        index: usize,
        board: &Board,
        dot: u32,
    ) -> TextureHandle {
        if self.textures.len() <= index {
            self.textures.resize_with(index + 1, || None);
        }
        let latest = board.glass.latest();
        let slot = &mut self.textures[index];
        match slot {
            Some((number, of, texture)) if *number == latest.0 && *of == dot => texture.clone(),
            _ => {
                let frame = match board.panel.kind {
                    Kind::Led => look::dots(&latest.1, dot),
                    Kind::Lcd => latest.1.clone(),
                };
                let texture = context.load_texture(&board.address, image(&frame), options(board));
                *slot = Some((latest.0, dot, texture.clone()));
                texture
            }
        }
    }
}

fn options(board: &Board) -> egui::TextureOptions {
    match board.panel.kind {
        Kind::Led => egui::TextureOptions::NEAREST,
        Kind::Lcd => egui::TextureOptions::LINEAR,
    }
}

fn image(frame: &Frame) -> ColorImage {
    ColorImage::from_rgb([frame.width() as usize, frame.height() as usize], frame.bytes())
}
