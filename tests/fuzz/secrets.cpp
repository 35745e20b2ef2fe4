// Whatever is written around a secret: no message repeats it.
#include "app/config/address.hpp"
#include "app/config/loader.hpp"
#include "app/config/secret_source.hpp"
#include "sinks/postgres/connection_string.hpp"
#include "sinks/redis/address.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tapeline;
  static const std::string canary = "CANARY7f3a";
  const auto hidden = [](const std::string& text) {
    fuzz::require(text.find(canary) == std::string::npos, "a secret is not repeated");
  };
  fuzz::Input input(data, size);
  const std::string before(input.line());
  const std::string after(input.rest());
  if ((before + after).find('\0') != std::string::npos) return 0;
  for (const std::string& dsn :
       {"password=" + canary + " " + before + after, before + " password = '" + canary + "' " + after,
        "postgresql://u:" + canary + "@" + before + after, before + "postgres://u:" + canary + "@h/" + after}) {
    if (const auto problem = sinks::postgres::connection_string_problem(dsn)) hidden(*problem);
  }
  fuzz::require(app::holds_password("password=" + canary + " " + before), "a password is seen");
  for (const std::string& text :
       {"redis://u:" + canary + "@" + before, before + ":" + canary + "@" + after, canary + "@" + before + after}) {
    if (const auto address = sinks::redis::parse_address(text); !address) hidden(address.error());
    for (const app::Protocol protocol : {app::Protocol::http, app::Protocol::websocket}) {
      if (const auto address = app::resolve_address("https://u:" + text, protocol); !address) hidden(address.error());
    }
  }
  try {
    static_cast<void>(app::parse_config("[postgres]\ndsn = \"host=h password=" + canary +
                                            "\"\n[sources.alpha_vantage]\n" + before + "\napi_key = \"" + canary +
                                            "\"\n",
                                        "fuzz.toml", app::Purpose::inspect));
  } catch (const app::ConfigErrors& errors) {
    for (const std::string& line : errors.lines()) {
      // toml++ quotes the line that it cannot read: only what has been read is ours to hide.
      if (line.find("api_key") != std::string::npos || line.find("dsn") != std::string::npos) hidden(line);
    }
  }
  return 0;
}
