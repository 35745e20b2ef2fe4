// Which alerts a webhook still has to be told of, in PostgreSQL.
//
// Threads   One.
// Failure   Throws std::runtime_error with the database's reason.
// Ordering  Alerts are queued once each, in the order of the journal, when their rows are there.
#pragma once

#include <string>
#include <vector>

#include "app/webhooks/config.hpp"
#include "sinks/postgres/connection.hpp"

namespace tapeline::app {

struct Delivery {
  std::string webhook;
  std::string alert_id;
  std::string body;
  int attempts = 0;  // before this one
};

class DeliveryStore {
 public:
  DeliveryStore(Secret dsn, int call_timeout_ms, std::string lane);

  /// Puts new alerts into the queues; a webhook that is new begins with what fires from now on.
  void queue(const std::vector<WebhookConfig>& webhooks);
  [[nodiscard]] std::vector<Delivery> due();
  void delivered(const Delivery& delivery, const std::string& answer);
  void failed(const Delivery& delivery, const std::string& answer, int delay_s);
  void dead(const Delivery& delivery, const std::string& answer);

 private:
  using Rows = sinks::postgres::Connection::Rows;
  Rows ask(const std::string& sql, const std::vector<std::string>& parameters);
  void settle(const Delivery& delivery, const char* status, const std::string& answer, int delay_s);

  sinks::postgres::Connection connection_;
  std::string lane_;
};

}  // namespace tapeline::app
