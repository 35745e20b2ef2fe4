// The poller's word to the parser: the journal may be read up to here. One record of the poller_parser ring.
//
// Ordering  The ring's (P) pair makes the journal's bytes visible. A later mark covers an earlier one, so a full ring
//           loses nothing: the poller goes on appending and the next mark that fits says it all.
#pragma once

#include "core/model/frame.hpp"

namespace tapeline {

struct JournalMark {
  JournalPosition end_position;
};

}  // namespace tapeline
