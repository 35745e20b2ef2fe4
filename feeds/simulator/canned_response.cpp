#include "feeds/simulator/canned_response.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>

namespace tapeline::feeds::simulator {
namespace {

std::optional<int> whole_number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

/// Cuts "@STATUS[;retry-after=SECONDS]" off the end of `text`, where it is there.
void take_suffix(std::string_view& text, HttpReply& reply) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos) return;
  const std::string_view suffix = text.substr(at + 1);
  const std::size_t semicolon = suffix.find(';');
  const auto status = whole_number(suffix.substr(0, semicolon));
  if (!status || *status < 200 || *status > 599) return;  // an '@' of the file's name
  if (semicolon != std::string_view::npos) {
    constexpr std::string_view key = "retry-after=";
    const std::string_view option = suffix.substr(semicolon + 1);
    const auto seconds = option.substr(0, key.size()) == key ? whole_number(option.substr(key.size())) : std::nullopt;
    if (!seconds) {
      throw std::invalid_argument("canned response: '" + std::string(option) + "' is not 'retry-after=SECONDS'");
    }
    reply.retry_after_s = seconds;
  }
  reply.status = static_cast<unsigned>(*status);
  text = text.substr(0, at);
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(in), {});
  if (!in.good() && !in.eof()) throw std::invalid_argument("canned response: cannot read '" + path.string() + "'");
  return bytes;
}

bool ends_with_any(std::string_view text, std::initializer_list<std::string_view> endings) {
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) { return text.ends_with(ending); });
}

}  // namespace

bool CannedResponse::matches(const Target& request) const noexcept {
  return request.path == target.path &&
         std::all_of(target.parameters.begin(), target.parameters.end(), [&](const auto& wanted) {
           return std::find(request.parameters.begin(), request.parameters.end(), wanted) != request.parameters.end();
         });
}

CannedResponse parse_canned_response(std::string_view text) {
  CannedResponse response;
  std::string_view rest = text;
  take_suffix(rest, response.reply);
  for (std::size_t equals = rest.find('='); equals != std::string_view::npos; equals = rest.find('=', equals + 1)) {
    const std::filesystem::path file(rest.substr(equals + 1));
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(file, ignored)) continue;
    response.target = parse_target(rest.substr(0, equals));
    if (!response.target.path.starts_with('/')) break;
    response.reply.body = read_file(file);
    response.reply.content_type = content_type_of(file.filename().string(), response.reply.body);
    return response;
  }
  throw std::invalid_argument("canned response '" + std::string(text) +
                              "': write /PATH?QUERY=FILE[@STATUS[;retry-after=SECONDS]] with a file that exists");
}

std::string content_type_of(std::string_view file_name, std::string_view body) {
  const std::size_t begin = body.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  const char first = begin == std::string_view::npos ? '\0' : body[begin];
  if (first == '{' || first == '[') return "application/json";
  if (first == '<' || ends_with_any(file_name, {".html", ".htm"})) return "text/html";
  if (ends_with_any(file_name, {".csv"})) return "text/csv";
  return "text/plain";
}

}  // namespace tapeline::feeds::simulator
