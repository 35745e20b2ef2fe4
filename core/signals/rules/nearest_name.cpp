#include "core/signals/rules/nearest_name.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace tapeline {
namespace {

constexpr std::size_t written_bytes_max = 64;
constexpr std::size_t part_bytes_min = 3;

char small(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Levenshtein's.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row.back();
}

bool is_part(std::string_view part, std::string_view whole) noexcept {
  return part.size() >= part_bytes_min && whole.find(part) != std::string_view::npos;
}

/// How far one name is from another; one within the other is as good as one letter, and the letters decide among those.
using Apart = std::pair<std::size_t, std::size_t>;

}  // namespace

std::string nearest_name(std::string_view written, std::span<const std::string_view> names) {
  std::string meant(written.substr(0, written_bytes_max));
  std::transform(meant.begin(), meant.end(), meant.begin(), small);
  std::string_view nearest;
  const std::size_t letters_max = std::max<std::size_t>(2, meant.size() / 3);
  const std::size_t letters_fit = std::max<std::size_t>(1, meant.size() / 2);  // of "a", none is left in "sma"
  Apart least{std::min(letters_max, letters_fit) + 1, 0};
  for (const std::string_view name : names) {
    const std::size_t letters = distance(meant, name);
    const bool is_within = is_part(meant, name) || is_part(name, meant);
    const Apart apart{is_within ? std::min<std::size_t>(letters, 1) : letters, letters};
    if (apart >= least) continue;
    least = apart;
    nearest = name;
  }
  return std::string(nearest);
}

}  // namespace tapeline
