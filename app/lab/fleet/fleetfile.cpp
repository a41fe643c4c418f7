// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/fleet/fleetfile.h"

#include "app/lab/fleet/routing.h"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include <fcntl.h>
#include <unistd.h>

namespace hybridge::lab {

namespace {

using json = nlohmann::ordered_json;
namespace fs = std::filesystem;

/// Written beside and renamed, mode 0600 from the first byte on.
void writePrivate(const fs::path &path, const std::string &text)
{
    const fs::path beside = path.string() + ".new";
    ::unlink(beside.c_str());
    const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    std::size_t done = 0;
    while (fd >= 0 && done < text.size()) {
        const ssize_t written = ::write(fd, text.data() + done, text.size() - done);
        if (written < 0)
            break;
        done += static_cast<std::size_t>(written);
    }
    const bool closed = fd >= 0 && ::close(fd) == 0;
    if (!closed || done < text.size() || ::rename(beside.c_str(), path.c_str()) != 0)
        throw std::runtime_error("Cannot write " + path.string() + ": " + std::strerror(errno) + '.');
}

json nodeJson(const NodeSpec &node, const Addresses &addresses)
{
    const Addresses::OfNode &at = addresses.nodes.at(node.id);
    const bool cloud = node.machine == MachineKind::Gce;
    const bool tpu = node.machine == MachineKind::Tpu;
    json item{{"id", node.id}, {"label", node.label}, {"colour", node.colour}, {"url", at.edge}, {"access", nullptr},
        {"tunnel", node.tunnelId}};
    item["ssh"] = {{"host", "127.0.0.1"}, {"port", at.sshPort}, {"user", addresses.sshUser},
        {"identity", addresses.sshIdentity.string()}};
    if (cloud) {
        item["machine"] = {{"kind", "gce"}, {"zone", node.zone}, {"instance", node.instance},
            {"alternatives",
                json::array({{{"zone", node.zone}, {"machineType", "g2-standard-4"}},
                    {{"zone", "us-central1-b"}, {"machineType", node.machineType}}})}};
    } else if (tpu) {
        item["machine"] = {{"kind", "tpu"}, {"zone", node.zone}, {"instance", node.instance}};
    } else {
        item["machine"] = {{"kind", "host"}};
    }
    item["engine"] = {{"kind", node.engine == EngineKind::Vllm ? "vllm" : "ollama"}, {"url", at.engine},
        {"apiKey", nullptr}, {"service", node.engineService}, {"models", json::array({node.model})}};
    item["connector"] = {{"service", "systemd:cloudflared"}, {"metrics", at.metrics}};
    item["accelerator"] = tpu ? "tpu" : "nvidia";
    if (cloud || tpu)
        item["price"] = {{"perHour", cloud ? 0.85 : 1.2}, {"currency", "USD"}};
    else
        item["price"] = {{"watts", "measured"}, {"baseWatts", 60}, {"perKWh", 0.30}, {"currency", "USD"}};
    return item;
}

} // namespace

fs::path writeFleet(const fs::path &directory, const std::vector<NodeSpec> &nodes, const Identity &identity,
    const Addresses &addresses, const std::string &routing)
{
    const fs::path secrets = directory / "secrets";
    fs::create_directories(secrets);
    fs::permissions(secrets, fs::perms::owner_all);
    const auto secret = [&](const char *name, const std::string &text) {
        writePrivate(secrets / name, text);
        return "file:" + (secrets / name).string();
    };

    const json key{{"type", "service_account"}, {"project_id", identity.project},
        {"private_key_id", identity.privateKeyId}, {"private_key", identity.privateKeyPem},
        {"client_email", identity.serviceAccount}, {"client_id", identity.projectNumber},
        {"token_uri", addresses.google + "/token"}};
    const json user{{"type", "authorized_user"}, {"client_id", identity.userClientId},
        {"client_secret", identity.userClientSecret}, {"refresh_token", identity.userRefreshToken},
        {"quota_project_id", identity.project}, {"token_uri", addresses.google + "/token"}};
    secret("gcp-user.json", user.dump(2) + '\n');
    secret("cloudflare-token-readonly", identity.readToken + '\n');
    secret("cloudflare-token-narrow", identity.narrowToken + '\n');

    json fleet{{"version", 1}, {"name", "Demo cloud (lab)"}, {"plan", "free"}};
    fleet["endpoint"] = {{"url", addresses.endpoint},
        {"access",
            {{"clientId", secret("access-client-id", identity.accessClientId + '\n')},
                {"clientSecret", secret("access-client-secret", identity.accessClientSecret + '\n')}}}};
    fleet["cloudflare"] = {{"accountId", identity.accountId}, {"zoneId", identity.zoneId}, {"team", identity.team},
        {"token", secret("cloudflare-token", identity.cloudflareToken + '\n')},
        {"apiBase", addresses.cloudflare + "/client/v4"}};
    fleet["gcp"] = {{"project", identity.project}, {"billingAccount", identity.billingAccount},
        {"credentials", secret("gcp-service-account.json", key.dump(2) + '\n')},
        {"computeBase", addresses.google + "/compute/v1"}, {"tpuBase", addresses.google + "/tpu/v2"},
        {"billingBase", addresses.google + "/billing/v1"}, {"budgetsBase", addresses.google + "/budgets/v1"},
        {"quotasBase", addresses.google + "/quotas/v1"}};
    const bool worker = routing == "worker";
    fleet["routing"] = {{"mode", routing}, {"script", worker ? json(RouterScript) : json()},
        {"loadBalancer", worker ? json() : json(identity.loadBalancer)}};
    fleet["nodes"] = json::array();
    std::string knownHosts;
    for (const NodeSpec &node : nodes) {
        fleet["nodes"].push_back(nodeJson(node, addresses));
        knownHosts += addresses.nodes.at(node.id).hostKeyLine + '\n';
    }
    fleet["x-lab"] = {{"control", addresses.control}};
    writePrivate(directory / "known_hosts", knownHosts);
    const fs::path path = directory / "fleet.json";
    writePrivate(path, fleet.dump(2) + '\n');
    return path;
}

} // namespace hybridge::lab
