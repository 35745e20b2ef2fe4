#include "feeds/replay/source.hpp"

#include <algorithm>
#include <limits>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "feeds/replay/recording_reader.hpp"

namespace tapeline::feeds::replay {
namespace {

class RecordingSource final : public Source {
 public:
  RecordingSource(boost::asio::io_context& context, std::vector<std::string> files, SourceCode code, Channel channel)
      : context_(context), code_(code), channel_(channel) {
    for (std::string& file : files) tracks_.push_back(std::make_unique<Track>(std::move(file)));
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

  /// One file and its next line. A malformed line takes the time of the line before it.
  struct Track {
    explicit Track(std::string file) : reader({std::move(file)}) {}
    void advance() {
      is_over = !reader.next(line);
      if (!is_over && !line.is_malformed) receive_ns = line.receive_ns;
    }
    [[nodiscard]] Nanos time_ns() const noexcept { return is_over ? std::numeric_limits<Nanos>::max() : receive_ns; }

    RecordingReader reader;
    RecordingReader::Line line;
    Nanos receive_ns = 1;
    bool is_over = false;
  };

  void post_slice() {
    boost::asio::post(context_, [this] { read_slice(); });
  }
  void read_slice() {
    if (is_stopped_) return;
    try {
      if (!has_begun_) {
        has_begun_ = true;
        for (const auto& track : tracks_) track->advance();
      }
      for (int i = 0; i < lines_per_slice; ++i) {
        const auto earliest = std::min_element(tracks_.begin(), tracks_.end(), [](const auto& left, const auto& right) {
          return left->time_ns() < right->time_ns();
        });
        if (earliest == tracks_.end() || (*earliest)->is_over) return end();
        append(**earliest);
        (*earliest)->advance();
      }
    } catch (const std::exception& error) {
      ++status_.errors;
      status_.last_error = error.what();
      return end();
    }
    post_slice();
  }
  void append(const Track& track) {
    if (track.line.is_malformed) ++status_.errors;
    ++status_.frames;
    status_.bytes += track.line.payload.size();
    status_.last_frame_ns = track.receive_ns;
    sink_->append(code_, channel_, 0, {}, track.line.payload, track.receive_ns);
  }
  void end() {
    status_.state = status_.last_error.empty() ? "read to the end" : "stopped: " + status_.last_error;
    is_exhausted_ = true;
  }

  boost::asio::io_context& context_;
  std::vector<std::unique_ptr<Track>> tracks_;
  SourceCode code_;
  Channel channel_;
  FrameSink* sink_ = nullptr;
  SourceStatus status_;
  bool has_begun_ = false;
  bool is_exhausted_ = false;
  bool is_stopped_ = false;
};

}  // namespace

std::unique_ptr<Source> make_source(boost::asio::io_context& context, std::vector<std::string> files, SourceCode code,
                                    Channel channel) {
  return std::make_unique<RecordingSource>(context, std::move(files), code, channel);
}

}  // namespace tapeline::feeds::replay
