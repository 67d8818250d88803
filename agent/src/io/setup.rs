//! Reads everything a board is made of, and says what is wrong with all of it at once.
#![expect(clippy::disallowed_methods, reason = "this is the file that reads the configuration")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bangtin_renderer::{Layout, Problem, builtin};

use crate::admit::Door;
use crate::area::Area;
use crate::config::{self, Config};
use crate::pages::{Board, Pictures};
use crate::report;
use crate::signature::Trusted;

use super::{cutoff, mqtt, sensor};

/// A board, ready to run.
pub struct Setup {
    /// The file it was read from, if it was one.
    pub path: Option<PathBuf>,
    /// Its configuration.
    pub config: Config,
    /// What its notices are checked against.
    pub door: Door,
    /// How it reaches its broker.
    pub link: mqtt::Settings,
}

/// Reads a configuration and all that it names.
///
/// # Errors
/// With every problem of every file; the path of a problem begins with the file's.
pub fn read(path: &Path) -> Result<Setup, Vec<Problem>> {
    build(parse(path)?).map(|setup| Setup { path: Some(path.to_owned()), ..setup })
}

/// Everything that is wrong with a board: what [`read`] says, and the [`faults`] of its machine.
pub fn check(path: &Path) -> Vec<Problem> {
    let config = match parse(path) {
        Ok(config) => config,
        Err(problems) => return problems,
    };
    let faults = faults(&config);
    let problems = build(config).err().unwrap_or_default();
    problems.into_iter().chain(faults).collect()
}

/// What is wrong with the machine and keeps no board from running: one whose card takes no writes
/// any more still has notices to show, and one without a light sensor can be read.
pub fn faults(config: &Config) -> Vec<Problem> {
    let mut problems = Vec::new();
    // The nearest folder that is there; what is missing below it is made by `run`, not by `check`.
    let mut folder = |field: &str, path: &Path| {
        let there = path.ancestors().find(|above| above.exists()).unwrap_or(Path::new("."));
        if let Err(error) = tempfile::tempfile_in(there) {
            let shown = path.display().to_string();
            let message = format!("nothing can be written into {shown}: {error}");
            problems.push(Problem::new("config", field, message, shown, ""));
        }
    };
    folder("store.path", &config.store);
    if let config::Output::Png { path, .. } = &config.output {
        folder(
            "output.path",
            path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")),
        );
    }
    if let Some(light) = &config.brightness.sensor
        && let Err(error) = sensor::read(&light.file)
    {
        let shown = light.file.display().to_string();
        let message = format!("{shown} gives no reading: {error}; name a sensor's file");
        problems.push(Problem::new("config", "brightness.sensor", message, shown, ""));
    }
    problems
}

fn parse(path: &Path) -> Result<Config, Vec<Problem>> {
    let shown = path.display().to_string();
    let text = read_text(path).map_err(|problem| vec![problem])?;
    let folder = path.parent().unwrap_or(Path::new(""));
    Config::parse(&text, folder).map_err(|problems| within(&shown, problems))
}

/// Reads all that a configuration names.
///
/// # Errors
/// As [`read`].
pub fn build(config: Config) -> Result<Setup, Vec<Problem>> {
    let mut problems = Vec::new();
    let fonts = builtin::fonts();
    let layout = layout(&config.layout, &fonts).map_err(|more| problems.extend(more)).ok();
    let trusted = read_text(&config.trusted)
        .map_err(|problem| vec![problem])
        .and_then(|text| {
            let shown = config.trusted.display().to_string();
            Trusted::parse(&text).map_err(|faults| within(&shown, faults))
        })
        .map_err(|more| problems.extend(more))
        .ok();
    if trusted.as_ref().is_some_and(|trusted| trusted.keys().is_empty()) {
        let shown = config.trusted.display().to_string();
        let message = "lists no key, so that every notice would be refused; `keygen` makes one";
        problems.push(Problem::new("trusted", shown, message, 0, 1));
    }
    places(&config, &mut problems);
    let link = link(&config, &mut problems);
    match (layout, trusted, link) {
        (Some(layout), Some(trusted), Some(link)) if problems.is_empty() => {
            let board = Board {
                address: config.address.clone(),
                name: config.name.clone(),
                languages: config.languages.clone(),
            };
            let hosts = config.hosts.clone();
            let (layout, fonts) = (Arc::new(layout), Arc::new(fonts));
            let (pictures, cap_life_hours) = (Pictures::new(), config.cap_life_hours);
            Ok(Setup {
                path: None,
                door: Door { trusted, board, hosts, cap_life_hours, pictures, layout, fonts },
                config,
                link,
            })
        }
        _ => Err(problems),
    }
}

