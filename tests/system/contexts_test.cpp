// SPDX-License-Identifier: MIT
//
// Each function of the host's table in each context, called by a plugin (plugins/caller) in a real container: where
// sdk/include/ctr/contexts.h allows it, it works; elsewhere the step or the plan fails with CTR_E_CONTEXT and names the
// function. Nowhere does anything crash.
#include "fixture/oci.hpp"
#include "plugins/caller/functions.hpp"

#include <ctr/plugin.h>

#include <filesystem>

using namespace fixture;

namespace {

using caller::Function;
using caller::functions;

/// Functions about nodes are legal anywhere and not in the table; all others are. A function that is new in ctr_host
/// needs a row in contexts.h.
constexpr std::size_t n_any = 10; // node_type ... node_key
static_assert((sizeof(ctr_host) - offsetof(ctr_host, operation)) / sizeof(void (*)()) ==
              n_any + sizeof functions / sizeof functions[0]);

constexpr const char *not_legal = "an SDK function was called where it is not legal";
constexpr const char *other_handle = "with a handle that this callback did not get";

class Contexts : public OciTest, public testing::WithParamInterface<Function> {
protected:
    /// What the caller says when the function is called there; its exit status does not matter as long as it is none of
    /// a crash.
    std::string called_in(const std::string &context) const {
        const std::string config = box.dir() + "/caller.json";
        write_text(config, "{\"cgroup-v1\": {\"parent\": \"" + box.cgroup_parent() + R"("}, "caller": {"context": ")" +
                               context + R"(", "function": ")" + GetParam().name + "\"}}\n");
        const Words plugin = {"--plugin-dir", CTR_BUILD_DIR "/tests/system/caller"};
        if (context == "call") return updated(config, plugin);
        Words words = box.ctr_words();
        words[2] = config;
        words.insert(words.end(), plugin.begin(), plugin.end());
        Words run = box.run_words({"rootfs", "none"}, {}, {"/bin/true"});
        if (context == "shell") {
            words.insert(words.end(), {"--format", "shell", "plan"});
            run.erase(run.begin(), run.begin() + 2); // "run --rm"
        }
        words.insert(words.end(), run.begin(), run.end());
        return outcome(command(words));
    }
    /// An extension's function, called by another process than the one that made the container.
    std::string updated(const std::string &config, Words globals) const {
        globals.insert(globals.end(), {"--config-file", config});
        Bundle made = bundle("one", "sleep 100");
        made.write();
        const Ran ran = oci({"run", "-d", "-b", made.dir, "one"}, globals);
        EXPECT_STATUS(ran, 0);
        std::string said = outcome(oci({"update", "--l3-cache-schema", "L3:0=f", "one"}, globals));
        EXPECT_STATUS(oci({"delete", "--force", "one"}, globals), 0);
        return said;
    }
    static std::string outcome(const Ran &ran) {
        EXPECT_LT(ran.status, 128) << "it crashed: " << describe(ran);
        EXPECT_TRUE(ran.status == 0 || !ran.err.empty()) << describe(ran);
        return ran.err;
    }
};
INSTANTIATE_TEST_SUITE_P(Function, Contexts, testing::ValuesIn(functions),
                         [](const auto &each) { return std::string(each.param.name); });

} // namespace

TEST_P(Contexts, AreThoseOfTheTable) {
    constexpr std::pair<const char *, unsigned> contexts[] = {{"plan", CTR_IN_PLAN},   {"parent", CTR_IN_PARENT},
                                                              {"child", CTR_IN_CHILD}, {"undo", CTR_IN_UNDO},
                                                              {"shell", CTR_IN_SHELL}, {"call", CTR_IN_CALL}};
    for (const auto &[context, bit] : contexts) {
        const std::string said = called_in(context);
        const bool told = said.find(not_legal) != std::string::npos;
        EXPECT_EQ(told, (GetParam().contexts & bit) == 0) << GetParam().name << " in " << context << ": " << said;
        if (told) {
            EXPECT_HAS(said, GetParam().name);
        }
        EXPECT_EQ(said.find(other_handle), std::string::npos) << GetParam().name << " in " << context << ": " << said;
        EXPECT_STATUS(box.ctr({"--plugin-dir", CTR_BUILD_DIR "/tests/system/caller", "recover"}), 0);
        for (const auto &each : std::filesystem::directory_iterator(box.data_root("overlay")))
            if (each.path().filename().string().rfind("caller-undone-", 0) == 0) std::filesystem::remove(each.path());
    }
}
