//! A board to be measured: its folder, the notices that are sent to it, and the loop at work in a
//! thread of this program or as the program itself.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use bangtin_agent::area::Area;
use bangtin_agent::files;
use bangtin_agent::io::output::{self, Output};
use bangtin_agent::io::setup;
use bangtin_agent::notice::{self, Class};
use bangtin_agent::run;
use bangtin_agent::signature::{NOTICE_TYPE, sign, trusted_toml};
use bangtin_renderer::Frame;
use ed25519_dalek::SigningKey;
use jiff::{Span, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;

/// The area above the board.
pub const ABOVE: &str = "ttcs/v1/vn/86/28789";
/// The colour of emergencies on `lcd-1080p`.
pub const EMERGENCY: [u8; 3] = [0x5c, 0, 0];

/// A board's folder and the key that it believes.
pub struct Square {
    /// Its id, which is its layout's name.
    pub id: String,
    folder: TempDir,
    key: SigningKey,
}

impl Square {
    /// A board on a layout, at a broker on the loopback.
    pub fn new(layout: &str, port: u16) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let key = SigningKey::from_bytes(&[7; 32]);
        let classes = [Class::Routine, Class::Priority, Class::Emergency];
        let province = Area::parse("vn/86").expect("an area");
        let trusted = trusted_toml(&key.verifying_key(), &province, &classes, hours_ago(1));
        let config = format!(
            "[board]\nid = \"{layout}\"\nprovince = \"86\"\ncommune = \"28789\"\n\
             layout = \"{layout}\"\nname = \"Phường Bến Tre\"\n\
             [broker]\nurl = \"mqtt://127.0.0.1:{port}\"\n[trust]\nkeys = \"trusted.toml\"\n\
             [store]\npath = \"store\"\n[output]\nkind = \"png\"\npath = \"frame.png\"\n"
        );
        for (name, text) in [("trusted.toml", trusted), ("board.toml", config)] {
            fs::write(folder.path().join(name), text).expect("room for small files");
        }
        fs::create_dir_all(folder.path().join("store")).expect("room for a folder");
        Self { id: layout.to_owned(), folder, key }
    }

    /// Where its notices are kept.
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("board.toml")
    }

    /// Signs a notice.
    pub fn sign(&self, notice: &Value) -> Vec<u8> {
        sign(notice.to_string().as_bytes(), NOTICE_TYPE, &self.key).into_bytes()
    }

    /// Puts a notice into the store as an earlier run of the board would have left it.
    pub fn keep(&self, notice: &Value) {
        let read = notice::read(notice.to_string().as_bytes()).expect("a notice");
        let path = self.store().join(files::file_name(&read));
        fs::write(path, self.sign(notice)).expect("room for a notice");
    }

    /// Runs the board in this program, from reading its files on.
    pub fn run(&self) -> Running {
        let (seen, glances) = channel();
        let (stop, stopped) = oneshot::channel();
        let config = self.config();
        let began = Instant::now();
        let thread = thread::spawn(move || work(&config, seen, stopped));
        Running { began, glances, stop: Some(stop), thread: Some(thread) }
    }

    /// Starts the program.
    pub fn start(&self) -> Program {
        let child = Command::new(env!("CARGO_BIN_EXE_bangtin-agent"))
            .args(["run", "--config"])
            .arg(self.config())
            .stderr(Stdio::null())
            .spawn();
        Program { child: child.expect("the agent starts") }
    }
}

