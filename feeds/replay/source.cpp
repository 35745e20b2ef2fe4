#include "feeds/replay/source.hpp"

#include <algorithm>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "feeds/replay/recording_reader.hpp"

namespace tapeline::feeds::replay {
namespace {

class RecordingSource final : public Source {
 public:
  RecordingSource(boost::asio::io_context& context, std::vector<std::string> files, SourceCode code, Channel channel)
      : context_(context), reader_(std::move(files)), code_(code), channel_(channel) {
    status_.name = "replay";
    status_.state = "not started";
  }

  void start(FrameSink& sink) override {
    sink_ = &sink;
    status_.state = "reading";
    post_slice();
  }
  void stop() noexcept override { is_stopped_ = true; }
  [[nodiscard]] const SourceStatus& status() const noexcept override { return status_; }
  [[nodiscard]] bool exhausted() const noexcept override { return is_exhausted_; }

 private:
  static constexpr int lines_per_slice = 16;

  void post_slice() {
    boost::asio::post(context_, [this] { read_slice(); });
  }
  void read_slice() {
    if (is_stopped_) return;
    RecordingReader::Line line;
    try {
      for (int i = 0; i < lines_per_slice; ++i) {
        if (!reader_.next(line)) return end();
        if (line.is_malformed) ++status_.errors;
        last_receive_ns_ = line.is_malformed ? std::max<Nanos>(last_receive_ns_, 1) : line.receive_ns;
        ++status_.frames;
        status_.bytes += line.payload.size();
        status_.last_frame_ns = last_receive_ns_;
        sink_->append(code_, channel_, 0, {}, line.payload, last_receive_ns_);
      }
    } catch (const std::exception& error) {
      ++status_.errors;
      status_.last_error = error.what();
      return end();
    }
    post_slice();
  }
  void end() {
    status_.state = status_.last_error.empty() ? "read to the end" : "stopped: " + status_.last_error;
    is_exhausted_ = true;
  }

  boost::asio::io_context& context_;
  RecordingReader reader_;
  SourceCode code_;
  Channel channel_;
  FrameSink* sink_ = nullptr;
  SourceStatus status_;
  Nanos last_receive_ns_ = 0;
  bool is_exhausted_ = false;
  bool is_stopped_ = false;
};

}  // namespace

std::unique_ptr<Source> make_source(boost::asio::io_context& context, std::vector<std::string> files, SourceCode code, Channel channel) {
  return std::make_unique<RecordingSource>(context, std::move(files), code, channel);
}

}  // namespace tapeline::feeds::replay
