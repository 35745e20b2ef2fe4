#include "app/webhooks/webhook_thread.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <stdexcept>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include "app/config/private_servers.hpp"
#include "feeds/transport/http_client.hpp"

namespace tapeline::app {
namespace {

constexpr auto look_again = std::chrono::seconds(1);
constexpr auto database_pause = std::chrono::seconds(5);
constexpr int delay_s_min = 2;
constexpr int delay_s_max = 900;
constexpr int timeout_ms_max = 10'000;

using Answer = Result<feeds::HttpResponse, feeds::HttpError>;

Answer post(const feeds::Url& url, const feeds::TransportConfig& transport, const Delivery& delivery) {
  boost::asio::io_context io(1);
  feeds::HttpClient client(io, url, transport);
  std::optional<Answer> answer;
  client.post(url.path, {{"Content-Type", "application/json"}, {"Idempotency-Key", delivery.alert_id}}, delivery.body,
              [&](Answer given) { answer = std::move(given); });
  // The answer is all that is wanted; the connection would be kept for a next request.
  while (!answer && io.run_one() > 0) {
  }
  if (!answer) return Unexpected<feeds::HttpError>{{.text = "no answer"}};
  return std::move(*answer);
}

/// What the other side says may repeat the address, which is a secret: neither it nor a longer part of it is kept.
std::string without_address(std::string text, const feeds::Url& url) {
  constexpr std::string_view stars = "***";
  constexpr std::size_t secret_bytes_min = 8;
  std::vector<std::string> parts{url.path};
  for (std::size_t begin = 0; begin < url.path.size();) {
    const std::size_t end = std::min(url.path.find_first_of("/?&=", begin), url.path.size());
    if (end - begin >= secret_bytes_min) parts.push_back(url.path.substr(begin, end - begin));
    begin = end + 1;
  }
  for (const std::string& part : parts) {
    if (part.size() < secret_bytes_min) continue;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + stars.size())) {
      text.replace(at, part.size(), stars);
    }
  }
  return text;
}

bool may_be_tried_again(unsigned status) { return status == 408 || status == 425 || status == 429 || status >= 500; }

}  // namespace

int attempt_delay_s(int attempts) noexcept {
  int delay_s = delay_s_min;
  for (int i = 0; i < attempts && delay_s < delay_s_max; ++i) delay_s *= 2;
  return std::min(delay_s, delay_s_max);
}

WebhookThread::WebhookThread(const Config& config, const LaneOptions& options, Operations& operations)
    : transport_(config.transport),
      store_(config.postgres.enabled ? resolve_postgres(config.postgres, options.var_directory) : Secret(),
             config.postgres.call_timeout_ms, options.name),
      operations_(operations) {
  transport_.request_timeout_ms = std::min(transport_.request_timeout_ms, timeout_ms_max);
  std::copy_if(config.webhooks.begin(), config.webhooks.end(), std::back_inserter(webhooks_),
               [](const WebhookConfig& webhook) { return webhook.enabled; });
  if (!webhooks_.empty() && config.postgres.enabled) thread_ = std::thread([this] { run(); });
}

WebhookThread::~WebhookThread() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void WebhookThread::run() {
  pthread_setname_np(pthread_self(), "webhooks");
  bool is_database_away = false;
  std::unique_lock lock(mutex_);
  while (!is_stopping_) {
    lock.unlock();
    std::vector<Delivery> due;
    try {
      store_.queue(webhooks_);
      due = store_.due();
      for (const Delivery& delivery : due) {
        {
          const std::lock_guard look(mutex_);
          if (is_stopping_) break;
        }
        deliver(delivery);
      }
      is_database_away = false;
    } catch (const std::runtime_error& error) {
      if (!is_database_away)
        operations_.tell(Severity::warning, "webhooks", std::string(error.what()) + "; alerts wait");
      is_database_away = true;
      due.clear();
    }
    lock.lock();
    if (due.empty())
      changed_.wait_for(lock, is_database_away ? database_pause : look_again, [&] { return is_stopping_; });
  }
}

void WebhookThread::deliver(const Delivery& delivery) {
  const auto webhook = std::find_if(webhooks_.begin(), webhooks_.end(),
                                    [&](const WebhookConfig& one) { return one.name == delivery.webhook; });
  if (webhook == webhooks_.end()) {
    counts_.dead.add();
    return store_.dead(delivery, "the webhook is not configured any more");
  }
  const auto url = feeds::parse_url(webhook->url.reveal());
  const Answer answer =
      url ? post(*url, transport_, delivery) : Answer(Unexpected<feeds::HttpError>{{.text = "its url is no address"}});
  if (answer && answer->status >= 200 && answer->status < 300) {
    counts_.delivered.add();
    return store_.delivered(delivery, fmt::format("HTTP {}", answer->status));
  }
  std::string told = answer ? fmt::format("HTTP {}: {}", answer->status, answer->body) : answer.error().text;
  if (url) told = without_address(std::move(told), *url);
  counts_.failed.add();
  const bool is_last = delivery.attempts + 1 >= webhook->attempts_max;
  if (is_last || (answer && !may_be_tried_again(answer->status))) {
    counts_.dead.add();
    operations_.tell(Severity::warning, "webhooks",
                     fmt::format("{} does not take alert {}: {}; it is kept in alert_delivery as dead",
                                 delivery.webhook, delivery.alert_id, told.substr(0, told.find('\n'))));
    return store_.dead(delivery, told);
  }
  const int asked_s = answer ? answer->retry_after_s : 0;
  store_.failed(delivery, told, std::clamp(std::max(asked_s, attempt_delay_s(delivery.attempts)), 1, 86'400));
}

}  // namespace tapeline::app
