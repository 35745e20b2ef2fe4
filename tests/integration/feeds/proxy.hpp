// An HTTP proxy on loopback, as simple as can be.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

namespace tapeline::feeds::testing {

/// A proxy that opens one tunnel after the other, and forgets nothing that it was asked.
class Proxy {
 public:
  explicit Proxy(std::uint16_t target_port, std::string answer = "HTTP/1.1 200 Connection established\r\n\r\n")
      : target_port_(target_port),
        answer_(std::move(answer)),
        acceptor_(context_, {boost::asio::ip::address_v4::loopback(), 0}) {
    thread_ = std::thread([this] { serve(); });
  }
  ~Proxy() {
    boost::asio::io_context context;
    boost::asio::ip::tcp::socket last(context);
    boost::system::error_code ignored;
    is_stopping_ = true;
    last.connect(acceptor_.local_endpoint(), ignored);
    thread_.join();
  }
  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }
  std::atomic<int> tunnels{0};
  std::string asked;  // read it when the tunnel has been used

 private:
  using Socket = boost::asio::ip::tcp::socket;
  static void pump(Socket& from, Socket& to) {
    std::array<char, 4096> bytes{};
    boost::system::error_code error;
    for (;;) {
      const std::size_t size = from.read_some(boost::asio::buffer(bytes), error);
      if (error) break;
      boost::asio::write(to, boost::asio::buffer(bytes, size), error);
      if (error) break;
    }
    to.shutdown(Socket::shutdown_send, error);
  }
  void serve() {
    while (!is_stopping_) {
      boost::system::error_code error;
      Socket client(context_);
      acceptor_.accept(client, error);
      if (error || is_stopping_) return;
      asked.clear();
      boost::asio::read_until(client, boost::asio::dynamic_buffer(asked), "\r\n\r\n", error);
      boost::asio::write(client, boost::asio::buffer(answer_), error);
      if (!answer_.starts_with("HTTP/1.1 200")) continue;
      ++tunnels;
      Socket server(context_);
      server.connect({boost::asio::ip::address_v4::loopback(), target_port_}, error);
      std::thread back([&] { pump(server, client); });
      pump(client, server);
      back.join();
    }
  }

  std::uint16_t target_port_;
  std::string answer_;
  boost::asio::io_context context_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

}  // namespace tapeline::feeds::testing
