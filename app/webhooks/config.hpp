// [webhooks.NAME]: who else is told of alerts.
#pragma once

#include <string>
#include <vector>

#include "core/base/secret.hpp"
#include "core/model/row.hpp"

namespace tapeline::app {

enum class WebhookFormat { json, slack };

struct WebhookConfig {
  std::string name;
  bool enabled = true;
  Secret url;  // many hold a token
  WebhookFormat format = WebhookFormat::json;
  Severity severity = Severity::info;  // at least
  std::vector<std::string> rules;      // empty: all
  int attempts_max = 12;
};

}  // namespace tapeline::app
