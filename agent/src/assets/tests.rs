//! Pictures that come, go and do not come.

use std::collections::BTreeSet;

use super::*;
use crate::area::Area;
use crate::io::disk::simulated::Chance;

fn key(id: &str) -> Key {
    Key { sender: Area::parse("vn/86").expect("an area"), id: id.into() }
}

/// A picture's file and its name.
fn png(width: u32, height: u32, shade: u8) -> (String, Vec<u8>) {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(&vec![shade; (width * height) as usize]).expect("pixels");
    writer.finish().expect("an end");
    (name_of(&bytes), bytes)
}

fn name_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn assets() -> Assets {
    Assets::new("ttcs/v1", (64, 32), []).0
}

/// Decodes what is asked for and says which notices heard of it.
fn decode(assets: &mut Assets, errands: Errands) -> (Vec<Key>, Errands) {
    let mut rest = Errands::default();
    let mut changed = errands.changed;
    for job in errands.decode {
        let done = assets.decoded(job.perform());
        changed.extend(done.changed);
        rest.disk.extend(done.disk);
        rest.subscribe.extend(done.subscribe);
    }
    (changed, rest)
}

#[test]
fn a_picture_is_asked_for_checked_decoded_and_kept() {
    let (name, bytes) = png(128, 64, 200);
    let topic = format!("ttcs/v1/asset/{name}");
    let mut assets = assets();
    let (a, b) = (key("a"), key("b"));
    assert_eq!(
        assets.want(&a, [name.as_str(), &name], false).subscribe.as_slice(),
        [topic.as_str()]
    );
    assert_eq!(assets.want(&b, [name.as_str()], true), Errands::default());
    assert_eq!(assets.sha256_of(&topic), Some(name.as_str()));
    assert_eq!(assets.asked().collect::<Vec<_>>(), [&name]);
    assert!(assets.is_waiting(&a) && assets.problems(&a)[0].code == "picture_missing");

    // The broker says nothing, then something else, then what was asked for.
    assert_eq!(assets.received(&name, b""), Ok(Errands::default()));
    assert_eq!(assets.received(&name, b"<html>").expect_err("no picture").code, "picture_hash");
    let long = vec![0; Picture::MAX_BYTES + 1];
    assert_eq!(assets.received(&name, &long).expect_err("too long").code, "picture_bytes");
    let came = assets.received(&name, &bytes).expect("the picture");
    assert_eq!((came.unsubscribe.as_slice(), came.decode.len()), (&[topic][..], 1));
    assert!(assets.is_waiting(&a) && assets.pictures().is_empty());

    let (changed, rest) = decode(&mut assets, came);
    assert_eq!(changed, [a.clone(), b.clone()]);
    assert_eq!(rest.disk, [Operation::Save { name: name.clone(), bytes: bytes.as_slice().into() }]);
    let picture = &assets.pictures()[&name];
    assert_eq!((picture.width(), picture.height()), (64, 32), "shrunk to the panel");
    assert!(!assets.is_waiting(&a) && assets.problems(&a).is_empty());

    // It stays when nobody names it, and is there for the next one.
    assert_eq!(assets.unwant(&a), Errands::default());
    assert_eq!(assets.unwant(&b), Errands::default());
    assert_eq!(assets.received(&name, &bytes), Ok(Errands::default()));
    assert_eq!(assets.ignored(), 1);
    assert_eq!(assets.want(&a, [name.as_str()], false), Errands::default());
    assert!(!assets.is_waiting(&a));
}

#[test]
fn what_nobody_names_any_more_is_asked_for_no_more() {
    let (name, other) = ("a".repeat(64), "b".repeat(64));
    let mut assets = assets();
    let (a, b) = (key("a"), key("b"));
    assets.want(&a, [name.as_str()], false);
    assets.want(&b, [name.as_str()], false);
    assert_eq!(assets.unwant(&a), Errands::default());
    // A revision names another.
    let errands = assets.want(&b, [other.as_str()], false);
    assert_eq!(errands.unsubscribe, [assets.topic(&name)]);
    assert_eq!(errands.subscribe, [assets.topic(&other)]);
    assert_eq!(assets.unwant(&b).unsubscribe, [assets.topic(&other)]);
    assert!(assets.known.is_empty() && assets.named.is_empty() && assets.asked == 0);
}

