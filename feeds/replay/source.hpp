// A recording as a source: its lines become frames with the times at which they were received.
//
// Ordering  Several recordings are merged by the time of receipt, as their sources once sent side by side.
// Output    as fast as they are read, in slices, so that the stages on the same thread get their turn. A malformed line
//           becomes a frame, too, with the time of the line before: the parser rejects it, and it is kept.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "feeds/source.hpp"

namespace boost::asio {
class io_context;
}

namespace tapeline::feeds::replay {

/// Throws std::runtime_error for a file that cannot be read.
[[nodiscard]] std::unique_ptr<Source> make_source(boost::asio::io_context& context, std::vector<std::string> files,
                                                  SourceCode code, Channel channel);

}  // namespace tapeline::feeds::replay
