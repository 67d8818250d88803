//! The one place of the agent that touches the world: clock, disk, network, screen.

pub mod clock;
pub mod cutoff;
pub mod disk;
pub mod health;
pub mod sensor;
pub mod mqtt;
pub mod output;
pub mod screen;
pub mod setup;
pub mod signals;
pub mod store;
pub mod surroundings;
pub mod keeper;
pub mod decoder;
pub mod inbox;
