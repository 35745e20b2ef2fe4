#include "app/config/secret_source.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include <fmt/format.h>
#include <sys/stat.h>

namespace tapeline::app {
namespace {

using Error = Unexpected<std::string>;

// What a secret's file must not grant: anything but reading to its group, anything at all to others.
constexpr mode_t modes_refused = 0037;

bool is_variable_name(std::string_view name) noexcept {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

}  // namespace

Result<Secret, std::string> secret_of_environment(const std::string& name) {
  // What is no name may be the secret itself: it is not repeated.
  if (!is_variable_name(name)) {
    return Error{"env holds no name of a variable; write its name, such as { env = \"TAPELINE_KEY\" }, not its value"};
  }
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') {
    return Error{
        fmt::format("the environment variable {} is not set; export it, or write {{ file = \"/path\" }}", name)};
  }
  return Secret(value);
}

Result<Secret, std::string> secret_of_file(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    return Error{fmt::format("cannot read {} ({}); make the file, with mode 0400", path, std::strerror(errno))};
  }
  if (!S_ISREG(status.st_mode))
    return Error{fmt::format("{} is no file; name a file whose first line is the secret", path)};
  if ((status.st_mode & modes_refused) != 0) {
    return Error{fmt::format("{} has mode {:04o}, more than its owner and group may read it; chmod 0400 {}", path,
                             status.st_mode & 07777, path)};
  }
  std::ifstream file(path);
  if (!file)
    return Error{fmt::format("cannot read {} ({}); make it readable for this user", path, std::strerror(errno))};
  std::string line;
  std::getline(file, line);
  if (line.ends_with('\r')) line.pop_back();
  if (line.empty()) return Error{fmt::format("the first line of {} is empty; write the secret there", path)};
  return Secret(std::move(line));
}

Result<Secret, std::string> secret_of_credential(const std::string& name) {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr || *directory == '\0') {
    return Error{
        fmt::format("credential {} is not there: no $CREDENTIALS_DIRECTORY; write LoadCredential={}:/path in the "
                    "unit, or {{ file = \"/path\" }} outside of systemd",
                    name, name)};
  }
  if (name.empty() || name.find('/') != std::string::npos) {
    return Error{"credential holds no name of one; write what stands before the colon of LoadCredential="};
  }
  return secret_of_file(std::string(directory) + '/' + name);
}

bool holds_password(std::string_view connection_string) noexcept {
  if (connection_string.find("password") != std::string_view::npos) return true;
  const std::size_t separator = connection_string.find("://");
  const std::size_t at = connection_string.rfind('@');
  if (separator == std::string_view::npos || at == std::string_view::npos || at < separator) return false;
  const std::string_view user = connection_string.substr(separator + 3, at - separator - 3);
  return user.find(':') != std::string_view::npos;
}

}  // namespace tapeline::app