/// A board at work in a thread.
pub struct Running {
    /// When it began to read its files.
    pub began: Instant,
    /// Its frames.
    pub glances: Receiver<Glance>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(config: &Path, seen: Sender<Glance>, stopped: oneshot::Receiver<()>) {
    let setup = setup::read(config).unwrap_or_else(|problems| panic!("{problems:?}"));
    let open = |output: &_| {
        let inner = output::open(output)?;
        Ok(Box::new(Watched { inner, seen: seen.clone() }) as Box<dyn Output>)
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let stop = async { drop(stopped.await) };
    let ended = runtime.expect("a runtime").block_on(run::run(setup, open, stop));
    ended.unwrap_or_else(|failure| panic!("{failure:#}"));
}

/// A frame that was handed over.
#[derive(Clone, Copy)]
pub struct Glance {
    /// When.
    pub at: Instant,
    /// A checksum of some rows that do not flash.
    pub mark: u32,
    /// The colour at the left edge.
    pub ground: [u8; 3],
}

/// An output that notes when frames are shown. It looks at few of their rows: what it takes is
/// taken from what is measured.
struct Watched {
    inner: Box<dyn Output>,
    seen: Sender<Glance>,
}

impl Output for Watched {
    fn show(&mut self, frame: &Frame) -> io::Result<()> {
        self.inner.show(frame)?;
        let at = Instant::now();
        let row = frame.width() as usize * 3;
        let rows = (480..900).step_by(14).filter_map(|y| frame.bytes().get(y * row..(y + 1) * row));
        let mut hasher = crc32fast::Hasher::new();
        rows.for_each(|row| hasher.update(row));
        let middle = frame.height() as usize / 2 * row;
        let ground = frame.bytes().get(middle..middle + 3);
        let ground = ground.and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
        let _ = self.seen.send(Glance { at, mark: hasher.finalize(), ground });
        Ok(())
    }

    fn fps(&self) -> u32 {
        self.inner.fps()
    }
}

/// The program at work; it dies with this.
pub struct Program {
    child: Child,
}

impl Program {
    /// Its memory that is in use, in MiB.
    pub fn memory_mib(&self) -> f64 {
        let status = self.read("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        kib.unwrap_or_default() / 1024.0
    }

    /// The seconds of a core that its threads have had.
    pub fn busy_s(&self) -> f64 {
        let folder = format!("/proc/{}/task", self.child.id());
        let threads = fs::read_dir(folder).into_iter().flatten().flatten();
        let ns = threads.filter_map(|thread| {
            let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse::<f64>().ok()
        });
        ns.sum::<f64>() / 1e9
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{name}", self.child.id())).unwrap_or_default()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn hours_ago(hours: i64) -> Timestamp {
    Timestamp::now().checked_sub(Span::new().hours(hours)).expect("a time")
}

/// A minute ago: what was sent is in force.
fn just() -> Timestamp {
    Timestamp::now().checked_sub(Span::new().minutes(1)).expect("a time")
}

/// Words of bulletins, to be cut into texts.
const WORDS: &str = "Bà con vùng thấp ven sông trữ nước ngọt, kê cao đồ đạc và sơ tán khi có hiệu \
    lệnh của Ủy ban nhân dân phường. Triều cường lên nhanh từ 17 giờ, đỉnh triều dự báo 1,72 m tại \
    trạm Bến Tre, vượt báo động III. Các trường học trên địa bàn cho học sinh nghỉ chiều nay; phà \
    Rạch Miễu ngừng chạy từ 15 giờ đến khi có thông báo mới. Không đi qua đoạn đường Hùng Vương \
    đang ngập. Người già, trẻ nhỏ và phụ nữ mang thai đến Trường Nguyễn Bỉnh Khiêm trước.";

/// A notice of today for the whole commune. Its words depend on `number`, its headline is short,
/// and its text says the revision at both ends.
pub fn notice(id: &str, revision: u32, class: &str, number: usize) -> Value {
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let (from, length) = (number * 7 % 24, 36 + number * 13 % 40);
    let text = words[from..(from + length).min(words.len())].join(" ");
    json!({
        "version": 1, "id": id, "revision": revision, "sender": "vn/86", "to": ["vn/86/28789"],
        "sent": just().to_string(), "status": "actual", "kind": "alert", "class": class,
        "effective": just().to_string(), "expires": hours_ago(-48).to_string(),
        "content": [{
            "language": "vi",
            "headline": format!("TIN SỐ {number}"),
            "text": format!("Lần {revision}: {text} Hết lần {revision}, tin {number}."),
        }],
    })
}

/// What ends a notice.
pub fn cancel(id: &str) -> Value {
    json!({
        "version": 1, "id": format!("{id}.huy"), "revision": 1, "sender": "vn/86",
        "to": ["vn/86/28789"], "sent": just().to_string(), "status": "actual",
        "kind": "cancel", "class": "emergency", "references": [id],
        "effective": just().to_string(), "expires": hours_ago(-48).to_string(),
    })
}
