//! The link to the broker: one MQTT 5 connection that comes back by itself, and the outbox of
//! what waits to go out. This is the only file that knows rumqttc.
//!
//! [`Connection::run`] is three futures in one task, none of which the others can cut short:
//! *drive* polls rumqttc, *forward* hands the events to the program, *finish* waits for
//! [`Link::close`]. Whatever comes from outside the task only changes the state under its lock
//! and uses rumqttc's `try_` functions, so nothing here can wait for itself.
//!
//! Each connection gets a new rumqttc client. After an error the old one still holds packet
//! ids, collisions and half-read events, and it forgets unacknowledged publishes when the
//! broker forgot the session; the outbox does not.
#![expect(clippy::disallowed_methods, reason = "this is the file that touches the network")]

mod outbox;
mod retry;
mod settings;
mod url;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rumqttc::v5::mqttbytes::v5::{
    ConnAck, ConnectProperties, DisconnectReasonCode, Filter, LastWill, Packet, PubAckReason,
    Publish, PublishProperties, RetainForwardRule, SubscribeReasonCode,
};
use rumqttc::v5::mqttbytes::{self, QoS};
use rumqttc::v5::{self, AsyncClient, ConnectionError, EventLoop, MqttOptions, StateError};
use rumqttc::{NetworkOptions, Outgoing, TlsConfiguration, Transport};
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, timeout};
use tracing::{debug, info, warn};

use crate::message::{Message, PACKET_LIMIT, Publication, Retained, Token};

pub use outbox::{OUTBOX_BYTES_LIMIT, OUTBOX_LIMIT};
pub use settings::{
    RetainedCopies, STRING_LIMIT, SUBSCRIPTIONS_LIMIT, Session, Settings, Subscription, TlsFiles,
    Unusable, Will,
};
pub use url::{BrokerUrl, URL_LIMIT};

use outbox::{Outbox, Outcome};
use retry::{Ending, Health, Patience};
use settings::check_filter;

/// Most messages the broker is to send ahead of our acknowledgements; Mosquitto's own default.
pub const RECEIVE_MAXIMUM: u16 = 20;

const SESSION_EXPIRY_S: u32 = 30 * 24 * 60 * 60;
const KEEP_ALIVE_S: u64 = 30;
const ATTEMPT_LIMIT_S: u64 = 10;
/// Publishes under way at once, if the broker allows as many.
const WINDOW: u16 = 100;
/// Room for everything that can be handed to rumqttc between two polls, so that `try_` succeeds.
const REQUESTS_LIMIT: usize = (RECEIVE_MAXIMUM + WINDOW + 64) as usize;
/// Events waiting for the program: the broker's window, and what else there is to tell.
const QUEUE_LIMIT: usize = RECEIVE_MAXIMUM as usize + 12;
/// `poll` yields a ping every 30 s at least; one that takes longer writes into a dead connection.
const SILENCE_LIMIT: Duration = Duration::from_secs(75);
const CLOSE_LIMIT: Duration = Duration::from_secs(2);
const HANG_UP_LIMIT: Duration = Duration::from_secs(1);

/// What the link tells the program, in the order in which it happened.
#[derive(Debug)]
pub enum Event {
    /// The broker accepted us; the subscriptions are on their way.
    Connected {
        /// Whether the broker still had our session.
        session_present: bool,
    },
    /// The broker answered our subscriptions.
    Subscribed {
        /// The filters it refused, each with the broker's reason. Nothing comes on these.
        refused: Vec<String>,
    },
    /// The connection ended or could not be made; attempts go on. Sent at each end, and for
    /// failing attempts whenever the reason is a new one.
    Disconnected {
        /// One line for a log.
        reason: String,
    },
    /// A message came.
    Message(Message),
    /// The broker has the publication with this tag. Told once, ahead of what else waits to be
    /// told.
    Delivered(u64),
    /// The publication with this tag was given up: see [`Link::send`]. Told once, likewise.
    Undelivered(u64),
}

/// How the link has been since it was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Quality {
    /// Whether there is a connection now.
    pub connected: bool,
    /// Connections that the broker accepted.
    pub connections: u64,
    /// Why the latest connection ended or could not be made; one line.
    pub last_loss: Option<String>,
    /// How long the broker took for its latest acknowledgement, in milliseconds.
    pub answer_ms: Option<u64>,
    /// Messages that wait for the broker's acknowledgement or to be sent.
    pub waiting: usize,
    /// Messages that were given up: see [`Link::send`].
    pub dropped: u64,
}

