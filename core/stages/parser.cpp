#include "core/stages/parser.hpp"

#include <algorithm>

#include "core/base/fixed_text.hpp"

namespace tapeline {
namespace {

/// Between two tries to read what could not be: each may unpack a whole segment.
constexpr Nanos retry_ns = nanos_per_second;

EventKind control_event(FrameKind kind) noexcept {
  switch (kind) {
    case FrameKind::end_of_input: return EventKind::end_of_input;
    case FrameKind::session_end: return EventKind::session_end;
    default: return EventKind::clock;
  }
}

}  // namespace

void ParserCounts::count_ignored(std::string_view kind) noexcept {
  const std::size_t known = ignored_kinds.load(std::memory_order_relaxed);  // relaxed: our own variable
  for (std::size_t i = 0; i < known; ++i) {
    if (kind == ignored[i].kind.data()) {
      ignored[i].count.add();
      return;
    }
  }
  // The last slot collects whatever does not fit the table.
  const std::size_t slot = std::min(known, ignored_kinds_max - 1);
  ignored[slot].count.add();
  if (known == ignored_kinds_max) return;
  copy_text(ignored[slot].kind.data(), ignored[slot].kind.size(), slot == ignored_kinds_max - 1 ? "other" : kind);
  ignored_kinds.store(known + 1, std::memory_order_release);  // (K)
}

std::vector<std::pair<std::string, std::uint64_t>> ParserCounts::ignored_by_kind() const {
  std::vector<std::pair<std::string, std::uint64_t>> result;
  const std::size_t known = ignored_kinds.load(std::memory_order_acquire);  // (K)
  for (std::size_t i = 0; i < known; ++i) result.emplace_back(ignored[i].kind.data(), ignored[i].count.value());
  return result;
}

Parser::Parser(Options options, SpscRing<JournalMark>& marks, SpscRing<MarketEvent>& events, Operations& operations)
    : marks_(marks),
      events_(events),
      operations_(operations),
      reader_(options.journal, options.share),
      directory_(options.names),
      wire_(std::move(options.wire)),
      live_position_(options.live_position),
      ahead_ns_max_(Nanos{options.ahead_ms} * nanos_per_millisecond),
      ahead_complaint_("event time is more than " + std::to_string(options.ahead_ms) + " ms ahead of its arrival") {
  position_ = options.start_position != 0 ? options.start_position : reader_.first_position();
  limit_ = position_;
  reader_.seek(position_);
}

void Parser::take_marks() noexcept {
  for (auto marks = marks_.peek(); !marks.empty(); marks = marks_.peek()) {
    limit_ = std::max(limit_, marks.back().end_position);
    marks_.release(marks.size());
  }
}

void Parser::note_failure(std::string_view failure) noexcept {
  next_try_ns_ = steady_now_ns() + retry_ns;
  if (failure == failure_) return;
  if (failure.empty()) {
    operations_.tell(Severity::info, "parser", "the journal can be read on from position " + std::to_string(position_));
  } else {
    operations_.tell(Severity::critical, "parser",
                     "the journal cannot be read on from position " + std::to_string(position_) + ": " +
                         std::string(failure) +
                         ". Nothing behind it is computed until it can: mend the file, or move it away to go on "
                         "without what it held");
  }
  const std::lock_guard lock(failure_mutex_);
  failure_ = failure;
}

std::size_t Parser::poll() noexcept {
  take_marks();
  if (!failure_.empty() && !frame_in_work_ && steady_now_ns() < next_try_ns_) return 0;
  std::array<Nanos, frames_per_poll> received;
  std::size_t measured = 0;
  std::size_t done = 0;
  while (done < frames_per_poll) {
    if (!frame_in_work_) {
      if (!reader_.next(limit_, frame_)) break;
      begin_frame();
    }
    if (!forward_frame()) break;
    frame_in_work_ = false;
    if (frame_.position >= live_position_) received[measured++] = frame_.receive_ns;
    ++done;
  }
  events_.publish();
  if (measured > 0) {
    // One look at the clock for all of them: it is when the last could be seen downstream.
    const Nanos now_ns = wall_now_ns();
    for (std::size_t i = 0; i < measured; ++i) counts_.received_to_parsed.record(now_ns - received[i]);
  }
  if (!frame_in_work_) position_ = std::max(position_, reader_.position());
  counts_.position.set(position_);
  if (const std::uint64_t corrupt = reader_.skipped_count(); corrupt != counts_.corrupt.value()) {
    counts_.corrupt.set(corrupt);
    operations_.tell(Severity::critical, "parser",
                     "unreadable records in the journal were skipped before position " + std::to_string(position_) +
                         "; `tapeline journal verify` says which");
  }
  if (const std::string_view failure = reader_.failure(); !failure.empty() || !failure_.empty()) note_failure(failure);
  return done;
}

void Parser::begin_frame() noexcept {
  frame_in_work_ = true;
  next_event_ = 0;
  output_.clear();
  counts_.frames.add();
  counts_.bytes.add(frame_.payload.size());
  if (frame_.kind != FrameKind::data) return;
  if (const auto& wire = wire_[static_cast<std::size_t>(frame_.source)]) {
    wire->parse(frame_, output_);
  } else {
    WireEvent reject;
    reject.kind = EventKind::reject;
    reject.reason = Reason::unparsable;
    reject.text = "no parser for this source";
    output_.events.push_back(reject);
  }
  if (!output_.ignored.empty()) counts_.count_ignored(output_.ignored);
}

bool Parser::forward_frame() noexcept {
  if (frame_.kind != FrameKind::data) {
    MarketEvent* event = events_.try_claim();
    if (event == nullptr) return false;
    begin(*event, control_event(frame_.kind));
    event->event_ns = frame_.receive_ns;
    event->flags = event_ends_frame;
    events_.advance();
    return true;
  }
  for (; next_event_ < output_.events.size(); ++next_event_) {
    if (!forward(output_.events[next_event_])) return false;
  }
  return true;
}

void Parser::begin(MarketEvent& event, EventKind kind) const noexcept {
  event.kind = kind;
  event.side = Side::unknown;
  event.reason = Reason::none;
  event.flags = 0;
  event.instrument = no_instrument;
  event.position = frame_.position;
  event.frame_bytes = static_cast<std::uint32_t>(frame_.end_position - frame_.position);
  event.receive_ns = frame_.receive_ns;
  event.event_ns = 0;
  event.source = frame_.source;
}

void Parser::announce(MarketEvent& event, InstrumentIndex instrument, std::string_view native_symbol) const noexcept {
  begin(event, EventKind::instrument);
  event.instrument = instrument;
  copy_text(event.names.symbol, sizeof event.names.symbol, directory_.symbol_of(frame_.source, native_symbol));
  copy_text(event.names.native_symbol, sizeof event.names.native_symbol, native_symbol);
}

bool Parser::forward(const WireEvent& wire) noexcept {
  // Room first, state second: an instrument that the directory knows has been announced. When only the announcement
  // fits, the retry finds the instrument known and goes on with the event.
  MarketEvent* event = events_.try_claim();
  if (event == nullptr) return false;
  InstrumentDirectory::Found found{no_instrument, false};
  if (!wire.symbol.empty()) found = directory_.find_or_add(frame_.source, wire.symbol);
  if (found.is_new) {
    announce(*event, found.instrument, wire.symbol);
    events_.advance();
    event = events_.try_claim();
    if (event == nullptr) return false;
  }

  EventKind kind = wire.kind;
  Reason reason = wire.reason;
  std::string_view text = wire.text;
  const bool is_market = kind == EventKind::tick || kind == EventKind::source_bar || kind == EventKind::quote;
  if (is_market && found.instrument == no_instrument) {
    kind = EventKind::reject;
    reason = Reason::unknown_instrument;
    text = "not an acceptable symbol";
  } else if (is_market && ahead_ns_max_ > 0 && wire.event_ns > frame_.receive_ns + ahead_ns_max_) {
    kind = EventKind::reject;
    reason = Reason::future_event;
    text = ahead_complaint_;
  }
  begin(*event, kind);
  event->side = wire.side;
  event->reason = reason;
  event->flags = wire.flags;
  if (next_event_ + 1 == output_.events.size()) event->flags |= event_ends_frame;
  event->instrument = found.instrument;
  event->event_ns = wire.event_ns;
  if (kind == EventKind::tick) {
    event->price_mantissa = wire.price.mantissa;
    event->price_exponent = wire.price.exponent;
    event->size_mantissa = wire.size.mantissa;
    event->size_exponent = wire.size.exponent;
    event->trade_id = wire.trade_id;
  } else if (kind == EventKind::quote) {
    event->price_mantissa = wire.price.mantissa;
    event->price_exponent = wire.price.exponent;
    event->size_mantissa = 0;
    event->size_exponent = 0;
    event->quote = {wire.ask.mantissa, wire.ask.exponent};
  } else if (kind == EventKind::source_bar) {
    // The four prices share the finest of their scales.
    const std::int8_t exponent =
        std::min({wire.open.exponent, wire.high.exponent, wire.low.exponent, wire.price.exponent});
    const auto open = mantissa_at(wire.open, exponent);
    const auto high = mantissa_at(wire.high, exponent);
    const auto low = mantissa_at(wire.low, exponent);
    const auto close = mantissa_at(wire.price, exponent);
    if (open && high && low && close) {
      event->price_mantissa = *close;
      event->price_exponent = exponent;
      event->size_mantissa = wire.size.mantissa;
      event->size_exponent = wire.size.exponent;
      event->bar = {*open, *high, *low, wire.interval_s};
    } else {
      event->kind = kind = EventKind::reject;
      event->reason = Reason::out_of_precision;
      text = "prices of one bar are too many digits apart";
    }
  }
  if (kind == EventKind::reject || kind == EventKind::refusal) {
    copy_text(event->text, sizeof event->text, text);
    (kind == EventKind::reject ? counts_.rejects : counts_.refusals).add();
  }
  counts_.events.add();
  events_.advance();
  return true;
}

}  // namespace tapeline
