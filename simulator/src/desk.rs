//! The desk's link to a broker, for as long as a command runs.
#![expect(clippy::disallowed_methods, reason = "the desk reads the broker's certificates")]

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow};
use bangtin_agent::io::mqtt::{
    self, BrokerUrl, Event, Link, RetainedCopies, Session, Settings, Subscription,
};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::console;

/// How long a broker may take to accept what is sent.
const BROKER_PATIENCE: Duration = Duration::from_secs(10);
/// Longest time that a command waits, in seconds: a day.
pub const SECONDS_MAX: u64 = 24 * 3600;

/// A link to a broker.
pub struct Desk {
    /// The link.
    pub link: Link,
    /// What comes on it.
    pub events: Receiver<Event>,
    task: JoinHandle<()>,
    url: String,
    subscribes: bool,
}

impl Desk {
    /// Opens a link; needs a tokio runtime around it. `ca` is the file with the certificates of
    /// the authority behind an mqtts broker.
    ///
    /// # Errors
    /// When the broker's URL or the certificates can never make a link.
    pub fn open(url: &str, ca: Option<&Path>, filters: Vec<String>) -> anyhow::Result<Self> {
        let parsed = BrokerUrl::parse(url).map_err(|message| anyhow!("--broker: {message}"))?;
        let tls = match ca {
            Some(path) => {
                let ca = std::fs::read(path).with_context(|| path.display().to_string())?;
                Some(mqtt::TlsFiles { ca, client: None })
            }
            None => None,
        };
        let subscription = |filter| Subscription { filter, retained: RetainedCopies::Always };
        let (sender, events) = channel(64);
        let subscribes = !filters.is_empty();
        let settings = Settings {
            url: parsed,
            client_id: format!("bangtin-desk-{}", mark::<6>()?),
            session: Session::Clean,
            will: None,
            subscriptions: filters.into_iter().map(subscription).collect(),
            tls,
        };
        let (link, connection) = mqtt::open(settings, sender)?;
        let task = tokio::spawn(connection.run());
        Ok(Self { link, events, task, url: url.to_owned(), subscribes })
    }

    /// Waits until the broker has taken the link and its subscriptions. Those that it refuses are
    /// said.
    ///
    /// # Errors
    /// When that takes too long.
    pub async fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let mut why = "no answer".to_owned();
        let ready = async {
            while let Some(event) = self.events.recv().await {
                match event {
                    Event::Subscribed { refused } => {
                        for reason in refused {
                            console::complain(&format!("the broker refuses to send {reason}"));
                        }
                        return;
                    }
                    Event::Connected { .. } if !self.subscribes => return,
                    Event::Disconnected { reason } => why = reason,
                    _ => {}
                }
            }
        };
        let waited = timeout(BROKER_PATIENCE, ready).await;
        waited.map_err(|_| anyhow!("broker {} cannot be reached: {why}", self.url))
    }

    /// Waits until the broker has everything.
    ///
    /// # Errors
    /// When that takes too long.
    pub async fn flush(&self) -> anyhow::Result<()> {
        timeout(BROKER_PATIENCE, self.link.flush())
            .await
            .map_err(|_| anyhow!("broker {} did not take what was sent", self.url))
    }

    /// Says goodbye.
    pub async fn close(self) {
        self.link.close();
        let _ = timeout(BROKER_PATIENCE, self.task).await;
    }
}

/// What a link needs around it.
///
/// # Errors
/// When the system has no room for it.
pub fn runtime() -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// So many random bytes in hexadecimal digits, for names that must not meet.
///
/// # Errors
/// When the system gives none.
pub fn mark<const BYTES: usize>() -> anyhow::Result<String> {
    let mut mark = [0; BYTES];
    getrandom::fill(&mut mark).map_err(|error| anyhow!("no randomness: {error}"))?;
    Ok(mark.iter().map(|byte| format!("{byte:02x}")).collect())
}
