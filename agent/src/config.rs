//! A board's configuration file.

use std::path::{Path, PathBuf};

use bangtin_renderer::{Problem, builtin};
use serde::Deserialize;

use crate::area::Address;

/// What one board is and where it finds things. Paths are resolved against the file's folder.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the board stands.
    pub address: Address,
    /// The board's own name, the last level of its address.
    pub id: String,
    /// A layout's name, or a path to one.
    pub layout: String,
    /// What the idle page calls the place.
    pub name: String,
    /// Languages it shows, in order.
    pub languages: Vec<String>,
    /// How it reaches its broker.
    pub broker: Broker,
    /// The list of keys it believes.
    pub trusted: PathBuf,
    /// The folder of its notices.
    pub store: PathBuf,
    /// Hosts that codes may lead to; `*.` stands for any name below.
    pub hosts: Vec<String>,
    /// What it draws on.
    pub output: Output,
    /// While this file exists the board is dark.
    pub cutoff: Option<PathBuf>,
}

/// A broker and the way to it.
#[derive(Debug, Clone)]
pub struct Broker {
    /// `mqtt://host:port` or `mqtts://host:port`.
    pub url: String,
    /// Begins every topic, such as `ttcs/v1`.
    pub prefix: String,
    /// Certificates of the broker's authority, PEM.
    pub ca: Option<PathBuf>,
    /// The board's own certificate and key, PEM.
    pub client: Option<(PathBuf, PathBuf)>,
}

/// What frames go to.
#[derive(Debug, Clone)]
pub enum Output {
    /// A picture file, replaced at every change, at most `fps` times a second.
    Png {
        /// The file.
        path: PathBuf,
        /// Most replacements a second, 1 to 240.
        fps: u32,
    },
    /// The terminal that the agent runs in.
    Terminal {
        /// Most pictures a second, 1 to 240.
        fps: u32,
    },
}

