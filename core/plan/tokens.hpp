// SPDX-License-Identifier: MIT
//
// Which tokens there are: those of the SDK (ctr/kinds.h), those that an installed plugin's manifest says it gives, and
// those that a plugin says it knows of others, which may be missing. A plugin whose manifest lists no tokens (of the
// first release) may give any: those that it gives in this plan count, and all that begin with its id and a dot. A step
// that names another one in `needs` or `after` would wait for nobody in silence: it is refused.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace core::plugin {
class Catalog;
}

namespace core::plan {

/// What a plugin's manifest says of tokens.
struct TokenUser {
    std::string_view id;
    std::span<const std::string> gives;
    std::span<const std::string> needs; // of others, whether they are installed or not
    bool lists_gives = true;
    bool refused = false; // its file was: it gives nothing, but explains what is missing
};

class Tokens {
public:
    /// Those of the SDK alone.
    Tokens() = default;
    explicit Tokens(const plugin::Catalog &catalog);

    void add(const TokenUser &plugin) { plugins_.push_back(plugin); }
    /// May a step of that plugin name it?
    bool is_known(std::string_view token, std::string_view plugin) const;
    /// What to do about a token that no step gives: who could give it, or the nearest word that there is.
    std::string hint(std::string_view token) const;

private:
    std::vector<TokenUser> plugins_;
};

/// Does a list of tokens have this one? An entry that ends in a colon stands for all that begin with it.
bool lists_token(std::span<const std::string> list, std::string_view token);

/// `did you mean "caps.bounded"?`, or nothing.
std::string nearest_token(std::string_view token, std::span<const std::string> list);

} // namespace core::plan
