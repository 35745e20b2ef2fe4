// [webhooks.NAME]: who else is told of alerts.
#pragma once

#include <vector>

#include "app/config/section.hpp"
#include "app/webhooks/config.hpp"

namespace tapeline::app {

/// `section` is [webhooks].
void bind_webhooks(Section& section, std::vector<WebhookConfig>& webhooks, Reading& reading);

}  // namespace tapeline::app
