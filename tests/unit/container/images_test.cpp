// SPDX-License-Identifier: MIT
//
// Records of images as they may be found: whole, damaged, and not files at all.
#include "container/images.hpp"
#include "spec/claims.hpp"

#include "sys/files.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace {

using namespace core;
using namespace core::container;

const std::string chain_id = "sha256:" + std::string(64, 'a');

class ImageRecords : public testing::Test {
protected:
    ImageRecords() {
        char path[] = "/tmp/ctr-images.XXXXXX";
        root_ = ::mkdtemp(path);
        std::filesystem::create_directories(root_ + "/images");
        config::Config config;
        config.data_root = root_;
        config.run_root = root_ + "/run";
        engine = std::make_unique<Engine>(std::move(config), std::vector<plugin::Directory>(), spec::oci_vocabulary());
    }
    ~ImageRecords() override { static_cast<void>(sys::remove_tree(root_)); }

    std::string file(const std::string &name) const { return root_ + "/images/" + name; }
    void write(const std::string &name, const std::string &text) const {
        std::ofstream(file(name), std::ios::binary) << text;
    }
    static Json good(const std::string &name) {
        return {{"name", name}, {"digest", chain_id}, {"layers", {chain_id}}, {"config", Json::object()}, {"size", 1}};
    }
    std::size_t damaged() const {
        auto all = list_images(*engine);
        EXPECT_TRUE(all.ok());
        EXPECT_EQ(all.value().images.size(), 1u) << "the good one is always there";
        return all.value().damaged.size();
    }

    std::unique_ptr<Engine> engine;

private:
    std::string root_;
};

TEST_F(ImageRecords, OneThatIsDamagedIsNamedAndPassedOver) {
    write("good%3Alatest.json", good("good:latest").dump());
    EXPECT_EQ(damaged(), 0u);
    Json other_name = good("bad:other"), no_layers = good("bad:latest"), wrong_layers = no_layers,
         wrong_size = no_layers, wrong_config = no_layers, wrong_digest = no_layers;
    no_layers["layers"] = Json::array();
    wrong_layers["layers"] = {"../../etc"};
    wrong_size["size"] = -1;
    wrong_config["config"] = {1};
    wrong_digest["digest"] = {1};
    for (const std::string &text :
         {std::string(), std::string("{"), std::string("[]"), std::string("null"), std::string("1"), std::string("{}"),
          std::string("\xff\xfe\0", 3), std::string(1000, '['), std::string(std::size_t{2} << 20, ' '),
          std::string(R"({"name": 1, "layers": []})"), std::string(R"({"name": "bad:latest"})"),
          std::string("{\"name\": \"\x80\", \"layers\": []}"), other_name.dump(), no_layers.dump(), wrong_layers.dump(),
          wrong_size.dump(), wrong_config.dump(), wrong_digest.dump()}) {
        write("bad%3Alatest.json", text);
        EXPECT_EQ(damaged(), 1u) << text.substr(0, 80);
        const auto bad = find_image(*engine, "bad");
        ASSERT_FALSE(bad.ok()) << text.substr(0, 80);
        EXPECT_NE(bad.error().text().find(file("bad%3Alatest.json")), std::string::npos);
        EXPECT_TRUE(find_image(*engine, "good").ok());
        // A new import takes its place.
        EXPECT_TRUE(discard_damaged(*engine, "bad").value()) << text.substr(0, 80);
        EXPECT_EQ(damaged(), 0u);
        EXPECT_EQ(find_image(*engine, "bad").error().error_class, CTR_E_NOT_FOUND);
    }
    EXPECT_FALSE(discard_damaged(*engine, "good").value());
    EXPECT_FALSE(discard_damaged(*engine, "nowhere").value());
}

TEST_F(ImageRecords, WhatIsNoFileIsNotOpened) {
    write("good%3Alatest.json", good("good:latest").dump());
    ASSERT_EQ(::mkfifo(file("fifo%3Alatest.json").c_str(), 0600), 0);
    ASSERT_EQ(::symlink("/dev/zero", file("link%3Alatest.json").c_str()), 0);
    ASSERT_EQ(::mkdir(file("directory%3Alatest.json").c_str(), 0700), 0);
    EXPECT_EQ(damaged(), 3u);
    EXPECT_FALSE(find_image(*engine, "fifo").ok());
    EXPECT_TRUE(discard_damaged(*engine, "fifo").value());
    EXPECT_TRUE(discard_damaged(*engine, "link").value());
    const auto directory = discard_damaged(*engine, "directory");
    ASSERT_FALSE(directory.ok());
    EXPECT_NE(directory.error().text().find("directory%3Alatest.json"), std::string::npos);
}

TEST_F(ImageRecords, AContainerThatDoesNotSayWhatItUsesIsKnownAsSuch) {
    State state;
    state.meta = Json::parse(R"({"spec": {"ctr": {"image": {"name": "a:b", "layers": ["x"]}}}})");
    EXPECT_EQ(image_of(state)->layers, std::vector<std::string>{"x"});
    state.meta = Json::parse(R"({"spec": {"root": {"path": "/"}}})");
    EXPECT_TRUE(image_of(state)->layers.empty());
    for (const char *text :
         {"[]", "null", "1", R"({"spec": {"ctr": {"image": 1}}})", R"({"spec": {"ctr": {"image": {"layers": [1]}}}})",
          R"({"spec": {"ctr": {"image": {"name": 1}}}})"}) {
        state.meta = Json::parse(text);
        EXPECT_FALSE(image_of(state)) << text;
    }
}

} // namespace
