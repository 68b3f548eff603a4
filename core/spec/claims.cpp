// SPDX-License-Identifier: MIT
#include "spec/claims.hpp"

#include "base/describe.hpp"
#include "spec/oci_fields.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <nlohmann/json.hpp>

namespace core::spec {
namespace {

/// True if a value outside the table, or a scalar in it, asks for anything.
bool asks(const Json &value, std::uint8_t flags) {
    switch (value.type()) {
    case Json::value_t::null: return false;
    case Json::value_t::string: return !value.get_ref<const std::string &>().empty();
    case Json::value_t::boolean: return value.get<bool>() || (flags & false_asks) != 0;
    case Json::value_t::array:
    case Json::value_t::object: return !value.empty();
    default: return (flags & zero_is_none) == 0 || value.get<std::int64_t>() != 0;
    }
}

class Collector {
public:
    std::vector<RequestedPath> run(const Json &spec) {
        found_.reserve(96);
        visit(spec, 0, Where(""));
        std::vector<RequestedPath> out;
        out.reserve(found_.size() + 8);
        for (std::size_t row = 0; row < fields_.size(); ++row)
            if (place_[row] != 0) out.push_back(std::move(found_[place_[row] - 1u]));
        if (const auto extra = spec.find("ctr"); extra != spec.end() && extra->is_object())
            for (const auto &[key, value] : extra->get_ref<const Json::object_t &>())
                if (asks(value, 0)) out.emplace_back("", "/ctr/" + pointer_token(key), std::uint16_t{0});
        return out;
    }

private:
    bool is_scalar(std::uint16_t row) const { return fields_[row].shape.type >= Type::text; }

    bool add(std::uint16_t row, const Where &where) {
        if (place_[row] == 0) {
            found_.emplace_back(fields_[row].pattern, where.pointer(), row);
            place_[row] = static_cast<std::uint16_t>(found_.size());
        }
        return true;
    }

    /// True if something in the value asks, even if it was found before.
    bool visit(const Json &value, std::uint16_t row, const Where &where) {
        const Field &field = fields_[row];
        if (value.is_null()) return false;
        switch (field.shape.type) {
        case Type::foreign: return false;
        case Type::object: {
            const bool any = visit_members(value, row, where);
            return any || ((field.flags & empty_asks) != 0 && add(row, where));
        }
        case Type::list: return visit_list(value, row, where);
        case Type::map: return visit_map(value, row, where);
        default: return asks(value, field.flags) && add(row, where);
        }
    }

    bool visit_members(const Json &value, std::uint16_t row, const Where &where) {
        bool any = false;
        for (const auto &[key, item] : value.get_ref<const Json::object_t &>()) {
            if (const std::uint16_t child = child_named(row, key); child != 0)
                any |= visit(item, child, Where(where, key));
        }
        return any;
    }

    bool visit_list(const Json &value, std::uint16_t row, const Where &where) {
        const std::uint16_t item = links_[row].first_child;
        if (is_scalar(item)) return !value.empty() && add(row, where);
        for (std::size_t i = 0; i < value.size(); ++i)
            visit_item(value[i], item, Where(where, i));
        return !value.empty();
    }

    bool visit_map(const Json &value, std::uint16_t row, const Where &where) {
        const std::uint16_t item = links_[row].first_child;
        for (const auto &[key, each] : value.get_ref<const Json::object_t &>()) {
            visit_item(each, item, Where(where, key));
            if (is_scalar(item)) break; // all entries have the same path
        }
        return !value.empty();
    }

    void visit_item(const Json &value, std::uint16_t row, const Where &where) {
        if (is_scalar(row) || !visit(value, row, where)) add(row, where);
    }

