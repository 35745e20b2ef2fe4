#include "app/commands/signals.hpp"

#include <csignal>
#include <initializer_list>

#include <unistd.h>

namespace tapeline::app {
namespace {

volatile std::sig_atomic_t ends_asked_for = 0;
volatile std::sig_atomic_t reloads_asked_for = 0;
int alive = 0;

void on_end(int number) {
  ends_asked_for = ends_asked_for + 1;
  if (ends_asked_for > 1) _exit(128 + number);
}

void on_reload(int) { reloads_asked_for = 1; }

}  // namespace

Signals::Signals(bool may_reload) {
  if (alive++ > 0) return;
  ends_asked_for = 0;
  reloads_asked_for = 0;
  std::signal(SIGHUP, may_reload ? on_reload : on_end);
  std::signal(SIGINT, on_end);
  std::signal(SIGTERM, on_end);
  std::signal(SIGPIPE, SIG_IGN);
}

Signals::~Signals() {
  if (--alive > 0) return;
  for (const int number : {SIGHUP, SIGINT, SIGTERM}) std::signal(number, SIG_DFL);
}

bool Signals::ask_for_end() const noexcept { return ends_asked_for > 0; }

bool Signals::take_reload() const noexcept {
  const bool is_asked_for = reloads_asked_for > 0;
  if (is_asked_for) reloads_asked_for = 0;
  return is_asked_for;
}

}  // namespace tapeline::app
