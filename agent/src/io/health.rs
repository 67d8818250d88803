//! How the machine is, as far as it says: the disk, the card, warmth, power, the radio.
#![expect(clippy::disallowed_methods, reason = "this is the file that asks the machine")]

mod starts;

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

pub use starts::{End, Record, Starts, cause};

use crate::report::{Machine, Spares};

/// Longest file of the kernel's that is read, in bytes.
const FILE_LIMIT: u64 = 4096;
/// Most entries of a folder of the kernel's that are looked at.
const ENTRIES_LIMIT: usize = 256;

/// Looks at the machine whose file system begins at `root`, and at the disk that holds
/// `store`. Cheap: some small files that the kernel makes.
pub fn read(root: &Path, store: &Path) -> Machine {
    let (disk_free_mib, store_read_only) = file_system(store);
    let card = |file: &str| {
        let blocks = entries(&root.join("sys/block"), "mmcblk").into_iter();
        blocks.filter_map(|block| text(&block.join("device").join(file))).next()
    };
    let bits = throttled(root);
    Machine {
        disk_free_mib,
        store_read_only,
        root_read_only: file_system(root).1,
        card_used_percent: card("life_time").and_then(|text| life_time(&text)),
        card_spares: card("pre_eol_info").and_then(|text| spares(&text)),
        temperature_c: text(&root.join("sys/class/thermal/thermal_zone0/temp"))
            .and_then(|text| text.trim().parse::<f64>().ok())
            .map(|thousandths| thousandths / 1000.0),
        under_voltage: bits.map(|bits| bits & 1 != 0).or_else(|| voltage_alarm(root)),
        was_under_voltage: bits.map(|bits| bits & (1 << 16) != 0),
        wifi_dbm: text(&root.join("proc/net/wireless")).and_then(|text| wireless(&text)),
    }
}

/// Free MiB, and whether nothing can be written.
#[cfg(unix)]
fn file_system(path: &Path) -> (Option<u64>, Option<bool>) {
    let Ok(stat) = rustix::fs::statvfs(path) else { return (None, None) };
    let free = stat.f_bavail.saturating_mul(stat.f_frsize) / (1024 * 1024);
    (Some(free), Some(stat.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY)))
}

/// Reported on Unix alone.
#[cfg(not(unix))]
fn file_system(_: &Path) -> (Option<u64>, Option<bool>) {
    (None, None)
}

/// The firmware's account of the power supply: bit 0 low voltage now, bit 16 since the start
/// (Raspberry Pi documentation, `vcgencmd get_throttled`).
fn throttled(root: &Path) -> Option<u32> {
    let path = "sys/devices/platform/soc/soc:firmware/get_throttled";
    u32::from_str_radix(text(&root.join(path))?.trim().trim_start_matches("0x"), 16).ok()
}

/// The kernel's own sensor for the same, `raspberrypi-hwmon`.
fn voltage_alarm(root: &Path) -> Option<bool> {
    let sensors = entries(&root.join("sys/class/hwmon"), "hwmon");
    let of_pi = |sensor: &&std::path::PathBuf| {
        text(&sensor.join("name")).is_some_and(|name| name.trim() == "rpi_volt")
    };
    let alarm = text(&sensors.iter().find(of_pi)?.join("in0_lcrit_alarm"))?;
    alarm.trim().parse::<u8>().ok().map(|alarm| alarm != 0)
}

/// The worse of two estimates: 1 is up to 10 % used, 10 up to 100 %, 11 more; 0 says nothing.
fn life_time(text: &str) -> Option<u8> {
    let estimates = text.split_whitespace().filter_map(hexadecimal);
    estimates.filter(|step| (1..=11).contains(step)).max().map(|step| step * 10)
}

fn spares(text: &str) -> Option<Spares> {
    match hexadecimal(text.trim())? {
        1 => Some(Spares::Normal),
        2 => Some(Spares::Warning),
        3 => Some(Spares::Urgent),
        _ => None,
    }
}

fn hexadecimal(text: &str) -> Option<u8> {
    u8::from_str_radix(text.trim_start_matches("0x"), 16).ok()
}

