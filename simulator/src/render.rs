//! Draws one notice on one layout, as its board will.
#![expect(clippy::disallowed_methods, reason = "pictures go into files")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use bangtin_agent::io::output::{png, terminal};
use bangtin_agent::io::setup;
use bangtin_renderer::{Frame, builtin, describe::describe, paint};
use clap::{Args, ValueEnum};

use crate::draft::{Draft, DraftArguments};
use crate::{console, look};

#[derive(Args)]
#[command(after_help = "Example: bangtin-simulator render --layout led-192x64 \
                        --notice simulator/samples/tiep-cong-dan.json --out board.png")]
pub struct Arguments {
    /// The name of a layout, or the path of one
    #[arg(long, value_name = "L")]
    layout: String,
    #[command(flatten)]
    draft: DraftArguments,
    /// The instant, in seconds after the notice's first frame
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0, allow_negative_numbers = true)]
    at: f64,
    /// The picture to write; without it the terminal shows it
    #[arg(long, value_name = "F.png")]
    out: Option<PathBuf>,
    /// The panel's pixels 1 : 1, or the panel as it looks
    #[arg(long, value_enum, default_value_t = Look::Pixels)]
    look: Look,
    /// Print where everything stands, as one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Look {
    Pixels,
    Panel,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if !(0.0..1e9).contains(&arguments.at) {
        bail!("--at {} is no time after the first frame; give seconds from 0", arguments.at);
    }
    let is_png =
        |path: &PathBuf| path.extension().is_some_and(|end| end.eq_ignore_ascii_case("png"));
    if let Some(path) = arguments.out.as_ref().filter(|path| !is_png(path)) {
        bail!("--out {}: pictures are PNG; let the name end in .png", path.display());
    }
    let fonts = Arc::new(builtin::fonts());
    let layout = match setup::layout(&arguments.layout, &fonts) {
        Ok(layout) => Arc::new(layout),
        Err(problems) => {
            console::print_problems("--layout", &problems);
            return Ok(ExitCode::from(2));
        }
    };
    let draft = Draft::read(&arguments.draft)?;
    let composed = match draft.compose(&layout, &fonts) {
        Ok(composed) => composed,
        Err(problems) => {
            console::print_problems(draft.name(), &problems);
            if arguments.json {
                console::print_line(&serde_json::json!({ "problems": problems }).to_string())?;
            }
            return Ok(ExitCode::from(1));
        }
    };
    let mut frame = Frame::new(layout.panel.width, layout.panel.height);
    paint(&composed.scene, (arguments.at * 1000.0) as u64, &mut frame);
    if arguments.look == Look::Panel {
        frame = look::panel(&frame, &layout.panel);
    }
    if let Some(path) = &arguments.out {
        std::fs::write(path, png::encode(&frame))
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    if arguments.json {
        let description = describe(&composed, &layout);
        console::print_line(&serde_json::to_string_pretty(&description)?)?;
    } else {
        for finding in &composed.findings {
            console::complain(&format!("{}: {}", draft.name(), finding.message));
        }
        if arguments.out.is_none() {
            let (columns, rows) = terminal::size();
            console::print(&terminal::picture(&frame, columns, rows.saturating_sub(2)))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
