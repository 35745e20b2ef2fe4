#include "sinks/postgres/connection_string.hpp"

#include <algorithm>
#include <memory>
#include <string_view>

#include <libpq-fe.h>

namespace tapeline::sinks::postgres {
namespace {

/// In "postgresql://user:p/w@host" libpq takes "p" for a port, and says so: part of a password in a message.
bool has_unescaped_user(std::string_view dsn) noexcept {
  if (!dsn.starts_with("postgresql://") && !dsn.starts_with("postgres://")) return false;
  dsn.remove_prefix(dsn.find("://") + 3);
  const std::size_t at = dsn.rfind('@');
  return at != std::string_view::npos && dsn.substr(0, at).find_first_of("@/?#[]") != std::string_view::npos;
}

bool may_hold_password(std::string_view dsn) noexcept {
  return dsn.find("pass") != std::string_view::npos || dsn.find('@') != std::string_view::npos;
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t comma = list.find(',');
    parts.emplace_back(list.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace

std::vector<HostAndPort> several_hosts(const std::string& dsn) {
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(PQconninfoParse(dsn.c_str(), nullptr),
                                                                               PQconninfoFree);
  std::string_view hosts;
  std::string_view ports;
  for (const PQconninfoOption* option = options.get(); option != nullptr && option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    if (std::string_view(option->keyword) == "host") hosts = option->val;
    if (std::string_view(option->keyword) == "port") ports = option->val;
    if (std::string_view(option->keyword) == "hostaddr") return {};  // libpq pairs them with hosts: left to it
  }
  if (hosts.find(',') == std::string_view::npos) return {};
  const std::vector<std::string> port_list = split(ports);
  std::vector<HostAndPort> all;
  for (const std::string& host : split(hosts))
    all.push_back({host, port_list.size() == 1 ? port_list[0] : port_list[std::min(all.size(), port_list.size() - 1)]});
  return all;
}

std::optional<std::string> connection_string_problem(const std::string& dsn) {
  if (has_unescaped_user(dsn)) {
    return "the connection string cannot be read: in user and password write '@' as %40, '/' as %2F, '?' as %3F, '#' "
           "as %23, "
           "'[' as %5B and ']' as %5D";
  }
  char* words = nullptr;
  PQconninfoOption* options = PQconninfoParse(dsn.c_str(), &words);
  const std::unique_ptr<char, void (*)(void*)> words_owner(words, PQfreemem);
  if (options != nullptr) {
    PQconninfoFree(options);
    return std::nullopt;
  }
  std::string problem =
      "the connection string cannot be read; its forms are postgresql://user:password@host:port/database and "
      "host=... user=... password='...' dbname=...";
  if (words != nullptr && !may_hold_password(dsn)) {
    problem += " (";
    for (const char letter : std::string_view(words)) problem += letter == '\n' ? ' ' : letter;
    if (problem.back() == ' ') problem.pop_back();
    problem += ')';
  }
  return problem;
}

}  // namespace tapeline::sinks::postgres
