#include "feeds/binance/wire_answer.hpp"

#include "feeds/binance/wire_trade.hpp"
#include "feeds/wire_backfill.hpp"
#include "feeds/wire_http.hpp"
#include "feeds/wire_json.hpp"

namespace tapeline::feeds::binance {
namespace {

struct SourceError {
  std::string_view code;
  std::string_view words;
};

/// -1003 "Too much request weight used"; -1000 to -1099 are of the server and the network, the rest of the request.
Reason reason_of(const SourceError& error) noexcept {
  if (error.code == "-1003" || error.code == "-1015") return Reason::refused_rate_limit;
  return error.code.starts_with("-10") ? Reason::refused_temporary : Reason::refused_permanent;
}

}  // namespace

class AnswerReader::Reader {
 public:
  void read(const Frame& frame, WireOutput& output) noexcept {
    text_.clear();
    const BackfillRange range = backfill_range_of(frame.context);
    const auto refuse = [&](const Refusal& refusal) {
      output.events.clear();
      output.events.push_back(refusal_event(range.symbol, frame.receive_ns, refusal.reason, refusal.text));
    };
    const Refusal by_status = refusal_by_status(frame.http_status);
    if (!looks_like_json(frame.payload)) return refuse(by_status ? by_status : refusal_by_foreign_body(frame));
    const bool is_list = trimmed(frame.payload).starts_with('[');
    json::ondemand::document document;
    SourceError error;
    const bool is_whole = !json::open(parser_, frame.payload, document) &&
                          !(is_list ? read_list(document, range, output) : read_error(document, error)) &&
                          json::at_end(document);
    if (by_status) return refuse(by_status);
    if (!error.code.empty()) {
      return refuse(
          {reason_of(error), text_.join("error ", text_.excerpt(error.code), ": ", text_.excerpt(error.words))});
    }
    if (const Refusal by_client_error = refusal_by_client_error(frame.http_status)) return refuse(by_client_error);
    if (!is_whole || !is_list) {
      output.events.clear();
      output.events.push_back(
          reject_of(range.symbol, frame.receive_ns, Reason::unparsable, "the body is no whole list of trades"));
    } else if (output.events.empty()) {
      output.ignored = "no trades";
    }
  }

 private:
  static json::error_code read_error(json::ondemand::document& document, SourceError& error) noexcept {
    json::ondemand::object object;
    if (const auto failure = document.get_object().get(object)) return failure;
    return json::for_each_field(object, [&](std::string_view key, json::ondemand::value& value) {
      if (key == "code") error.code = json::token(value);
      if (key == "msg") return json::text(value, error.words);
      return simdjson::SUCCESS;
    });
  }

  json::error_code read_list(json::ondemand::document& document, const BackfillRange& range,
                             WireOutput& output) noexcept {
    json::ondemand::array list;
    if (const auto error = document.get_array().get(list)) return error;
    return json::for_each_element(list, [&](json::ondemand::value& element) {
      TradeFields fields;
      fields.symbol = range.symbol;
      const auto error = json::for_each_field(element, [&](std::string_view key, json::ondemand::value& value) {
        const std::string_view token = json::token(value);
        if (key == "price" || key == "p") fields.price = unquoted(token);
        if (key == "qty" || key == "q") fields.quantity = unquoted(token);
        if (key == "id" || key == "a") fields.id = token;
        if (key == "time" || key == "T") fields.time = token;
        if (key == "isBuyerMaker" || key == "m") fields.maker = token;
        return simdjson::SUCCESS;
      });
      if (error) return error;
      WireEvent& event = output.add();
      read_tick(fields, text_, event);
      event.flags = event_backfilled;
      if (event.kind == EventKind::tick && !range.contains(event.trade_id)) output.events.pop_back();
      return simdjson::SUCCESS;
    });
  }

  json::ondemand::parser parser_;
  WireText text_;
};

AnswerReader::AnswerReader() : reader_(std::make_unique<Reader>()) {}
AnswerReader::~AnswerReader() = default;

void AnswerReader::read(const Frame& frame, WireOutput& output) noexcept { reader_->read(frame, output); }

}  // namespace tapeline::feeds::binance
