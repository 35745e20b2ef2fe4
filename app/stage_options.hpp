// From the configuration to the options of parser and kernels: live, replay and explain compute with the same ones.
#pragma once

#include <memory>
#include <string>

#include "app/config/config.hpp"
#include "core/stages/kernels.hpp"
#include "core/stages/parser.hpp"

namespace tapeline::app {

/// `start_position` 0: from the journal's beginning.
[[nodiscard]] Parser::Options parser_options(const Config& config, const JournalConfig& journal,
                                             JournalPosition start_position = 0);

/// All that decides what the numbers are, and `output`: what of them is stored and what is live.
[[nodiscard]] Kernels::Options kernels_options(const Config& config, std::shared_ptr<const RowCatalog> catalog,
                                               const KernelOutput::Options& output = {});

/// As the configuration and dim_source name it; "source 7" for a number that we do not know.
[[nodiscard]] std::string source_name(SourceCode source);

}  // namespace tapeline::app
