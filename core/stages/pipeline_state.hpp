// Parser and kernels as one: saved to a snapshot, put back from one, and whether a snapshot is of this journal and these
// options.
//
// Threads   That of both stages, or none runs yet.
// Failure   restore_pipeline() says false where the file says other than what it promised: the stages are then of no use.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/journal/config.hpp"
#include "core/snapshot/snapshot_file.hpp"
#include "core/stages/kernels.hpp"
#include "core/stages/parser.hpp"

namespace tapeline {

/// An instrument of a snapshot, by its number.
struct SavedInstrument {
  SourceCode source{};
  std::string native_symbol;
  std::string symbol;
  std::uint64_t calendar = 0;  // fingerprint up to the snapshot

  void archive(auto& archive) { archive(source, native_symbol, symbol, calendar); }
};

/// Writes the state behind the last frame; returns the size of the file. Precondition: both have drained.
std::uint64_t save_pipeline(const Parser& parser, Kernels& kernels, std::string path, Nanos taken_ns);

/// nullopt: the file does not say.
[[nodiscard]] std::optional<std::vector<SavedInstrument>> saved_instruments(const Snapshot& snapshot);

/// Whether the journal still has the frame that the snapshot has seen last.
[[nodiscard]] bool is_of_journal(const Snapshot& snapshot, const JournalConfig& journal);

/// A part that must be computed anew, and why.
struct StalePart {
  std::string name;
  bool is_new = false;  // the snapshot has none of this name; else it was computed with other options
};
[[nodiscard]] std::vector<StalePart> stale_parts(const Snapshot& snapshot, const std::vector<StatePart>& wanted);

/// Puts the state back: at once where nothing is stale, and the parser is to begin at snapshot->position(); else once the
/// kernels have come there from where the parser begins, and only what is not stale.
[[nodiscard]] bool restore_pipeline(const std::shared_ptr<const Snapshot>& snapshot, Parser& parser, Kernels& kernels);

}  // namespace tapeline
