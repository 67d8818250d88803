//! The program on the board: receives signed notices, keeps them, and shows the right one.
//!
//! Everything but [`io`] and [`run`] is pure: bytes, values and `now` in, values out. Modules are
//! in reading order and use only those above them.

pub mod area;
pub mod notice;
pub mod message;
pub mod cap;
pub mod signature;
pub mod calendar;
pub mod brightness;
pub mod config;
pub mod timekeeper;
pub mod files;
pub mod jobs;
pub mod assets;
pub mod pages;
pub mod admit;
pub mod command;
pub mod decision;
pub mod schedule;
pub mod sign;
pub mod ledger;
pub mod report;
#[cfg(test)]
mod schema;
pub mod board;
pub mod io;
pub mod run;
