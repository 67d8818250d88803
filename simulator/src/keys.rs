//! Keys: making them, and reading them with the area they speak for.
#![expect(clippy::disallowed_methods, reason = "keys are files")]

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use bangtin_agent::area::Area;
use bangtin_agent::notice::Class;
use bangtin_agent::signature::{Trusted, parse_class, thumbprint, trusted_toml};
use clap::Args;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes};
use jiff::Timestamp;

use crate::console;

#[derive(Args)]
#[command(after_help = "Example: bangtin-simulator keygen --sender vn/86 \
                        --classes routine,priority,emergency --out keys")]
pub struct KeygenArguments {
    /// The area the key speaks for, itself and below
    #[arg(long, value_name = "AREA")]
    sender: String,
    /// The classes it may send, parted by commas
    #[arg(long, value_delimiter = ',', default_value = "routine")]
    classes: Vec<String>,
    /// The folder for key.pem and trusted.toml
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub fn keygen(arguments: &KeygenArguments) -> anyhow::Result<ExitCode> {
    let area = Area::parse(&arguments.sender).map_err(|message| anyhow!("--sender: {message}"))?;
    let mut classes = Vec::new();
    for name in &arguments.classes {
        match parse_class(name) {
            Some(class) if !classes.contains(&class) => classes.push(class),
            Some(_) => {}
            None => bail!("--classes: `{name}` is not routine, priority or emergency"),
        }
    }
    let key = write(&arguments.out, &area, &classes)?;
    console::print_line(&thumbprint(&key.verifying_key()))?;
    Ok(ExitCode::SUCCESS)
}

/// Makes a key that speaks for an area, and writes `key.pem` and `trusted.toml` into a folder. A
/// key that is there already is left alone.
pub fn write(folder: &Path, area: &Area, classes: &[Class]) -> anyhow::Result<SigningKey> {
    let key = generate()?;
    let path = folder.join("key.pem");
    if path.exists() {
        bail!("{} is there already; choose another folder", path.display());
    }
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    // The list first: a key that nobody can use yet must not stand in the way of another try.
    let trusted = folder.join("trusted.toml");
    fs::write(&trusted, trusted_toml(&key.verifying_key(), area, classes, Timestamp::now()))
        .with_context(|| trusted.display().to_string())?;
    // PKCS#8 version 1, without the public key: OpenSSL and others read no version 2.
    let pair = KeypairBytes { secret_key: key.to_bytes(), public_key: None };
    let pem = pair.to_pkcs8_pem(LineEnding::LF).map_err(|error| anyhow!("the key: {error}"))?;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&path).and_then(|mut file| file.write_all(pem.as_bytes()));
    written.with_context(|| path.display().to_string())?;
    Ok(key)
}

/// A key of the system's randomness.
pub fn generate() -> anyhow::Result<SigningKey> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret)
        .map_err(|error| anyhow!("the system gives no randomness: {error}"))?;
    Ok(SigningKey::from_bytes(&secret))
}

/// Largest key file, in bytes; an Ed25519 key has about 120.
const KEY_MAX: u64 = 16 * 1024;

/// Reads a key in PKCS#8 PEM.
pub fn read(path: &Path) -> anyhow::Result<SigningKey> {
    let mut pem = String::new();
    let read = fs::File::open(path).and_then(|file| file.take(KEY_MAX).read_to_string(&mut pem));
    read.with_context(|| format!("{} cannot be read", path.display()))?;
    SigningKey::from_pkcs8_pem(&pem).map_err(|_| {
        anyhow!("{} is no Ed25519 key in PKCS#8 PEM; `keygen` makes one", path.display())
    })
}

/// What the `trusted.toml` beside a key says of it.
pub struct Authority {
    /// The area it speaks for.
    pub area: Area,
    /// The classes it may send.
    pub classes: Vec<Class>,
}

/// Finds a key in the `trusted.toml` beside its file.
pub fn authority(path: &Path, key: &SigningKey) -> anyhow::Result<Authority> {
    let list = path.with_file_name("trusted.toml");
    let text = fs::read_to_string(&list).with_context(|| {
        format!("{} cannot be read; name the sender with --sender", list.display())
    })?;
    let trusted = Trusted::parse(&text).map_err(|problems| {
        let faults = problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        anyhow!("{}: {faults}", list.display())
    })?;
    let id = thumbprint(&key.verifying_key());
    let known = trusted.keys().iter().find(|known| known.id == id);
    let known = known.with_context(|| format!("{} does not list the key {id}", list.display()))?;
    Ok(Authority { area: known.area.clone(), classes: known.classes.clone() })
}
