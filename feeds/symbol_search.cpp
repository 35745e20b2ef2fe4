#include "feeds/symbol_search.hpp"

#include <algorithm>

#include <boost/asio/io_context.hpp>

#include "feeds/transport/redactor.hpp"

namespace tapeline::feeds {
namespace {

constexpr std::size_t excerpt_bytes_max = 120;

std::string excerpt(std::string body, const Secret& key) {
  Redactor(key).redact(body);
  body.resize(std::min(body.size(), excerpt_bytes_max));
  std::replace_if(
      body.begin(), body.end(), [](char c) { return c < ' ' || c > '~'; }, ' ');
  return body;
}

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

Result<FoundSymbols, std::string> search(const SearchRequest& request, const TransportConfig& transport) {
  const auto url = parse_url(request.base_url);
  if (!url) return Unexpected<std::string>{"\"" + request.base_url + "\" is no address"};
  std::string path = url->path;
  while (path.ends_with('/')) path.pop_back();
  std::string target = path + request.target;
  if (!request.key_parameter.empty()) target += "&" + request.key_parameter + "=" + url_encoded(request.key.reveal());
  boost::asio::io_context context;
  HttpClient client(context, *url, transport);
  std::optional<Result<HttpResponse, HttpError>> outcome;
  client.get(std::move(target), request.headers,
             [&](Result<HttpResponse, HttpError> result) { outcome.emplace(std::move(result)); });
  context.run();
  if (!outcome) return Unexpected<std::string>{"no answer"};
  if (!*outcome) return Unexpected<std::string>{outcome->error().text};
  const HttpResponse& response = **outcome;
  if (response.status == 200) {
    if (auto found = request.read(response.body)) return *std::move(found);
  }
  return Unexpected<std::string>{"HTTP " + std::to_string(response.status) +
                                 (response.status == 200 ? ", but no list of symbols: " : ": ") +
                                 excerpt(response.body, request.key)};
}

bool occurs(std::string_view text, std::string_view where) {
  return std::search(where.begin(), where.end(), text.begin(), text.end(),
                     [](char a, char b) { return lower(a) == lower(b); }) != where.end();
}

}  // namespace tapeline::feeds
