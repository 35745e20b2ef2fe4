#include "sinks/redis/connection.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <hiredis/hiredis.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

namespace tapeline::sinks::redis {
namespace {

Reply copy_of(const redisReply& reply) {
  Reply copy;
  switch (reply.type) {
    case REDIS_REPLY_INTEGER:
      copy.kind = Reply::Kind::integer;
      copy.integer = reply.integer;
      break;
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_ERROR:
      copy.kind = reply.type == REDIS_REPLY_ERROR ? Reply::Kind::error : Reply::Kind::text;
      copy.text.assign(reply.str, reply.len);
      break;
    case REDIS_REPLY_ARRAY:
      copy.kind = Reply::Kind::array;
      for (std::size_t i = 0; i < reply.elements; ++i) copy.items.push_back(copy_of(*reply.element[i]));
      break;
    default: break;
  }
  return copy;
}

/// More than any reply of ours has.
constexpr std::size_t reply_elements_max = std::size_t{1} << 20;

decltype(redisReplyObjectFunctions::createArray) make_array = nullptr;  // hiredis's own

/// Its number is an int in hiredis 0.14, and a size_t from 1.0 on.
template <class Number>
void* make_bounded_array(const redisReadTask* task, Number elements) {
  return static_cast<std::size_t>(elements) > reply_elements_max ? nullptr : make_array(task, elements);
}

/// hiredis makes room for all elements that a server announces before it has seen one of them. What is refused here is
/// an error of the connection.
redisReplyObjectFunctions* bounded_replies(const redisReplyObjectFunctions& usual) {
  static redisReplyObjectFunctions bounded = [&usual] {
    make_array = usual.createArray;
    redisReplyObjectFunctions functions = usual;
    functions.createArray = make_bounded_array;
    return functions;
  }();
  return &bounded;
}

void block_sigpipe() noexcept {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

void Connection::Free::operator()(redisContext* context) const noexcept { redisFree(context); }

Connection::Connection() = default;
Connection::~Connection() = default;
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;

void Connection::close() noexcept { context_.reset(); }

std::string Connection::failure(std::string_view what) const {
  return std::string("Redis at ").append(address_).append(": ").append(what);
}

std::string Connection::open(const Address& address, Nanos deadline_ns) {
  block_sigpipe();
  address_ = to_string(address);
  context_.reset(address.path.empty() ? redisConnectNonBlock(address.host.c_str(), address.port)
                                      : redisConnectUnixNonBlock(address.path.c_str()));
  if (context_ == nullptr) return failure("out of memory");
  context_->reader->fn = bounded_replies(*context_->reader->fn);
  std::string problem;
  if (context_->err != 0) {
    problem = failure(context_->errstr);
  } else {
    problem = wait_for(POLLOUT, deadline_ns);
  }
  if (problem.empty()) {
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(context_->fd, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) problem = failure(std::strerror(error));
  }
  if (!problem.empty()) close();
  return problem;
}

bool Connection::is_alive() const noexcept {
  if (!is_open()) return false;
  pollfd descriptor{.fd = context_->fd, .events = POLLRDHUP, .revents = 0};
  return ::poll(&descriptor, 1, 0) == 0;
}

std::string Connection::wait_for(short events, Nanos deadline_ns) const {
  for (;;) {
    const Nanos left_ns = deadline_ns - steady_now_ns();
    const int left_ms =
        left_ns <= 0 ? 0 : static_cast<int>(std::min<Nanos>(left_ns / nanos_per_millisecond + 1, 60'000));
    pollfd descriptor{.fd = context_->fd, .events = events, .revents = 0};
    const int ready = ::poll(&descriptor, 1, left_ms);
    if (ready > 0) return {};  // an error shows in the call that follows
    if (ready < 0 && errno != EINTR) return failure(std::strerror(errno));
    if (left_ns <= 0) return failure("no answer in time");
  }
}

std::string Connection::send(const Commands& commands, Nanos deadline_ns) {
  redisContext& context = *context_;
  if (redisAppendFormattedCommand(&context, commands.bytes().data(), commands.bytes().size()) != REDIS_OK) {
    return failure(context.errstr);
  }
  for (;;) {
    int is_sent = 0;
    if (redisBufferWrite(&context, &is_sent) != REDIS_OK) return failure(context.errstr);
    if (is_sent != 0) return {};
    if (std::string problem = wait_for(POLLOUT, deadline_ns); !problem.empty()) return problem;
  }
}

Result<Reply, std::string> Connection::receive(Nanos deadline_ns) {
  if (!is_open()) return Unexpected<std::string>{failure("not connected")};
  std::string problem;
  while (problem.empty()) {
    void* raw = nullptr;
    if (redisGetReplyFromReader(context_.get(), &raw) != REDIS_OK) {
      problem = failure(context_->errstr);
    } else if (raw != nullptr) {
      Reply reply = copy_of(*static_cast<redisReply*>(raw));
      freeReplyObject(raw);
      return reply;
    } else if (problem = wait_for(POLLIN, deadline_ns); problem.empty()) {
      if (redisBufferRead(context_.get()) != REDIS_OK) problem = failure(context_->errstr);
    }
  }
  close();
  return Unexpected<std::string>{problem};
}

Result<std::vector<Reply>, std::string> Connection::exchange(const Commands& commands, Nanos deadline_ns) {
  if (!is_open()) return Unexpected<std::string>{failure("not connected")};
  if (std::string problem = send(commands, deadline_ns); !problem.empty()) {
    close();
    return Unexpected<std::string>{problem};
  }
  std::vector<Reply> replies;
  replies.reserve(commands.count());
  while (replies.size() < commands.count()) {
    auto reply = receive(deadline_ns);
    if (!reply) return Unexpected<std::string>{reply.error()};
    replies.push_back(std::move(*reply));
  }
  return replies;
}

Login log_in(Connection& connection, const Config& config, Nanos deadline_ns) {
  Commands commands;
  const bool has_password = !config.password.empty();
  if (has_password && config.user.empty()) commands.add({"AUTH", config.password.reveal()});
  if (has_password && !config.user.empty()) commands.add({"AUTH", config.user, config.password.reveal()});
  if (config.database != 0) commands.add({"SELECT", std::to_string(config.database)});
  commands.add({"PING"});
  const auto replies = connection.exchange(commands, deadline_ns);
  if (!replies) return {LoginOutcome::try_again, replies.error()};
  for (std::size_t i = 0; i < replies->size(); ++i) {
    const Reply& reply = (*replies)[i];
    if (reply.kind != Reply::Kind::error) continue;
    connection.close();
    const std::string_view text = reply.text;
    for (const std::string_view passing : {"LOADING", "BUSY", "MASTERDOWN", "ERR max number of clients"}) {
      if (text.starts_with(passing)) return {LoginOutcome::try_again, reply.text};
    }
    // The server's words about AUTH are not repeated: what they quote is not ours to know.
    if (has_password && i == 0) {
      return {LoginOutcome::refused, "the server refuses user and password: mend redis.user and redis.password"};
    }
    if (text.starts_with("NOAUTH"))
      return {LoginOutcome::refused, "the server asks for a password: set redis.password"};
    if (text.starts_with("NOPERM")) return {LoginOutcome::refused, "the user may not do this: " + reply.text};
    return {LoginOutcome::refused, reply.text + " (redis.database is " + std::to_string(config.database) + ")"};
  }
  return {LoginOutcome::accepted, {}};
}

}  // namespace tapeline::sinks::redis