/// The program's end of the link: cheap to clone, never blocks. See [`open`].
#[derive(Clone)]
pub struct Link {
    shared: Arc<Shared>,
}

/// The network's end of the link; nothing happens until it runs.
pub struct Connection {
    link: Link,
    url: BrokerUrl,
    options: MqttOptions,
    session: Session,
    events: mpsc::Sender<Event>,
}

/// Prepares a link. `events` receives what happens; a program that takes them slowly slows the
/// broker down, not the keep-alive.
///
/// # Errors
/// [`Unusable`] names the setting that can never work. A broker that is away is no error.
pub fn open(
    settings: Settings,
    events: mpsc::Sender<Event>,
) -> Result<(Link, Connection), Unusable> {
    let tls = settings.check()?;
    let Settings { url, client_id, session, will, subscriptions, tls: _ } = settings;

    let mut options = MqttOptions::new(client_id, url.host.clone(), url.port);
    options.set_keep_alive(Duration::from_secs(KEEP_ALIVE_S));
    options.set_connection_timeout(ATTEMPT_LIMIT_S);
    options.set_outgoing_inflight_upper_limit(2 * WINDOW);
    // Always by hand: rumqttc's own acknowledgements can get lost when sending is slow.
    options.set_manual_acks(true);
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    options.set_network_options(network);
    let mut properties = ConnectProperties::new();
    properties.max_packet_size = Some(PACKET_LIMIT as u32);
    properties.receive_maximum = Some(RECEIVE_MAXIMUM);
    properties.session_expiry_interval =
        (session == Session::Persistent).then_some(SESSION_EXPIRY_S);
    options.set_connect_properties(properties);
    if let Some((user, password)) = &url.login {
        options.set_credentials(user, password);
    }
    if let Some(Will { topic, payload }) = will {
        options.set_last_will(LastWill::new(topic, payload, QoS::AtLeastOnce, true, None));
    }
    if let Some(tls) = tls {
        let tls = TlsConfiguration::Rustls(Arc::new(tls));
        options.set_transport(Transport::tls_with_config(tls));
    }
    let state = Mutex::new(State { subscriptions, ..State::default() });
    let shared =
        Shared { state, progress: Notify::new(), settled: Notify::new(), closing: Notify::new() };
    let link = Link { shared: Arc::new(shared) };
    Ok((link.clone(), Connection { link, url, options, session, events }))
}

impl Link {
    /// Puts a message into the outbox, which outlives disconnections and keeps the order. A
    /// retained one takes the place of one that still waits there for the same topic.
    ///
    /// What cannot be sent is logged and counted in [`Link::dropped`]: an impossible topic, a
    /// packet over [`PACKET_LIMIT`] or the broker's own limit, what the broker refuses, and, while
    /// the outbox is full, the oldest message that waits there and is not retained. Of a message
    /// with a tag [`Event::Delivered`] or [`Event::Undelivered`] is told, the latter also when a
    /// newer one took its place. At most [`OUTBOX_LIMIT`] of these wait to be taken.
    pub fn send(&self, publication: Publication) {
        let mut state = self.lock();
        state.outbox.push(publication);
        state.pump();
        self.shared.settled.notify_one();
    }

    /// [`Link::send`] for a message that asks and answers nothing.
    pub fn publish(&self, topic: impl Into<String>, payload: Vec<u8>, retained: Retained) {
        self.send(Publication::new(topic, payload, retained));
    }

    /// How the link has been so far.
    #[must_use]
    pub fn quality(&self) -> Quality {
        let state = self.lock();
        Quality {
            connected: state.live.is_some(),
            waiting: state.outbox.len(),
            dropped: state.outbox.dropped(),
            answer_ms: state.outbox.answer_ms(),
            ..state.quality.clone()
        }
    }

