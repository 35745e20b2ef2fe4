// One table of a TOML document while it is read: every key is bound once, and by that binding it is known, read,
// checked and listed with its value.
//
// Failure   Nothing throws: mistakes are collected, with their line and a cure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/config/address.hpp"
#include "app/config/setting.hpp"
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

/// What a configuration is read for. Who looks back at what was received asks no source: neither their secrets nor
/// the simulator's address are needed then. Who inspects a file may not be who is allowed to read the secrets.
enum class Purpose { run, look_back, inspect };

/// What comes of reading a document, beside the values themselves.
struct Reading {
  Purpose purpose = Purpose::run;
  std::vector<Mistake> mistakes;
  std::vector<Setting> settings;
};

class Section {
 public:
  /// `table` may be nullptr: the section is not in the file, and keeps its defaults.
  Section(std::string path, const toml::table* table, Reading& reading);

  // Each binds `key` to a value, which stays as it is when the key is not written or is written wrongly.

  void boolean(const char* key, bool& value);
  void text(const char* key, std::string& value);
  void number(const char* key, double& value, double min, double max);
  template <class Integer>
  void integer(const char* key, Integer& value, std::int64_t min, std::int64_t max) {
    std::int64_t read = static_cast<std::int64_t>(value);
    if (read_integer(key, read, min, max)) value = static_cast<Integer>(read);
    record(key, std::to_string(value));
  }
  /// A power of two in [min, max].
  void power_of_two(const char* key, std::size_t& value, std::int64_t min, std::int64_t max);
  template <class Integer>
  void integers(const char* key, std::vector<Integer>& values, std::int64_t min, std::int64_t max) {
    std::vector<std::int64_t> read(values.begin(), values.end());
    if (read_integers(key, read, min, max)) {
      values.clear();
      for (const std::int64_t one : read) values.push_back(static_cast<Integer>(one));
    }
    record_integers(key, read);
  }
  /// An array of texts.
  void texts(const char* key, std::vector<std::string>& values);
  /// One of `words`, each with what it means.
  template <class Meaning>
  void word(const char* key, Meaning& value, const std::vector<std::pair<std::string, Meaning>>& words) {
    std::vector<std::string> names;
    std::string read;
    for (const auto& [name, meaning] : words) {
      names.push_back(name);
      if (meaning == value) read = name;
    }
    if (read_word(key, read, names)) {
      for (const auto& [name, meaning] : words) {
        if (name == read) value = meaning;
      }
    }
    record_text(key, read);
  }
  /// { env = "NAME" } or { file = "/path" }.
  void secret(const char* key, Secret& value);
  /// As secret(), or a connection string of libpq that holds no password.
  void connection_string(const char* key, Secret& value);
  /// Our names to native names: a table, or an array of names that are both.
  void symbols(const char* key, std::vector<feeds::Subscription>& values);
  void address(const char* key, std::string& value, Protocol protocol);
  /// As address(); it may be empty.
  void optional_address(const char* key, std::string& value, Protocol protocol);

  /// A mistake about `key`, whether or not it is in the file.
  void complain(const std::string& key, const std::string& what_and_cure);
  [[nodiscard]] bool has(const char* key) const;
  /// Whether a mistake about `key` is known already: what follows from it need not be told.
  [[nodiscard]] bool is_wrong(const char* key) const;
  /// After all keys were bound: what else is in the table is a mistake. `tables` are its sub-tables, read elsewhere.
  void reject_unknown(const std::vector<std::string>& tables);

  [[nodiscard]] const toml::table* sub_table(const char* key);
  /// What the file's author named himself: the tables in this one, in order of their lines.
  [[nodiscard]] std::vector<std::string> named_tables();
  [[nodiscard]] std::string path_of(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }

 private:
  [[nodiscard]] bool is_needed() const noexcept {
    return reading_.purpose != Purpose::look_back || !path_.starts_with("sources.");
  }
  [[nodiscard]] const toml::node* find(const char* key) const;
  void complain(const toml::node& node, const std::string& key, const std::string& what_and_cure);
  void wrong_type(const toml::node& node, const char* key, std::string_view wanted);
  [[nodiscard]] bool read_integer(const char* key, std::int64_t& value, std::int64_t min, std::int64_t max);
  [[nodiscard]] bool read_integers(const char* key, std::vector<std::int64_t>& values, std::int64_t min,
                                   std::int64_t max);
  [[nodiscard]] bool read_word(const char* key, std::string& value, const std::vector<std::string>& words);
  void read_secret(const toml::node& node, const char* key, Secret& value);
  /// Without `symbol` the native name in `node` is ours, too.
  void read_symbol(const toml::node& node, const char* key, const std::optional<std::string>& symbol,
                   std::vector<feeds::Subscription>& values);
  void resolve(const char* key, std::string& value, Protocol protocol);
  void record(const char* key, std::string value);
  void record_text(const char* key, std::string_view value);
  void record_integers(const char* key, const std::vector<std::int64_t>& values);
  void record_secret(const char* key, const Secret& value);

  std::string path_;
  const toml::table* table_;
  Reading& reading_;
  std::vector<std::string> keys_;
  std::vector<std::string> wrong_;
};

}  // namespace tapeline::app
