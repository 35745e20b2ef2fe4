// Every source that tapeline knows, one line each: its number, its name and how its bytes are read.
//
// Threads   The table is constant; find_source may be called from any thread.
// Failure   find_source returns nullptr for what is not in the table. make_parser throws where the machine lacks what
//           the parser needs (time zone data).
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/model/frame.hpp"
#include "core/stages/wire_parser.hpp"

namespace tapeline::feeds {

struct Entry {
  SourceCode code;
  std::string_view name;  // as the configuration, the journal tools and dim_source write it
  std::unique_ptr<WireParser> (*make_parser)();
};

/// In ascending order of code.
[[nodiscard]] std::span<const Entry> registry() noexcept;

[[nodiscard]] const Entry* find_source(std::string_view name) noexcept;
[[nodiscard]] const Entry* find_source(SourceCode code) noexcept;
/// As find_source, for what a user wrote: throws std::invalid_argument that lists the names.
[[nodiscard]] const Entry& named_source(std::string_view name);

/// For messages that list what may be written.
[[nodiscard]] std::vector<std::string_view> source_names();

}  // namespace tapeline::feeds
