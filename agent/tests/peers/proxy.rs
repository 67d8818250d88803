//! A bad link: a TCP proxy between the board and its broker, whose faults are switched while it
//! runs.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How often a thread looks whether it has something to do.
const TICK: Duration = Duration::from_millis(2);
/// Most bytes read at once; a slow link carries what it does in a twentieth of a second.
const CHUNK: usize = 64 * 1024;

/// What is wrong with the link, in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// It carries so many bytes a second in each direction.
    Slow { bytes_per_s: u32 },
    /// Everything takes so long on the way.
    Delayed(Duration),
    /// It swallows everything and no end learns of it. Connections that lost bytes are reset when
    /// it is over, as by a router that knows them no more.
    Blackhole,
    /// Whoever connects is hung up on at once; what is connected stays.
    Refused,
    /// A connection lives so long and is then cut.
    Flapping(Duration),
}

/// A proxy; it ends with the test.
pub struct Proxy {
    /// Its port on the loopback.
    pub port: u16,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    fault: Mutex<Fault>,
    pairs: Mutex<Vec<Weak<Pair>>>,
    /// Bytes handed to the board.
    carried: AtomicU64,
    /// Connections made by the board.
    connections: AtomicU64,
    /// Connections that the board ended.
    left: AtomicU64,
    ended: AtomicBool,
}

/// One connection of the board and its other half.
struct Pair {
    board: TcpStream,
    broker: TcpStream,
    since: Instant,
    lossy: AtomicBool,
    over: AtomicBool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Towards {
    Board,
    Broker,
}

impl Proxy {
    /// A link without a fault to a broker on this machine.
    pub fn before(broker_port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            fault: Mutex::new(Fault::None),
            pairs: Mutex::default(),
            carried: AtomicU64::default(),
            connections: AtomicU64::default(),
            left: AtomicU64::default(),
            ended: AtomicBool::default(),
        });
        let own = Arc::clone(&shared);
        let accepting = Some(thread::spawn(move || own.accept(&listener, broker_port)));
        Self { port, shared, accepting }
    }

    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    /// Changes what is wrong, for connections that are up too.
    pub fn set(&self, fault: Fault) {
        *self.shared.fault.lock().unwrap() = fault;
    }

    /// Resets every connection that is up; the next one is made as usual.
    pub fn cut(&self) {
        self.shared.reset_where(|_| true);
    }

    /// Bytes handed to the board so far.
    pub fn carried(&self) -> u64 {
        self.shared.carried.load(Ordering::SeqCst)
    }

    /// Connections that the board made so far.
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Connections that the board ended by itself so far.
    pub fn left(&self) -> u64 {
        self.shared.left.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        self.cut();
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

impl Shared {
    fn fault(&self) -> Fault {
        *self.fault.lock().unwrap()
    }

    fn reset_where(&self, is_meant: impl Fn(&Pair) -> bool) {
        let mut pairs = self.pairs.lock().unwrap();
        pairs.retain(|pair| pair.upgrade().is_some_and(|pair| !pair.is_over()));
        let up = pairs.iter().filter_map(Weak::upgrade);
        up.filter(|pair| is_meant(pair)).for_each(|pair| pair.reset());
    }

    fn accept(self: Arc<Self>, listener: &TcpListener, broker_port: u16) {
        while !self.ended.load(Ordering::SeqCst) {
            match listener.accept() {
                Ok((board, _)) => self.join(board, broker_port),
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(TICK),
                Err(error) => panic!("the proxy's port: {error}"),
            }
            if let Fault::Flapping(life) = self.fault() {
                self.reset_where(|pair| pair.since.elapsed() > life);
            }
        }
    }

    /// Connects the board through; a broker that is away is not there for the board either.
    fn join(self: &Arc<Self>, board: TcpStream, broker_port: u16) {
        self.connections.fetch_add(1, Ordering::SeqCst);
        if self.fault() == Fault::Refused {
            return;
        }
        let Ok(broker) = TcpStream::connect(("127.0.0.1", broker_port)) else {
            return;
        };
        for stream in [&board, &broker] {
            stream.set_nonblocking(false).unwrap();
            stream.set_nodelay(true).unwrap();
            stream.set_read_timeout(Some(TICK)).unwrap();
            stream.set_write_timeout(Some(TICK)).unwrap();
        }
        let (since, lossy, over) = (Instant::now(), AtomicBool::default(), AtomicBool::default());
        let pair = Arc::new(Pair { board, broker, since, lossy, over });
        self.pairs.lock().unwrap().push(Arc::downgrade(&pair));
        for towards in [Towards::Board, Towards::Broker] {
            let (shared, pair) = (Arc::clone(self), Arc::clone(&pair));
            thread::spawn(move || shared.carry(&pair, towards));
        }
    }

    fn carry(&self, pair: &Pair, towards: Towards) {
        let (mut from, to) = match towards {
            Towards::Board => (&pair.broker, &pair.board),
            Towards::Broker => (&pair.board, &pair.broker),
        };
        let mut bytes = vec![0; CHUNK];
        while !pair.is_over() {
            let most = match self.fault() {
                Fault::Slow { bytes_per_s } => (bytes_per_s as usize / 20).clamp(1, CHUNK),
                _ => CHUNK,
            };
            let read = match from.read(&mut bytes[..most]) {
                Err(error) if is_timeout(&error) => continue,
                read => read.unwrap_or(0),
            };
            if read == 0 {
                if towards == Towards::Broker && !pair.is_over() {
                    self.left.fetch_add(1, Ordering::SeqCst);
                }
                while self.fault() == Fault::Blackhole && !pair.is_over() {
                    thread::sleep(TICK);
                }
                return pair.hang_up();
            }
            if let Fault::Delayed(time) = self.fault() {
                thread::sleep(time);
            }
            if self.fault() == Fault::Blackhole {
                pair.lossy.store(true, Ordering::SeqCst);
                continue;
            }
            if pair.lossy.load(Ordering::SeqCst) {
                return pair.reset();
            }
            // What was read before the link became slow crosses slowly too, bit by bit.
            let mut rest = &bytes[..read];
            while !rest.is_empty() {
                let (piece, later) = match self.fault() {
                    Fault::Slow { bytes_per_s } => {
                        let most = (bytes_per_s as usize / 20).clamp(1, rest.len());
                        let time = most as f64 / f64::from(bytes_per_s);
                        thread::sleep(Duration::from_secs_f64(time));
                        rest.split_at(most)
                    }
                    _ => (rest, &rest[rest.len()..]),
                };
                if !pair.write(to, piece) {
                    return pair.hang_up();
                }
                rest = later;
            }
            if towards == Towards::Board {
                self.carried.fetch_add(read as u64, Ordering::SeqCst);
            }
        }
    }
}

impl Pair {
    fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    /// Writes everything; says whether that was possible.
    fn write(&self, mut to: &TcpStream, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() && !self.is_over() {
            match to.write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if is_timeout(&error) => {}
                Err(_) => return false,
            }
        }
        true
    }

    /// Says goodbye to both ends.
    fn hang_up(&self) {
        self.over.store(true, Ordering::SeqCst);
        for stream in [&self.board, &self.broker] {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Ends both halves without a goodbye, as soon as both threads have let go of them.
    fn reset(&self) {
        [&self.board, &self.broker].into_iter().for_each(reset);
        self.over.store(true, Ordering::SeqCst);
    }
}

/// With nothing to linger for the system sends a reset when the last handle is closed.
fn reset(stream: &TcpStream) {
    rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO)).unwrap();
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
