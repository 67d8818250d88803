//! Reads a configuration file and says everything that is wrong with it.

use std::path::{Path, PathBuf};

use bangtin_renderer::{Problem, builtin};

use super::file::{
    BrightnessFile, BrokerFile, CutoffFile, File, HoursFile, OutputFile, PointFile, StepFile,
    WindowFile,
};
use super::{Broker, Config, Cutoff, Gpio, OUTPUT_KINDS, Output};
use crate::area::Address;
use crate::brightness::{self, Point, Sensor, Step};
use crate::notice::{LIFE_MAX_DAYS, Window};

/// Most windows of saving hours, steps of a table and points of a curve.
const WINDOWS_MAX: usize = 16;
const STEPS_MAX: usize = 48;
const POINTS_MAX: usize = 16;

/// As [`Config::parse`].
pub(super) fn read(text: &str, folder: &Path) -> Result<Config, Vec<Problem>> {
    let file: File = toml::from_str(text)
        .map_err(|error| vec![Problem::of_toml("config_syntax", text, &error)])?;
    let mut reader = Reader { folder, problems: Vec::new() };
    let board = file.board;
    let address = Address::new(&board.province, &board.commune, &board.id, &board.groups);
    let address = address.map_err(|wrong| {
        wrong.into_iter().for_each(|message| reader.add("board", message, &board.id, ""));
    });
    if board.languages.is_empty() {
        reader.add("board.languages", "name at least one language, such as \"vi\"", "", "");
    }
    let broker = reader.broker(file.broker);
    for host in &file.codes.hosts {
        if host.is_empty() || host.trim_start_matches("*.").contains(['*', '/', ':', ' ']) {
            let message = format!("`{host}` is no host; write `ten.gov.vn` or `*.gov.vn`");
            reader.add("codes.hosts", message, host, "");
        }
    }
    let output = reader.output(file.output);
    let cutoff = reader.cutoff(file.cutoff);
    let saving = reader.saving(&file.hours);
    let brightness = reader.brightness(file.brightness);
    let life_max = LIFE_MAX_DAYS * 24;
    let cap_life_hours = reader.number("cap.life_hours", file.cap.life_hours, 1, life_max);
    let picture_wait_s = reader.number("pictures.wait_s", file.pictures.wait_s, 0, 3600);
    let all_clear_s = reader.number("all_clear.seconds", file.all_clear.seconds, 1, 600);
    match (address, output) {
        (Ok(address), Some(output)) if reader.problems.is_empty() => Ok(Config {
            address,
            name: if board.name.is_empty() { board.id.clone() } else { board.name },
            id: board.id,
            layout: match builtin::layout_text(&board.layout) {
                Some(_) => board.layout,
                None => folder.join(board.layout).to_string_lossy().into_owned(),
            },
            languages: board.languages,
            broker,
            trusted: folder.join(file.trust.keys),
            store: folder.join(file.store.path),
            hosts: file.codes.hosts.iter().map(|host| host.to_lowercase()).collect(),
            output,
            cutoff,
            saving,
            brightness,
            inbox: file.inbox.map(|inbox| folder.join(inbox.path)),
            cap_life_hours,
            decisions: folder.join(file.decisions.file),
            picture_wait_s,
            all_clear_s,
        }),
        _ => Err(reader.problems),
    }
}

