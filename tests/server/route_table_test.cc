#include "apps/server/route_table.h"

#include <gtest/gtest.h>

namespace dynsplit::server {
namespace {

TEST(RouteTableTest, SaysWhichMethodsAPathHas) {
  RouteTable table;
  table.Add("GET", "/a");
  table.Add("POST", "/a/(.+)/load");
  table.Add("POST", "/a/(.+)");
  table.Add("DELETE", "/a/(.+)");
  EXPECT_EQ(table.OtherMethods("GET", "/a"), "");
  EXPECT_EQ(table.OtherMethods("HEAD", "/a"), "");
  EXPECT_EQ(table.OtherMethods("POST", "/a"), "GET");
  EXPECT_EQ(table.OtherMethods("GET", "/a/b"), "POST, DELETE");
  EXPECT_EQ(table.OtherMethods("DELETE", "/a/b"), "");
  EXPECT_EQ(table.OtherMethods("DELETE", "/a/b/load"), "POST");
  EXPECT_EQ(table.OtherMethods("POST", "/a/b/load"), "");
  EXPECT_EQ(table.OtherMethods("GET", "/b"), "");  // no such path at all
  EXPECT_EQ(table.OtherMethods("GET", "/a/" + std::string(1 << 20, 'x')), "");
  EXPECT_EQ(table.routes().size(), 4u);
}

TEST(RouteTableTest, LabelsAreOfRoutes) {
  RouteTable table;
  table.Add("GET", "/a");
  table.Add("POST", "/a/(.+)/load");
  EXPECT_EQ(table.LabelOf("/a"), "/a");
  EXPECT_EQ(table.LabelOf("/a/x/load"), "/a/");
  EXPECT_EQ(table.LabelOf("/b"), "other");
}

}  // namespace
}  // namespace dynsplit::server