    std::span<const Field> fields_ = fields();
    std::span<const Link> links_ = links();
    std::vector<RequestedPath> found_;              // in the order of the document
    std::array<std::uint16_t, max_fields> place_{}; // index in found_ of each row, from 1; 0: not requested
};

/// Calls mark(first row, end row) for each subtree of the table that a claim covers.
template <typename Mark> void covered(std::string_view claim, std::uint16_t row, const Mark &mark) {
    const std::span<const Link> tree = links();
    if (claim.empty()) return mark(row, tree[row].end);
    if (claim[0] != '/') return;
    const std::string_view name = claim.substr(1, claim.find('/', 1) - 1);
    const std::string_view rest = claim.substr(name.size() + 1);
    if (name != "*") {
        if (const std::uint16_t child = child_named(row, name); child != 0) covered(rest, child, mark);
    } else {
        for (std::uint16_t child = tree[row].first_child; child != 0; child = tree[child].next)
            covered(rest, child, mark);
    }
    // An object that the table knows only as a whole (/vm) may also be claimed by parts of it.
    if (tree[row].first_child == 0 && row != 0 && fields()[row].shape.type == Type::object) mark(row, tree[row].end);
}

/// True if `path` is the claim or below it. Compares components; `*` in the claim is any one.
bool covers(std::string_view claim, std::string_view path) {
    while (!claim.empty()) {
        if (path.empty()) return false;
        const std::size_t a = std::min(claim.find('/', 1), claim.size()), b = std::min(path.find('/', 1), path.size());
        if (claim.substr(0, a) != "/*" && claim.substr(0, a) != path.substr(0, b)) return false;
        claim.remove_prefix(a);
        path.remove_prefix(b);
    }
    return true;
}

constexpr std::string_view extras = "/ctr";
bool is_extra(std::string_view claim) { return claim.empty() || covers(extras, claim) || claim.substr(0, 2) == "/*"; }

/// For each row of the table, the claimants that cover it, one bit each.
std::array<std::uint64_t, max_fields> owners_of_rows(std::span<const Claimant> claimants) {
    std::array<std::uint64_t, max_fields> owners{};
    for (std::size_t i = 0; i < claimants.size(); ++i)
        for (const std::string &claim : claimants[i].claims)
            covered(claim, 0, [&](std::uint16_t row, std::uint16_t end) {
                for (; row < end; ++row)
                    owners[row] |= std::uint64_t{1} << i;
            });
    return owners;
}

/// The claimants of a path below /ctr, one bit each.
std::uint64_t owners_of_extra(std::span<const Claimant> claimants, std::string_view path) {
    std::uint64_t owners = 0;
    for (std::size_t i = 0; i < claimants.size(); ++i)
        for (const std::string &claim : claimants[i].claims)
            if (is_extra(claim) && covers(claim, path)) owners |= std::uint64_t{1} << i;
    return owners;
}

/// The row by which a requested path is looked up. For an array of scalars it is that of its elements, because a claim
/// on the array or on its elements covers it.
std::uint16_t lookup_row(const RequestedPath &path) {
    return fields()[path.row()].shape.type == Type::list ? links()[path.row()].first_child : path.row();
}

} // namespace

std::vector<RequestedPath> requested_paths(const Json &spec) { return Collector().run(spec); }

std::vector<std::vector<std::uint32_t>> match_claims(const std::vector<RequestedPath> &requested,
                                                     std::span<const Claimant> claimants) {
    std::vector<std::vector<std::uint32_t>> out(requested.size());
    // One bit for each claimant, so 64 claimants at a time.
    for (std::uint32_t first = 0; first < claimants.size(); first += 64) {
        const std::span<const Claimant> batch =
            claimants.subspan(first, std::min<std::size_t>(64, claimants.size() - first));
        const std::array<std::uint64_t, max_fields> owners = owners_of_rows(batch);
        for (std::size_t p = 0; p < requested.size(); ++p) {
            std::uint64_t who = requested[p].row() != 0 ? owners[lookup_row(requested[p])]
                                                        : owners_of_extra(batch, requested[p].pattern());
            out[p].reserve(out[p].size() + static_cast<std::size_t>(std::popcount(who)));
            for (; who != 0; who &= who - 1)
                out[p].push_back(first + static_cast<std::uint32_t>(std::countr_zero(who)));
        }
    }
    return out;
}

bool is_known_claim(std::string_view claim) {
    if (covers(extras, claim)) return true;
    bool known = false;
    covered(claim, 0, [&](std::uint16_t, std::uint16_t) { known = true; });
    return known;
}

const Vocabulary &oci_vocabulary() {
    // What the engine itself carries out, or what plugins only read. Below /ctr these are: where the bundle is
    // (front/cli/bundle.cpp); that the container is removed when it ends (front/cli/run_spec.cpp); for an exec, its
    // container and its cgroup (container/exec.cpp).
    static const std::vector<std::string> of_engine = {"/ctr/cgroup", "/ctr/bundle",  "/ctr/container", "/ctr/rm",
                                                       "/ociVersion", "/annotations", "/process/args",  "/process/env"};
    static const std::vector<std::string> of_program = {"/process", "/ctr/user", "/ctr/onlcr"};
    class Oci final : public Vocabulary {
    public:
        std::vector<RequestedPath> requested_paths(const Json &description) const override {
            return spec::requested_paths(description);
        }
        std::vector<std::vector<std::uint32_t>> match_claims(const std::vector<RequestedPath> &requested,
                                                             std::span<const Claimant> claimants) const override {
            return spec::match_claims(requested, claimants);
        }
        std::span<const std::string> claims_of_engine() const override { return of_engine; }
        std::span<const std::string> paths_of_program() const override { return of_program; }
        std::string_view path_of_resources() const override { return "/linux/resources"; }
        bool ends_with_first_process(const Json &description) const override {
            const Json::json_pointer where("/linux/namespaces");
            if (!description.contains(where)) return false;
            const Json &all = description[where];
            return std::any_of(all.begin(), all.end(), [](const Json &each) {
                return each.value("type", "") == "pid" && each.value("path", "").empty();
            });
        }
        std::string_view optional_part(std::string_view pattern) const override {
            static constexpr std::pair<std::string_view, std::string_view> parts[] = {{"/linux/seccomp", "seccomp"},
                                                                                      {"/ctr/seccomp", "seccomp"},
                                                                                      {"/linux/sysctl", "sysctl"},
                                                                                      {"/hooks", "hooks"}};
            for (const auto &[path, plugin] : parts)
                if (covers(path, pattern)) return plugin;
            return {};
        }
    };
    static const Oci oci;
    return oci;
}

} // namespace core::spec