    /// Messages that were lost since the link was opened: see [`Link::send`], and those the
    /// broker refused.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.lock().outbox.dropped()
    }

    /// Tells the broker that a message needs not come again. Harmless if that was done before,
    /// and for messages of an earlier connection, which come again.
    pub fn acknowledge(&self, token: Token) {
        self.lock().acknowledge(token);
    }

    /// Adds a subscription, now and for every later connection, or changes that of its filter.
    ///
    /// # Errors
    /// [`Unusable`] for what is no filter, and for the 1001st one.
    pub fn subscribe(&self, subscription: Subscription) -> Result<(), Unusable> {
        check_filter(&subscription.filter)?;
        let mut state = self.lock();
        state.subscriptions.retain(|held| held.filter != subscription.filter);
        if state.subscriptions.len() >= SUBSCRIPTIONS_LIMIT {
            return Err(Unusable::TooManySubscriptions(SUBSCRIPTIONS_LIMIT + 1));
        }
        state.subscriptions.push(subscription.clone());
        state.to_subscribe.retain(|held| held.filter != subscription.filter);
        state.to_subscribe.push(subscription);
        state.pump();
        Ok(())
    }

    /// Ends the subscription with exactly this filter, also one that an earlier run left in a
    /// persistent session. Messages under way may still come.
    pub fn unsubscribe(&self, filter: &str) {
        if check_filter(filter).is_err() {
            return;
        }
        let mut state = self.lock();
        state.subscriptions.retain(|held| held.filter != filter);
        state.to_subscribe.retain(|held| held.filter != filter);
        state.to_unsubscribe.retain(|held| held != filter);
        state.to_unsubscribe.push_back(filter.to_owned());
        if state.to_unsubscribe.len() > SUBSCRIPTIONS_LIMIT {
            state.to_unsubscribe.pop_front();
        }
        state.pump();
    }

    /// Waits until the broker has acknowledged everything sent before the call, or it was
    /// dropped. Without a connection that is for ever: set a timeout.
    pub async fn flush(&self) {
        let end = self.lock().outbox.next_number();
        loop {
            let progress = self.shared.progress.notified();
            tokio::pin!(progress);
            progress.as_mut().enable();
            if !self.lock().outbox.holds_before(end) {
                return;
            }
            progress.await;
        }
    }

    /// Says goodbye, so that the will is not published: [`Connection::run`] ends when the outbox
    /// is empty and the broker has hung up, or after 3 s. What is sent later is lost.
    pub fn close(&self) {
        self.shared.closing.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    /// Keeps the link up until [`Link::close`], or until the receiver of the events is gone.
    /// Runs in a task of its own; dropping it cuts the connection and the will is published.
    pub async fn run(self) {
        // A program that is slow must not cost us the keep-alive, so polling goes on while this
        // queue fills, and the broker stops by itself RECEIVE_MAXIMUM messages ahead of our
        // acknowledgements. Mosquitto 2.0.11 does not always (3,435 were seen), and QoS 0 knows no
        // such limit: when the queue is full polling waits for the program to take something.
        // That is no deadlock, for nothing a program does with a link waits for polling, and one
        // event taken every few seconds is enough for the pings.
        let (queue, queued) = mpsc::channel(QUEUE_LIMIT);
        tokio::select! {
            () = self.drive(&queue) => {}
            () = self.forward(queued) => {}
            () = self.events.closed() => debug!("nobody takes the events of {}", self.url),
            () = self.finish() => {}
        }
        self.link.lock().disconnected();
    }

    async fn drive(&self, queue: &mpsc::Sender<Event>) {
        let mut health = Health::default();
        let mut start_clean = false;
        let mut patience = Patience::default();
        loop {
            let ending = self.connect(start_clean, &mut patience, queue).await;
            if self.link.lock().closed {
                return;
            }
            start_clean &= ending.lived.is_none();
            let verdict = health.judge(&ending);
            if verdict.is_new {
                warn!("broker {}: {}", self.url, ending.reason);
            }
            if verdict.start_clean && self.session == Session::Persistent {
                warn!("broker {}: failed so three times, giving up the session", self.url);
                start_clean = true;
            }
            if verdict.was_short {
                self.link.lock().outbox.ended_at_once();
            }
            {
                let mut state = self.link.lock();
                state.disconnected();
                state.quality.last_loss = Some(ending.reason.clone());
            }
            self.link.shared.settled.notify_one();
            if ending.lived.is_some() || verdict.is_new {
                self.tell(queue, Some(Event::Disconnected { reason: ending.reason })).await;
            }
            sleep(verdict.pause).await;
        }
    }

    /// One connection, from the attempt to its end.
    async fn connect(
        &self,
        start_clean: bool,
        patience: &mut Patience,
        queue: &mpsc::Sender<Event>,
    ) -> Ending {
        let mut options = self.options.clone();
        options.set_clean_start(start_clean || self.session == Session::Clean);
        let (client, mut eventloop) = AsyncClient::new(options, REQUESTS_LIMIT);
        let mut connected_at = None;
        let (reason, suspicious) = loop {
            // Polling is never cut short while the connection is to live: a packet that waits to
            // be written would be lost.
            match timeout(SILENCE_LIMIT, eventloop.poll()).await {
                Ok(Ok(v5::Event::Incoming(Packet::ConnAck(connack)))) => {
                    connected_at = Some(Instant::now());
                    keep_alive_within_bounds(&mut eventloop);
                    let session_present = connack.session_present;
                    info!("connected to {}, session present: {session_present}", self.url);
                    self.link.lock().connected(client.clone(), &connack);
                    self.tell(queue, Some(Event::Connected { session_present })).await;
                }
                Ok(Ok(event)) => {
                    match &event {
                        v5::Event::Outgoing(Outgoing::PingReq) if patience.sent() => {
                            eventloop.state.await_pingresp = false;
                        }
                        v5::Event::Outgoing(_) => {}
                        v5::Event::Incoming(packet) => {
                            patience.heard(matches!(packet, Packet::Publish(_)));
                        }
                    }
                    self.take(event, queue).await;
                }
                Ok(Err(error)) => {
                    if matches!(error, ConnectionError::MqttState(StateError::AwaitPingResp)) {
                        patience.ran_out();
                    }
                    // What was read before the failure is still there, and a clean start would
                    // lose it.
                    while let Some(event) = eventloop.state.events.pop_front() {
                        self.take(event, queue).await;
                    }
                    break (reason(&error), is_suspicious(&error));
                }
                Err(_) => break (format!("stuck for {} s", SILENCE_LIMIT.as_secs()), false),
            }
            self.link.lock().pump();
        };
        Ending { reason, lived: connected_at.map(|at| at.elapsed()), suspicious }
    }

    async fn take(&self, event: v5::Event, queue: &mpsc::Sender<Event>) {
        let arrived = Instant::now();
        let told = self.link.lock().take(event, arrived);
        self.link.shared.progress.notify_waiters();
        self.link.shared.settled.notify_one();
        self.tell(queue, told).await;
    }

    async fn tell(&self, queue: &mpsc::Sender<Event>, event: Option<Event>) {
        if let Some(event) = event
            && queue.send(event).await.is_err()
        {
            debug!("the link to {} is ending", self.url);
        }
    }

    async fn forward(&self, mut queued: mpsc::Receiver<Event>) {
        loop {
            let outcome = self.link.lock().outbox.take_outcome();
            let event = match outcome {
                Some(Outcome::Delivered(tag)) => Event::Delivered(tag),
                Some(Outcome::Undelivered(tag)) => Event::Undelivered(tag),
                None => tokio::select! {
                    event = queued.recv() => match event {
                        Some(event) => event,
                        None => return,
                    },
                    () = self.link.shared.settled.notified() => continue,
                },
            };
            let token = match &event {
                Event::Message(message) => Some(message.token),
                _ => None,
            };
            if self.events.send(event).await.is_err() {
                return;
            }
            if let Some(token) = token
                && self.session == Session::Clean
            {
                self.link.lock().acknowledge(token);
            }
        }
    }

    async fn finish(&self) {
        self.link.shared.closing.notified().await;
        if timeout(CLOSE_LIMIT, self.link.flush()).await.is_err() {
            warn!("broker {}: closed before it acknowledged everything", self.url);
        }
        let said = {
            let mut state = self.link.lock();
            state.closed = true;
            state.live.take().is_some_and(|live| live.client.try_disconnect().is_ok())
        };
        if said {
            // The broker hangs up first: doing it ourselves with unread bytes left resets the
            // connection, and the goodbye may go unread.
            sleep(HANG_UP_LIMIT).await;
        }
    }
}

