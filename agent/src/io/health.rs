//! How the machine is: room on the disk, temperature, starts of the program.
#![expect(clippy::disallowed_methods, reason = "this is the file that asks the machine")]

use std::fs;
use std::path::Path;

/// Free room for this program where `path` lies, in MiB.
#[cfg(unix)]
pub fn disk_free_mib(path: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(path).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize) / (1024 * 1024))
}

/// Free room is reported on Unix alone.
#[cfg(not(unix))]
pub fn disk_free_mib(_: &Path) -> Option<u64> {
    None
}

/// Temperature of the first sensor that the kernel names, in degrees Celsius.
pub fn temperature_c() -> Option<f64> {
    let text = fs::read_to_string("/sys/class/thermal/thermal_zone0/temp").ok()?;
    text.trim().parse::<f64>().ok().map(|thousandths| thousandths / 1000.0)
}

/// Counts this start in the store's folder; 0 for the first one. A count that cannot be written
/// is not worth a board: then it stays as it is.
pub fn count_start(folder: &Path) -> u64 {
    let path = folder.join("starts");
    let before = fs::read_to_string(&path).ok().and_then(|text| text.trim().parse::<u64>().ok());
    let _ = fs::write(&path, format!("{}\n", before.unwrap_or(0) + 1));
    before.unwrap_or(0)
}
