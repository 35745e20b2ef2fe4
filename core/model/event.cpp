#include "core/model/event.hpp"

namespace tapeline {

const char* to_string(Reason reason) noexcept {
  switch (reason) {
    case Reason::none: return "none";
    case Reason::unparsable: return "unparsable";
    case Reason::missing_field: return "missing_field";
    case Reason::not_a_number: return "not_a_number";
    case Reason::out_of_precision: return "out_of_precision";
    case Reason::non_positive_price: return "non_positive_price";
    case Reason::negative_volume: return "negative_volume";
    case Reason::bad_timestamp: return "bad_timestamp";
    case Reason::unknown_instrument: return "unknown_instrument";
    case Reason::late_tick: return "late_tick";
    case Reason::duplicate: return "duplicate";
    case Reason::sequence_gap: return "sequence_gap";
    case Reason::out_of_order: return "out_of_order";
    case Reason::no_data: return "no_data";
    case Reason::refused_temporary: return "refused_temporary";
    case Reason::refused_rate_limit: return "refused_rate_limit";
    case Reason::refused_quota: return "refused_quota";
    case Reason::refused_permanent: return "refused_permanent";
    case Reason::server_error: return "server_error";
    case Reason::source_correction: return "source_correction";
    case Reason::stale_event: return "stale_event";
    case Reason::future_event: return "future_event";
    case Reason::outlier: return "outlier";
    case Reason::silent_symbol: return "silent_symbol";
    case Reason::source_divergence: return "source_divergence";
    case Reason::gap_filled: return "gap_filled";
    case Reason::bar_correction: return "bar_correction";
  }
  return "unknown";
}

}  // namespace tapeline
