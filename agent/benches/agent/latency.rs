//! From an emergency's bytes to its frame, through a real broker: as the board counts it, and by a
//! stopwatch of our own that begins before the bytes are sent.

use std::io::Cursor;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::goals::{Goals, Unit, ms, percentile};
use crate::peers::Broker;
use crate::square::{ABOVE, EMERGENCY, Running, Square, notice};
use crate::wire::Wire;

/// Two frames at 60 a second, in milliseconds.
const TWO_FRAMES_MS: f64 = 33.3;
const PATIENCE: Duration = Duration::from_secs(30);
/// Routine notices of a burst.
const BURST: usize = 200;
/// How many of them there are to a picture.
const PICTURE_EVERY: usize = 20;

/// Milliseconds of each emergency.
#[derive(Default)]
struct Times {
    /// From its arrival in the process, as its receipt says.
    arrival: Vec<f64>,
    /// From before it was published.
    published: Vec<f64>,
    /// What a message of the same size takes through the broker just before, to a reader who does
    /// nothing with it.
    floor: Vec<f64>,
}

/// Measures a board that has nothing else to do, and one that has.
pub fn emergencies(goals: &Goals, rest: usize, busy: usize) {
    let broker = Broker::start_with("set_tcp_nodelay true");
    let square = Square::new("lcd-1080p", broker.port);
    let running = square.run();
    let mut watch = Watch::open(&broker, &square, &running);
    let times = watch.send("khan", rest);
    goals.table("an emergency on lcd-1080p");
    tell(goals, "on a board at rest", &times);
    let load = Load::prepare(&square, busy / 8 + 2);
    let stop = AtomicBool::new(false);
    let times = thread::scope(|scope| {
        scope.spawn(|| load.send(&broker, &stop));
        let times = watch.send("khan-cap", busy);
        stop.store(true, Ordering::Relaxed);
        times
    });
    tell(goals, "while 200 routine notices a time are stored and pictures decoded", &times);
    goals.told("a file made safe on that disk, median", synced_ms(&square), Unit::Ms);
}

fn tell(goals: &Goals, where_: &str, Times { arrival, published, floor }: &Times) {
    let count = arrival.len();
    println!("| **{where_}** | {count} sent | | |");
    goals.at_most("from its arrival, median", percentile(arrival, 50), 2.0, Unit::Ms);
    goals.told("from its arrival, 99 %", percentile(arrival, 99), Unit::Ms);
    goals.at_most("from its arrival, worst", percentile(arrival, 100), TWO_FRAMES_MS, Unit::Ms);
    goals.told("from before it was sent, median", percentile(published, 50), Unit::Ms);
    goals.told("from before it was sent, 99 %", percentile(published, 99), Unit::Ms);
    goals.told("from before it was sent, worst", percentile(published, 100), Unit::Ms);
    goals.told("the broker alone, median", percentile(floor, 50), Unit::Ms);
    goals.told("the broker alone, 99 %", percentile(floor, 99), Unit::Ms);
    goals.told("the broker alone, worst", percentile(floor, 100), Unit::Ms);
    let ratios: Vec<f64> =
        published.iter().zip(floor).map(|(whole, floor)| whole / floor).collect();
    goals.told("sent to glass × the broker alone", percentile(&ratios, 50), Unit::Times);
}

/// Whoever sends emergencies and looks at the glass.
struct Watch<'a> {
    square: &'a Square,
    running: &'a Running,
    wire: Wire,
    /// What the glass held last.
    mark: u32,
}

impl<'a> Watch<'a> {
    fn open(broker: &Broker, square: &'a Square, running: &'a Running) -> Self {
        let receipts = format!("{ABOVE}/{}/receipt/+", square.id);
        let wire = Wire::open(broker.port, "stopwatch", &[&receipts, "floor"]);
        let wire = wire.expect("the broker takes us");
        running.glances.recv_timeout(PATIENCE).expect("a first frame");
        Self { square, running, wire, mark: 0 }
    }

    /// Sends revision after revision, each when the one before was reported as shown.
    fn send(&mut self, id: &str, count: usize) -> Times {
        let mut times = Times::default();
        let topic = format!("{ABOVE}/notice/{id}");
        let mut random = 12345_u64;
        for number in 1..=count {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            thread::sleep(Duration::from_micros(40_000 + (random >> 33) % 40_000));
            let revision = number as u32;
            let bytes = self.square.sign(&notice(id, revision, "emergency", number));
            times.floor.push(self.echo(&bytes));
            let began = Instant::now();
            self.wire.publish(&topic, &bytes).expect("the broker takes it");
            let latency = self.receipt(id, revision);
            times.arrival.push(latency);
            times.published.push(self.on_glass(began));
        }
        times
    }

