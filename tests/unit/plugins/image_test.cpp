// SPDX-License-Identifier: MIT
//
// The small parts: digests, names, paths, platforms, records.
#include "image_testing.hpp"

#include "json.hpp"
#include "name.hpp"
#include "path.hpp"
#include "platform.hpp"
#include "record.hpp"

namespace image::testing {
namespace {

constexpr const char *empty_digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const std::string digest_a = "sha256:" + std::string(64, 'a');
const std::string digest_b = "sha256:" + std::string(64, 'b');

TEST(ImageDigest, IsSha256InHexadecimal) {
    EXPECT_EQ(sha256_of(""), empty_digest);
    EXPECT_EQ(sha256_of("abc"), "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    Sha256 pieces;
    pieces.add("a", 1);
    pieces.add("bc", 2);
    EXPECT_EQ(pieces.digest(), sha256_of("abc"));
}

TEST(ImageDigest, OtherFormsAreNotTaken) {
    EXPECT_TRUE(is_digest(empty_digest));
    EXPECT_FALSE(is_digest("sha256:" + std::string(63, 'a')));
    EXPECT_FALSE(is_digest("sha256:" + std::string(64, 'A')));
    EXPECT_FALSE(is_digest("sha512:" + std::string(64, 'a')));
    EXPECT_FALSE(is_digest("sha256:../../../../etc/passwd"));
    EXPECT_FALSE(is_digest(""));
}

TEST(ImageDigest, AChainIdNamesALayerAndAllBelowIt) {
    EXPECT_EQ(chain_id("", digest_a), digest_a);
    EXPECT_EQ(chain_id(digest_a, digest_b), sha256_of(digest_a + " " + digest_b));
}

TEST(ImageName, IsEscapedForAFileName) {
    EXPECT_EQ(escape_name("busybox"), "busybox");
    EXPECT_EQ(escape_name("localhost/bb:latest"), "localhost%2Fbb%3Alatest");
    EXPECT_EQ(escape_name("a-b_c.D9"), "a-b_c.D9");
    EXPECT_EQ(escape_name("%\xff"), "%25%FF");
    EXPECT_EQ(record_path("/data", "x:1"), "/data/images/x%3A1.json");
}

TEST(ImageName, FollowsTheGrammarOfReferences) {
    for (const char *good : {"a", "bb:latest", "localhost/bb:latest", "localhost:5000/team/app:v1.2-rc_3",
                             "Registry.example:443/a/b", "a__b/c---d.e", "x:_", "127.0.0.1:80/x"})
        EXPECT_EQ(name_problem(good), "") << good;
    for (const char *bad :
         {"",      "A",    "a/", "/a", "a//b",       "../x",     "a/../b", ".",    "a:",        "a:-x",   "a b",
          "a___b", "a..b", "-a", "a-", "a@sha256:x", "h:port/x", "a:b:c",  "a\nb", "x/.hidden", "host:/x"})
        EXPECT_NE(name_problem(bad), "") << bad;
    EXPECT_NE(name_problem("a:" + std::string(129, 't')), "");
    EXPECT_NE(name_problem(std::string(256, 'a')), "");
}

TEST(ImageName, ATagStandsBehindTheLastColonThatIsNoPort) {
    EXPECT_EQ(tag_of("a:1"), "1");
    EXPECT_EQ(tag_of("localhost:5000/a"), "");
    EXPECT_EQ(tag_of("localhost:5000/a:x"), "x");
}

TEST(ImagePath, IsMadeRelativeAndNormal) {
    EXPECT_EQ(normal_path("/a//./b/"), "a/b");
    EXPECT_EQ(normal_path("./"), "");
    EXPECT_EQ(normal_path(""), "");
    EXPECT_EQ(normal_path("..a/b.."), "..a/b..");
    EXPECT_NE(failure_of([] { normal_path("a/../b"); }), "");
    EXPECT_NE(failure_of([] { normal_path(".."); }), "");
    EXPECT_NE(failure_of([] { normal_path(std::string(256, 'n')); }), "");
    std::string deep;
    for (int i = 0; i < 300; ++i)
        deep += "d/";
    EXPECT_NE(failure_of([&] { normal_path(deep); }), "");
}

TEST(ImagePath, WhiteoutsAreNamesWithAMark) {
    EXPECT_EQ(mark_of("x").mark, Mark::none);
    EXPECT_EQ(mark_of(".wh.x").mark, Mark::whiteout);
    EXPECT_EQ(mark_of(".wh.x").name, "x");
    EXPECT_EQ(mark_of(".wh..wh..opq").mark, Mark::opaque);
    EXPECT_EQ(mark_of(".wh..wh.plnk").mark, Mark::metadata);
    EXPECT_EQ(mark_of(".wh..hidden").name, ".hidden");
    for (const char *bad : {".wh.", ".wh..", ".wh..."})
        EXPECT_NE(failure_of([&] { mark_of(bad); }), "") << bad;
}

TEST(ImagePlatform, TheMachinesOwnComesFirst) {
    const auto amd64 = runnable_on("x86_64");
    EXPECT_EQ(rank_of(amd64, {"linux", "amd64", ""}), 0);
    EXPECT_GT(rank_of(amd64, {"linux", "386", ""}), 0);
    EXPECT_EQ(rank_of(amd64, {"linux", "arm64", ""}), -1);
    EXPECT_EQ(rank_of(amd64, {"windows", "amd64", ""}), -1);
    EXPECT_EQ(rank_of(amd64, {"linux", "amd64", "v3"}), -1);
    const auto arm = runnable_on("armv7l");
    EXPECT_LT(rank_of(arm, {"linux", "arm", "v7"}), rank_of(arm, {"linux", "arm", "v6"}));
    EXPECT_GE(rank_of(runnable_on("aarch64"), {"linux", "arm64", "v8"}), 0);
}

TEST(ImageJson, SaysWhereAndWhatIsWrong) {
    const auto document =
        parse_document("index.json", R"({"manifests":[{"digest":"md5:1"}], "size": -1, "s": "a\u0000b"})");
    const Place top(document, "index.json");
    EXPECT_EQ(failure_of([&] { (void)top.member("manifests").elements()[0].member("digest").digest(); }),
              "index.json: manifests[0].digest: expected sha256:<64 hexadecimal digits>, got \"md5:1\"");
    EXPECT_EQ(failure_of([&] { top.member("config"); }), "index.json: config: is missing");
    EXPECT_NE(failure_of([&] { (void)top.member("size").size(); }), "");
    EXPECT_NE(failure_of([&] { (void)top.member("s").string(); }), "");
    EXPECT_NE(failure_of([&] { (void)top.member("manifests").member("x"); }), "");
}

TEST(ImageJson, IsBounded) {
    EXPECT_NE(failure_of([] { parse_document("x", std::string(max_document + 1, ' ')); }), "");
    EXPECT_NE(failure_of([] { parse_document("x", std::string(100'000, '[')); }), "");
    EXPECT_NE(failure_of([] { parse_document("x", "{\"a\": \"\xff\"}"); }), "");
    EXPECT_NE(failure_of([] { parse_document("x", ""); }), "");
}

Image small_image() {
    return {digest_a,
            "2001-09-09T01:46:40Z",
            "amd64",
            "linux",
            R"({"Cmd":["old"],"Env":["A=1","AB=2"]})",
            {{{"/x", "", 10}, digest_a, digest_a, digest_a},
             {{"/y", "", 20}, digest_b, digest_b, chain_id(digest_a, digest_b)}}};
}

TEST(ImageRecord, HoldsWhatTheHostNeeds) {
    Overrides overrides;
    overrides.cmd = {"/bin/sh", "-c", "echo 'x'"};
    overrides.env = {"A=9", "C=3"};
    overrides.labels = {{"k", "v"}};
    overrides.exposed_ports = {"80/tcp"};
    const auto record = nlohmann::json::parse(record_text("a:1", small_image(), overrides));
    EXPECT_EQ(record["name"], "a:1");
    EXPECT_EQ(record["digest"], digest_a);
    EXPECT_EQ(record["size"], 30);
    EXPECT_EQ(record["layers"], nlohmann::json({digest_a, chain_id(digest_a, digest_b)}));
    EXPECT_EQ(record["config"]["Cmd"], nlohmann::json({"/bin/sh", "-c", "echo 'x'"}));
    EXPECT_EQ(record["config"]["Env"], nlohmann::json({"A=9", "AB=2", "C=3"}));
    EXPECT_EQ(record["config"]["Labels"]["k"], "v");
    EXPECT_TRUE(record["config"]["ExposedPorts"]["80/tcp"].is_object());
}

TEST(ImageRecord, IsReplacedAtOnceAndLeavesNothingElse) {
    const TemporaryDirectory data;
    const std::string path = record_path(data.path(), "a:1");
    EXPECT_EQ(read_record(path), std::nullopt);
    write_record(path, "one\n");
    write_record(path, "two\n");
    EXPECT_EQ(read_record(path), "two\n");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(data / "images"), {}), 1);
    remove_record(path);
    remove_record(path);
    EXPECT_EQ(read_record(path), std::nullopt);
    sweep_record(path);
    sweep_record(path);
    EXPECT_FALSE(there(data / "images"));
}

} // namespace
} // namespace image::testing
