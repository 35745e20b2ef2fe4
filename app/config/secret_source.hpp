// Where secrets come from: the environment or a file, never the configuration itself.
//
// Failure   What is wrong and how to mend it, as text; never repeats a secret.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/base/secret.hpp"

namespace tapeline::app {

[[nodiscard]] Result<Secret, std::string> secret_of_environment(const std::string& name);
/// The file's first line. Refuses a file that its group may change or that others may read.
[[nodiscard]] Result<Secret, std::string> secret_of_file(const std::string& path);
/// A file of that name in $CREDENTIALS_DIRECTORY, where systemd's LoadCredential= puts it.
[[nodiscard]] Result<Secret, std::string> secret_of_credential(const std::string& name);

/// Whether a connection string of libpq, of either form, holds a password; when in doubt it does.
[[nodiscard]] bool holds_password(std::string_view connection_string) noexcept;

}  // namespace tapeline::app
