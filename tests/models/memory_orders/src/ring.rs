//! core/ring/spsc_ring.hpp: one producer, one consumer, two positions that only grow (and wrap).
use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicU64, Ordering, Ordering::*};
use loom::sync::Arc;
use loom::thread;

/// struct RingOrder
#[derive(Clone, Copy)]
pub struct Orders {
    pub publish: Ordering,       // (P) store
    pub see_published: Ordering, // (P) load
    pub release: Ordering,       // (C) store
    pub see_released: Ordering,  // (C) load
}

pub const RIGHT: Orders = Orders { publish: Release, see_published: Acquire, release: Release, see_released: Acquire };

pub struct Ring {
    slots: Vec<UnsafeCell<u64>>,
    producer_position: AtomicU64,
    consumer_position: AtomicU64,
    orders: Orders,
}

pub struct Producer {
    ring: Arc<Ring>,
    write: u64,     // ProducerSide::write
    read_seen: u64, // ProducerSide::read_seen
}

pub struct Consumer {
    ring: Arc<Ring>,
    read: u64,         // ConsumerSide::read
    written_seen: u64, // ConsumerSide::written_seen
}

pub fn ring(capacity: usize, start: u64, orders: Orders) -> (Producer, Consumer) {
    let ring = Arc::new(Ring {
        slots: (0..capacity).map(|_| UnsafeCell::new(0)).collect(),
        producer_position: AtomicU64::new(start),
        consumer_position: AtomicU64::new(start),
        orders,
    });
    (Producer { ring: ring.clone(), write: start, read_seen: start }, Consumer { ring, read: start, written_seen: start })
}

impl Producer {
    /// try_claim(), the filling of the slot, publish()
    pub fn push(&mut self, value: u64) -> bool {
        let mask = self.ring.slots.len() as u64 - 1;
        let write = self.write;
        if write.wrapping_sub(self.read_seen) > mask {
            self.read_seen = self.ring.consumer_position.load(self.ring.orders.see_released);
            if write.wrapping_sub(self.read_seen) > mask {
                return false;
            }
        }
        self.ring.slots[(write & mask) as usize].with_mut(|slot| unsafe { *slot = value });
        self.write = write.wrapping_add(1);
        self.ring.producer_position.store(self.write, self.ring.orders.publish);
        true
    }
}

impl Consumer {
    /// peek(), the reading of what it shows, release()
    pub fn pop(&mut self) -> Option<u64> {
        let mask = self.ring.slots.len() as u64 - 1;
        let read = self.read;
        if self.written_seen == read {
            self.written_seen = self.ring.producer_position.load(self.ring.orders.see_published);
        }
        if self.written_seen == read {
            return None;
        }
        let value = self.ring.slots[(read & mask) as usize].with(|slot| unsafe { *slot });
        self.read = read.wrapping_add(1);
        self.ring.consumer_position.store(self.read, self.ring.orders.release);
        Some(value)
    }
}

fn explore(capacity: usize, start: u64, messages: u64, orders: Orders) {
    loom::model(move || {
        let (mut producer, mut consumer) = ring(capacity, start, orders);
        let thread = thread::spawn(move || {
            for value in 1..=messages {
                while !producer.push(value) {
                    thread::yield_now();
                }
            }
        });
        for expected in 1..=messages {
            loop {
                match consumer.pop() {
                    Some(value) => {
                        assert_eq!(value, expected);
                        break;
                    }
                    None => thread::yield_now(),
                }
            }
        }
        thread.join().unwrap();
    });
}

#[test]
fn right_with_one_slot() {
    explore(1, 0, 3, RIGHT);
}

#[test]
fn right_with_two_slots() {
    explore(2, 0, 4, RIGHT);
}

#[test]
fn right_while_the_positions_wrap() {
    explore(2, u64::MAX - 1, 3, RIGHT);
}

/// depth_approx() of a third thread: relaxed loads of both, the consumer's first. Stale, never negative or too large.
#[test]
fn right_while_somebody_asks_for_the_depth() {
    loom::model(|| {
        let (mut producer, mut consumer) = ring(1, 0, RIGHT);
        let asked = producer.ring.clone();
        let asker = thread::spawn(move || {
            let read = asked.consumer_position.load(Relaxed);
            let written = asked.producer_position.load(Relaxed);
            assert!(written.wrapping_sub(read).min(1) <= 1);
        });
        let thread = thread::spawn(move || while !producer.push(1) { thread::yield_now() });
        while consumer.pop().is_none() {
            thread::yield_now();
        }
        thread.join().unwrap();
        asker.join().unwrap();
    });
}

#[test]
#[should_panic]
fn found_publish_relaxed() {
    explore(1, 0, 2, Orders { publish: Relaxed, ..RIGHT });
}

#[test]
#[should_panic]
fn found_see_published_relaxed() {
    explore(1, 0, 2, Orders { see_published: Relaxed, ..RIGHT });
}

#[test]
#[should_panic]
fn found_release_relaxed() {
    explore(1, 0, 2, Orders { release: Relaxed, ..RIGHT });
}

#[test]
#[should_panic]
fn found_see_released_relaxed() {
    explore(1, 0, 2, Orders { see_released: Relaxed, ..RIGHT });
}
