//! The memory orders of the ring and of the journal, tried under every interleaving and every outcome that the C11 model
//! allows (loom). Each line that has an order stands beside the line of C++ that it is the model of; a change there must be
//! made here, too.
//!
//! A data race, a lost or a reordered element fails the model. Each of the orders, weakened to relaxed, must be found.
#![cfg(test)]

mod journal;
mod ring;
