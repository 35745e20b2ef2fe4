#include "sinks/postgres/text.hpp"

#include <string>

#include <gtest/gtest.h>

namespace tapeline::sinks::postgres {
namespace {

TEST(StorableText, LeavesValidTextAlone) {
  for (const std::string_view text :
       {"", "plain", "\t\r\n\\.", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "caf\xc3\xa9 \xf0\x9f\x93\x88"}) {
    EXPECT_TRUE(is_storable_text(text)) << text;
    EXPECT_EQ(storable_text(text), text);
  }
}

TEST(StorableText, ReplacesEachByteThatIsNoCharacter) {
  const auto mended = [](std::string_view text) {
    EXPECT_FALSE(is_storable_text(text));
    return storable_text(text);
  };
  EXPECT_EQ(mended(std::string_view("a\0b", 3)), "a?b");
  EXPECT_EQ(mended("\xff"), "?");
  EXPECT_EQ(mended("\x80"), "?") << "continuation without a beginning";
  EXPECT_EQ(mended("\xc0\xaf"), "??") << "overlong, two bytes";
  EXPECT_EQ(mended("\xe0\x9f\xbf"), "???") << "overlong, three bytes";
  EXPECT_EQ(mended("\xf0\x8f\xbf\xbf"), "????") << "overlong, four bytes";
  EXPECT_EQ(mended("\xed\xa0\x80"), "???") << "surrogate";
  EXPECT_EQ(mended("\xf4\x90\x80\x80"), "????") << "beyond U+10FFFF";
  EXPECT_EQ(mended("\xc3(x"), "?(x") << "the byte after a broken character is read afresh";
}

TEST(StorableText, MendsACharacterThatWasCutAtTheEnd) {
  EXPECT_EQ(storable_text("price in \xe2\x82"), "price in ??");
  EXPECT_EQ(storable_text("\xf0\x9f\x93"), "???");
}

}  // namespace
}  // namespace tapeline::sinks::postgres
