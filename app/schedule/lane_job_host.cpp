#include "app/schedule/lane_job_host.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/config/private_servers.hpp"
#include "core/runtime/idle.hpp"
#include "sinks/redis/address.hpp"
#include "sinks/redis/encoder.hpp"

namespace tapeline::app {
namespace {

constexpr Nanos fetch_timeout_ns = 300 * nanos_per_second;
constexpr Nanos settle_timeout_ns = 120 * nanos_per_second;
constexpr Nanos look_again_ns = 50 * nanos_per_millisecond;

}  // namespace

LaneJobHost::LaneJobHost(const Config& config, const LaneOptions& options, Lane& lane,
                         const std::atomic<bool>& is_stopping)
    : lane_(lane), is_stopping_(is_stopping), is_stored_(config.postgres.enabled), redis_(config.redis) {
  if (redis_.enabled) redis_.address = resolve_redis(config.redis, options.var_directory);
}

template <class Done>
void LaneJobHost::wait_for(Nanos timeout_ns, const char* what, Done done) const {
  const Nanos deadline_ns = steady_now_ns() + timeout_ns;
  while (!done()) {
    if (is_stopping_.load(std::memory_order_relaxed)) throw std::runtime_error("the pipeline ends");
    if (steady_now_ns() > deadline_ns) {
      throw std::runtime_error(fmt::format("{} did not end within {} s", what, timeout_ns / nanos_per_second));
    }
    sleep_for(look_again_ns);
  }
}

std::string LaneJobHost::fetch() {
  std::map<std::string, feeds::SourceStatus> before;
  for (const feeds::SourceStatus& source : lane_.stats().sources) {
    if (source.is_polled) before.emplace(source.name, source);
  }
  if (before.empty()) return "no polled source is enabled";
  lane_.poll_sources_now();
  std::vector<feeds::SourceStatus> after;
  wait_for(fetch_timeout_ns, "the round", [&] {
    after = lane_.stats().sources;
    return std::all_of(after.begin(), after.end(), [&](const feeds::SourceStatus& source) {
      return !source.is_polled || source.state.starts_with("refused") || source.rounds > before[source.name].rounds;
    });
  });
  std::vector<std::string> told;
  bool has_delivered = false;
  for (const feeds::SourceStatus& source : after) {
    if (!source.is_polled) continue;
    const feeds::SourceStatus& was = before[source.name];
    const bool is_well = source.frames > was.frames && source.errors == was.errors;
    has_delivered = has_delivered || is_well;
    told.push_back(fmt::format("{} {}", source.name,
                               is_well ? fmt::format("{} answers", source.frames - was.frames) : source.last_error));
  }
  const std::string detail = fmt::format("{}", fmt::join(told, "; "));
  if (!has_delivered) throw std::runtime_error(detail);
  return detail;
}

std::string LaneJobHost::settle() {
  if (!is_stored_) return "no rows are stored: postgres.enabled is false";
  const JournalPosition wanted = lane_.stats().journal_position;
  LaneStats stats;
  // Frames without rows move the checkpoint too, a moment later than rows do.
  wait_for(settle_timeout_ns, "the commit", [&] {
    stats = lane_.stats();
    return stats.checkpoint >= wanted;
  });
  return fmt::format("all of the journal up to {} is stored, {} rows since the start", wanted, stats.rows_committed);
}

void LaneJobHost::publish(const PendingAlert& alert) {
  if (!redis_.enabled) return;
  const Nanos deadline_ns = steady_now_ns() + Nanos{redis_.call_timeout_ms} * nanos_per_millisecond;
  if (!connection_.is_open() || !connection_.is_alive()) {
    const auto address = sinks::redis::parse_address(redis_.address);
    if (!address) throw std::runtime_error("redis.address: " + address.error());
    if (std::string problem = connection_.open(*address, deadline_ns); !problem.empty()) {
      throw std::runtime_error(problem);
    }
    if (const auto login = log_in(connection_, redis_, deadline_ns);
        login.outcome != sinks::redis::LoginOutcome::accepted) {
      connection_.close();
      throw std::runtime_error(login.problem);
    }
  }
  std::vector<std::string_view> fields;
  for (const auto& [name, value] : alert.fields) {
    fields.push_back(name);
    fields.push_back(value);
  }
  sinks::redis::Commands commands;
  encode_job_alert(alert.alert_id, alert.symbol, fields, alert.json, redis_.alert_stream_length_max, commands);
  const auto replies = connection_.exchange(commands, deadline_ns);
  if (!replies) {
    connection_.close();
    throw std::runtime_error(replies.error());
  }
  if (replies->front().kind == sinks::redis::Reply::Kind::error) {
    throw std::runtime_error("Redis: " + replies->front().text);
  }
}

}  // namespace tapeline::app
