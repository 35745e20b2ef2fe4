#include "app/config/section.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <toml++/toml.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <fstream>
#include <numeric>

#include "core/stages/instrument_directory.hpp"

namespace tapeline::app {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= left.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (left[i - 1] == right[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row.back();
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

bool is_loopback(std::string_view host) { return host == "localhost" || host.starts_with("127.") || host == "[::1]"; }

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& words) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : words) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

Section::Section(std::string path, const toml::table* table, std::vector<Mistake>& mistakes)
    : path_(std::move(path)), table_(table), mistakes_(mistakes) {}

const toml::node* Section::find(const char* key) {
  keys_.emplace_back(key);
  return table_ == nullptr ? nullptr : table_->get(key);
}

bool Section::has(const char* key) const { return table_ != nullptr && table_->get(key) != nullptr; }

const toml::table* Section::sub_table(const char* key) {
  const toml::node* node = table_ == nullptr ? nullptr : table_->get(key);
  if (node == nullptr) return nullptr;
  if (!node->is_table()) wrong_type(key, *node, "a table");
  return node->as_table();
}

void Section::complain(const std::string& key, const std::string& what_and_cure) {
  std::uint32_t line = 0;
  if (table_ != nullptr) {
    const toml::node* node = table_->get(key);
    line = node != nullptr ? node->source().begin.line : table_->source().begin.line;
  }
  mistakes_.push_back({line, path_of(key) + ": " + what_and_cure});
}

void Section::wrong_type(const char* key, const toml::node& node, std::string_view wanted) {
  complain(key, fmt::format("is {}; write {}", type_name(node), wanted));
}

void Section::boolean(const char* key, bool& value) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (!node->is_boolean()) return wrong_type(key, *node, "true or false");
  value = node->as_boolean()->get();
}

void Section::text(const char* key, std::string& value) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (!node->is_string()) return wrong_type(key, *node, "a text in quotes");
  value = node->as_string()->get();
}

void Section::number(const char* key, double& value, double min, double max) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (!node->is_number()) return wrong_type(key, *node, "a number");
  const double read = node->value<double>().value_or(0);
  if (!(read >= min && read <= max)) return complain(key, fmt::format("is {}; write a number from {} to {}", read, min, max));
  value = read;
}

bool Section::read_integer(const char* key, std::int64_t& value, std::int64_t min, std::int64_t max) {
  const toml::node* node = find(key);
  if (node == nullptr) return false;
  if (!node->is_integer()) {
    wrong_type(key, *node, "a whole number");
    return false;
  }
  value = node->as_integer()->get();
  if (value >= min && value <= max) return true;
  complain(key, fmt::format("is {}; write a whole number from {} to {}", value, min, max));
  return false;
}

void Section::power_of_two(const char* key, std::size_t& value, std::int64_t min, std::int64_t max) {
  std::int64_t read = 0;
  if (!read_integer(key, read, min, max)) return;
  const auto size = static_cast<std::size_t>(read);
  if (!std::has_single_bit(size)) return complain(key, fmt::format("is {}; write a power of two, such as {}", read, std::bit_ceil(size)));
  value = size;
}

bool Section::read_integers(const char* key, std::vector<std::int64_t>& values, std::int64_t min, std::int64_t max) {
  const toml::node* node = find(key);
  if (node == nullptr) return false;
  if (!node->is_array()) {
    wrong_type(key, *node, "an array of whole numbers, such as [1, 60]");
    return false;
  }
  for (const toml::node& element : *node->as_array()) {
    if (!element.is_integer()) {
      complain(key, fmt::format("holds {}; write whole numbers only", type_name(element)));
      return false;
    }
    const std::int64_t read = element.as_integer()->get();
    if (read < min || read > max) {
      complain(key, fmt::format("holds {}; write whole numbers from {} to {}", read, min, max));
      return false;
    }
    if (std::find(values.begin(), values.end(), read) != values.end()) {
      complain(key, fmt::format("holds {} twice; write each once", read));
      return false;
    }
    values.push_back(read);
  }
  return true;
}

bool Section::read_word(const char* key, std::string& value, const std::vector<std::string>& words) {
  const toml::node* node = find(key);
  if (node == nullptr) return false;
  if (!node->is_string()) {
    wrong_type(key, *node, "one of: " + joined(words));
    return false;
  }
  value = node->as_string()->get();
  if (std::find(words.begin(), words.end(), value) != words.end()) return true;
  complain(key, fmt::format("is \"{}\"; write one of: {}", value, joined(words)));
  return false;
}

