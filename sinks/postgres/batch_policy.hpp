// When a batch of rows is worth a transaction: small while there is little, large under load.
//
// PostgreSQL 15 spends time on each row of a COPY that grows with the rows of its buffer, up to 1,000 of them: 300 rows a COPY
// are stored nearly as quickly as 1,000 and are there sooner, 5,000 twice as quickly. Sizes between the two are waited past.
// A few rows wait a quarter of that time: those that come during their commit are the next batch. Not less, for each
// transaction has its price: a row of audit_batch, and a flush of the server's disk.
#pragma once

#include <algorithm>
#include <cstddef>

#include "core/base/time.hpp"

namespace tapeline::sinks::postgres {

struct BatchPolicy {
  std::size_t rows_max = 20'000;
  Nanos delay_ns_max = 20 * nanos_per_millisecond;       // of the oldest row, whatever there is
  Nanos delay_quiet_ns_max = 1 * nanos_per_millisecond;  // of rows_quiet_max of them; of fewer, in proportion

  /// A batch of more rows than this waits for company.
  static constexpr std::size_t rows_quiet_max = 300;

  /// `age_ns`: of the oldest frame. Without a row there is but a checkpoint to move, which is in no hurry.
  [[nodiscard]] constexpr bool is_due(std::size_t rows, Nanos age_ns) const noexcept {
    if (rows >= rows_max || age_ns >= delay_ns_max) return true;
    const Nanos share_ns = delay_quiet_ns_max * static_cast<Nanos>(rows) / static_cast<Nanos>(rows_quiet_max);
    return rows > 0 && rows <= rows_quiet_max && age_ns >= std::max(share_ns, delay_quiet_ns_max / 4);
  }
};

}  // namespace tapeline::sinks::postgres
