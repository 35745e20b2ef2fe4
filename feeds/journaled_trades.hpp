// The trades of streams that a journal already has: where the streams go on after the process was down.
//
// Input     the newest part of the journal, at least 64 MiB where there is so much.
// Output    every trade in it of the given sources, in the journal's order, those that were backfilled too.
// Failure   Damaged records are skipped. Throws where the journal cannot be listed.
#pragma once

#include <functional>
#include <set>

#include "core/journal/config.hpp"
#include "feeds/source.hpp"

namespace tapeline::feeds {

void for_each_journaled_trade(const JournalConfig& journal, JournalPosition end, const std::set<SourceCode>& sources,
                              const std::function<void(SourceCode, const JournaledTrade&)>& visit);

}  // namespace tapeline::feeds
