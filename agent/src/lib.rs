//! The program on the board: receives signed notices, keeps them, and shows the right one.
//!
//! Everything but [`io`] and [`run`] is pure: bytes, values and `now` in, values out. Modules are
//! in reading order and use only those above them.

pub mod admit;
pub mod area;
pub mod calendar;
pub mod config;
pub mod io;
pub mod notice;
pub mod pages;
pub mod report;
pub mod run;
pub mod schedule;
pub mod sign;
pub mod signature;
