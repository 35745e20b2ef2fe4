// Takes a key out of what a source sends back: as it is, percent-encoded, and in base64 at whatever offset it stands.
//
// Threads   Immutable once made.
// Failure   None. A key that is no secret ("demo", or shorter than 4 characters) is left where it stands: answers hold
//           such words for other reasons.
#pragma once

#include <string>
#include <vector>

#include "core/base/secret.hpp"

namespace tapeline::feeds {

class Redactor {
 public:
  explicit Redactor(const Secret& key);
  /// Replaces each occurrence by "***".
  void redact(std::string& text) const;

 private:
  std::vector<std::string> forms_;  // what the key may look like
};

}  // namespace tapeline::feeds
