#include "app/journal_index.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <unistd.h>

#include "core/journal/chain.hpp"
#include "core/journal/crc32c.hpp"
#include "core/journal/file.hpp"
#include "core/journal/journal_reader.hpp"
#include "feeds/registry.hpp"

namespace tapeline::app {
namespace {

constexpr std::string_view magic = "TLJIDX1\n";
constexpr std::size_t block_bytes = std::size_t{256} * 1024;

class Writer {
 public:
  template <class Value>
  void put(Value value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    bytes_.append(bytes, sizeof bytes);
  }
  void text(std::string_view value) {
    put(static_cast<std::uint32_t>(value.size()));
    bytes_.append(value);
  }
  [[nodiscard]] std::string& bytes() { return bytes_; }

 private:
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  template <class Value>
  [[nodiscard]] Value get() {
    Value value{};
    const std::string_view taken = take(sizeof value);
    if (taken.size() == sizeof value) std::memcpy(&value, taken.data(), sizeof value);
    return value;
  }
  [[nodiscard]] std::string text() { return std::string(take(get<std::uint32_t>())); }
  /// Of elements that take at least so many bytes each: no more than there can be.
  [[nodiscard]] std::size_t count(std::size_t least_bytes) {
    const auto count = get<std::uint32_t>();
    if (count > bytes_.size() / least_bytes) is_short_ = true;
    return is_short_ ? 0 : count;
  }
  [[nodiscard]] bool is_whole() const { return !is_short_ && bytes_.empty(); }

 private:
  std::string_view take(std::size_t size) {
    if (size > bytes_.size()) {
      is_short_ = true;
      return {};
    }
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }

  std::string_view bytes_;
  bool is_short_ = false;
};

/// The hash that the next segment says of this one: what an index is known by. Zeros: not closed, or not chained yet.
Digest digest_by_next(const std::string& directory, std::uint64_t segment) {
  const auto file = find_segment(directory, segment + 1);
  const auto header = file ? read_segment_header(*file) : std::nullopt;
  return header && header->version >= 2 ? previous_digest(*header) : Digest{};
}

void keep(const std::string& path, const std::string& bytes) {
  const std::string unfinished = path + "." + std::to_string(getpid()) + ".new";
  {
    std::ofstream file(unfinished, std::ios::binary | std::ios::trunc);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!file.flush()) {
      std::remove(unfinished.c_str());
      return;
    }
  }
  if (std::rename(unfinished.c_str(), path.c_str()) != 0) std::remove(unfinished.c_str());
}

}  // namespace

std::string SegmentIndex::encoded(std::uint64_t segment, const Digest& digest) const {
  Writer writer;
  writer.put(segment);
  writer.put(digest);
  writer.put(static_cast<std::uint32_t>(symbols.size()));
  for (const auto& [source, name] : symbols) {
    writer.put(source);
    writer.text(name);
  }
  writer.put(static_cast<std::uint32_t>(totals.size()));
  for (const auto& [kind, total] : totals) {
    writer.put(kind.first);
    writer.put(kind.second);
    writer.put(total.frames);
    writer.put(total.bytes);
  }
  writer.put(static_cast<std::uint32_t>(blocks.size()));
  for (const Block& block : blocks) {
    writer.put(block.begin);
    writer.put(block.end);
    writer.put(block.first_ns);
    writer.put(block.last_ns);
    writer.put(static_cast<std::uint32_t>(block.symbols.size()));
    for (const std::uint32_t number : block.symbols) writer.put(number);
  }
  const std::uint32_t crc = crc32c(0, writer.bytes().data(), writer.bytes().size());
  writer.put(crc);
  return std::string(magic) + writer.bytes();
}

