#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#include <stdexcept>
TEST_CASE("loads") { REQUIRE(1 == 1); }
TEST_CASE("counts") { SECTION("twice") { int got = 3; CHECK(got == 4); REQUIRE(got == 5); } SECTION("once") { REQUIRE(1 == 1); } }
TEST_CASE("throws") { throw std::runtime_error("no such map"); }
