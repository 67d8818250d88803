//! The configuration as it is written, before any value is checked.

use std::path::PathBuf;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) board: BoardFile,
    pub(super) broker: BrokerFile,
    pub(super) trust: TrustFile,
    pub(super) store: StoreFile,
    #[serde(default)]
    pub(super) codes: CodesFile,
    pub(super) output: OutputFile,
    #[serde(default)]
    pub(super) cutoff: CutoffFile,
    #[serde(default)]
    pub(super) hours: HoursFile,
    #[serde(default)]
    pub(super) brightness: BrightnessFile,
    pub(super) inbox: Option<InboxFile>,
    #[serde(default)]
    pub(super) cap: CapFile,
    #[serde(default)]
    pub(super) decisions: DecisionsFile,
    #[serde(default)]
    pub(super) pictures: PicturesFile,
    #[serde(default)]
    pub(super) all_clear: AllClearFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BoardFile {
    pub(super) id: String,
    pub(super) province: String,
    pub(super) commune: String,
    #[serde(default)]
    pub(super) groups: Vec<String>,
    pub(super) layout: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default = "vietnamese")]
    pub(super) languages: Vec<String>,
}

fn vietnamese() -> Vec<String> {
    vec!["vi".to_owned()]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BrokerFile {
    pub(super) url: String,
    #[serde(default = "standard_prefix")]
    pub(super) prefix: String,
    pub(super) ca: Option<PathBuf>,
    pub(super) cert: Option<PathBuf>,
    pub(super) key: Option<PathBuf>,
}

fn standard_prefix() -> String {
    "ttcs/v1".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrustFile {
    pub(super) keys: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoreFile {
    pub(super) path: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CodesFile {
    pub(super) hosts: Vec<String>,
}

impl Default for CodesFile {
    fn default() -> Self {
        Self { hosts: vec!["*.gov.vn".to_owned()] }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OutputFile {
    pub(super) kind: String,
    pub(super) path: Option<PathBuf>,
    #[serde(default = "sixty")]
    pub(super) fps: i64,
}

fn sixty() -> i64 {
    60
}

// Numbers are read as TOML has them, so that one out of range is named along with all other faults.

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CutoffFile {
    pub(super) file: Option<PathBuf>,
    pub(super) gpio: Option<i64>,
    pub(super) gpio_chip: Option<PathBuf>,
    pub(super) gpio_active: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HoursFile {
    #[serde(default)]
    pub(super) saving: Vec<WindowFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WindowFile {
    pub(super) days: Option<Vec<String>>,
    pub(super) from: String,
    pub(super) to: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BrightnessFile {
    #[serde(default)]
    pub(super) table: Vec<StepFile>,
    pub(super) sensor: Option<PathBuf>,
    #[serde(default)]
    pub(super) lux: Vec<PointFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepFile {
    pub(super) from: String,
    pub(super) percent: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PointFile {
    pub(super) lux: i64,
    pub(super) percent: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InboxFile {
    pub(super) path: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CapFile {
    pub(super) life_hours: i64,
}

impl Default for CapFile {
    fn default() -> Self {
        Self { life_hours: 24 }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DecisionsFile {
    pub(super) file: PathBuf,
}

impl Default for DecisionsFile {
    fn default() -> Self {
        Self { file: "decisions.toml".into() }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PicturesFile {
    pub(super) wait_s: i64,
}

impl Default for PicturesFile {
    fn default() -> Self {
        Self { wait_s: 60 }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AllClearFile {
    pub(super) seconds: i64,
}

impl Default for AllClearFile {
    fn default() -> Self {
        Self { seconds: 10 }
    }
}