/// The level of the first radio, after two lines of headings: `wlan0: 0000   54.  -56.  -256 …`.
fn wireless(text: &str) -> Option<i32> {
    let level = text.lines().nth(2)?.split_whitespace().nth(3)?;
    let level = level.trim_end_matches('.').parse::<i32>().ok()?;
    // Some drivers give the byte without its sign.
    Some(if level > 0 { level - 256 } else { level }).filter(|level| (-128..0).contains(level))
}

/// The entries of a folder that begin with `name`, in order.
fn entries(folder: &Path, name: &str) -> Vec<std::path::PathBuf> {
    let Ok(found) = fs::read_dir(folder) else { return Vec::new() };
    let named = found
        .take(ENTRIES_LIMIT)
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(|entry| entry.starts_with(name)));
    let mut paths: Vec<_> = named.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn text(path: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(FILE_LIMIT).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder like the machine's root.
    fn machine(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    /// What the machine says of itself, without its disk.
    fn health(files: &[(&str, &str)]) -> Machine {
        let root = machine(files);
        let health = read(root.path(), root.path());
        if cfg!(unix) {
            assert!(health.disk_free_mib.is_some());
            assert_eq!(health.store_read_only, Some(false));
            assert_eq!(health.root_read_only, Some(false));
        }
        Machine { disk_free_mib: None, store_read_only: None, root_read_only: None, ..health }
    }

    #[test]
    fn a_pi_says_how_it_is() {
        let found = health(&[
            ("sys/class/thermal/thermal_zone0/temp", "48312\n"),
            ("sys/devices/platform/soc/soc:firmware/get_throttled", "50004\n"),
            ("sys/block/loop0/size", "0\n"),
            ("sys/block/mmcblk0/device/life_time", "0x02 0x01\n"),
            ("sys/block/mmcblk0/device/pre_eol_info", "0x02\n"),
            (
                "proc/net/wireless",
                "Inter-| sta-|   Quality        |   Discarded packets\n face | tus | link level \
                 noise\n wlan0: 0000   54.  -56.  -256        0      0\n",
            ),
        ]);
        let expected = Machine {
            temperature_c: Some(48.312),
            under_voltage: Some(false),
            was_under_voltage: Some(true),
            card_used_percent: Some(20),
            card_spares: Some(Spares::Warning),
            wifi_dbm: Some(-56),
            ..Machine::default()
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn a_newer_pi_has_a_sensor_for_its_voltage() {
        let found = health(&[
            ("sys/class/hwmon/hwmon0/name", "cpu_thermal\n"),
            ("sys/class/hwmon/hwmon1/name", "rpi_volt\n"),
            ("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n"),
        ]);
        assert_eq!(found, Machine { under_voltage: Some(true), ..Machine::default() });
    }

    #[test]
    fn what_is_missing_or_odd_is_nothing() {
        assert_eq!(health(&[]), Machine::default());
        let odd = health(&[
            ("sys/class/thermal/thermal_zone0/temp", "warm"),
            ("sys/devices/platform/soc/soc:firmware/get_throttled", ""),
            ("sys/block/mmcblk0/device/life_time", "0x00 0xff\n"),
            ("sys/block/mmcblk0/device/pre_eol_info", "\u{1f4a3}"),
            ("sys/class/hwmon/hwmon1/name", "rpi_volt"),
            ("proc/net/wireless", "Inter-| sta-\n face | tus\n wlan0: 0000 54."),
        ]);
        assert_eq!(odd, Machine::default());
        let nowhere = read(Path::new("/nowhere"), Path::new("/nowhere/store"));
        assert_eq!(nowhere, Machine::default());
    }

    #[test]
    fn levels_and_lives() {
        let line = |level: &str| format!("\n\n wlan0: 0000   54.  {level}  -256\n");
        assert_eq!(wireless(&line("-81.")), Some(-81));
        assert_eq!(wireless(&line("200.")), Some(-56));
        assert_eq!(wireless(&line("0")), None);
        assert_eq!(life_time("0x0b 0x01"), Some(110));
        assert_eq!(life_time("0x00 0x00"), None);
    }
}
