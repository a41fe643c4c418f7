// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/node/node.h"

#include "app/lab/node/commandserver.h"
#include "app/lab/node/folders.h"
#include "app/lab/node/keys.h"
#include "app/lab/node/links.h"
#include "app/lab/node/sshd.h"
#include "app/lab/node/sshserver.h"
#include "app/lab/world/world.h"

#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <map>
#include <stdexcept>

namespace hybridge::lab {

namespace {

using namespace std::chrono_literals;

constexpr auto kSlowLatency = 150ms; ///< each way: 300 ms a round trip
constexpr const char *kOwnIdentity = "host";

/// 500 nodes with a few channels each need more descriptors than the usual soft limit of 1024.
void raiseDescriptorLimit()
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
}

} // namespace

struct NodeServer::Private : LinkHost {
    /// One node as the network sees it; used on the links' thread once that runs.
    struct Node {
        const NodeSpec *spec = nullptr;
        KeyPair key;
        LinkPolicy policy;
        std::optional<KeyPair> otherKey; ///< what `hostkey-changed` shows
        bool up = true;
    };

    World &world;
    NodeServerOptions options;
    std::string user;
    std::unique_ptr<NodeFolders> folders;
    std::unique_ptr<CommandServer> commands;
    std::unique_ptr<SshServer> ssh; ///< one of ssh and sshd
    std::unique_ptr<SshdLauncher> sshd;
    std::unique_ptr<Links> links;
    std::vector<Node> nodes;
    std::uint64_t seen = 0; ///< the world's revision that the policies follow

    Private(World &w, NodeServerOptions o) : world(w), options(std::move(o)), user(options.user) { }

    std::filesystem::path clientKey() const { return options.stateDir / "id_ed25519"; }

