//! The API as a whole: its table, and its doors with a real core behind them.

mod doors;
mod house;
mod staff;
mod table;