struct Shared {
    state: Mutex<State>,
    /// Told whenever the outbox may have become shorter.
    progress: Notify,
    /// Told whenever there may be an outcome to tell.
    settled: Notify,
    closing: Notify,
}

#[derive(Default)]
struct State {
    outbox: Outbox,
    subscriptions: Vec<Subscription>,
    to_subscribe: Vec<Subscription>,
    to_unsubscribe: VecDeque<String>,
    live: Option<Live>,
    next_token: u64,
    closed: bool,
    /// What is counted here; the rest of it is found where it is.
    quality: Quality,
}

/// The connection that is up.
struct Live {
    client: AsyncClient,
    window: usize,
    packet_limit: usize,
    /// Messages that came on this connection, without their content.
    unacknowledged: Vec<(Token, Publish)>,
    to_acknowledge: VecDeque<Publish>,
    /// The filters of each SUBSCRIBE that is not answered yet.
    subscribing: VecDeque<Vec<String>>,
}

impl State {
    fn connected(&mut self, client: AsyncClient, connack: &ConnAck) {
        let limits = connack.properties.as_ref();
        let window = limits.and_then(|limits| limits.receive_max).unwrap_or(u16::MAX);
        let packet_limit = limits.and_then(|limits| limits.max_packet_size).unwrap_or(u32::MAX);
        self.live = Some(Live {
            client,
            // One less than the broker's: rumqttc with a full window sends no acknowledgements.
            window: usize::from(window.saturating_sub(1).clamp(1, WINDOW)),
            packet_limit: packet_limit as usize,
            unacknowledged: Vec::new(),
            to_acknowledge: VecDeque::new(),
            subscribing: VecDeque::new(),
        });
        self.to_subscribe = self.subscriptions.clone();
        self.quality.connections += 1;
    }

