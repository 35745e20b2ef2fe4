#include "app/config/loader.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "app/config/bindings.hpp"
#include "app/config/private_servers.hpp"

namespace tapeline::app {
namespace {

/// Texts of the file may hold line ends and worse: a mistake stays one line.
std::string one_line(std::string line) {
  std::replace_if(
      line.begin(), line.end(), [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }, '?');
  return line;
}

/// Sorted by line, each once.
std::vector<std::string> lines_of(std::vector<Mistake> mistakes, const std::string& name) {
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const Mistake& left, const Mistake& right) { return left.line < right.line; });
  std::vector<std::string> lines;
  for (const Mistake& mistake : mistakes) {
    std::string line = one_line(fmt::format("{}:{}: {}", name, std::max(mistake.line, 1U), mistake.text));
    if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(std::move(line));
  }
  return lines;
}

/// What no file says: where this machine keeps what outlives a run.
LoadedConfig with_folders(LoadedConfig loaded) {
  loaded.config.transport.quota_directory = resolve_var_directory() + "/budget";
  return loaded;
}

}  // namespace

ConfigErrors::ConfigErrors(std::vector<std::string> lines)
    : std::runtime_error(fmt::format("{}", fmt::join(lines, "\n"))), lines_(std::move(lines)) {}

LoadedConfig parse_config(std::string_view text, const std::string& name, Purpose purpose) {
  LoadedConfig loaded;
  Reading reading;
  reading.purpose = purpose;
  try {
    const toml::table root = toml::parse(text, name);
    bind(root, loaded.config, reading);
  } catch (const toml::parse_error& error) {
    throw ConfigErrors({one_line(fmt::format("{}:{}: not TOML: {}; mend this line first, the rest is read after that",
                                             name, error.source().begin.line, error.description()))});
  }
  if (!reading.mistakes.empty()) throw ConfigErrors(lines_of(std::move(reading.mistakes), name));
  std::sort(loaded.config.bars.intervals_s.begin(), loaded.config.bars.intervals_s.end());
  loaded.file = name;
  loaded.hash = configuration_hash(loaded.config);
  loaded.settings = std::move(reading.settings);
  return loaded;
}

LoadedConfig load_config(const std::string& path, Purpose purpose) {
  std::error_code not_there;
  std::string chosen = path;
  if (chosen.empty() && std::filesystem::exists("config/default.toml", not_there)) chosen = "config/default.toml";
  if (chosen.empty()) return with_folders(parse_config("", "built-in defaults", purpose));
  std::ifstream file(chosen, std::ios::binary);
  if (!file || std::filesystem::is_directory(chosen, not_there)) {
    throw ConfigErrors({chosen + ": cannot be read; name a TOML file after --config"});
  }
  return with_folders(parse_config(std::string(std::istreambuf_iterator<char>(file), {}), chosen, purpose));
}

}  // namespace tapeline::app
