#include "core/base/crash_point.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <csignal>
#include <utility>

#include <unistd.h>

namespace tapeline {
namespace {

constexpr std::array<std::pair<std::string_view, CrashPoint>, 14> names{{
    {"journal_append", CrashPoint::journal_append},
    {"journal_prepare", CrashPoint::journal_prepare},
    {"journal_roll", CrashPoint::journal_roll},
    {"journal_sync", CrashPoint::journal_sync},
    {"journal_chain", CrashPoint::journal_chain},
    {"journal_compressed", CrashPoint::journal_compressed},
    {"journal_trim", CrashPoint::journal_trim},
    {"batch_built", CrashPoint::batch_built},
    {"copy_end", CrashPoint::copy_end},
    {"commit_sent", CrashPoint::commit_sent},
    {"commit_acknowledged", CrashPoint::commit_acknowledged},
    {"redis_publish", CrashPoint::redis_publish},
    {"snapshot_written", CrashPoint::snapshot_written},
    {"snapshot_renamed", CrashPoint::snapshot_renamed},
}};

std::atomic<std::uint64_t> passes_left{0};

}  // namespace

void reach_armed_crash_point() noexcept {
  // relaxed: a count, nothing is handed over by it.
  if (passes_left.fetch_sub(1, std::memory_order_relaxed) != 1) return;
  // No handler, no destructor, no flush: what SIGKILL leaves is what recovery must cope with.
  kill(getpid(), SIGKILL);
}

std::string arm_crash_point(std::string_view text) {
  if (text.empty()) return {};
  const std::size_t colon = std::min(text.find(':'), text.size());
  const auto* const found =
      std::find_if(names.begin(), names.end(), [&](const auto& name) { return name.first == text.substr(0, colon); });
  std::uint64_t passes = 0;
  const std::string_view digits = text.substr(std::min(colon + 1, text.size()));
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), passes);
  if (found == names.end() || error != std::errc{} || end != digits.data() + digits.size() || passes == 0) {
    std::string problem = "\"" + std::string(text) + "\" is no crash point and count; write one of";
    for (const auto& [name, point] : names) problem += " " + std::string(name);
    return problem + ", a colon, and which time, from 1: commit_sent:1";
  }
  passes_left.store(passes, std::memory_order_relaxed);  // relaxed: no thread has been started yet
  armed_crash_point = found->second;
  return {};
}

}  // namespace tapeline