    fn disconnected(&mut self) {
        self.live = None;
        self.outbox.disconnected();
    }

    fn take(&mut self, event: v5::Event, arrived: Instant) -> Option<Event> {
        match event {
            v5::Event::Incoming(Packet::Publish(publish)) => {
                return self.message(publish, arrived).map(Event::Message);
            }
            v5::Event::Incoming(Packet::SubAck(answer)) => {
                let filters = self.live.as_mut()?.subscribing.pop_front()?;
                let refused =
                    filters.iter().zip(&answer.return_codes).filter_map(|(filter, code)| {
                        let accepted = matches!(code, SubscribeReasonCode::Success(_));
                        (!accepted).then(|| format!("{filter}: {code:?}"))
                    });
                let refused = refused.collect::<Vec<_>>();
                if !refused.is_empty() {
                    warn!("the broker refused subscriptions: {}", refused.join(", "));
                }
                return Some(Event::Subscribed { refused });
            }
            v5::Event::Incoming(Packet::PubAck(answer)) => match answer.reason {
                PubAckReason::Success | PubAckReason::NoMatchingSubscribers => {
                    self.outbox.answered(answer.pkid, None, arrived);
                }
                refusal => {
                    self.outbox.answered(answer.pkid, Some(&format!("{refusal:?}")), arrived);
                }
            },
            v5::Event::Outgoing(Outgoing::Publish(packet_id)) => {
                self.outbox.sent(packet_id, arrived);
            }
            _ => {}
        }
        None
    }

    fn message(&mut self, publish: Publish, arrived: Instant) -> Option<Message> {
        let Publish { qos, retain, topic, pkid, payload, properties, .. } = publish;
        let token = Token(self.next_token);
        self.next_token += 1;
        if qos != QoS::AtMostOnce
            && let Some(live) = &mut self.live
        {
            live.unacknowledged.retain(|(_, held)| held.pkid != pkid);
            live.unacknowledged.push((token, Publish { qos, pkid, ..Publish::default() }));
        }
        let Ok(topic) = String::from_utf8(topic.into()) else {
            warn!("the broker sent a topic that is not UTF-8; ignored");
            self.acknowledge(token);
            return None;
        };
        let properties = properties.unwrap_or_default();
        Some(Message {
            topic,
            payload: payload.into(),
            retained: retain,
            response_topic: properties.response_topic,
            correlation: properties.correlation_data.map(Vec::from),
            arrived,
            token,
        })
    }

    fn acknowledge(&mut self, token: Token) {
        if let Some(live) = &mut self.live
            && let Some(at) = live.unacknowledged.iter().position(|(held, _)| *held == token)
        {
            live.to_acknowledge.push_back(live.unacknowledged.swap_remove(at).1);
            self.pump();
        }
    }

