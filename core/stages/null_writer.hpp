// A writer that stores nothing: what the pipeline costs without a database.
#pragma once

#include <array>

#include "core/model/row.hpp"
#include "core/ring/spsc_ring.hpp"
#include "core/runtime/metrics.hpp"
#include "core/runtime/stage.hpp"

namespace tapeline {

class NullWriter final : public Stage {
 public:
  explicit NullWriter(SpscRing<Row>& rows) : rows_(rows) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "writer"; }
  std::size_t poll() noexcept override {
    const auto ready = rows_.peek();
    for (const Row& row : ready) counts_[static_cast<std::size_t>(row.kind) % counts_.size()].add();
    rows_.release(ready.size());
    return ready.size();
  }
  bool drained() noexcept override { return rows_.peek().empty(); }

  [[nodiscard]] std::uint64_t count(RowKind kind) const noexcept {
    return counts_[static_cast<std::size_t>(kind)].value();
  }

 private:
  SpscRing<Row>& rows_;
  std::array<Counter, 16> counts_;
};

}  // namespace tapeline
