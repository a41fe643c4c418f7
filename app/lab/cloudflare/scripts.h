// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/lab/cloudflare/reply.h"
#include "app/lab/workerd/bundle.h"
#include "app/lab/world/types.h"

#include <functional>
#include <map>
#include <memory>
#include <mutex>

namespace hybridge::lab {

/// A Worker's code and settings, never changed once made.
struct ScriptVersion {
    std::string id; ///< uuid
    int number = 0;
    Wall::time_point created;
    std::string message;
    std::string triggeredBy; ///< "upload", "settings", "secret", "version_upload"
    WorkerBundle bundle;
};

struct ScriptShare {
    std::shared_ptr<const ScriptVersion> version;
    double percent = 100;
};

/// The account's Workers: scripts, their versions and deployments. A change is told only when the edge serves it; calls
/// that change wait for each other, readers for nobody.
class Scripts {
public:
    /// Makes the edge serve these versions; gives an empty text, or the runtime's words about what is wrong with one.
    using Deploy = std::function<std::string(const std::string &script, const std::vector<ScriptShare> &shares)>;
    /// The script is gone.
    using Withdraw = std::function<void(const std::string &script)>;

    Scripts(std::uint64_t seed, Deploy deploy, Withdraw withdraw);

    /// @p path begins after "scripts".
    ApiReply serve(const Request &request, const std::vector<std::string> &path);
    bool knows(const std::string &script) const;

    /// PUT of a whole script; what the metadata leaves out is as the API documents it.
    ApiReply upload(
        const std::string &name, const nlohmann::json &metadata, std::vector<WorkerModule> modules, bool strict);
    /// PATCH of the settings: a new version of the same code, deployed.
    ApiReply patchSettings(const std::string &name, const nlohmann::json &settings, bool strict);

private:
    struct Deployment {
        std::string id;
        Wall::time_point created;
        std::string message;
        std::vector<ScriptShare> shares;
    };
    struct Script {
        std::string tag;
        Wall::time_point created;
        Wall::time_point modified;
        std::vector<std::shared_ptr<const ScriptVersion>> versions; ///< oldest first
        std::vector<Deployment> deployments;                        ///< newest first
        nlohmann::json settings; ///< what belongs to no version: logpush, observability, tags, tail_consumers
        bool workersDev = false;
        bool previews = false;
    };

    ApiReply ofScript(const Request &request, const std::string &name, const std::vector<std::string> &rest);
    ApiReply uploadRequest(const Request &request, const std::string &name, bool deployed);
    ApiReply deployments(
        const Request &request, const std::string &name, const Script &script, const std::vector<std::string> &rest);
    ApiReply secrets(
        const Request &request, const std::string &name, const Script &script, const std::vector<std::string> &rest);
    ApiReply remove(const std::string &name);
    /// Deploys @p version alone, then publishes it as the newest.
    ApiReply publish(const std::string &name, Script script, std::shared_ptr<const ScriptVersion> version);
    std::shared_ptr<ScriptVersion> nextVersion(const Script &script, std::string triggeredBy);
    std::optional<Script> find(const std::string &name) const;
    void keep(const std::string &name, Script script);
    std::string uuid();

    const std::uint64_t m_seed;
    const Deploy m_deploy;
    const Withdraw m_withdraw;
    std::mutex m_change; ///< held through a whole change
    mutable std::mutex m_mutex;
    std::map<std::string, Script> m_scripts;
    std::uint64_t m_nextId = 1;
};

} // namespace hybridge::lab
