#include "sinks/postgres/session.hpp"

#include <algorithm>
#include <utility>

#include "sinks/postgres/sql_state.hpp"

namespace tapeline::sinks::postgres {

void Session::adopt() noexcept {
  checkpoint_.reset();
  failures_ = 0;
  retry_at_ns_ = 0;
  step_ = Step::reading;
}

Request Session::next(const Work& work, Nanos now_ns) {
  using Kind = Request::Kind;
  const auto ask = [&](Kind kind) { return Request{kind, keys_, checkpoint(), work.batch_end}; };
  if (step_ == Step::over || now_ns < retry_at_ns_) return {};
  switch (step_) {
    case Step::away: return work.batch_waits || work.instrument_waits ? ask(Kind::connect) : Request{};
    case Step::reading:
    case Step::reading_again: return ask(Kind::read_checkpoint);
    case Step::held: return ask(Kind::end_holder);
    case Step::idle:
      if (work.batch_waits) return ask(Kind::begin);
      return work.instrument_waits ? ask(Kind::register_instrument) : Request{};
    case Step::copying: return ask(Kind::copy);
    case Step::setting_aside: return ask(Kind::set_aside_row);
    case Step::merging: return ask(Kind::merge);
    case Step::moving: return ask(Kind::move_checkpoint);
    case Step::losing: return ask(Kind::roll_back);
    case Step::committing: return ask(Kind::commit);
    case Step::over: break;
  }
  return {};
}

Session::Event Session::on(const Request& request, const Reply& reply, const Work& work, Nanos now_ns) {
  using Kind = Request::Kind;
  switch (request.kind) {
    case Kind::read_checkpoint: return read(reply, work, now_ns);
    case Kind::copy: return copied(reply, now_ns);
    case Kind::end_holder: step_ = Step::reading_again; return Event::none;  // where it failed, reading tells
    case Kind::roll_back:
      step_ = Step::over;
      words_ = "the checkpoint was moved by another writer";
      return Event::fenced;
    default: break;
  }
  if (!reply.is_ok) return trouble(reply.error, reply.sql_state, now_ns);
  switch (request.kind) {
    case Kind::connect: step_ = Step::reading; break;
    case Kind::begin: step_ = Step::copying; break;
    case Kind::merge:
      keys_ = Request::Keys::may_be_there;
      step_ = Step::idle;
      break;
    case Kind::set_aside_row:
      ++refused_rows_;
      step_ = Step::idle;
      break;
    case Kind::move_checkpoint: step_ = reply.changed == 1 ? Step::committing : Step::losing; break;
    case Kind::commit: return committed(work);
    default: break;
  }
  return Event::none;
}

Session::Event Session::read(const Reply& reply, const Work& work, Nanos now_ns) {
  if (!reply.is_ok && reply.sql_state == sql_state::lock_not_available && step_ == Step::reading) {
    // A writer that died or hangs has left its session in the middle of a transaction.
    step_ = Step::held;
    return Event::none;
  }
  if (!reply.is_ok) return trouble(reply.error, reply.sql_state, now_ns);
  if (reply.position) return settle(*reply.position, reply.lacks_instrument, work);
  if (checkpoint_) return rolled_back("the lane's row is gone from lane_checkpoint");
  return trouble("the lane's row is gone from lane_checkpoint", "", now_ns);
}

Session::Event Session::rolled_back(std::string words) {
  step_ = Step::over;
  words_ = std::move(words);
  return Event::rolled_back;
}

Session::Event Session::settle(JournalPosition stored, bool lacks_instrument, const Work& work) {
  const bool begins = !checkpoint_.has_value();
  if (begins) checkpoint_ = stored;
  if (stored == checkpoint()) {
    if (lacks_instrument) return rolled_back("an instrument of the rows that wait is not in dim_instrument any more");
    step_ = Step::idle;
    return begins ? Event::none : Event::is_back;
  }
  if (work.batch_end != 0 && stored == work.batch_end) {
    static_cast<void>(committed(work));
    return Event::was_committed;
  }
  std::string words = "the checkpoint is at " + std::to_string(stored) + ", not at " + std::to_string(checkpoint());
  if (stored < checkpoint()) return rolled_back(std::move(words));
  step_ = Step::over;
  words_ = std::move(words);
  return Event::fenced;
}

Session::Event Session::copied(const Reply& reply, Nanos now_ns) {
  if (reply.is_ok) {
    if (!reply.is_part) step_ = Step::moving;
    return Event::none;
  }
  if (reply.sql_state == sql_state::unique_violation && keys_ == Request::Keys::are_new) {
    step_ = Step::merging;
    return Event::none;
  }
  if (sql_state::blames_row(reply.sql_state) && refused_rows_ < refused_rows_max) {
    step_ = Step::setting_aside;
    return Event::none;
  }
  return trouble(reply.error, reply.sql_state, now_ns);
}

Session::Event Session::committed(const Work& work) {
  checkpoint_ = work.batch_end;
  keys_ = Request::Keys::are_new;
  refused_rows_ = 0;
  failures_ = 0;
  told_state_.clear();
  step_ = Step::idle;
  return Event::committed;
}

Session::Event Session::trouble(const std::string& words, const std::string& sql_state, Nanos now_ns) {
  step_ = Step::away;
  // Full jitter, the first retry at once: many writers must not come back in step.
  const int cap_ms = std::min(reconnect_delay_ms_max_, 50 << std::min(failures_, 12));
  const int delay_ms = failures_ == 0 ? 0 : static_cast<int>(random_() % static_cast<unsigned>(cap_ms + 1));
  retry_at_ns_ = now_ns + Nanos{delay_ms} * nanos_per_millisecond;
  is_refused_ = sql_state::blames_server(sql_state);
  is_news_ = failures_++ == 0 || (is_refused_ && sql_state != told_state_);
  if (is_news_) told_state_ = sql_state;
  words_ = words + std::string(sql_state::cure(sql_state));
  return Event::trouble;
}

}  // namespace tapeline::sinks::postgres
