//! What the tests against real peers need.
#![allow(dead_code, unused_imports, reason = "each test file uses a part of it")]

pub mod mosquitto;
pub mod answers;
pub mod board;
pub mod pacing;
pub mod proxy;
pub mod publisher;

pub use mosquitto::{Broker, PATIENCE};
