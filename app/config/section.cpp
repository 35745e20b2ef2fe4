#include "app/config/section.hpp"

#include <algorithm>
#include <bit>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "app/config/nearest.hpp"
#include "app/config/secret_source.hpp"
#include "core/stages/instrument_directory.hpp"

namespace tapeline::app {
namespace {

constexpr std::string_view symbols_wanted =
    R"(a table of our names to native ones, { "BTC-USD" = "BTCUSDT" }, or an array of names)";

std::string joined(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, ", ")); }

bool holds(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::string: return "a text";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return "a decimal number";
    case toml::node_type::boolean: return "true or false";
    default: return "a date or time";
  }
}

}  // namespace

Section::Section(std::string path, const toml::table* table, Reading& reading)
    : path_(std::move(path)), table_(table), reading_(reading) {}

const toml::node* Section::find(const char* key) const { return table_ == nullptr ? nullptr : table_->get(key); }

bool Section::has(const char* key) const { return find(key) != nullptr; }

bool Section::is_wrong(const char* key) const { return holds(wrong_, key); }

const toml::table* Section::sub_table(const char* key) {
  const toml::node* node = find(key);
  if (node != nullptr && !node->is_table()) wrong_type(*node, key, "a table");
  return node == nullptr ? nullptr : node->as_table();
}

void Section::complain(const toml::node& node, const std::string& key, const std::string& what_and_cure) {
  wrong_.push_back(key);
  reading_.mistakes.push_back({node.source().begin.line, path_of(key) + ": " + what_and_cure});
}

void Section::complain(const std::string& key, const std::string& what_and_cure) {
  const toml::node* node = find(key.c_str());
  if (node == nullptr) node = table_;
  if (node != nullptr) return complain(*node, key, what_and_cure);
  wrong_.push_back(key);
  reading_.mistakes.push_back({0, path_of(key) + ": " + what_and_cure});
}

void Section::wrong_type(const toml::node& node, const char* key, std::string_view wanted) {
  complain(node, key, fmt::format("is {}; write {}", type_name(node), wanted));
}

void Section::record(const char* key, std::string value) {
  keys_.emplace_back(key);
  reading_.settings.push_back({path_of(key), std::move(value)});
}

void Section::record_text(const char* key, std::string_view value) { record(key, fmt::format("\"{}\"", value)); }

void Section::record_integers(const char* key, const std::vector<std::int64_t>& values) {
  record(key, fmt::format("[{}]", fmt::join(values, ", ")));
}

void Section::record_secret(const char* key, const Secret& value) { record(key, value.empty() ? "(none)" : "(set)"); }

void Section::boolean(const char* key, bool& value) {
  if (const toml::node* node = find(key)) {
    if (const auto* boolean = node->as_boolean()) {
      value = boolean->get();
    } else {
      wrong_type(*node, key, "true or false");
    }
  }
  record(key, value ? "true" : "false");
}

void Section::text(const char* key, std::string& value) {
  if (const toml::node* node = find(key)) {
    if (const auto* text = node->as_string()) {
      value = text->get();
    } else {
      wrong_type(*node, key, "a text in quotes");
    }
  }
  record_text(key, value);
}

void Section::number(const char* key, double& value, double min, double max) {
  if (const toml::node* node = find(key)) {
    const double read = node->value<double>().value_or(0);
    if (!node->is_number()) {
      wrong_type(*node, key, "a number");
    } else if (!(read >= min && read <= max)) {  // so that not-a-number is refused
      complain(*node, key, fmt::format("is {}; write a number from {} to {}", read, min, max));
    } else {
      value = read;
    }
  }
  record(key, fmt::format("{}", value));
}

bool Section::read_integer(const char* key, std::int64_t& value, std::int64_t min, std::int64_t max) {
  const toml::node* node = find(key);
  if (node == nullptr) return false;
  const auto* integer = node->as_integer();
  if (integer == nullptr) {
    wrong_type(*node, key, "a whole number");
    return false;
  }
  if (integer->get() < min || integer->get() > max) {
    complain(*node, key, fmt::format("is {}; write a whole number from {} to {}", integer->get(), min, max));
    return false;
  }
  value = integer->get();
  return true;
}