    fn echo(&mut self, bytes: &[u8]) -> f64 {
        let began = Instant::now();
        self.wire.publish("floor", bytes).expect("the broker takes it");
        loop {
            let heard = self.wire.hear(PATIENCE).expect("our own message comes back");
            if heard.topic == "floor" {
                return ms(heard.at - began);
            }
        }
    }

    /// The latency in the receipt that says that it is shown.
    fn receipt(&mut self, id: &str, revision: u32) -> f64 {
        loop {
            let heard = self.wire.hear(PATIENCE);
            let heard = heard.unwrap_or_else(|| panic!("no receipt for {id} {revision}"));
            let receipt: Value = serde_json::from_slice(&heard.payload).unwrap_or_default();
            if receipt["notice"] == id && receipt["revision"] == revision {
                assert_ne!(receipt["state"], "refused", "{receipt}");
                if receipt["state"] == "shown" {
                    return receipt["latency_ms"].as_f64().expect("it has just come");
                }
            }
        }
    }

    /// When the words on the glass changed after an instant; flashing does not count.
    fn on_glass(&mut self, began: Instant) -> f64 {
        loop {
            let glance = self.running.glances.recv_timeout(PATIENCE).expect("a frame");
            let is_new = glance.mark != std::mem::replace(&mut self.mark, glance.mark);
            if is_new && glance.at > began && glance.ground == EMERGENCY {
                return ms(glance.at - began);
            }
        }
    }
}

/// Bursts of routine notices, half of them with a code, some of them with a new picture.
struct Load {
    bursts: Vec<Vec<(String, Vec<u8>)>>,
}

impl Load {
    fn prepare(square: &Square, bursts: usize) -> Self {
        let burst = |burst: usize| {
            let mut messages = Vec::new();
            for number in 0..BURST {
                let id = format!("tin-{number}");
                let mut notice = notice(&id, burst as u32 + 1, "routine", number);
                let content = &mut notice["content"][0];
                if number.is_multiple_of(2) {
                    let data = format!("HTTPS://DICHVUCONG.GOV.VN/{number}");
                    content["codes"] = json!([{ "data": data, "caption": "Dịch vụ công" }]);
                }
                if number % PICTURE_EVERY == 1 {
                    let picture = picture(burst * BURST + number);
                    let digest = Sha256::digest(&picture);
                    let name: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
                    content["pictures"] = json!([{ "sha256": name, "alt": "Bản đồ" }]);
                    messages.push((format!("ttcs/v1/asset/{name}"), picture));
                }
                messages.push((format!("{ABOVE}/notice/{id}"), square.sign(&notice)));
            }
            messages
        };
        Self { bursts: (0..bursts).map(burst).collect() }
    }

    /// A burst every two seconds.
    fn send(&self, broker: &Broker, stop: &AtomicBool) {
        let mut wire = Wire::open(broker.port, "load", &[]).expect("the broker takes us");
        for burst in &self.bursts {
            for (topic, bytes) in burst {
                // A picture comes retained on a board; here it comes once it was subscribed to.
                wire.publish_kept(topic, bytes).expect("the broker takes it");
            }
            let began = Instant::now();
            while began.elapsed() < Duration::from_secs(2) {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

/// A photograph's worth of pixels: hard to pack, and none is like another.
fn picture(number: usize) -> Vec<u8> {
    let (width, height) = (1280, 720);
    let mut random = number as u32 + 1;
    let pixels: Vec<u8> = (0..width * height * 3)
        .map(|at| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (at / 4096) as u8 ^ (random >> 30) as u8
        })
        .collect();
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().expect("memory takes every byte");
    writer.write_image_data(&pixels).expect("the header says the size");
    writer.finish().expect("memory takes every byte");
    bytes.into_inner()
}

/// What the disk takes for one small file.
fn synced_ms(square: &Square) -> f64 {
    let path = square.store().join("stopwatch");
    let once = |_| {
        let began = Instant::now();
        let mut file = std::fs::File::create(&path).expect("room for a file");
        std::io::Write::write_all(&mut file, &[7; 2000]).expect("room for a file");
        file.sync_all().expect("a disk that syncs");
        ms(began.elapsed())
    };
    let times: Vec<f64> = (0..20).map(once).collect();
    percentile(&times, 50)
}
