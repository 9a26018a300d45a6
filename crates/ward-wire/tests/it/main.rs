//! Laws of the wire: what is packed can be unpacked, and nothing that arrives can do harm.

mod chunks;
mod golden;
mod hostile;
mod masking_golden;
mod masking_refusals;
mod masking_words;
mod refusals;
mod round_trip;
mod weights;
mod words;
