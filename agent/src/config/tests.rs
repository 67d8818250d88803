use super::*;
use crate::brightness::{Point, Step};

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
    check("path = \"frame.png\"", "path = \"f\"\nfps = -1", "output.fps");
    check("[trust]", "cert = \"x\"\n[trust]", "broker");
    check("[trust]", "prefix = \"a/#\"\n[trust]", "broker.prefix");
    check("[output]", "[codes]\nhosts = [\"http://x\"]\n[output]", "codes.hosts");
    check("[board]", "[bord]", "");
}

/// The paths of all problems that a configuration with these sections has.
fn paths(sections: &str) -> Vec<String> {
    match Config::parse(&format!("{GOOD}{sections}"), Path::new("/etc/bangtin")) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.into_iter().map(|problem| problem.path).collect(),
    }
}

#[test]
fn every_optional_section_is_checked() {
    let rows: &[(&str, &[&str])] = &[
        ("[cutoff]\ngpio = 4", &[]),
        ("[cutoff]\ngpio = 1024", &["cutoff.gpio"]),
        ("[cutoff]\ngpio = -1", &["cutoff.gpio"]),
        ("[cutoff]\ngpio_chip = \"/dev/gpiochip4\"", &["cutoff.gpio_chip"]),
        ("[cutoff]\ngpio_active = \"high\"", &["cutoff.gpio_active"]),
        ("[cutoff]\ngpio = 4\ngpio_active = \"up\"", &["cutoff.gpio_active"]),
        ("[hours]\nsaving = [{ from = \"22:30\", to = \"24:00\" }]", &[]),
        (
            "[hours]\nsaving = [{ from = \"24:00\", to = \"5:00\" }]",
            &["hours.saving[0].from", "hours.saving[0].to"],
        ),
        (
            "[hours]\nsaving = [{ days = [\"t2\"], from = \"22:00\", to = \"05:60\" }]",
            &["hours.saving[0].days", "hours.saving[0].to"],
        ),
        (
            "[hours]\nsaving = [{ days = [], from = \"22:00\", to = \"05:00\" }]",
            &["hours.saving[0].days"],
        ),
        (
            "[brightness]\ntable = [{ from = \"06:00\", percent = 0 }]",
            &["brightness.table[0].percent"],
        ),
        (
            "[brightness]\ntable = [{ from = \"6h\", percent = 101 }]",
            &["brightness.table[0].percent", "brightness.table[0].from"],
        ),
        (
            "[brightness]\ntable = [{ from = \"06:00\", percent = 1 }, { from = \"06:00\", percent = 2 }]",
            &["brightness.table[1].from"],
        ),
        ("[brightness]\nsensor = \"lux\"", &["brightness.lux"]),
        ("[brightness]\nlux = [{ lux = 0, percent = 20 }]", &["brightness.sensor"]),
        (
            "[brightness]\nsensor = \"x\"\nlux = [{ lux = 9, percent = 9 }, { lux = 9, percent = 10 }]",
            &["brightness.lux[1]"],
        ),
        (
            "[brightness]\nsensor = \"x\"\nlux = [{ lux = 9, percent = 9 }, { lux = 10, percent = 8 }]",
            &["brightness.lux[1]"],
        ),
        (
            "[brightness]\nsensor = \"x\"\nlux = [{ lux = -1, percent = 9 }]",
            &["brightness.lux[0].lux"],
        ),
        ("[cap]\nlife_hours = 0", &["cap.life_hours"]),
        ("[cap]\nlife_hours = 9601", &["cap.life_hours"]),
        ("[pictures]\nwait_s = 3601", &["pictures.wait_s"]),
        ("[pictures]\nwait_s = 0", &[]),
        ("[all_clear]\nseconds = 0", &["all_clear.seconds"]),
        (
            "[all_clear]\nseconds = 601\n[cap]\nlife_hours = -1",
            &["cap.life_hours", "all_clear.seconds"],
        ),
        ("[inbox]", &[""]),
        ("[hours]\nsavings = []", &[""]),
    ];
    for (sections, expected) in rows {
        assert_eq!(paths(sections), *expected, "{sections}");
    }
}

#[test]
fn lists_are_bounded() {
    let saving = "{ from = \"22:00\", to = \"05:00\" }, ".repeat(17);
    assert_eq!(paths(&format!("[hours]\nsaving = [{saving}]")), ["hours.saving"]);
}

#[test]
fn what_is_not_given_has_its_usual_value() {
    let config = Config::parse(GOOD, Path::new("/etc/bangtin")).expect("sound");
    assert_eq!(config.cutoff, Cutoff::default());
    assert_eq!(config.brightness, brightness::Settings::default());
    assert_eq!((config.saving.len(), config.inbox), (0, None));
    assert_eq!(config.decisions, Path::new("/etc/bangtin/decisions.toml"));
    let numbers = [config.cap_life_hours, config.picture_wait_s, config.all_clear_s];
    assert_eq!(numbers, [24, 60, 10]);
}

#[test]
fn what_is_given_is_taken() {
    let more = r#"
        [hours]
        saving = [{ days = ["mon"], from = "22:30", to = "05:00" }]
        [brightness]
        table = [{ from = "18:00", percent = 40 }, { from = "06:00", percent = 100 }]
        sensor = "/sys/bus/iio/devices/iio:device0/in_illuminance_input"
        lux = [{ lux = 0, percent = 20 }, { lux = 1000, percent = 100 }]
        [inbox]
        path = "/media/usb"
        [cutoff]
        file = "cutoff"
        gpio = 17
        gpio_active = "high"
        [decisions]
        file = "/var/lib/bangtin/decisions.toml"
    "#;
    let config = Config::parse(&format!("{GOOD}{more}"), Path::new("/etc/bangtin")).expect("sound");
    let days = [true, false, false, false, false, false, false];
    assert_eq!(config.saving, [Window { days, from: 1350, to: 300 }]);
    let (morning, evening) = (Step { from: 360, percent: 100 }, Step { from: 1080, percent: 40 });
    assert_eq!(config.brightness.table, [morning, evening]);
    let sensor = config.brightness.sensor.expect("given");
    let dark_and_bright = [Point { lux: 0, percent: 20 }, Point { lux: 1000, percent: 100 }];
    assert_eq!(sensor.curve, dark_and_bright);
    assert_eq!(config.inbox.as_deref(), Some(Path::new("/media/usb")));
    assert_eq!(config.cutoff.file.as_deref(), Some(Path::new("/etc/bangtin/cutoff")));
    let gpio = Gpio { chip: "/dev/gpiochip0".into(), line: 17, active_low: false };
    assert_eq!(config.cutoff.gpio, Some(gpio));
    assert_eq!(config.decisions, Path::new("/var/lib/bangtin/decisions.toml"));
}
