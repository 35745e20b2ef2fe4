#include "app/config/bind_webhooks.hpp"

#include <algorithm>

#include "app/config/address.hpp"
#include "feeds/transport/url.hpp"

namespace tapeline::app {
namespace {

bool is_plain_word(const std::string& text) {
  return !text.empty() && text.size() <= 31 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

void bind_webhook(Section& section, WebhookConfig& webhook) {
  section.boolean("enabled", webhook.enabled);
  section.secret("url", webhook.url);
  section.word("format", webhook.format, {{"json", WebhookFormat::json}, {"slack", WebhookFormat::slack}});
  section.word("severity", webhook.severity,
               {{"info", Severity::info}, {"warning", Severity::warning}, {"critical", Severity::critical}});
  section.texts("rules", webhook.rules);
  section.integer("attempts_max", webhook.attempts_max, 1, 100);
  section.reject_unknown({});
  if (!std::all_of(webhook.rules.begin(), webhook.rules.end(), is_plain_word)) {
    section.complain("rules", "holds what is no name of a rule; `tapeline rules list` has them");
  }
  if (!section.has("url")) return section.complain("url", "is missing; write url = { env = \"ALERT_WEBHOOK\" }");
  if (section.is_wrong("url") || webhook.url.empty()) return;
  const auto url = feeds::parse_url(webhook.url.reveal());
  if (!url || !webhook.url.reveal().starts_with("http")) {
    return section.complain("url", "does not hold an address; it begins with https://");
  }
  if (url->security == feeds::Security::plain && !is_loopback(url->host)) {
    section.complain("url", "would send alerts in the clear; take https://");
  }
}

}  // namespace

void bind_webhooks(Section& section, std::vector<WebhookConfig>& webhooks, Reading& reading) {
  for (const std::string& name : section.named_tables()) {
    if (!is_plain_word(name)) section.complain(name, "is no name; write 1 to 31 letters, digits, _ or -");
    webhooks.emplace_back();
    webhooks.back().name = name;
    Section one(section.path_of(name), section.sub_table(name.c_str()), reading);
    bind_webhook(one, webhooks.back());
  }
  section.reject_unknown(section.named_tables());
}

}  // namespace tapeline::app
