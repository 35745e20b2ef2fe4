#include "feeds/transport/redactor.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

namespace tapeline::feeds {
namespace {

std::string base64(const std::string& bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string decoded(const std::string& text) {
  std::string bytes(text.size(), '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  return size < 0 ? "" : bytes;
}

std::string redacted(const std::string& key, std::string text) {
  Redactor(Secret(key)).redact(text);
  return text;
}

TEST(Redactor, TakesTheKeyOutAsItIs) {
  EXPECT_EQ(redacted("CANARY0KEY", "as CANARY0KEY and CANARY0KEYCANARY0KEY."), "as *** and ******.");
  EXPECT_EQ(redacted("CANARY0KEY", "nothing here"), "nothing here");
}

TEST(Redactor, TakesTheKeyOutPercentEncoded) {
  EXPECT_EQ(redacted("a/b+c=d&", "x=a%2Fb%2Bc%3Dd%26!"), "x=***!");
  EXPECT_EQ(redacted("a/b+c=d&", "x=a%2fb%2bc%3dd%26!"), "x=***!");
  EXPECT_EQ(redacted("KEY0", "%4B%45%59%30 %4b%45%59%30"), "*** ***");
}

TEST(Redactor, TakesTheKeyOutOfBase64WhereverItStands) {
  const std::string key = "CANARY0KEY012345";
  for (const std::string before : {"", "k", "k=", "key", "apikey=", "user:"}) {
    for (const std::string after : {"", "&", "&x", "&x=1"}) {
      const std::string text = base64(before + key + after);
      const std::string found = redacted(key, text);
      EXPECT_NE(found.find("***"), std::string::npos) << text;
      // Whatever is left, read at any offset, holds no more than a few characters of it.
      std::string rest = found;
      for (std::size_t at = rest.find("***"); at != std::string::npos; at = rest.find("***")) rest.erase(at, 3);
      rest.resize(rest.size() / 4 * 4);
      EXPECT_EQ(decoded(rest).find(key.substr(3, 8)), std::string::npos) << text;
    }
  }
}

TEST(Redactor, LeavesWordsThatAreNoSecrets) {
  EXPECT_EQ(redacted("demo", "the demo key"), "the demo key");
  EXPECT_EQ(redacted("abc", "abc"), "abc");
  EXPECT_EQ(redacted("", "anything"), "anything");
}

}  // namespace
}  // namespace tapeline::feeds
