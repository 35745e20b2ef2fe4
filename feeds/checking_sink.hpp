// Runs one source until it has given a price: what `tapeline check` does for each.
#pragma once

#include "core/stages/wire_parser.hpp"
#include "feeds/source.hpp"

namespace boost::asio {
class io_context;
}

namespace tapeline::feeds {

/// Until the first price, the first refusal or `timeout_ms`. `detail` names the instrument and its price, or what is
/// wrong.
[[nodiscard]] CheckResult check_source(boost::asio::io_context& context, Source& source, WireParser& parser,
                                       int timeout_ms);

}  // namespace tapeline::feeds
