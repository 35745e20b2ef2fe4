// CRC-32C (Castagnoli), the checksum of journal records.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tapeline {

/// Continues from `crc` (0 to begin): crc32c(crc32c(0, a), b) is the checksum of a followed by b.
[[nodiscard]] std::uint32_t crc32c(std::uint32_t crc, const void* data, std::size_t size) noexcept;

}  // namespace tapeline
