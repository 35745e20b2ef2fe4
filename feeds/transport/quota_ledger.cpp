#include "feeds/transport/quota_ledger.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/base/file_descriptor.hpp"
#include "core/journal/file.hpp"

namespace tapeline::feeds {
namespace {

/// Closed, its lock ends too.
FileDescriptor open_file(const std::string& path, int flags) {
  return FileDescriptor(::open(path.c_str(), flags | O_CLOEXEC, 0600));
}

}  // namespace

QuotaLedger::QuotaLedger(std::string file, int per_day) : file_(std::move(file)), per_day_(per_day) {}

void QuotaLedger::refresh(Nanos wall_ns) {
  if (!file_.empty()) load(wall_ns);
  forget_old(wall_ns);
}

bool QuotaLedger::try_spend(std::string_view request, Nanos wall_ns) {
  return update(wall_ns, [&] {
    if (left(wall_ns) <= 0) return false;
    spent_.push_back({wall_ns, std::string(request)});
    return true;
  });
}

void QuotaLedger::take_back(std::string_view request, Nanos wall_ns) {
  update(wall_ns, [&] {
    const auto spent =
        std::find_if(spent_.rbegin(), spent_.rend(), [&](const Spent& s) { return s.request == request; });
    if (spent == spent_.rend()) return false;
    spent_.erase(std::next(spent).base());
    return true;
  });
}

bool QuotaLedger::update(Nanos wall_ns, const std::function<bool()>& change) {
  last_error_.clear();
  if (file_.empty()) {
    forget_old(wall_ns);
    return change();
  }
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(file_).parent_path(), ignored);
  const FileDescriptor lock = open_file(file_ + ".lock", O_RDWR | O_CREAT);
  if (lock.get() < 0 || ::flock(lock.get(), LOCK_EX) != 0) {
    last_error_ = "cannot lock " + file_ + ".lock: " + std::strerror(errno);
    return false;
  }
  if (!load(wall_ns)) return false;
  forget_old(wall_ns);
  if (!change()) return false;
  if (save()) return true;
  load(wall_ns);  // what is written is what counts
  return false;
}

int QuotaLedger::left(Nanos wall_ns) const noexcept {
  const auto recent = std::count_if(spent_.begin(), spent_.end(),
                                    [&](const Spent& spent) { return spent.wall_ns > wall_ns - window_ns; });
  return per_day_ - static_cast<int>(recent);
}

Nanos QuotaLedger::ready_ns(Nanos wall_ns) const noexcept {
  if (left(wall_ns) > 0) return wall_ns;
  const auto behind = static_cast<std::size_t>(std::max(per_day_, 1));
  return spent_.size() < behind ? wall_ns + window_ns : spent_[spent_.size() - behind].wall_ns + window_ns;
}

std::optional<Nanos> QuotaLedger::last_spent_ns(std::string_view request) const noexcept {
  for (auto spent = spent_.rbegin(); spent != spent_.rend(); ++spent) {
    if (spent->request == request) return spent->wall_ns;
  }
  return std::nullopt;
}

std::optional<Nanos> QuotaLedger::last_spent_ns() const noexcept {
  return spent_.empty() ? std::nullopt : std::optional(spent_.back().wall_ns);
}

void QuotaLedger::forget_old(Nanos wall_ns) {
  std::erase_if(spent_, [&](const Spent& spent) { return spent.wall_ns <= wall_ns - window_ns; });
}

bool QuotaLedger::load(Nanos wall_ns) {
  std::ifstream in(file_, std::ios::binary);
  std::error_code not_there;
  if (!in) {
    if (!std::filesystem::exists(file_, not_there)) {
      spent_.clear();
      return true;
    }
    last_error_ = "cannot read " + file_;
    return false;
  }
  spent_.clear();
  for (std::string line; std::getline(in, line);) {
    Nanos at_ns = 0;
    const auto [next, error] = std::from_chars(line.data(), line.data() + line.size(), at_ns);
    const auto length = static_cast<std::size_t>(next - line.data());
    const bool is_whole = error == std::errc{} && length < line.size() && line[length] == ' ';
    // A clock that was set back, or a damaged line: it counts, from now on.
    if (!is_whole || at_ns > wall_ns) at_ns = wall_ns;
    spent_.push_back({at_ns, is_whole ? line.substr(length + 1) : std::string()});
  }
  std::stable_sort(spent_.begin(), spent_.end(), [](const Spent& a, const Spent& b) { return a.wall_ns < b.wall_ns; });
  return true;
}

bool QuotaLedger::save() {
  std::string text;
  for (const Spent& spent : spent_) text += std::to_string(spent.wall_ns) + ' ' + spent.request + '\n';
  const std::string unfinished = file_ + ".new";
  try {
    const FileDescriptor out = open_file(unfinished, O_WRONLY | O_CREAT | O_TRUNC);
    if (out.get() < 0) throw_errno(errno, "cannot write " + file_);
    write_all(out.get(), text.data(), text.size(), file_);
    if (::fdatasync(out.get()) != 0 || ::rename(unfinished.c_str(), file_.c_str()) != 0) {
      throw_errno(errno, "cannot write " + file_);
    }
  } catch (const std::system_error& error) {
    last_error_ = error.what();
    return false;
  }
  return true;
}

std::string quota_file(const std::string& directory, std::string_view source, std::string_view key) {
  if (directory.empty()) return {};
  const std::string text = "tapeline quota of " + std::string(source) + ": " + std::string(key);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string name = directory + '/' + std::string(source) + '-';
  for (std::size_t i = 0; i < 4; ++i) name += {digits[digest[i] >> 4U], digits[digest[i] & 15U]};
  return name;
}

}  // namespace tapeline::feeds
