//! The demo's broker: MQTT 5 on the loopback, nothing kept.
#![expect(clippy::disallowed_methods, reason = "the demo's broker listens on the loopback")]

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rumqttd::{Broker, Config, ConnectionSettings, RouterConfig, ServerSettings};

/// Largest message, in bytes, as real brokers of boards take it.
const MESSAGE_MAX: usize = 2 * 1024 * 1024;
/// The usual port of MQTT without TLS.
const USUAL_PORT: u16 = 1883;

/// Starts a broker on a port of the loopback and gives its URL. Without a port it takes the usual
/// one, or a free one where that is taken.
///
/// # Errors
/// When the port cannot be had, or the broker does not answer.
pub fn start(port: Option<u16>) -> anyhow::Result<String> {
    let free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).and_then(|l| l.local_addr());
    let address: SocketAddr = match port {
        Some(port) => free(port).with_context(|| format!("port {port} cannot be had"))?,
        None => free(USUAL_PORT).or_else(|_| free(0)).context("no free port")?,
    };
    let settings = ServerSettings {
        name: "demo".to_owned(),
        listen: address,
        tls: None,
        next_connection_delay_ms: 1,
        connections: ConnectionSettings {
            connection_timeout_ms: 5000,
            max_payload_size: MESSAGE_MAX,
            max_inflight_count: 100,
            auth: None,
            external_auth: None,
            dynamic_filters: true,
        },
    };
    let config = Config {
        router: RouterConfig {
            max_connections: 1000,
            max_outgoing_packet_count: 200,
            max_segment_size: 16 * 1024 * 1024,
            max_segment_count: 4,
            ..RouterConfig::default()
        },
        v5: Some(HashMap::from([("demo".to_owned(), settings)])),
        ..Config::default()
    };
    let mut broker = Broker::new(config);
    thread::Builder::new().name("broker".into()).spawn(move || {
        if let Err(error) = broker.start() {
            tracing::error!("the demo's broker has ended: {error}");
        }
    })?;
    let began = Instant::now();
    while std::net::TcpStream::connect(address).is_err() {
        if began.elapsed() > Duration::from_secs(5) {
            bail!("the demo's broker does not answer on {address}");
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(format!("mqtt://{address}"))
}
