//! The program on the board: receives signed notices, keeps them, and shows the right one.
//!
//! Everything but [`io`] and [`run`] is pure: bytes, values and `now` in, values out. Modules are
//! in reading order and use only those above them.

pub mod area;
pub mod notice;
pub mod signature;
pub mod calendar;
pub mod brightness;
pub mod config;
pub mod pages;
pub mod admit;
pub mod schedule;
pub mod sign;
pub mod report;
pub mod io;
pub mod run;
