// From the configuration to the options of parser and kernels: live, replay and explain compute with the same ones.
#pragma once

#include <memory>
#include <string>

#include "app/config/config.hpp"
#include "core/stages/kernels.hpp"
#include "core/stages/parser.hpp"

namespace tapeline::app {

[[nodiscard]] Parser::Options parser_options(const Config& config, const JournalConfig& journal);

/// All that decides what the numbers are; what is stored and what is live is for the caller to say.
[[nodiscard]] Kernels::Options kernels_options(const Config& config, std::shared_ptr<const RowCatalog> catalog);

/// As the configuration and dim_source name it; "source 7" for a number that we do not know.
[[nodiscard]] std::string source_name(SourceCode source);

}  // namespace tapeline::app
