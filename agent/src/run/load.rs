//! What a board knows when it starts: what it remembers, and the notices of its store.

use std::io;

use tracing::{info, warn};

use crate::admit::Door;
use crate::assets::Assets;
use crate::board::{self, Board, Memory};
use crate::config::Config;
use crate::files;
use crate::io::disk::LocalDisk;
use crate::io::store::Store;
use crate::jobs::Folder;
use crate::ledger::Ledger;

use super::world::{Time, World};

/// What a board remembers besides its notices.
pub(super) fn memory(store: &Store<LocalDisk>, config: &Config, door: &Door) -> io::Result<Memory> {
    let files = |folder| -> io::Result<Vec<(String, u64)>> {
        Ok(store.files(folder)?.into_iter().map(|file| (file.name, file.bytes)).collect())
    };
    let read = |name: &str| store.read(Folder::Played, name).map_err(|error| error.to_string());
    let (ledger, problems) = Ledger::load(files(Folder::Played)?, read);
    problems.iter().for_each(|problem| warn!("proof of display: {problem}"));
    let panel = (door.layout.panel.width, door.layout.panel.height);
    let assets = Assets::new(&config.broker.prefix, panel, files(Folder::Assets)?);
    let orders = store.read(Folder::Orders, board::ORDERS_FILE).ok();
    let (remembered, decided, problems) = match orders {
        Some(bytes) => board::recall(&bytes),
        None => Default::default(),
    };
    problems.iter().for_each(|problem| warn!("{}: {problem}", board::ORDERS_FILE));
    Ok(Memory { ledger, assets, remembered, decided })
}

/// Takes what the store holds, what ends others and emergencies first. The glass shows the clock
/// meanwhile, and emergencies as soon as they are in.
pub(super) fn load(
    board: &mut Board,
    store: &Store<LocalDisk>,
    time: &mut Time,
    world: &mut World,
) -> io::Result<()> {
    board.work(time.now());
    world.perform(board, time);
    let names = store.notices()?;
    let count = names.len();
    let mut rank = 0;
    for name in names {
        if files::rank(&name) != std::mem::replace(&mut rank, files::rank(&name)) {
            board.work(time.now());
            world.perform(board, time);
        }
        match store.read(Folder::Notices, &name) {
            Ok(bytes) => board.load(&name, &bytes, time.now()),
            Err(error) => warn!(file = name, %error, "cannot be read"),
        }
    }
    board.work(time.now());
    world.perform(board, time);
    info!(files = count, held = board.held(), "loaded");
    Ok(())
}
