#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "app/explain/report.hpp"
#include "app/stage_options.hpp"
#include "app/summary.hpp"

namespace tapeline::app {
namespace {

constexpr std::size_t ends_shown = 5;  // ticks at either end
constexpr std::size_t notes_shown = 5;
constexpr std::size_t closes_per_line = 3;

/// "what       text", and further lines under the text.
std::string line(std::string_view what, std::string_view text) { return fmt::format("{:<10} {}\n", what, text); }

/// Without the date where it is the day of `day_ns`.
std::string clock_text(Nanos time_ns, Nanos day_ns) {
  const std::string text = format_utc(time_ns);
  return text.substr(0, 10) == format_utc(day_ns).substr(0, 10) ? text.substr(11) : text;
}

std::string interval_text(std::uint32_t interval_s) {
  if (interval_s % 86'400 == 0) return fmt::format("{} d", interval_s / 86'400);
  if (interval_s % 3'600 == 0) return fmt::format("{} h", interval_s / 3'600);
  if (interval_s % 60 == 0) return fmt::format("{} m", interval_s / 60);
  return fmt::format("{} s", interval_s);
}

std::string title_text(const Explanation& explanation) {
  const auto& stored = explanation.stored;
  const std::string bar = fmt::format("{} on {}, {}, bar of {}", explanation.symbol, stored.source_name,
                                      interval_text(static_cast<std::uint32_t>(stored.integer("interval_s"))),
                                      format_utc(stored.time("bar_start")));
  if (explanation.alert_id.empty()) return fmt::format("bar {}\n", bar);
  return fmt::format("alert {}: {}\n", explanation.alert_id, stored.at("rule")) + line("", bar);
}

std::string rule_text(const Explanation& explanation) {
  if (explanation.alert_id.empty()) return {};
  const auto& fields = explanation.stored.fields;
  std::string text = fmt::format("{}, version {}", fields.at("rule"), fields.at("rule_version"));
  const auto when = fields.find("rule_text");
  if (when != fields.end() && !when->second.empty()) text += ": " + when->second;
  text = line("rule", text);
  if (const auto message = fields.find("message"); message != fields.end()) text += line("message", message->second);
  return text;
}

std::string origin_text(const Explanation& explanation) {
  std::string text = line("lane", explanation.stored.lane);
  text +=
      line("journal", fmt::format("{}{}", explanation.extent.config.directory,
                                  explanation.unreadable > 0 ? "; PARTS OF IT CANNOT BE READ, see `tapeline journal "
                                                               "verify`"
                                                             : ""));
  if (explanation.extent.first_position > explanation.extent.config.segment_bytes) {
    text += line("", fmt::format("begins at {}: what came before is gone, and older values may differ for that",
                                 explanation.extent.first_position));
  }
  if (!explanation.batch) {
    return text + line("config", fmt::format("{} at present; no batch in audit_batch covers the row",
                                             explanation.configuration_hash));
  }
  const std::string& stored_hash = explanation.batch->configuration_hash;
  if (stored_hash == explanation.configuration_hash) {
    return text + line("config", fmt::format("{}, the present one", stored_hash));
  }
  return text + line("config", fmt::format("{} when stored, {} at present: ANOTHER CONFIGURATION, values may differ "
                                           "for that; name the old one with --config",
                                           stored_hash, explanation.configuration_hash));
}

std::string frame_text(const Explanation& explanation) {
  const Frame& frame = explanation.frame;
  const std::string what = frame.kind == FrameKind::data ? "data of " + source_name(frame.source) : "the clock";
  return line("decided by", fmt::format("{}, received {}: tapeline journal show {} --lane {}", what,
                                        format_utc(frame.receive_ns), frame.position, explanation.journal));
}

std::string bar_text(const Row& row) {
  const BarRow& bar = row.as_bar;
  const auto price = [&](std::int64_t mantissa) { return to_string(Int128{mantissa}, bar.price_exponent); };
  std::string origin = bar.is_filled ? ", filled: no ticks" : fmt::format(", {} trades", bar.trades);
  if (bar.is_source_bar) origin = bar.is_backfilled ? ", backfilled by the source" : ", delivered by the source";
  return line("bar", fmt::format("open {}  high {}  low {}  close {}  volume {}{}{}", price(bar.open_mantissa),
                                 price(bar.high_mantissa), price(bar.low_mantissa), price(bar.close_mantissa),
                                 to_string(bar.volume_mantissa, bar.volume_exponent), origin,
                                 bar.is_partial ? ", partial: feeds no indicator" : ""));
}

std::string ticks_text(const Evidence& evidence, Ticks shown) {
  const auto& ticks = evidence.ticks();
  if (ticks.empty()) return {};
  std::size_t price_width = 0;
  std::size_t size_width = 0;
  for (const Evidence::Tick& tick : ticks) {
    price_width = std::max(price_width, to_string(tick.price).size());
    size_width = std::max(size_width, to_string(tick.size).size());
  }
  std::string text =
      line("ticks", fmt::format("{}: event time, price, size, trade id, journal position", count_text(ticks.size())));
  const Nanos day_ns = evidence.bar()->as_bar.start_ns;
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    if (shown == Ticks::ends && i == ends_shown && ticks.size() > 2 * ends_shown) {
      text += line("", fmt::format("... {} more; --all shows them", count_text(ticks.size() - 2 * ends_shown)));
      i = ticks.size() - ends_shown;
    }
    const Evidence::Tick& tick = ticks[i];
    text += line("", fmt::format("{:<19} {:>{}} {:>{}} {:>12} {:>14}", clock_text(tick.event_ns, day_ns),
                                 to_string(tick.price), price_width, to_string(tick.size), size_width,
                                 tick.trade_id != 0 ? std::to_string(tick.trade_id) : "-", tick.position));
  }
  return text;
}

std::string closes_text(const Evidence& evidence) {
  const auto& closes = evidence.closes();
  if (closes.empty()) return {};
  std::string text =
      line("closes", fmt::format("the last {} of {} that the indicators have seen, by start of their bar",
                                 closes.size(), count_text(evidence.bar()->as_bar.bars_seen)));
  std::size_t width = 0;
  for (const Evidence::Close& close : closes) width = std::max(width, to_string(close.price).size());
  const Nanos day_ns = evidence.bar()->as_bar.start_ns;
  std::string row;
  for (std::size_t i = 0; i < closes.size(); ++i) {
    row += fmt::format("{} {:>{}}   ", clock_text(closes[i].bar_start_ns, day_ns), to_string(closes[i].price), width);
    if ((i + 1) % closes_per_line != 0 && i + 1 != closes.size()) continue;
    row.erase(row.find_last_not_of(' ') + 1);
    text += line("", row);
    row.clear();
  }
  return text;
}

std::string notes_text(const Evidence& evidence) {
  const std::vector<Row> notes = evidence.notes();
  if (notes.empty()) return line("quality", "nothing rejected, flagged or missing in the window");
  std::map<std::string, std::size_t> by_reason;
  for (const Row& note : notes) ++by_reason[to_string(note.as_quality.reason)];
  std::string counts;
  for (const auto& [reason, count] : by_reason)
    counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", count, reason);
  std::string text = line("quality", counts + " in the window");
  for (std::size_t i = 0; i < std::min(notes.size(), notes_shown); ++i) {
    const QualityRow& note = notes[i].as_quality;
    text +=
        line("", fmt::format("{}  {} {}: {}, at {}", clock_text(notes[i].receive_ns, evidence.bar()->as_bar.start_ns),
                             to_string(note.kind), to_string(note.reason), note.detail, notes[i].position));
  }
  if (notes.size() > notes_shown) text += line("", fmt::format("... {} more", notes.size() - notes_shown));
  return text;
}

/// What is the same need not be read to its end.
std::string cell_text(const std::string& text, bool is_same) {
  constexpr std::size_t shown_max = 40;
  std::string cell = is_same && text.size() > shown_max ? text.substr(0, shown_max - 3) + "..." : text;
  std::replace(cell.begin(), cell.end(), '\n', ' ');  // a message may have several lines, a cell has one
  return cell;
}

std::string table_text(std::vector<ComparedField> fields) {
  for (ComparedField& field : fields) {
    field.stored = cell_text(field.stored, field.is_same);
    field.recomputed = cell_text(field.recomputed, field.is_same);
  }
  std::size_t name_width = 5;
  std::size_t stored_width = 6;
  std::size_t recomputed_width = 10;
  for (const ComparedField& field : fields) {
    name_width = std::max(name_width, field.name.size());
    stored_width = std::max(stored_width, field.stored.size());
    recomputed_width = std::max(recomputed_width, field.recomputed.size());
  }
  const auto row = [&](std::string_view name, std::string_view stored, std::string_view recomputed, const char* same) {
    return fmt::format("{:<{}}  {:<{}}  {:<{}}  {}\n", name, name_width, stored, stored_width, recomputed,
                       recomputed_width, same);
  };
  std::string text = row("field", "stored", "recomputed", "same");
  for (const ComparedField& field : fields) {
    text += row(field.name, field.stored, field.recomputed, field.is_same ? "yes" : "NO");
  }
  return text;
}

std::string verdict_text(const Explanation& explanation) {
  const auto& fields = explanation.fields;
  if (fields.empty()) {
    return fmt::format("the journal says nothing of the kind: computed again from it, there is no such {}\n",
                       explanation.alert_id.empty() ? "bar" : "alert");
  }
  std::string differing;
  for (const ComparedField& field : fields) {
    if (!field.is_same) differing += (differing.empty() ? "" : ", ") + field.name;
  }
  if (differing.empty()) return fmt::format("all {} fields are as the journal says\n", fields.size());
  return fmt::format("DIFFERS from what the journal says: {}\n", differing);
}

}  // namespace

std::string report_text(const Explanation& explanation, Ticks ticks) {
  std::string text = title_text(explanation) + rule_text(explanation) + origin_text(explanation);
  text += frame_text(explanation);
  if (explanation.evidence.bar()) {
    text += bar_text(*explanation.evidence.bar()) + ticks_text(explanation.evidence, ticks) +
            closes_text(explanation.evidence) + notes_text(explanation.evidence);
  }
  if (!explanation.fields.empty()) text += "\n" + table_text(explanation.fields);
  return text + "\n" + verdict_text(explanation);
}

}  // namespace tapeline::app
