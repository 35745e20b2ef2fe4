#include "feeds/checking_sink.hpp"

#include <chrono>

#include <boost/asio/io_context.hpp>

namespace tapeline::feeds {
namespace {

class CheckingSink final : public FrameSink {
 public:
  explicit CheckingSink(WireParser& parser) : parser_(parser) {}

  void append(SourceCode source, Channel channel, std::uint16_t http_status, std::string_view context,
              std::string_view payload, Nanos receive_ns) override {
    if (is_answered) return;
    // A copy with the padding that the parser needs.
    std::string padded(payload);
    padded.append(frame_padding_bytes, '\0');
    Frame frame;
    frame.receive_ns = receive_ns != 0 ? receive_ns : wall_now_ns();
    frame.source = source;
    frame.channel = channel;
    frame.http_status = http_status;
    frame.context = context;
    frame.payload = {padded.data(), payload.size()};
    output_.clear();
    parser_.parse(frame, output_);
    for (const WireEvent& event : output_.events) {
      if (event.kind == EventKind::quote) continue;
      // Of a stream, one symbol that is not known says nothing of the others.
      if (event.kind == EventKind::refusal && http_status == 0 && !event.symbol.empty()) {
        refused_symbol = std::string(to_string(event.reason)) + ": " + std::string(event.text);
        continue;
      }
      is_answered = true;
      result.ok = event.kind == EventKind::tick || event.kind == EventKind::source_bar;
      result.detail = result.ok ? std::string(event.symbol) + " " + to_string(event.price)
                                : std::string(to_string(event.reason)) + ": " + std::string(event.text);
      if (result.ok) break;
    }
  }

  bool is_answered = false;
  std::string refused_symbol;  // why
  CheckResult result;

 private:
  WireParser& parser_;
  WireOutput output_;
};

}  // namespace

CheckResult check_source(boost::asio::io_context& context, Source& source, WireParser& parser, int timeout_ms) {
  CheckingSink sink(parser);
  const Nanos began_ns = steady_now_ns();
  const Nanos deadline_ns = began_ns + Nanos{timeout_ms} * nanos_per_millisecond;
  source.start(sink);
  const auto is_in_trouble = [&] { return source.status().errors != 0 && sink.refused_symbol.empty(); };
  while (!sink.is_answered && !is_in_trouble() && steady_now_ns() < deadline_ns) {
    context.run_one_for(std::chrono::milliseconds(50));
    if (context.stopped()) context.restart();
  }
  sink.result.latency_ns = steady_now_ns() - began_ns;
  if (!sink.is_answered) {
    const std::string& error = sink.refused_symbol.empty() ? source.status().last_error : sink.refused_symbol;
    sink.result.detail =
        !error.empty() ? error
                       : "no price within " + std::to_string(timeout_ms) + " ms; the market may be quiet: try again";
  }
  source.stop();
  for (int i = 0; i < 1'000 && context.poll_one() > 0; ++i) {
  }
  return sink.result;
}

}  // namespace tapeline::feeds
