//! Draws one notice on one layout, as its board will.
#![expect(clippy::disallowed_methods, reason = "drafts are drawn now, into files")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use bangtin_agent::admit::{Admitted, Door, From, admit};
use bangtin_agent::area::{Address, Area};
use bangtin_agent::io::output::{png, terminal};
use bangtin_agent::io::setup;
use bangtin_agent::notice::{Class, Kind, read};
use bangtin_agent::pages::Board;
use bangtin_agent::signature::{NOTICE_TYPE, Trusted, sign, trusted_toml};
use bangtin_renderer::{Fonts, Frame, Layout, Problem, builtin, describe::describe, paint};
use clap::{Args, ValueEnum};
use jiff::Timestamp;

use crate::{console, input, keys, look};

#[derive(Args)]
#[command(after_help = "Example: bangtin-simulator render --layout led-192x64 \
                        --notice simulator/samples/tiep-cong-dan.json --out board.png")]
pub struct Arguments {
    /// The name of a layout, or the path of one
    #[arg(long, value_name = "L")]
    layout: String,
    /// The notice, unsigned JSON; `-` reads standard input
    #[arg(long, value_name = "N")]
    notice: String,
    /// The instant, in seconds after the notice's first frame
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0, allow_negative_numbers = true)]
    at: f64,
    /// The picture to write; without it the terminal shows it
    #[arg(long, value_name = "F.png")]
    out: Option<PathBuf>,
    /// The panel's pixels 1 : 1, or the panel as it looks
    #[arg(long, value_enum, default_value_t = Look::Pixels)]
    look: Look,
    /// A host that codes may lead to, besides *.gov.vn
    #[arg(long, value_name = "HOST")]
    host: Vec<String>,
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
    let json = input::notice(&arguments.notice)?;
    let admitted = match draft(&json, &layout, &fonts, &arguments.host) {
        Ok(admitted) => admitted,
        Err(problems) => {
            console::print_problems(&arguments.notice, &problems);
            if arguments.json {
                console::print_line(&serde_json::json!({ "problems": problems }).to_string())?;
            }
            return Ok(ExitCode::from(1));
        }
    };
    let composed = admitted.composed.context("a cancel draws nothing")?;
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
            console::complain(&format!("{}: {}", arguments.notice, finding.message));
        }
        if arguments.out.is_none() {
            let (columns, rows) = terminal::size();
            console::print(&terminal::picture(&frame, columns, rows.saturating_sub(2)))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What is wrong with a cancel where a picture is asked for.
pub fn draws_nothing() -> Problem {
    Problem::new("nothing_to_draw", "kind", "a cancel draws nothing", "cancel", "")
}

/// Admits a draft through the board's own door, signed with a key that is thrown away, on a board
/// that it is addressed to and that shows all its languages.
pub fn draft(
    json: &[u8],
    layout: &Arc<Layout>,
    fonts: &Arc<Fonts>,
    hosts: &[String],
) -> Result<Admitted, Vec<Problem>> {
    let notice = read(json).map_err(|(_, problems)| problems)?;
    if notice.kind == Kind::Cancel {
        return Err(vec![draws_nothing()]);
    }
    let ours = |message: String| vec![Problem::new("draft", "", message, "", "")];
    let key = keys::generate().map_err(|error| ours(error.to_string()))?;
    let nation = Area::parse("vn").map_err(ours)?;
    let classes = [Class::Routine, Class::Priority, Class::Emergency];
    let sent = notice.sent.min(Timestamp::now());
    let list = trusted_toml(&key.verifying_key(), &nation, &classes, sent);
    // A draft may carry any date, so its key is good for ever.
    let list = list
        .lines()
        .map(|line| match line.split_once(" = ") {
            Some(("valid_until", _)) => format!("valid_until = \"{}\"", Timestamp::MAX),
            _ => line.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("\n");
    let board = notice.to.first().cloned().unwrap_or(nation);
    let door = Door {
        trusted: Trusted::parse(&list)?,
        board: Board {
            address: Address { board, areas: notice.to.clone() },
            name: String::new(),
            languages: notice.content.iter().map(|content| content.language.clone()).collect(),
        },
        hosts: ["*.gov.vn".to_owned()].into_iter().chain(hosts.iter().cloned()).collect(),
        layout: Arc::clone(layout),
        fonts: Arc::clone(fonts),
    };
    let signed = sign(json, NOTICE_TYPE, &key);
    admit(signed.as_bytes(), &door, From::Store).map_err(|refusal| refusal.problems)
}
