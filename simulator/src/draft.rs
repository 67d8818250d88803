//! An unsigned notice that a command looks at, through the board's own door.
#![expect(clippy::disallowed_methods, reason = "a draft is signed now")]

use std::path::PathBuf;
use std::sync::Arc;

use bangtin_agent::admit::{Door, From, admit};
use bangtin_agent::area::{Address, Area};
use bangtin_agent::notice::{Class, Kind, read};
use bangtin_agent::pages::{self, Board, Pictures};
use bangtin_agent::signature::{NOTICE_TYPE, Trusted, sign, trusted_toml};
use bangtin_renderer::{Composed, Fonts, Layout, Problem};
use clap::Args;
use jiff::Timestamp;

use crate::{input, keys};

/// What all commands that look at a draft are told about it.
#[derive(Args)]
pub struct DraftArguments {
    /// The notice, unsigned JSON; `-` reads standard input
    #[arg(long, value_name = "N")]
    notice: String,
    /// A folder with the notice's pictures: PNG, JPEG, WebP or GIF, found by their SHA-256
    #[arg(long, value_name = "DIR")]
    pictures: Option<PathBuf>,
    /// A host that codes may lead to, besides *.gov.vn
    #[arg(long, value_name = "HOST")]
    host: Vec<String>,
}

/// A draft and what it needs.
pub struct Draft {
    name: String,
    json: Vec<u8>,
    hosts: Vec<String>,
    pictures: Pictures,
}

impl Draft {
    /// Reads a draft and the pictures that it names.
    ///
    /// # Errors
    /// When a file cannot be read, or a picture that the notice names cannot be decoded.
    pub fn read(arguments: &DraftArguments) -> anyhow::Result<Self> {
        let json = input::notice(&arguments.notice)?;
        let pictures = match &arguments.pictures {
            Some(folder) => input::pictures(folder, &String::from_utf8_lossy(&json))?,
            None => Pictures::new(),
        };
        let hosts = ["*.gov.vn".to_owned()].into_iter().chain(arguments.host.iter().cloned());
        Ok(Self { name: arguments.notice.clone(), json, hosts: hosts.collect(), pictures })
    }

    /// What the user calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Composes it as a board does that it is addressed to and that shows all its languages:
    /// signed with a key that is thrown away, and admitted.
    ///
    /// # Errors
    /// With every problem, when that board would refuse it.
    pub fn compose(
        &self,
        layout: &Arc<Layout>,
        fonts: &Arc<Fonts>,
    ) -> Result<Composed, Vec<Problem>> {
        let notice = read(&self.json).map_err(|(_, problems)| problems)?;
        let nothing = || {
            vec![Problem::new("nothing_to_draw", "kind", "a cancel draws nothing", "cancel", "")]
        };
        if notice.kind == Kind::Cancel {
            return Err(nothing());
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
            hosts: self.hosts.clone(),
            cap_life_hours: 24,
            pictures: self.pictures.clone(),
            layout: Arc::clone(layout),
            fonts: Arc::clone(fonts),
        };
        let signed = sign(&self.json, NOTICE_TYPE, &key);
        let admitted = admit(signed.as_bytes(), &door, From::Store);
        let composed =
            admitted.map_err(|refusal| refusal.problems)?.composed.ok_or_else(nothing)?;
        // A board reads an emergency's codes back once it shows it; here that is done already.
        let contents = pages::notice(&notice, &door.board, &door.pictures);
        door.reread(&contents, &composed.scene).unwrap_or(Ok(composed))
    }
}
