// One table of a TOML document while it is read: every key is bound once, and that one list also knows which keys exist.
//
// Failure   Nothing throws: mistakes are collected, with their line and a cure.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/secret.hpp"
#include "feeds/source.hpp"

namespace toml {
inline namespace v3 {
class node;
class table;
}  // namespace v3
}  // namespace toml

namespace tapeline::app {

struct Mistake {
  std::uint32_t line = 0;
  std::string text;  // "key: what is wrong; how to mend it"
};

/// Nearest of `words` to `word` by edit distance, where it is near enough to be meant; else empty.
[[nodiscard]] std::string nearest(std::string_view word, const std::vector<std::string>& words);

enum class Presence { optional, required };

class Section {
 public:
  /// `table` may be nullptr: the section is not in the file, and keeps its defaults.
  Section(std::string path, const toml::table* table, std::vector<Mistake>& mistakes);

  void boolean(const char* key, bool& value);
  void text(const char* key, std::string& value);
  void number(const char* key, double& value, double min, double max);
  template <class Integer>
  void integer(const char* key, Integer& value, std::int64_t min, std::int64_t max) {
    std::int64_t read = static_cast<std::int64_t>(value);
    if (read_integer(key, read, min, max)) value = static_cast<Integer>(read);
  }
  /// A power of two in [min, max].
  void power_of_two(const char* key, std::size_t& value, std::int64_t min, std::int64_t max);
  template <class Integer>
  void integers(const char* key, std::vector<Integer>& values, std::int64_t min, std::int64_t max) {
    std::vector<std::int64_t> read;
    if (!read_integers(key, read, min, max)) return;
    values.clear();
    for (const std::int64_t one : read) values.push_back(static_cast<Integer>(one));
  }
  template <class Enum>
  void word(const char* key, Enum& value, const std::vector<std::pair<std::string, Enum>>& words) {
    std::vector<std::string> names;
    for (const auto& entry : words) names.push_back(entry.first);
    std::string read;
    if (!read_word(key, read, names)) return;
    for (const auto& entry : words) {
      if (entry.first == read) value = entry.second;
    }
  }
  /// { env = "NAME" } or { file = "PATH" }.
  void secret(const char* key, Secret& value);
  /// Our names to native names: a table, or an array of names that are both.
  void symbols(const char* key, std::vector<feeds::Subscription>& values);
  /// http(s) or ws(s); plain only on loopback; the host "tapeline-sim" becomes $TAPELINE_SIM.
  void url(const char* key, std::string& value, std::string_view scheme);

  /// A mistake about `key`, whether or not it is in the file.
  void complain(const std::string& key, const std::string& what_and_cure);
  /// Whether `key` was written and names the simulator (see url()).
  [[nodiscard]] bool has(const char* key) const;
  /// After all keys were bound: what else is in the table is a mistake. `tables` are its sub-tables that are read elsewhere.
  void reject_unknown(const std::vector<std::string>& tables);

  [[nodiscard]] const std::vector<std::string>& keys() const noexcept { return keys_; }
  [[nodiscard]] const toml::table* sub_table(const char* key);
  [[nodiscard]] std::string path_of(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }

 private:
  [[nodiscard]] const toml::node* find(const char* key);
  void wrong_type(const char* key, const toml::node& node, std::string_view wanted);
  [[nodiscard]] bool read_integer(const char* key, std::int64_t& value, std::int64_t min, std::int64_t max);
  [[nodiscard]] bool read_integers(const char* key, std::vector<std::int64_t>& values, std::int64_t min, std::int64_t max);
  [[nodiscard]] bool read_word(const char* key, std::string& value, const std::vector<std::string>& words);
  void add_symbol(const char* key, const std::string& symbol, const std::string& native, std::vector<feeds::Subscription>& values);

  std::string path_;
  const toml::table* table_;
  std::vector<Mistake>& mistakes_;
  std::vector<std::string> keys_;
};

}  // namespace tapeline::app