/// Output kinds that exist, in the order `outputs` lists them: name, whether built in, what it is.
pub const OUTPUT_KINDS: [(&str, bool, &str); 11] = [
    ("png", true, "a picture file that is replaced at every change"),
    ("terminal", true, "the terminal, two pixels a cell in true colour"),
    ("drm", false, "a screen through the kernel's KMS"),
    ("fbdev", false, "a screen through /dev/fb0"),
    ("hub75", false, "HUB75 panels on the GPIO"),
    ("hub12", false, "single-colour P10 panels on SPI and GPIO"),
    ("colorlight", false, "ColorLight receiving cards over Ethernet"),
    ("ws2812", false, "WS2812 strips on SPI"),
    ("ddp", false, "pixel controllers over DDP"),
    ("sacn", false, "pixel controllers over E1.31"),
    ("artnet", false, "pixel controllers over Art-Net"),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    board: BoardFile,
    broker: BrokerFile,
    trust: TrustFile,
    store: StoreFile,
    #[serde(default)]
    codes: CodesFile,
    output: OutputFile,
    #[serde(default)]
    cutoff: CutoffFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BoardFile {
    id: String,
    province: String,
    commune: String,
    #[serde(default)]
    groups: Vec<String>,
    layout: String,
    #[serde(default)]
    name: String,
    #[serde(default = "vietnamese")]
    languages: Vec<String>,
}

fn vietnamese() -> Vec<String> {
    vec!["vi".to_owned()]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BrokerFile {
    url: String,
    #[serde(default = "standard_prefix")]
    prefix: String,
    ca: Option<PathBuf>,
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
}

fn standard_prefix() -> String {
    "ttcs/v1".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrustFile {
    keys: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoreFile {
    path: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodesFile {
    hosts: Vec<String>,
}

impl Default for CodesFile {
    fn default() -> Self {
        Self { hosts: vec!["*.gov.vn".to_owned()] }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutputFile {
    kind: String,
    path: Option<PathBuf>,
    #[serde(default = "sixty")]
    fps: u32,
}

fn sixty() -> u32 {
    60
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CutoffFile {
    file: Option<PathBuf>,
    gpio: Option<u32>,
}

impl Config {
    /// Reads a configuration; relative paths are taken from `folder`.
    ///
    /// # Errors
    /// With every problem of the file.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, Vec<Problem>> {
        let file: File = toml::from_str(text)
            .map_err(|error| vec![Problem::of_toml("config_syntax", text, &error)])?;
        let mut problems = Vec::new();
        let mut add = |path: &str, message: String, value: &str| {
            problems.push(Problem::new("config", path, message, value, ""));
        };
        let board = file.board;
        let address = Address::new(&board.province, &board.commune, &board.id, &board.groups);
        let address = address.map_err(|wrong| {
            wrong.into_iter().for_each(|message| add("board", message, &board.id))
        });
        if board.languages.is_empty() {
            add("board.languages", "name at least one language, such as \"vi\"".into(), "");
        }
        let prefix = file.broker.prefix;
        let odd = |c: char| c == '#' || c == '+' || c.is_control();
        if prefix.is_empty()
            || prefix.contains(odd)
            || prefix.starts_with('/')
            || prefix.ends_with('/')
        {
            let message = format!("`{prefix}` cannot begin a topic; write it like `ttcs/v1`");
            add("broker.prefix", message, &prefix);
        }
        let client = match (file.broker.cert, file.broker.key) {
            (Some(cert), Some(key)) => Some((folder.join(cert), folder.join(key))),
            (None, None) => None,
            _ => {
                add("broker", "`cert` and `key` belong together; give both or none".into(), "");
                None
            }
        };
        for host in &file.codes.hosts {
            if host.is_empty() || host.trim_start_matches("*.").contains(['*', '/', ':', ' ']) {
                let message = format!("`{host}` is no host; write `ten.gov.vn` or `*.gov.vn`");
                add("codes.hosts", message, host);
            }
        }
        let OutputFile { kind, path, fps } = file.output;
        if !(1..=240).contains(&fps) {
            add("output.fps", format!("{fps} pictures a second; 1 to 240 are possible"), "");
        }
        let output = match (kind.as_str(), path) {
            ("png", Some(path)) => Some(Output::Png { path: folder.join(path), fps }),
            ("png", None) => {
                add("output.path", "a png output needs the path of its file".into(), "");
                None
            }
            ("terminal", _) => Some(Output::Terminal { fps }),
            (other, _) => {
                let built = OUTPUT_KINDS.iter().filter(|(_, built, _)| *built);
                let built = built.map(|(name, ..)| *name).collect::<Vec<_>>().join(", ");
                let message = format!("`{other}` is not built into this program; it has {built}");
                add("output.kind", message, other);
                None
            }
        };
        if let Some(line) = file.cutoff.gpio {
            let message = format!("line {line}: this program watches a file alone; use `file`");
            add("cutoff.gpio", message, &line.to_string());
        }
        match (address, output) {
            (Ok(address), Some(output)) if problems.is_empty() => Ok(Self {
                address,
                name: if board.name.is_empty() { board.id.clone() } else { board.name },
                id: board.id,
                layout: match builtin::layout_text(&board.layout) {
                    Some(_) => board.layout,
                    None => folder.join(board.layout).to_string_lossy().into_owned(),
                },
                languages: board.languages,
                broker: Broker {
                    url: file.broker.url,
                    prefix,
                    ca: file.broker.ca.map(|path| folder.join(path)),
                    client,
                },
                trusted: folder.join(file.trust.keys),
                store: folder.join(file.store.path),
                hosts: file.codes.hosts.iter().map(|host| host.to_lowercase()).collect(),
                output,
                cutoff: file.cutoff.file.map(|path| folder.join(path)),
            }),
            _ => Err(problems),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        [board]
        id = "quang-truong-1"
        province = "86"
        commune = "28789"
        groups = ["ven-song"]
        layout = "led-192x64"
        [broker]
        url = "mqtt://127.0.0.1:1883"
        [trust]
        keys = "trusted.toml"
        [store]
        path = "/var/lib/bangtin"
        [output]
        kind = "png"
        path = "frame.png"
    "#;

    #[test]
    fn paths_are_relative_to_the_file() {
        let config = Config::parse(GOOD, Path::new("/etc/bangtin")).expect("sound");
        assert_eq!(config.trusted, Path::new("/etc/bangtin/trusted.toml"));
        assert_eq!(config.store, Path::new("/var/lib/bangtin"));
        assert_eq!(config.hosts, ["*.gov.vn"]);
        assert_eq!(config.broker.prefix, "ttcs/v1");
        assert_eq!(config.layout, "led-192x64");
    }

    /// A layout beside the configuration used to be looked for where the program was started.
    #[test]
    fn a_layout_of_ones_own_is_beside_the_file() {
        let own = GOOD.replace("led-192x64", "cong-cho.toml");
        let config = Config::parse(&own, Path::new("/etc/bangtin")).expect("sound");
        assert_eq!(Path::new(&config.layout), Path::new("/etc/bangtin/cong-cho.toml"));
    }

    #[track_caller]
    fn check(from: &str, to: &str, path: &str) {
        let problems = Config::parse(&GOOD.replace(from, to), Path::new("")).expect_err("refused");
        assert_eq!(problems[0].path, path, "{problems:?}");
    }

    #[test]
    fn faults_are_named_with_their_place() {
        check("28789", "2878", "board");
        check("quang-truong-1", "status", "board");
        check("\"png\"", "\"hub75\"", "output.kind");
        check("path = \"frame.png\"", "", "output.path");
        check("path = \"frame.png\"", "path = \"f\"\nfps = 0", "output.fps");
        check("[trust]", "cert = \"x\"\n[trust]", "broker");
        check("[trust]", "prefix = \"a/#\"\n[trust]", "broker.prefix");
        check("[output]", "[codes]\nhosts = [\"http://x\"]\n[output]", "codes.hosts");
        check("[output]", "[cutoff]\ngpio = 4\n[output]", "cutoff.gpio");
        check("[board]", "[bord]", "");
    }
}