    /// Hands rumqttc what it may have now. What it does not take waits for the next call, and
    /// that comes after each poll.
    fn pump(&mut self) {
        let Some(live) = &mut self.live else { return };
        while let Some(packet) = live.to_acknowledge.front() {
            if live.client.try_ack(packet).is_err() {
                return;
            }
            live.to_acknowledge.pop_front();
        }
        while let Some(filter) = self.to_unsubscribe.front() {
            if live.client.try_unsubscribe(filter).is_err() {
                return;
            }
            self.to_unsubscribe.pop_front();
        }
        if !self.to_subscribe.is_empty() {
            if live.client.try_subscribe_many(self.to_subscribe.iter().map(filter)).is_err() {
                return;
            }
            live.subscribing.push_back(self.to_subscribe.drain(..).map(|s| s.filter).collect());
        }
        let client = &live.client;
        self.outbox.hand_over(live.window, live.packet_limit, |publication| {
            let Publication { topic, payload, retained, response_topic, correlation, .. } =
                publication;
            let properties = PublishProperties {
                response_topic: response_topic.clone(),
                correlation_data: correlation.clone().map(Into::into),
                ..PublishProperties::default()
            };
            let (qos, retain) = (QoS::AtLeastOnce, *retained == Retained::Yes);
            client
                .try_publish_with_properties(topic, qos, retain, payload.clone(), properties)
                .is_ok()
        });
    }
}

fn filter(subscription: &Subscription) -> Filter {
    let mut filter = Filter::new(&subscription.filter, QoS::AtLeastOnce);
    filter.retain_forward_rule = match subscription.retained {
        RetainedCopies::OnNewSession => RetainForwardRule::OnNewSubscribe,
        RetainedCopies::Always => RetainForwardRule::OnEverySubscribe,
        RetainedCopies::Never => RetainForwardRule::Never,
    };
    filter
}

/// A broker may set its own keep-alive. rumqttc takes 0, which means none, for "ping without
/// end", and would notice a dead connection late with a long one.
fn keep_alive_within_bounds(eventloop: &mut EventLoop) {
    let keep_alive_s = eventloop.options.keep_alive().as_secs();
    if keep_alive_s == 0 || keep_alive_s > KEEP_ALIVE_S {
        eventloop.options.set_keep_alive(Duration::from_secs(KEEP_ALIVE_S));
    }
}

fn reason(error: &ConnectionError) -> String {
    match error {
        ConnectionError::Timeout(_) => format!("no answer within {ATTEMPT_LIMIT_S} s"),
        ConnectionError::Io(error) => error.to_string(),
        ConnectionError::ConnectionRefused(code) => format!("the broker refuses us: {code:?}"),
        ConnectionError::MqttState(StateError::AwaitPingResp) => "no answer to a ping".to_owned(),
        ConnectionError::MqttState(StateError::ServerDisconnect { reason_code, .. }) => {
            format!("the broker hung up: {reason_code:?}")
        }
        ConnectionError::MqttState(StateError::Deserialization(error)) => error.to_string(),
        ConnectionError::MqttState(error) => error.to_string(),
        error => error.to_string(),
    }
}

/// Whether a packet is to blame, the broker's or ours, so that it may end the next connection too.
fn is_suspicious(error: &ConnectionError) -> bool {
    use DisconnectReasonCode as Code;
    match error {
        ConnectionError::MqttState(error) => match error {
            StateError::Io(_) | StateError::ConnectionAborted | StateError::AwaitPingResp => false,
            StateError::Deserialization(mqttbytes::Error::Io(_)) => false,
            StateError::ServerDisconnect { reason_code, .. } => matches!(
                reason_code,
                Code::UnspecifiedError
                    | Code::MalformedPacket
                    | Code::ProtocolError
                    | Code::ImplementationSpecificError
                    | Code::TopicNameInvalid
                    | Code::ReceiveMaximumExceeded
                    | Code::PacketTooLarge
                    | Code::PayloadFormatInvalid
                    | Code::RetainNotSupported
                    | Code::QoSNotSupported
            ),
            _ => true,
        },
        ConnectionError::NotConnAck(_) => true,
        _ => false,
    }
}
