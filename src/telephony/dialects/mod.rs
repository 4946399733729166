//! The dialects: what each exchange writes, and what of it we believe. No I/O.

pub mod asterisk;
pub mod causes;
pub mod cdr;
pub mod columns;
pub mod freeswitch_csv;
pub mod freeswitch_json;
pub mod generic;
pub mod live;
pub mod queue_log;
