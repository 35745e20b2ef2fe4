// The version that users see, audit_batch keeps and the User-Agent names.
#pragma once

namespace tapeline::app {

inline constexpr const char* version = "0.1.0";

}  // namespace tapeline::app
