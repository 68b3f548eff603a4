// SPDX-License-Identifier: MIT
#include "cli/app.hpp"

int main(int argc, char **argv) {
    core::cli::App app;
    return app.main(std::vector<std::string>(argv + 1, argv + argc));
}