void Section::power_of_two(const char* key, std::size_t& value, std::int64_t min, std::int64_t max) {
  std::int64_t read = 0;
  if (read_integer(key, read, min, max)) {
    const auto size = static_cast<std::size_t>(read);
    if (std::has_single_bit(size)) {
      value = size;
    } else {
      complain(key, fmt::format("is {}; write a power of two, such as {}", read, std::bit_ceil(size)));
    }
  }
  record(key, std::to_string(value));
}

bool Section::read_integers(const char* key, std::vector<std::int64_t>& values, std::int64_t min, std::int64_t max) {
  const toml::node* node = find(key);
  if (node == nullptr) return false;
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    wrong_type(*node, key, "an array of whole numbers, such as [1, 60]");
    return false;
  }
  std::vector<std::int64_t> read;
  for (const toml::node& element : *array) {
    const auto* integer = element.as_integer();
    if (integer == nullptr) {
      complain(element, key, fmt::format("holds {}; write whole numbers only", type_name(element)));
    } else if (integer->get() < min || integer->get() > max) {
      complain(element, key, fmt::format("holds {}; write whole numbers from {} to {}", integer->get(), min, max));
    } else if (std::find(read.begin(), read.end(), integer->get()) != read.end()) {
      complain(element, key, fmt::format("holds {} twice; write it once", integer->get()));
    } else {
      read.push_back(integer->get());
    }
  }
  if (is_wrong(key)) return false;
  values = std::move(read);
  return true;
}

void Section::texts(const char* key, std::vector<std::string>& values) {
  constexpr std::string_view wanted = R"(an array of texts, such as ["BTC-USD"])";
  if (const toml::node* node = find(key)) {
    const toml::array* array = node->as_array();
    if (array == nullptr) {
      wrong_type(*node, key, wanted);
    } else {
      values.clear();
      for (const toml::node& element : *array) {
        if (const auto* text = element.as_string()) {
          values.push_back(text->get());
        } else {
          wrong_type(element, key, wanted);
        }
      }
    }
  }
  record(key, values.empty() ? "[]" : fmt::format("[\"{}\"]", fmt::join(values, "\", \"")));
}

bool Section::read_word(const char* key, std::string& value, const std::vector<std::string>& words) {
  const toml::node* node = find(key);
  if (node == nullptr) return false;
  const auto* text = node->as_string();
  if (text == nullptr) {
    wrong_type(*node, key, "one of: " + joined(words));
    return false;
  }
  if (!holds(words, text->get())) {
    complain(*node, key, fmt::format("is \"{}\"; write one of: {}", text->get(), joined(words)));
    return false;
  }
  value = text->get();
  return true;
}

void Section::read_secret(const toml::node& node, const char* key, Secret& value) {
  const toml::table* reference = node.as_table();
  const auto part = [&](const char* name) {
    return reference == nullptr ? std::nullopt : (*reference)[name].value<std::string>();
  };
  const auto variable = part("env");
  const auto path = part("file");
  const auto credential = part("credential");
  if (reference == nullptr || reference->size() != 1 || (!variable && !path && !credential)) {
    // Never repeat what stands there: it may be the secret.
    return complain(node, key, "a secret does not stand in the file; write { env = \"NAME\" } or { file = \"/path\" }");
  }
  if (reading_.purpose == Purpose::inspect) return;
  auto secret = variable ? secret_of_environment(*variable)
                : path   ? secret_of_file(*path)
                         : secret_of_credential(*credential);
  if (!secret) return complain(node, key, secret.error());
  value = std::move(*secret);
}

void Section::secret(const char* key, Secret& value) {
  if (const toml::node* node = find(key); node != nullptr && is_needed()) read_secret(*node, key, value);
  record_secret(key, value);
}