/// Finds a layout by name or path.
///
/// # Errors
/// With what is wrong with the file, or the names there are.
pub fn layout(name: &str, fonts: &bangtin_renderer::Fonts) -> Result<Layout, Vec<Problem>> {
    if let Some(text) = builtin::layout_text(name) {
        return Layout::parse(name, text, fonts);
    }
    let path = Path::new(name);
    let text = read_text(path).map_err(|mut problem| {
        let names = builtin::layout_names().collect::<Vec<_>>().join(", ");
        problem.message =
            format!("{}; layouts that come with the program: {names}", problem.message);
        vec![problem]
    })?;
    let stem = path.file_stem().map_or(name.into(), |stem| stem.to_string_lossy());
    Layout::parse(&stem, &text, fonts).map_err(|problems| within(name, problems))
}

/// Checks that what is named as a file or a line can be one.
fn places(config: &Config, problems: &mut Vec<Problem>) {
    let folder_at = |field: &str, path: &Path, problems: &mut Vec<Problem>| {
        if path.is_dir() {
            let shown = path.display().to_string();
            let message = format!("{shown} is a folder; name a file");
            problems.push(Problem::new("config", field, message, shown, ""));
        }
    };
    if let config::Output::Png { path, .. } = &config.output {
        folder_at("output.path", path, problems);
    }
    if let Some(path) = &config.cutoff.file {
        folder_at("cutoff.file", path, problems);
    }
    if let Some(gpio) = &config.cutoff.gpio
        && let Err(error) = cutoff::verify(gpio)
    {
        let message = error.to_string();
        problems.push(Problem::new("config", "cutoff.gpio", message, gpio.line, ""));
    }
}

/// The settings of the board's link.
fn link(config: &Config, problems: &mut Vec<Problem>) -> Option<mqtt::Settings> {
    let url = mqtt::BrokerUrl::parse(&config.broker.url);
    let url = url.map_err(|message| {
        let url = &config.broker.url;
        problems.push(Problem::new("config", "broker.url", message, url, ""));
    });
    let mut bytes = |path: &Path| match fs::read(path) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            problems.push(unreadable(path, &error));
            None
        }
    };
    let tls = config.broker.ca.as_deref().and_then(|ca| {
        let client = config.broker.client.as_ref();
        let client = client.and_then(|(cert, key)| Some((bytes(cert)?, bytes(key)?)));
        Some(mqtt::TlsFiles { ca: bytes(ca)?, client })
    });
    let board = format!("{}/{}", config.broker.prefix, config.address.board);
    let areas = config.address.areas.iter();
    let subscription = |area: &Area, kind: &str, retained| mqtt::Subscription {
        filter: format!("{}/{area}/{kind}/+", config.broker.prefix),
        retained,
    };
    let subscriptions = areas.flat_map(|area| {
        [
            subscription(area, "notice", mqtt::RetainedCopies::OnNewSession),
            subscription(area, "command", mqtt::RetainedCopies::Never),
        ]
    });
    let settings = mqtt::Settings {
        url: url.ok()?,
        client_id: format!("bangtin-{}", config.address.board.as_str().replace('/', "-")),
        session: mqtt::Session::Persistent,
        will: Some(mqtt::Will {
            topic: format!("{board}/status"),
            payload: report::LAST_WILL.as_bytes().to_vec(),
        }),
        subscriptions: subscriptions.collect(),
        tls,
    };
    if let Err(unusable) = settings.verify() {
        problems.push(Problem::new(
            "config",
            "broker",
            unusable.to_string(),
            &config.broker.url,
            "",
        ));
    }
    Some(settings)
}

fn read_text(path: &Path) -> Result<String, Problem> {
    fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    let shown = path.display().to_string();
    Problem::new("file", &shown, format!("cannot be read: {error}"), &shown, "")
}

fn within(file: &str, problems: Vec<Problem>) -> Vec<Problem> {
    problems
        .into_iter()
        .map(|problem| Problem {
            path: format!("{file} {}", problem.path).trim().to_owned(),
            ..problem
        })
        .collect()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::notice::Class;
    use crate::signature::trusted_toml;

    #[test]
    fn a_machine_that_fails_keeps_no_board_from_running() {
        let folder = tempfile::tempdir().expect("a folder");
        let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]).verifying_key();
        let area = Area::parse("vn/86").expect("an area");
        let trusted = trusted_toml(&key, &area, &[Class::Routine], jiff::Timestamp::UNIX_EPOCH);
        fs::write(folder.path().join("trusted.toml"), trusted).expect("written");
        // Nothing can be written into /proc, by whomever.
        let text = r#"
            [board]
            id = "cho"
            province = "86"
            commune = "28789"
            layout = "led-192x64"
            name = "Chợ"
            [broker]
            url = "mqtt://127.0.0.1:1883"
            [trust]
            keys = "trusted.toml"
            [store]
            path = "/proc"
            [brightness]
            sensor = "gone"
            lux = [{ lux = 0, percent = 20 }, { lux = 1000, percent = 100 }]
            [output]
            kind = "terminal"
            "#;
        let path = folder.path().join("board.toml");
        fs::write(&path, text).expect("written");
        let problems = read(&path).map(|_| ()).err().unwrap_or_default();
        assert_eq!(problems, []);
        let paths: Vec<_> = check(&path).into_iter().map(|problem| problem.path).collect();
        assert_eq!(paths, ["store.path", "brightness.sensor"]);
    }
}
