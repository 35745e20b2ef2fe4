#include "feeds/transport/dialer.hpp"

#include <chrono>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>

#include "feeds/transport/proxy.hpp"

namespace tapeline::feeds {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using tcp = asio::ip::tcp;

Dialer::Dialer(asio::io_context& context, Url target, const TransportConfig& config)
    : context_(context),
      target_(std::move(target)),
      config_(config),
      proxy_(target_.security == Security::tls ? parse_url(config.proxy) : std::nullopt),
      resolver_(context),
      resolver_timer_(context),
      stream_(context) {}

template <class Handler>
auto Dialer::guarded(Handler handler) {
  return [self = shared_from_this(), handler](auto&&... arguments) {
    if (self->callback_) (self.get()->*handler)(std::forward<decltype(arguments)>(arguments)...);
  };
}

void Dialer::start(Callback callback) {
  callback_ = std::move(callback);
  resolver_timer_.expires_after(std::chrono::milliseconds(config_.connect_timeout_ms));
  resolver_timer_.async_wait(guarded(&Dialer::on_unresolved));
  resolver_.async_resolve(hop().host, hop().port, guarded(&Dialer::on_resolved));
}

void Dialer::cancel() noexcept {
  callback_ = nullptr;
  resolver_.cancel();
  resolver_timer_.cancel();
  if (connector_) connector_->cancel();
  error_code ignored;
  stream_.socket().close(ignored);
}

std::string Dialer::reason(error_code error) const {
  const bool is_late = error == asio::error::timed_out || error == beast::error::timeout;
  return is_late ? "nothing within " + std::to_string(config_.connect_timeout_ms) + " ms" : error.message();
}

void Dialer::on_unresolved(error_code error) {
  if (error || connector_) return;  // it was resolved in time
  fail("cannot resolve " + hop_name() + ": " + reason(asio::error::timed_out));
}

void Dialer::on_resolved(error_code error, tcp::resolver::results_type found) {
  resolver_timer_.cancel();
  if (error) return fail("cannot resolve " + hop_name() + ": " + error.message());
  std::vector<tcp::endpoint> addresses;
  for (const auto& address : found) addresses.push_back(address.endpoint());
  connector_ = std::make_shared<Connector>(context_, std::move(addresses));
  connector_->start(config_.connect_timeout_ms, guarded(&Dialer::on_connected));
}

void Dialer::on_connected(error_code error, Socket socket) {
  connector_.reset();
  if (error) return fail("cannot connect to " + hop_name() + ":" + hop().port + ": " + reason(error));
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  if (!proxy_) return finish(std::move(socket));
  stream_.socket() = std::move(socket);
  tunnel_request_ = connect_request(target_, config_.user_agent);
  stream_.expires_after(std::chrono::milliseconds(config_.connect_timeout_ms));
  asio::async_write(stream_, asio::buffer(tunnel_request_), guarded(&Dialer::on_tunnel_asked));
}

void Dialer::on_tunnel_asked(error_code error, std::size_t) {
  if (error) return fail("cannot send to " + hop_name() + ": " + error.message());
  asio::async_read_until(stream_, asio::dynamic_buffer(tunnel_answer_, tunnel_answer_bytes_max), "\r\n\r\n",
                         guarded(&Dialer::on_tunnel));
}

void Dialer::on_tunnel(error_code error, std::size_t) {
  if (error && error != asio::error::not_found) return fail("no answer from " + hop_name() + ": " + reason(error));
  const std::string refusal = tunnel_refusal(tunnel_answer_);
  if (!refusal.empty())
    return fail(hop_name() + " opens no tunnel to " + target_.host + ": " + refusal + "; mend transport.proxy");
  stream_.expires_never();
  finish(stream_.release_socket());
}

void Dialer::fail(std::string why) { finish(Unexpected{std::move(why)}); }

void Dialer::finish(Result<Socket, std::string> result) {
  const Callback callback = std::exchange(callback_, nullptr);
  cancel();
  callback(std::move(result));
}

}  // namespace tapeline::feeds