void Section::connection_string(const char* key, Secret& value) {
  if (const toml::node* node = find(key)) {
    const auto* text = node->as_string();
    if (text == nullptr) {
      read_secret(*node, key, value);
    } else if (holds_password(text->get())) {
      complain(*node, key,
               "holds a password, which does not stand in the file; write { env = \"NAME\" } or { file = \"/path\" }");
    } else {
      value = Secret(text->get());
    }
  }
  record_secret(key, value);
}

void Section::read_symbol(const toml::node& node, const char* key, const std::optional<std::string>& symbol,
                          std::vector<feeds::Subscription>& values) {
  const auto* native = node.as_string();
  if (native == nullptr) return wrong_type(node, key, symbols_wanted);
  feeds::Subscription read{symbol.value_or(native->get()), native->get()};
  for (const std::string& name : {read.symbol, read.native_symbol}) {
    if (is_acceptable_symbol(name)) continue;
    return complain(node, key,
                    fmt::format("\"{}\" is no symbol; write 1 to {} of A-Z a-z 0-9 . _ : / = ^ -, "
                                "the first a letter, a digit or ^",
                                name, symbol_bytes_max));
  }
  for (const feeds::Subscription& known : values) {
    const bool is_ours = known.symbol == read.symbol;
    if (!is_ours && known.native_symbol != read.native_symbol) continue;
    return complain(
        node, key, fmt::format("\"{}\" stands there twice; write it once", is_ours ? read.symbol : read.native_symbol));
  }
  values.push_back(std::move(read));
}

void Section::symbols(const char* key, std::vector<feeds::Subscription>& values) {
  if (const toml::node* node = find(key)) {
    values.clear();
    if (const toml::array* array = node->as_array()) {
      for (const toml::node& name : *array) read_symbol(name, key, std::nullopt, values);
    } else if (const toml::table* table = node->as_table()) {
      for (const auto& [symbol, native] : *table) read_symbol(native, key, std::string(symbol.str()), values);
    } else {
      wrong_type(*node, key, symbols_wanted);
    }
  }
  std::string written;
  for (const auto& [symbol, native] : values) {
    written += fmt::format("{}\"{}\" = \"{}\"", written.empty() ? "" : ", ", symbol, native);
  }
  record(key, "{" + written + "}");
}

std::vector<std::string> Section::named_tables() {
  std::vector<std::pair<std::uint32_t, std::string>> named;
  if (table_ != nullptr) {
    for (const auto& [key, node] : *table_) {
      const std::string name(key.str());
      if (node.is_table()) {
        named.emplace_back(key.source().begin.line, name);
      } else {
        wrong_type(node, name.c_str(), "a table");
      }
    }
  }
  std::sort(named.begin(), named.end());
  std::vector<std::string> names;
  for (auto& [line, name] : named) names.push_back(std::move(name));
  return names;
}

void Section::optional_address(const char* key, std::string& value, Protocol protocol) {
  text(key, value);
  if (!value.empty()) resolve(key, value, protocol);
}

void Section::address(const char* key, std::string& value, Protocol protocol) {
  text(key, value);
  resolve(key, value, protocol);
}

void Section::resolve(const char* key, std::string& value, Protocol protocol) {
  if (!has(key) || is_wrong(key) || !is_needed()) return;
  auto resolved = resolve_address(value, protocol);
  if (!resolved) return complain(key, resolved.error());
  value = std::move(*resolved);
}

void Section::reject_unknown(const std::vector<std::string>& tables) {
  if (table_ == nullptr) return;
  std::vector<std::string> possible = keys_;
  possible.insert(possible.end(), tables.begin(), tables.end());
  for (const auto& [key, node] : *table_) {
    const std::string name(key.str());
    if (holds(possible, name)) continue;
    const std::string meant = nearest(name, possible);
    const std::string cure = meant.empty() ? "possible here: " + joined(possible) : "did you mean " + meant + "?";
    reading_.mistakes.push_back(
        {key.source().begin.line, path_of(name) + ": no such " + (node.is_table() ? "table" : "key") + "; " + cure});
  }
}

}  // namespace tapeline::app