void Section::secret(const char* key, Secret& value) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const toml::table* reference = node->as_table();
  const auto part = [&](const char* name) { return reference == nullptr ? std::nullopt : (*reference)[name].value<std::string>(); };
  const auto environment = part("env");
  const auto file_name = part("file");
  if (reference == nullptr || reference->size() != 1 || (!environment && !file_name)) {
    // Never echo what stands there: it may be the secret.
    return complain(key, "a secret does not stand in the file; write { env = \"NAME\" } or { file = \"/path\" }");
  }
  if (environment) {
    const char* read = std::getenv(environment->c_str());
    if (read == nullptr || *read == '\0') {
      return complain(key, fmt::format("the environment variable {} is not set; export it, or write {{ file = \"/path\" }}", *environment));
    }
    value = Secret(read);
    return;
  }
  struct stat status {};
  if (stat(file_name->c_str(), &status) != 0) {
    return complain(key, fmt::format("cannot read {}; make the file, with mode 0400", *file_name));
  }
  if ((status.st_mode & 0037U) != 0) {
    return complain(key, fmt::format("{} can be read by others; chmod 0400 {}", *file_name, *file_name));
  }
  std::ifstream file(*file_name);
  std::string content;
  std::getline(file, content);
  if (content.empty()) return complain(key, fmt::format("the first line of {} is empty; write the secret there", *file_name));
  value = Secret(content);
}

void Section::add_symbol(const char* key, const std::string& symbol, const std::string& native, std::vector<feeds::Subscription>& values) {
  for (const std::string& name : {symbol, native}) {
    if (!is_acceptable_symbol(name)) {
      return complain(key, fmt::format("\"{}\" is no symbol; write 1 to 63 of A-Z a-z 0-9 . _ : / = ^ -, the first a letter or digit", name));
    }
  }
  for (const feeds::Subscription& known : values) {
    if (known.symbol == symbol || known.native_symbol == native) {
      return complain(key, fmt::format("\"{}\" stands there twice; write it once", known.symbol == symbol ? symbol : native));
    }
  }
  values.push_back({symbol, native});
}

void Section::symbols(const char* key, std::vector<feeds::Subscription>& values) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  constexpr std::string_view wanted = R"(a table of our names to native ones, { "BTC-USD" = "BTCUSDT" }, or an array of names)";
  values.clear();
  if (const toml::array* array = node->as_array()) {
    for (const toml::node& element : *array) {
      const auto name = element.value<std::string>();
      if (!name) return wrong_type(key, element, wanted);
      add_symbol(key, *name, *name, values);
    }
  } else if (const toml::table* table = node->as_table()) {
    for (const auto& [symbol, native] : *table) {
      const auto name = native.value<std::string>();
      if (!name) return wrong_type(key, native, wanted);
      add_symbol(key, std::string(symbol.str()), *name, values);
    }
  } else {
    wrong_type(key, *node, wanted);
  }
}

void Section::url(const char* key, std::string& value, std::string_view scheme) {
  std::string read = value;
  text(key, read);
  if (!has(key)) return;
  const std::size_t separator = read.find("://");
  const std::string read_scheme = read.substr(0, separator);
  const bool is_secure = read_scheme == std::string(scheme) + "s";
  if (separator == std::string::npos || (!is_secure && read_scheme != scheme)) {
    return complain(key, fmt::format("\"{}\" is no address; write {}s://host", read, scheme));
  }
  const std::string rest = read.substr(separator + 3);
  const std::string authority = rest.substr(0, rest.find('/'));
  const std::string host = authority.substr(0, authority.find(':', authority.starts_with('[') ? authority.find(']') : 0));
  if (host.empty() || authority.find('@') != std::string::npos) {
    return complain(key, fmt::format("\"{}\" has no plain host name; write {}s://host", read, scheme));
  }
  if (host == "tapeline-sim") {
    const char* simulator = std::getenv("TAPELINE_SIM");
    if (simulator == nullptr || *simulator == '\0') {
      return complain(key, "names the simulator, but TAPELINE_SIM is not set; ./dev run sets it, or start `tapeline sim` and export TAPELINE_SIM=127.0.0.1:PORT");
    }
    value = read_scheme + "://" + simulator + rest.substr(authority.size());
    return;
  }
  if (!is_secure && !is_loopback(host)) {
    return complain(key, fmt::format("{} would send everything in the clear; write {}s://{}", read_scheme, scheme, rest));
  }
  value = read;
}

void Section::reject_unknown(const std::vector<std::string>& tables) {
  if (table_ == nullptr) return;
  std::vector<std::string> possible = keys_;
  possible.insert(possible.end(), tables.begin(), tables.end());
  for (const auto& [key, node] : *table_) {
    const std::string name(key.str());
    if (std::find(possible.begin(), possible.end(), name) != possible.end()) continue;
    const std::string meant = nearest(name, possible);
    const std::string cure = meant.empty() ? "possible here: " + joined(possible) : "did you mean " + meant + "?";
    mistakes_.push_back({key.source().begin.line, path_of(name) + ": no such " + (node.is_table() ? "table" : "key") + "; " + cure});
  }
}

}  // namespace tapeline::app
