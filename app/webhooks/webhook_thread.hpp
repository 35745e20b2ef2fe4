// Tells webhooks of alerts: by POST, once each and again until it is taken, or given up and kept as dead.
//
// Threads   One of its own. The queue is in PostgreSQL, so that nothing waits in memory.
// Output    a body of `Content-Type: application/json`; `Idempotency-Key` bears the alert's id for receivers that meet
//           one twice: after a crash between the answer and its note.
// Failure   No answer, 408, 425, 429 and 5xx are tried again, later and later or when Retry-After says; any other refusal,
//           and too many tries, end in status 'dead' with the answer. A database that is away is waited for.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "app/lane.hpp"
#include "app/webhooks/delivery_store.hpp"
#include "feeds/transport/config.hpp"

namespace tapeline::app {

struct WebhookCounts {
  Counter delivered;
  Counter failed;  // attempts
  Counter dead;
};

class WebhookThread {
 public:
  /// `operations` outlives it. Nothing runs where no webhook is enabled, or no rows are stored.
  WebhookThread(const Config& config, const LaneOptions& options, Operations& operations);
  ~WebhookThread();
  WebhookThread(const WebhookThread&) = delete;
  WebhookThread& operator=(const WebhookThread&) = delete;

  [[nodiscard]] const WebhookCounts& counts() const noexcept { return counts_; }

 private:
  void run();
  void deliver(const Delivery& delivery);

  std::vector<WebhookConfig> webhooks_;
  feeds::TransportConfig transport_;
  DeliveryStore store_;
  Operations& operations_;
  WebhookCounts counts_;
  std::mutex mutex_;  // is_stopping_
  std::condition_variable changed_;
  bool is_stopping_ = false;
  std::thread thread_;
};

/// Seconds until attempt number `attempts` + 1: doubled each time, from 2 s to 15 min.
[[nodiscard]] int attempt_delay_s(int attempts) noexcept;

}  // namespace tapeline::app