#[test]
fn what_is_no_picture_is_said_once_and_not_asked_for_again() {
    let bytes = b"no picture at all";
    let name = name_of(bytes);
    let mut assets = assets();
    assets.want(&key("a"), [name.as_str()], false);
    let came = assets.received(&name, bytes).expect("the file of that name");
    let (changed, rest) = decode(&mut assets, came);
    assert_eq!((changed, rest.disk), (vec![key("a")], vec![]));
    let problems = assets.problems(&key("a"));
    assert_eq!((problems.len(), problems[0].code.as_str()), (1, "picture_unreadable"));
    assert_eq!(assets.want(&key("b"), [name.as_str()], true), Errands::default());
    assert!(!assets.is_waiting(&key("b")));
}

#[test]
fn files_on_the_disk_are_read_and_not_asked_for() {
    let (name, bytes) = png(8, 8, 9);
    let files = [(name.clone(), bytes.len() as u64), ("notes.txt".to_owned(), 1)];
    let (mut assets, errands) = Assets::new("p", (64, 32), files.clone());
    assert_eq!(errands, Errands::default());
    let errands = assets.want(&key("a"), [name.as_str()], false);
    assert_eq!(
        errands,
        Errands { disk: vec![Operation::Read { name: name.clone() }], ..Errands::default() }
    );
    let read = assets.read_back(&name, Ok(&bytes));
    let (changed, rest) = decode(&mut assets, read);
    assert_eq!((changed, rest), (vec![key("a")], Errands::default()));

    // One that rotted is removed and asked for.
    let (mut assets, _) = Assets::new("p", (64, 32), files);
    assets.want(&key("a"), [name.as_str()], false);
    let errands = assets.read_back(&name, Ok(b"rot"));
    assert_eq!(errands.disk, [Operation::Forget { name: name.clone() }]);
    assert_eq!(errands.subscribe, [format!("p/asset/{name}")]);
    assert!(assets.is_waiting(&key("a")));
}

#[test]
fn files_over_the_bounds_are_removed_at_the_start() {
    let name = |n: u32| format!("{n:064x}");
    let files = (0..1010).map(|n| (name(n), 1 << 10));
    let huge = [(name(5000), Picture::MAX_BYTES as u64 + 1)];
    let (assets, errands) = Assets::new("p", (64, 32), files.chain(huge));
    assert_eq!((assets.known.len(), errands.disk.len()), (1000, 11));
}

#[test]
fn a_flood_of_pictures_is_decoded_a_few_at_a_time() {
    let files: Vec<_> = (0..40).map(|n| png(n + 1, 1, 7)).collect();
    let mut assets = assets();
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(assets.want(&key("a"), names, false).subscribe.len(), 40);
    let mut waiting: Vec<Errands> = Vec::new();
    let mut retained: Vec<String> = names_of(&files);
    let mut turns = 0;
    while assets.is_waiting(&key("a")) {
        turns += 1;
        assert!(turns < 1000, "{} here", assets.pictures.len());
        for name in std::mem::take(&mut retained) {
            let (_, bytes) = files.iter().find(|(of, _)| *of == name).expect("a file");
            waiting.push(assets.received(&name, bytes).expect("the picture"));
            assert!(assets.under_way <= UNDER_WAY_MAX);
        }
        for errands in std::mem::take(&mut waiting) {
            let asked = errands.subscribe.clone();
            let (_, rest) = decode(&mut assets, errands);
            let topics = asked.iter().chain(&rest.subscribe);
            retained.extend(topics.filter_map(|topic| assets.sha256_of(topic)).map(str::to_owned));
        }
    }
    assert_eq!(assets.pictures().len(), 40);
}