std::optional<SegmentIndex> SegmentIndex::decoded(std::string_view bytes, std::uint64_t segment, const Digest& digest) {
  if (!bytes.starts_with(magic) || bytes.size() < magic.size() + sizeof(std::uint32_t)) return std::nullopt;
  bytes.remove_prefix(magic.size());
  const std::string_view body = bytes.substr(0, bytes.size() - sizeof(std::uint32_t));
  if (Reader(bytes.substr(body.size())).get<std::uint32_t>() != crc32c(0, body.data(), body.size()))
    return std::nullopt;
  Reader reader(body);
  if (reader.get<std::uint64_t>() != segment || reader.get<Digest>() != digest) return std::nullopt;
  SegmentIndex index;
  for (std::size_t count = reader.count(5); count > 0; --count) {
    const auto source = reader.get<SourceCode>();
    index.symbols.emplace_back(source, reader.text());
  }
  for (std::size_t count = reader.count(18); count > 0; --count) {
    const auto kind = reader.get<FrameKind>();
    const auto source = reader.get<SourceCode>();
    FrameTotals& total = index.totals[{kind, source}];
    total.frames = reader.get<std::uint64_t>();
    total.bytes = reader.get<std::uint64_t>();
  }
  for (std::size_t count = reader.count(36); count > 0; --count) {
    Block block;
    block.begin = reader.get<JournalPosition>();
    block.end = reader.get<JournalPosition>();
    block.first_ns = reader.get<Nanos>();
    block.last_ns = reader.get<Nanos>();
    for (std::size_t numbers = reader.count(4); numbers > 0; --numbers)
      block.symbols.push_back(reader.get<std::uint32_t>());
    index.blocks.push_back(std::move(block));
  }
  if (!reader.is_whole()) return std::nullopt;
  return index;
}

FrameSymbols::FrameSymbols() {
  for (const feeds::Entry& entry : feeds::registry()) wire_[static_cast<std::size_t>(entry.code)] = entry.make_parser();
}

const std::vector<std::string_view>& FrameSymbols::of(const Frame& frame) {
  symbols_.clear();
  const auto& wire = wire_[static_cast<std::size_t>(frame.source)];
  if (frame.kind != FrameKind::data || !wire) return symbols_;
  output_.clear();
  wire->parse(frame, output_);
  for (const WireEvent& event : output_.events) {
    if (!event.symbol.empty()) symbols_.push_back(event.symbol);
  }
  std::sort(symbols_.begin(), symbols_.end());
  symbols_.erase(std::unique(symbols_.begin(), symbols_.end()), symbols_.end());
  return symbols_;
}

SegmentIndex JournalIndex::make(std::uint64_t segment) {
  ++made_;
  const std::size_t segment_bytes = extent_.config.segment_bytes;
  const JournalPosition limit = std::min<JournalPosition>(extent_.end_position, (segment + 1) * segment_bytes);
  JournalReader reader(extent_.config);
  reader.seek(segment * segment_bytes + sizeof(SegmentHeader));
  SegmentIndex index;
  std::map<SegmentIndex::Symbol, std::uint32_t> numbers;
  for (Frame frame; reader.next(limit, frame);) {
    if (index.blocks.empty() || frame.end_position - index.blocks.back().begin > block_bytes) {
      index.blocks.push_back({.begin = frame.position,
                              .end = 0,
                              .first_ns = frame.receive_ns,
                              .last_ns = frame.receive_ns,
                              .symbols = {}});
    }
    SegmentIndex::Block& block = index.blocks.back();
    block.end = frame.end_position;
    block.first_ns = std::min(block.first_ns, frame.receive_ns);
    block.last_ns = std::max(block.last_ns, frame.receive_ns);
    FrameTotals& total = index.totals[{frame.kind, frame.source}];
    ++total.frames;
    total.bytes += frame.payload.size();
    for (const std::string_view symbol : symbols_.of(frame)) {
      const auto [known, is_new] =
          numbers.try_emplace({frame.source, std::string(symbol)}, static_cast<std::uint32_t>(numbers.size()));
      if (is_new) index.symbols.push_back(known->first);
      const auto at = std::lower_bound(block.symbols.begin(), block.symbols.end(), known->second);
      if (at == block.symbols.end() || *at != known->second) block.symbols.insert(at, known->second);
    }
  }
  if (!reader.failure().empty()) throw std::runtime_error(std::string(reader.failure()));
  return index;
}

SegmentIndex JournalIndex::of_segment(std::uint64_t segment) {
  const Digest digest = digest_by_next(extent_.config.directory, segment);
  if (is_unknown(digest)) return make(segment);
  const std::string path = segment_path(extent_.config.directory, segment) + ".index";
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) {
    if (auto index = SegmentIndex::decoded(read_file(path), segment, digest)) return std::move(*index);
  }
  SegmentIndex index = make(segment);
  keep(path, index.encoded(segment, digest));
  return index;
}

}  // namespace tapeline::app
