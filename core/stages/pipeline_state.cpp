#include "core/stages/pipeline_state.hpp"

#include <algorithm>
#include <utility>

#include "core/journal/journal_reader.hpp"

namespace tapeline {
namespace {

constexpr std::string_view instruments_part = "instruments";

}  // namespace

std::uint64_t save_pipeline(const Parser& parser, Kernels& kernels, std::string path, Nanos taken_ns) {
  const SnapshotWitness witness = witness_of(parser.last_frame());
  const InstrumentDirectory& directory = parser.directory();
  SnapshotWriter file(std::move(path));
  file.add(std::string(instruments_part), 0, [&](StateWriter& writer) {
    std::vector<SavedInstrument> instruments;
    for (InstrumentIndex i = 0; i < directory.size(); ++i) {
      const SourceCode source = directory.source(i);
      instruments.push_back({source, std::string(directory.native_symbol(i)),
                             std::string(directory.symbol_of(source, directory.native_symbol(i))),
                             kernels.calendar_fingerprint(i, witness.receive_ns)});
    }
    writer(instruments);
  });
  for (std::size_t i = 0; i < kernels.parts().size(); ++i) {
    const StatePart& part = kernels.parts()[i];
    file.add(part.name, part.key, [&](StateWriter& writer) { kernels.save(i, writer); });
  }
  return file.finish(witness, taken_ns);
}

std::optional<std::vector<SavedInstrument>> saved_instruments(const Snapshot& snapshot) {
  const SnapshotPart* part = snapshot.find(instruments_part);
  if (part == nullptr) return std::nullopt;
  StateReader reader = snapshot.read(*part);
  std::vector<SavedInstrument> instruments;
  reader(instruments);
  if (!reader.finished()) return std::nullopt;
  return instruments;
}

bool is_of_journal(const Snapshot& snapshot, const JournalConfig& journal) {
  JournalReader reader(journal);
  reader.seek(snapshot.witness().position);
  Frame frame;
  if (!reader.next(snapshot.position(), frame)) return false;
  const SnapshotWitness found = witness_of(frame);
  const SnapshotWitness& wanted = snapshot.witness();
  return found.position == wanted.position && found.end_position == wanted.end_position &&
         found.receive_ns == wanted.receive_ns && found.fingerprint == wanted.fingerprint;
}

std::vector<StalePart> stale_parts(const Snapshot& snapshot, const std::vector<StatePart>& wanted) {
  std::vector<StalePart> stale;
  for (const StatePart& part : wanted) {
    const SnapshotPart* saved = snapshot.find(part.name);
    if (saved == nullptr || saved->key != part.key) stale.push_back({part.name, saved == nullptr});
  }
  return stale;
}

bool restore_pipeline(const std::shared_ptr<const Snapshot>& snapshot, Parser& parser, Kernels& kernels) {
  const auto instruments = saved_instruments(*snapshot);
  if (!instruments) return false;
  for (const SavedInstrument& instrument : *instruments) {
    parser.restore(instrument.source, instrument.native_symbol);
    kernels.restore_instrument(instrument.source, instrument.symbol, instrument.native_symbol);
  }
  bool is_sound = parser.directory().size() == instruments->size();
  const auto load_from = [snapshot](bool& sound) {
    return [snapshot, &sound](const StatePart& part, const std::function<bool(StateReader&)>& load) {
      const SnapshotPart* saved = snapshot->find(part.name);
      if (saved == nullptr || saved->key != part.key) return false;
      StateReader reader = snapshot->read(*saved);
      sound = load(reader) && sound;
      return true;
    };
  };
  if (stale_parts(*snapshot, kernels.parts()).empty()) {
    kernels.restore(load_from(is_sound));
  } else {
    // What it says was read once when it was chosen: it does not change under us.
    kernels.restore_at(snapshot->position(), [snapshot, load_from](const StatePart& part, const auto& load) {
      bool sound = true;
      const bool is_loaded = load_from(sound)(part, load);
      TL_CHECK(sound);
      return is_loaded;
    });
  }
  return is_sound;
}

}  // namespace tapeline
