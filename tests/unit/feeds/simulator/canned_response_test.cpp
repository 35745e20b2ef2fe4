#include "feeds/simulator/canned_response.hpp"

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

namespace tapeline::feeds::simulator {
namespace {

class CannedFile : public testing::Test {
 protected:
  CannedFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tapeline-canned-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~CannedFile() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& name, const std::string& body) {
    const auto path = folder_ / name;
    std::ofstream(path, std::ios::binary) << body;
    return path.string();
  }

  std::filesystem::path folder_;
};

TEST_F(CannedFile, IsServedWithStatusAndRetryAfter) {
  const std::string body("Too Many Requests\r\n\0tail", 24);
  const CannedResponse response =
      parse_canned_response("/query?symbol=IBM=" + file("a.txt", body) + "@429;retry-after=2");
  EXPECT_EQ(response.reply.body, body);
  EXPECT_EQ(response.reply.status, 429U);
  EXPECT_EQ(response.reply.retry_after_s, 2);
  EXPECT_EQ(response.reply.content_type, "text/plain");
}

TEST_F(CannedFile, MayHaveEqualsAndAtSignsInItsName) {
  const std::string path = file("GC=F@2020.json", "{}");
  const CannedResponse response = parse_canned_response("/v8/finance/chart/GC=F?interval=1d=" + path);
  EXPECT_EQ(response.target.path, "/v8/finance/chart/GC=F");
  EXPECT_EQ(response.target.get("interval"), "1d");
  EXPECT_EQ(response.reply.status, 200U);
  EXPECT_EQ(response.reply.content_type, "application/json");
}

TEST_F(CannedFile, MatchesWhenPathAndNamedParametersAgree) {
  const CannedResponse response =
      parse_canned_response("/query?function=GLOBAL_QUOTE&symbol=IBM=" + file("b.json", "{}"));
  EXPECT_TRUE(response.matches(parse_target("/query?symbol=IBM&function=GLOBAL_QUOTE&apikey=x")));
  EXPECT_FALSE(response.matches(parse_target("/query?symbol=MSFT&function=GLOBAL_QUOTE&apikey=x")));
  EXPECT_FALSE(response.matches(parse_target("/query?symbol=IBM")));
  EXPECT_FALSE(response.matches(parse_target("/other?symbol=IBM&function=GLOBAL_QUOTE")));
}

TEST_F(CannedFile, IsRefusedWhereItIsNone) {
  EXPECT_THROW(static_cast<void>(parse_canned_response("/query?symbol=IBM=" + (folder_ / "missing.json").string())),
               std::invalid_argument);
  EXPECT_THROW(static_cast<void>(parse_canned_response("query=" + file("c.json", "{}"))), std::invalid_argument);
  EXPECT_THROW(static_cast<void>(parse_canned_response("/query=" + file("d.json", "{}") + "@429;retry=2")),
               std::invalid_argument);
  EXPECT_THROW(static_cast<void>(parse_canned_response("")), std::invalid_argument);
}

TEST(ContentType, FollowsTheBodyThenTheName) {
  EXPECT_EQ(content_type_of("x.txt", " {\"a\":1}"), "application/json");
  EXPECT_EQ(content_type_of("x.csv", "timestamp,open"), "text/csv");
  EXPECT_EQ(content_type_of("x", "<html>"), "text/html");
  EXPECT_EQ(content_type_of("x", ""), "text/plain");
}

}  // namespace
}  // namespace tapeline::feeds::simulator
