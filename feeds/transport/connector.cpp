#include "feeds/transport/connector.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tapeline::feeds {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

std::vector<tcp::endpoint> interleaved(const std::vector<tcp::endpoint>& addresses) {
  std::vector<tcp::endpoint> first;
  std::vector<tcp::endpoint> second;
  for (const tcp::endpoint& address : addresses) {
    (address.protocol() == addresses.front().protocol() ? first : second).push_back(address);
  }
  std::vector<tcp::endpoint> ordered;
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    if (i < first.size()) ordered.push_back(first[i]);
    if (i < second.size()) ordered.push_back(second[i]);
  }
  return ordered;
}

Connector::Connector(asio::io_context& context, std::vector<tcp::endpoint> addresses)
    : context_(context), addresses_(interleaved(addresses)), stagger_(context), deadline_(context) {}

void Connector::start(int timeout_ms, Callback callback) {
  callback_ = std::move(callback);
  deadline_.expires_after(std::chrono::milliseconds(timeout_ms));
  deadline_.async_wait([self = shared_from_this()](error_code error) {
    if (!error) self->finish(asio::error::timed_out, Socket(self->context_));
  });
  try_next();
}

void Connector::cancel() noexcept {
  callback_ = nullptr;
  stagger_.cancel();
  deadline_.cancel();
  error_code ignored;
  for (const auto& socket : sockets_) socket->close(ignored);
}

void Connector::try_next() {
  if (!callback_ || sockets_.size() == addresses_.size()) return;
  const std::size_t attempt = sockets_.size();
  sockets_.push_back(std::make_unique<Socket>(context_));
  sockets_[attempt]->async_connect(addresses_[attempt], [self = shared_from_this(), attempt](error_code error) {
    self->on_connected(attempt, error);
  });
  stagger_.expires_after(std::chrono::milliseconds(stagger_ms));
  stagger_.async_wait([self = shared_from_this()](error_code error) {
    if (!error) self->try_next();
  });
}

void Connector::on_connected(std::size_t attempt, error_code error) {
  if (!callback_) return;
  if (!error) return finish({}, std::move(*sockets_[attempt]));
  if (++failed_ == addresses_.size()) return finish(error, Socket(context_));
  // Only when the newest attempt is over need the next not wait.
  if (attempt + 1 == sockets_.size()) try_next();
}

void Connector::finish(error_code error, Socket socket) {
  const Callback callback = std::exchange(callback_, nullptr);
  cancel();
  if (callback) callback(error, std::move(socket));
}

}  // namespace tapeline::feeds
