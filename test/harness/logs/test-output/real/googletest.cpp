#include <gtest/gtest.h>
TEST(Load, Good) { EXPECT_EQ(1, 1); }
TEST(Load, Bad) { EXPECT_EQ(3, 4) << "sizes"; EXPECT_TRUE(false); }
TEST(Load, Skipped) { GTEST_SKIP() << "no BTF"; }
class P : public ::testing::TestWithParam<int> {};
TEST_P(P, Small) { EXPECT_LT(GetParam(), 2); }
INSTANTIATE_TEST_SUITE_P(All, P, ::testing::Values(1, 2));