fn names_of(files: &[(String, Vec<u8>)]) -> Vec<String> {
    files.iter().map(|(name, _)| name.clone()).collect()
}

#[test]
fn an_emergencys_pictures_make_no_room_and_get_it() {
    // Room for two pictures of 4 × 4.
    let bounds = Bounds { decoded: 9, decoded_bytes: 128, files: 9, file_bytes: 1 << 20 };
    let files: Vec<_> = (0..4).map(|n| png(4, 4, n)).collect();
    let (mut assets, _) = Assets::within(bounds, "p", (4, 4), []);
    let bring = |assets: &mut Assets, n: usize, emergency: bool| {
        let (name, bytes) = &files[n];
        assets.want(&key(&n.to_string()), [name.as_str()], emergency);
        let came = assets.received(name, bytes).expect("the picture");
        decode(assets, came).1
    };
    bring(&mut assets, 0, true);
    bring(&mut assets, 1, false);
    bring(&mut assets, 2, false);
    let here = |assets: &Assets| -> Vec<bool> {
        files.iter().map(|(name, _)| assets.pictures().contains_key(name)).collect()
    };
    assert_eq!(here(&assets), [true, false, true, false]);
    // Its turn brings the other back, from the disk.
    assert!(assets.problems(&key("1")).is_empty() && !assets.is_waiting(&key("1")));
    let errands = assets.touch(&key("1"));
    assert_eq!(errands.disk, [Operation::Read { name: files[1].0.clone() }]);
    let read = assets.read_back(&files[1].0, Ok(&files[1].1));
    decode(&mut assets, read);
    assert_eq!(here(&assets), [true, true, false, false]);
    bring(&mut assets, 3, true);
    assert_eq!(here(&assets), [true, false, false, true]);
    let errands = assets.touch(&key("2"));
    assert_eq!(errands.disk.len(), 1);
    let read = assets.read_back(&files[2].0, Ok(&files[2].1));
    decode(&mut assets, read);
    assert_eq!(here(&assets), [true, false, false, true], "no room beside emergencies");
    assert!(!assets.is_waiting(&key("2")));
}

/// What a world does with errands: the broker, the disk and the decoder answer in any order, or
/// not at all.
#[derive(Default)]
struct World {
    subscribed: BTreeSet<String>,
    disk: BTreeMap<String, Arc<[u8]>>,
    reads: Vec<String>,
    decodes: Vec<Decode>,
}

impl World {
    fn take(&mut self, errands: Errands, seed: u64) {
        for topic in errands.subscribe {
            assert!(self.subscribed.insert(topic), "asked twice, seed {seed}");
        }
        for topic in errands.unsubscribe {
            assert!(self.subscribed.remove(&topic), "never asked, seed {seed}");
        }
        for operation in errands.disk {
            match operation {
                Operation::Save { name, bytes } => drop(self.disk.insert(name, bytes)),
                Operation::Forget { name } => drop(self.disk.remove(&name)),
                Operation::Read { name } => self.reads.push(name),
                Operation::Rename { .. } => panic!("pictures have one name, seed {seed}"),
            }
        }
        self.decodes.extend(errands.decode);
    }
}

