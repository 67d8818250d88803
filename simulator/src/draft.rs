//! An unsigned notice that a command looks at, through the board's own door.
#![expect(clippy::disallowed_methods, reason = "a draft is signed now")]

use std::path::PathBuf;
use std::sync::Arc;

use bangtin_agent::admit::{Admitted, Door, From, admit};
use bangtin_agent::area::{Address, Area};
use bangtin_agent::cap::Reading;
use bangtin_agent::notice::{Class, Kind};
use bangtin_agent::pages::{self, Board, Pictures};
use bangtin_agent::signature::{Trusted, trusted_toml};
use bangtin_renderer::{Composed, Finding, Fonts, Layout, Problem};
use clap::Args;
use ed25519_dalek::SigningKey;
use jiff::Timestamp;

use crate::document::{CAP_LIFE_HOURS, Document, commune, nation};
use crate::{input, keys, pictures};

/// Most areas that a notice goes to.
const AREAS_MAX: usize = 64;

/// What all commands that look at a draft are told about it.
#[derive(Args)]
pub struct DraftArguments {
    /// The notice, unsigned JSON or CAP XML; `-` reads standard input
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
    document: Document,
    reading: Result<Reading, Vec<Problem>>,
    hosts: Vec<String>,
    pictures: Pictures,
}

impl Draft {
    /// Reads a draft and the pictures that it names.
    ///
    /// # Errors
    /// When a file cannot be read, or a picture that the notice names cannot be decoded.
    pub fn read(arguments: &DraftArguments) -> anyhow::Result<Self> {
        let document = input::notice(&arguments.notice)?;
        let reading = document.read(&nation());
        let mut shown = Pictures::new();
        if let (Some(folder), Ok(Reading { notice, .. })) = (&arguments.pictures, &reading) {
            let found = pictures::find(folder, notice)?.into_iter();
            shown.extend(found.map(|file| (file.sha256, file.picture)));
        }
        let hosts = ["*.gov.vn".to_owned()].into_iter().chain(arguments.host.iter().cloned());
        let (name, hosts) = (arguments.notice.clone(), hosts.collect());
        Ok(Self { name, document, reading, hosts, pictures: shown })
    }

    /// What the user calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Composes it as a board does that it is addressed to and that shows all its languages:
    /// signed with a key that is thrown away, and admitted. A CAP message that goes to several
    /// places is shown as where all of them meet, with every word of it.
    ///
    /// # Errors
    /// With every problem, when that board would refuse it.
    pub fn compose(
        &self,
        layout: &Arc<Layout>,
        fonts: &Arc<Fonts>,
    ) -> Result<Composed, Vec<Problem>> {
        let reading = self.reading.as_ref().map_err(Vec::clone)?;
        let nothing = || {
            vec![Problem::new("nothing_to_draw", "kind", "a cancel draws nothing", "cancel", "")]
        };
        if reading.notice.kind == Kind::Cancel {
            return Err(nothing());
        }
        let ours = |message: String| vec![Problem::new("draft", "", message, "", "")];
        let key = keys::generate().map_err(|error| ours(error.to_string()))?;
        let (areas, unseen) = areas(reading);
        let languages = reading.notice.content.iter().map(|content| content.language.clone());
        let door = Door {
            trusted: trusted(&key, &nation(), reading.notice.sent)?,
            board: Board {
                address: Address { board: areas.first().cloned().unwrap_or_else(nation), areas },
                name: String::new(),
                languages: languages.collect(),
            },
            hosts: self.hosts.clone(),
            cap_life_hours: CAP_LIFE_HOURS,
            pictures: self.pictures.clone(),
            layout: Arc::clone(layout),
            fonts: Arc::clone(fonts),
        };
        let signed = self.document.sign(&key);
        let Admitted { notice, composed, .. } =
            admit(signed.as_bytes(), &door, From::Store).map_err(|refusal| refusal.problems)?;
        let composed = composed.ok_or_else(nothing)?;
        // A board reads an emergency's codes back once it shows it; here that is done already.
        let contents = pages::notice(&notice, &door.board, &door.pictures);
        let mut seen = match door.reread(&contents, &composed.scene) {
            Some(better) => with_findings(better?, composed.findings),
            None => composed,
        };
        seen.findings.extend(unseen);
        Ok(seen)
    }
}

/// The areas of the board that a draft is shown on: all that it goes to. What a message says for
/// communes beyond the limit alone is not seen.
fn areas(reading: &Reading) -> (Vec<Area>, Option<Finding>) {
    // A commune's code is unique in the nation; that no province has the code 00 is of no account.
    let communes = reading.elsewhere.iter().filter_map(|elsewhere| commune(elsewhere));
    let communes = communes.filter_map(|code| Area::parse(&format!("vn/00/{code}")).ok());
    let mut areas = reading.notice.to.clone();
    areas.extend(communes);
    let count = areas.len();
    areas.truncate(AREAS_MAX);
    let unseen = (count > AREAS_MAX).then(|| {
        let message = format!(
            "goes to {count} places; what is for those after the first {AREAS_MAX} alone is not \
             shown here"
        );
        Finding::new("draft_places", "", message, count, AREAS_MAX)
    });
    (areas, unseen)
}

/// What believes one key. A draft may carry any date, so its key is good for ever.
fn trusted(key: &SigningKey, area: &Area, sent: Timestamp) -> Result<Trusted, Vec<Problem>> {
    let classes = [Class::Routine, Class::Priority, Class::Emergency];
    let list = trusted_toml(&key.verifying_key(), area, &classes, sent.min(Timestamp::now()));
    let list = list
        .lines()
        .map(|line| match line.split_once(" = ") {
            Some(("valid_until", _)) => format!("valid_until = \"{}\"", Timestamp::MAX),
            _ => line.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("\n");
    Trusted::parse(&list)
}

/// A picture without what could not be read back from the first one, and what was left out of that.
fn with_findings(mut better: Composed, before: Vec<Finding>) -> Composed {
    let more: Vec<Finding> =
        before.into_iter().filter(|finding| !better.findings.contains(finding)).collect();
    better.findings.extend(more);
    better
}