struct Reader<'a> {
    folder: &'a Path,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn broker(&mut self, file: BrokerFile) -> Broker {
        let prefix = file.prefix;
        let odd = |c: char| c == '#' || c == '+' || c.is_control();
        let is_edged = prefix.starts_with('/') || prefix.ends_with('/');
        if prefix.is_empty() || prefix.contains(odd) || is_edged {
            let message = format!("`{prefix}` cannot begin a topic; write it like `ttcs/v1`");
            self.add("broker.prefix", message, &prefix, "");
        }
        let client = match (file.cert, file.key) {
            (Some(cert), Some(key)) => Some((self.folder.join(cert), self.folder.join(key))),
            (None, None) => None,
            _ => {
                self.add("broker", "`cert` and `key` belong together; give both or none", "", "");
                None
            }
        };
        Broker { url: file.url, prefix, ca: file.ca.map(|path| self.folder.join(path)), client }
    }

    fn output(&mut self, OutputFile { kind, path, fps }: OutputFile) -> Option<Output> {
        let fps = self.number("output.fps", fps, 1, 240);
        match (kind.as_str(), path) {
            ("png", Some(path)) => return Some(Output::Png { path: self.folder.join(path), fps }),
            ("png", None) => {
                self.add("output.path", "a png output needs the path of its file", "", "");
            }
            ("terminal", _) => return Some(Output::Terminal { fps }),
            (other, _) => {
                let built = OUTPUT_KINDS.iter().filter(|(_, built, _)| *built);
                let built = built.map(|(name, ..)| *name).collect::<Vec<_>>().join(", ");
                let message = format!("`{other}` is not built into this program; it has {built}");
                self.add("output.kind", message, other, built);
            }
        }
        None
    }

    fn cutoff(&mut self, file: CutoffFile) -> Cutoff {
        let active_low = match file.gpio_active.as_deref() {
            None | Some("low") => true,
            Some("high") => false,
            Some(other) => {
                let message = format!("`{other}` is no level; write \"low\" or \"high\"");
                self.add("cutoff.gpio_active", message, other, "low, high");
                true
            }
        };
        let named = [
            ("cutoff.gpio_chip", file.gpio_chip.is_some()),
            ("cutoff.gpio_active", file.gpio_active.is_some()),
        ];
        for (path, _) in named.into_iter().filter(|(_, is_named)| *is_named && file.gpio.is_none())
        {
            self.add(path, "means nothing without a line; give `gpio`, its number", "", "");
        }
        let chip = file.gpio_chip.map_or("/dev/gpiochip0".into(), |chip| self.folder.join(chip));
        let gpio = file.gpio.map(|line| self.number("cutoff.gpio", line, 0, 1023));
        Cutoff {
            file: file.file.map(|path| self.folder.join(path)),
            gpio: gpio.map(|line| Gpio { chip, line, active_low }),
        }
    }

    fn saving(&mut self, file: &HoursFile) -> Vec<Window> {
        const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        self.count("hours.saving", file.saving.len(), WINDOWS_MAX);
        let mut windows = Vec::new();
        for (index, WindowFile { days: named, from, to }) in file.saving.iter().enumerate() {
            let path = format!("hours.saving[{index}]");
            let mut days = [named.is_none(); 7];
            for day in named.iter().flatten() {
                match DAYS.iter().position(|known| known == day) {
                    Some(place) => days[place] = true,
                    None => {
                        let known = DAYS.join(", ");
                        let message = format!("`{day}` is no day; they are {known}");
                        self.add(&format!("{path}.days"), message, day, known);
                    }
                }
            }
            if named.as_ref().is_some_and(Vec::is_empty) {
                let message = "names no day; leave `days` out for all of them";
                self.add(&format!("{path}.days"), message, "", "");
            }
            let from = self.minute(&format!("{path}.from"), from, 1439);
            let to = self.minute(&format!("{path}.to"), to, 1440);
            if let (Some(from), Some(to)) = (from, to) {
                windows.push(Window { days, from, to });
            }
        }
        windows
    }

    fn brightness(&mut self, file: BrightnessFile) -> brightness::Settings {
        let sensor = self.sensor(file.sensor, &file.lux);
        brightness::Settings { table: self.table(&file.table), sensor }
    }

    fn table(&mut self, steps: &[StepFile]) -> Vec<Step> {
        self.count("brightness.table", steps.len(), STEPS_MAX);
        let mut table: Vec<Step> = Vec::new();
        for (index, StepFile { from, percent }) in steps.iter().enumerate() {
            let path = format!("brightness.table[{index}]");
            let percent = self.percent(&format!("{path}.percent"), *percent);
            let Some(minute) = self.minute(&format!("{path}.from"), from, 1439) else { continue };
            if table.iter().any(|step| step.from == minute) {
                let message = format!("{from} has a step already; give one percentage for it");
                self.add(&format!("{path}.from"), message, from, "");
            }
            table.push(Step { from: minute, percent });
        }
        table.sort_by_key(|step| step.from);
        table
    }

    fn sensor(&mut self, file: Option<PathBuf>, lux: &[PointFile]) -> Option<Sensor> {
        self.count("brightness.lux", lux.len(), POINTS_MAX);
        match &file {
            Some(_) if lux.is_empty() => {
                let message = "is missing; say what percentage belongs to what light, \
                               such as [{ lux = 0, percent = 20 }, { lux = 1000, percent = 100 }]";
                self.add("brightness.lux", message, "", "");
            }
            None if !lux.is_empty() => {
                let message = "is missing; name the file that `lux` is read from";
                self.add("brightness.sensor", message, "", "");
            }
            _ => {}
        }
        let mut curve: Vec<Point> = Vec::new();
        for (index, point) in lux.iter().enumerate() {
            let path = format!("brightness.lux[{index}]");
            let lux = self.number(&format!("{path}.lux"), point.lux, 0, 200_000);
            let percent = self.percent(&format!("{path}.percent"), point.percent);
            if curve.last().is_some_and(|last| lux <= last.lux || percent < last.percent) {
                let message = "follows a point with as much light or a higher percentage; \
                               list points from dark to bright";
                self.add(&path, message, format!("{lux} lux, {percent} %"), "");
            }
            curve.push(Point { lux, percent });
        }
        file.map(|file| Sensor { file: self.folder.join(file), curve })
    }

    fn percent(&mut self, path: &str, value: i64) -> u8 {
        u8::try_from(self.number(path, value, 1, 100)).unwrap_or(100)
    }

    /// The number, or the nearest one that is possible and a problem.
    fn number(&mut self, path: &str, value: i64, least: i64, most: i64) -> u32 {
        if !(least..=most).contains(&value) {
            let message = format!("{value} is out of range; {least} to {most} are possible");
            self.add(path, message, value, format!("{least} to {most}"));
        }
        u32::try_from(value.clamp(least, most)).unwrap_or_default()
    }

    fn count(&mut self, path: &str, count: usize, most: usize) {
        if count > most {
            let message = format!("has {count} items, at most {most} are taken");
            self.add(path, message, count, most);
        }
    }

    fn minute(&mut self, path: &str, text: &str, most: u16) -> Option<u16> {
        let minute = minute_of_day(text).filter(|minute| *minute <= most);
        if minute.is_none() {
            let last = if most == 1440 { "24:00" } else { "23:59" };
            let message = format!("`{text}` is no time of day; write HH:MM, up to {last}");
            self.add(path, message, text, last);
        }
        minute
    }

    fn add(
        &mut self,
        path: &str,
        message: impl Into<String>,
        value: impl ToString,
        limit: impl ToString,
    ) {
        self.problems.push(Problem::new("config", path, message, value, limit));
    }
}

/// Minutes since midnight of `HH:MM`.
fn minute_of_day(text: &str) -> Option<u16> {
    let two_digits = |text: &str| {
        let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse::<u16>().ok()).flatten()
    };
    let (hour, minute) = text.split_once(':')?;
    let minute = two_digits(minute).filter(|minute| *minute < 60)?;
    Some(two_digits(hour)? * 60 + minute)
}