#[test]
fn bounds_hold_whatever_happens() {
    let bounds = Bounds { decoded: 5, decoded_bytes: 500, files: 6, file_bytes: 600 };
    let files: Vec<_> = (0..16).map(|n| png(1 + n % 7, 1 + n % 9, n as u8)).collect();
    let garbage = b"garbage".to_vec();
    let files: Vec<_> = files.into_iter().chain([(name_of(&garbage), garbage)]).collect();
    for seed in 0..60 {
        let mut chance = Chance(seed);
        let (mut assets, _) = Assets::within(bounds, "p", (6, 8), []);
        let mut world = World::default();
        for _ in 0..400 {
            let id = key(&chance.below(8).to_string());
            let (name, bytes) = &files[chance.below(files.len() as u64) as usize];
            let before: Vec<_> = assets.pictures.keys().cloned().collect();
            let errands = match chance.below(9) {
                0 => {
                    let other = &files[chance.below(files.len() as u64) as usize].0;
                    assets.want(&id, [name.as_str(), other], chance.below(4) == 0)
                }
                1 => assets.unwant(&id),
                2 => assets.touch(&id),
                3 => assets.received(name, b"other bytes").unwrap_or_default(),
                4 => {
                    if chance.below(10) == 0 {
                        world.disk.remove(name);
                        assets.not_saved(name);
                    }
                    Errands::default()
                }
                5 if !world.reads.is_empty() => {
                    let name = world.reads.remove(0);
                    let found = world.disk.get(&name).cloned();
                    assets.read_back(&name, found.as_deref().ok_or("gone".to_owned()))
                }
                6 if !world.decodes.is_empty() => assets.decoded(world.decodes.remove(0).perform()),
                _ if world.subscribed.contains(&assets.topic(name)) => {
                    assets.received(name, bytes).expect("the picture")
                }
                _ => Errands::default(),
            };
            world.take(errands, seed);
            check(&assets, &world, &before, seed);
        }
        // Once everybody has answered, nobody waits.
        for _ in 0..200 {
            let asked = assets.asked().next().map(str::to_owned);
            let errands = if let Some(job) = world.decodes.pop() {
                assets.decoded(job.perform())
            } else if let Some(name) = world.reads.pop() {
                let found = world.disk.get(&name).cloned();
                assets.read_back(&name, found.as_deref().ok_or("gone".to_owned()))
            } else if let Some(name) = asked {
                let bytes = files.iter().find(|(of, _)| *of == name).map(|(_, bytes)| bytes);
                assets.received(&name, bytes.expect("a file")).expect("the picture")
            } else {
                break;
            };
            world.take(errands, seed);
        }
        let waiting = assets.named.keys().find(|key| assets.is_waiting(key));
        assert_eq!(waiting, None, "seed {seed}");
    }
}

#[track_caller]
fn check(assets: &Assets, world: &World, before: &[String], seed: u64) {
    let Bounds { decoded, decoded_bytes, files, file_bytes } = assets.bounds;
    let total: u64 = assets.pictures.values().map(|picture| room::decoded_bytes(picture)).sum();
    assert!(assets.pictures.len() <= decoded && total <= decoded_bytes, "seed {seed}");
    let on_disk: usize = world.disk.values().map(|bytes| bytes.len()).sum();
    assert!(world.disk.len() <= files && on_disk as u64 <= file_bytes, "seed {seed}");
    assert!(assets.under_way <= 2 * UNDER_WAY_MAX, "seed {seed}");
    // The counts are those of the stages, and topics those of what is asked for.
    let count = |stages: &[Stage]| {
        assets.known.values().filter(|asset| stages.contains(&asset.stage)).count()
    };
    assert_eq!(assets.asked, count(&[Stage::Asked]), "seed {seed}");
    assert_eq!(assets.queued, count(&[Stage::Queued]), "seed {seed}");
    assert_eq!(assets.under_way, count(&[Stage::Reading, Stage::Decoding]), "seed {seed}");
    let asked: BTreeSet<String> = assets.asked().map(|name| assets.topic(name)).collect();
    assert_eq!(asked, world.subscribed, "seed {seed}");
    for (name, asset) in &assets.known {
        let here = assets.pictures.contains_key(name);
        assert_eq!(here, asset.stage == Stage::Here, "seed {seed}");
        assert_eq!(asset.file_bytes.is_some(), world.disk.contains_key(name), "seed {seed}");
        // References are those of the notices, both ways.
        for key in asset.named_by.keys() {
            assert!(assets.named[key].contains(name), "seed {seed}");
        }
        if asset.is_urgent() && before.contains(name) {
            assert!(here, "an emergency's picture made room, seed {seed}");
        }
    }
    for (key, names) in &assets.named {
        for name in names {
            assert!(assets.known[name].named_by.contains_key(key), "seed {seed}");
        }
    }
    assert!(assets.pictures.keys().all(|name| assets.known.contains_key(name)), "seed {seed}");
}