    const Node *find(const std::string &id, std::size_t *index = nullptr) const
    {
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            if (nodes[i].spec->id == id) {
                if (index)
                    *index = i;
                return &nodes[i];
            }
        }
        return nullptr;
    }

    static std::string identityName(int identity)
    {
        return identity == 0 ? kOwnIdentity : "other" + std::to_string(identity);
    }

    void refresh() override
    {
        if (sshd)
            sshd->reap();
        const std::uint64_t now = world.revision();
        if (now == seen)
            return;
        seen = now;
        std::map<std::string, std::map<std::string, std::string>> faults; // node -> fault -> id
        for (const ActiveFault &fault : world.faults())
            faults[fault.node][fault.fault] = fault.id;
        for (Node &node : nodes)
            follow(node, faults[node.spec->id]);
    }

    void follow(Node &node, const std::map<std::string, std::string> &faults)
    {
        const bool up = world.machineUp(node.spec->id);
        if (node.up && !up)
            killNodeProcesses(folders->socketPath(), node.spec->id);
        node.up = up;
        LinkPolicy policy;
        if (!up || faults.contains("ssh-refused"))
            policy.reach = LinkPolicy::Reach::Refused;
        else if (faults.contains("ssh-blackhole"))
            policy.reach = LinkPolicy::Reach::Silent;
        if (faults.contains("ssh-slow"))
            policy.latency = kSlowLatency;
        if (const auto changed = faults.find("hostkey-changed"); changed != faults.end())
            policy.identity = std::stoi(changed->second.substr(1));
        if (policy.identity != 0 && policy.identity != node.policy.identity)
            adoptOtherKey(node, policy.identity);
        node.policy = policy;
    }

    void adoptOtherKey(Node &node, int identity)
    {
        node.otherKey.emplace();
        if (sshd)
            sshd->prepare(
                folders->folder(*node.spec), identityName(identity), *node.otherKey, folders->shell(*node.spec, user));
    }

    LinkPolicy policy(std::size_t node) const override { return nodes[node].policy; }

    void connected(std::size_t index, Fd server) override
    {
        const Node &node = nodes[index];
        try {
            if (sshd)
                sshd->serve(std::move(server), folders->folder(*node.spec), identityName(node.policy.identity));
            else
                ssh->serve(std::move(server), node.policy.identity != 0 ? *node.otherKey : node.key,
                    folders->shell(*node.spec, user));
        } catch (const std::runtime_error &error) {
            world.note("ssh", node.spec->id, error.what(), 255); // the connection is closed, like by a sick sshd
        }
    }

    /// Makes the client's key; returns its public line.
    std::string makeClientKey() const
    {
        const KeyPair client;
        client.savePrivate(clientKey());
        const std::string line = client.publicLine();
        for (const char *name : {"id_ed25519.pub", "authorized_keys"}) {
            std::ofstream file(options.stateDir / name, std::ios::trunc);
            file << line << " hybridge-lab\n";
            if (!file.flush())
                throw std::runtime_error("Could not write " + (options.stateDir / name).string() + '.');
        }
        return line;
    }

    void start()
    {
        raiseDescriptorLimit();
        std::signal(SIGPIPE, SIG_IGN); // a peer that has gone is an error code, not the end of the lab
        folders = std::make_unique<NodeFolders>(options.stateDir, options.nodeBinary);
        const std::string authorized = makeClientKey();
        if (!options.sshd.empty()) {
            sshd = std::make_unique<SshdLauncher>(options.sshd, options.user, options.stateDir / "authorized_keys");
            user = sshd->user();
        }
        for (const NodeSpec &spec : world.nodes()) {
            folders->addNode(spec);
            Node &node = nodes.emplace_back();
            node.spec = &spec;
            if (sshd)
                sshd->prepare(folders->folder(spec), kOwnIdentity, node.key, folders->shell(spec, user));
        }
        commands = std::make_unique<CommandServer>(
            world, user, [this](const NodeSpec &spec) { return folders->shell(spec, user); });
        commands->start(folders->socketPath());
        if (!sshd) {
            ssh = std::make_unique<SshServer>(
                user, authorized, [this](const std::string &node, const std::string &what, int status) {
                    world.note("ssh", node, what, status);
                });
            ssh->start();
        }
        refresh();
        links = std::make_unique<Links>(*this);
        world.onChange(links->waker()); // so that a fault is felt as soon as it has been accepted
        links->start(nodes.size());
    }

    void stop()
    {
        if (links)
            links->stop();
        if (folders)
            killNodeProcesses(folders->socketPath(), {});
        if (ssh)
            ssh->stop();
        if (sshd)
            sshd->stop();
        if (commands)
            commands->stop();
        links.reset();
        ssh.reset();
        commands.reset();
        folders.reset();
    }
};

NodeServer::NodeServer(World &world, NodeServerOptions options)
    : d(std::make_unique<Private>(world, std::move(options)))
{
}

NodeServer::~NodeServer()
{
    stop();
}

void NodeServer::start()
{
    try {
        d->start();
    } catch (const std::runtime_error &) {
        d->stop();
        throw;
    }
}

void NodeServer::stop()
{
    d->stop();
}

int NodeServer::sshPort(const std::string &nodeId) const
{
    std::size_t index = 0;
    return d->links && d->find(nodeId, &index) ? d->links->port(index) : 0;
}

std::string NodeServer::hostPublicKey(const std::string &nodeId) const
{
    const Private::Node *node = d->find(nodeId);
    return node ? node->key.publicLine() : std::string();
}

std::string NodeServer::hostKeyLine(const std::string &nodeId) const
{
    const int port = sshPort(nodeId);
    return port == 0 ? std::string() : "[127.0.0.1]:" + std::to_string(port) + ' ' + hostPublicKey(nodeId);
}

std::filesystem::path NodeServer::clientKeyPath() const
{
    return d->clientKey();
}

const std::string &NodeServer::user() const
{
    return d->user;
}

} // namespace hybridge::lab
