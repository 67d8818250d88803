//! What the tests against real peers need: a Mosquitto here, and in the modules more.
#![allow(dead_code, reason = "each test file uses a part of it")]

pub mod answers;
pub mod board;
pub mod pacing;
pub mod proxy;
pub mod publisher;

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a test waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A Mosquitto of our own; it dies with the test.
pub struct Broker {
    /// Its folder, with room for more files.
    pub folder: TempDir,
    /// Its port on the loopback.
    pub port: u16,
    child: Option<Child>,
}

impl Broker {
    pub fn start() -> Self {
        Self::start_with("")
    }

    pub fn start_with(more: &str) -> Self {
        let mut broker = Self::prepare(more);
        broker.up();
        broker
    }

    pub fn prepare(more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        // Mosquitto gives up root for a user that may not write here, unless it is told not to;
        // and from the 1001st message that waits for a session it drops them.
        let configuration = format!(
            "user root\nlistener {port} 127.0.0.1\nallow_anonymous true\npersistence true\n\
             persistence_location {}/\nmax_queued_messages 0\n{more}\n",
            folder.path().display()
        );
        fs::write(folder.path().join("mosquitto.conf"), configuration).unwrap();
        Self { folder, port, child: None }
    }

    pub fn up(&mut self) {
        let child = Command::new("/usr/sbin/mosquitto")
            .arg("-c")
            .arg(self.folder.path().join("mosquitto.conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let child = child.unwrap_or_else(|error| {
            panic!("/usr/sbin/mosquitto: {error}; install mosquitto or leave real-peers out")
        });
        self.child = Some(child);
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(start.elapsed() < PATIENCE, "mosquitto does not listen on {}", self.port);
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends it the way the system does, so that it saves its sessions.
    pub fn stop(&mut self) {
        let mut child = self.child.take().expect("a running broker");
        let status = Command::new("kill").arg(child.id().to_string()).status();
        assert!(status.expect("kill").success());
        child.wait().unwrap();
    }

    /// Ends it the way a power cut does: sessions and retained messages are lost.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("a running broker");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
