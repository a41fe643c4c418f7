// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/node/sshserver.h"

#include "app/lab/node/loopback.h"
#include "app/lab/node/sshchannel.h"

#include <libssh/server.h>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <list>
#include <map>
#include <mutex>
#include <poll.h>
#include <stdexcept>
#include <thread>
#include <unordered_map>

namespace hybridge::lab {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kLoginGrace = 120s; ///< sshd's LoginGraceTime
constexpr int kIdleWaitMs = 500;
constexpr int kPendingWaitMs = 20; ///< output waits for a window or a key exchange
/// With many sessions a short pause lets packets gather, so that one round serves many (facts: batching is the cheap
/// trick; a few ms are invisible).
constexpr std::size_t kCrowd = 40;
constexpr auto kGatherTime = 4ms;

struct Arrival {
    Fd fd;
    ssh_key hostKey = nullptr;
    NodeShell shell;
};

} // namespace

struct SshServer::Private : Watch {
    struct Session {
        Private *server = nullptr;
        ssh_session session = nullptr;
        NodeShell shell;
        ssh_server_callbacks_struct callbacks{};
        std::list<std::unique_ptr<SshChannel>> channels;
        bool authenticated = false;
        Clock::time_point since;
    };

    std::string user;
    std::string authorized;
    std::function<void(const std::string &, const std::string &, int)> note;
    ssh_key authorizedKey = nullptr;
    ssh_event event = nullptr;
    Fd epoll;
    Fd wakeEvent;
    std::unordered_map<int, std::shared_ptr<std::function<void()>>> watched;
    std::list<Session> sessions;
    std::map<pid_t, Fd> orphans; ///< processes whose session is gone
    bool epollReady = false;
    bool somethingNoted = false;

    std::mutex mutex;
    std::vector<Arrival> arrivals;
    std::atomic<bool> stopping{false};
    std::thread thread;

    void watch(int fd, std::uint32_t events, std::function<void()> ready) override
    {
        const auto known = watched.find(fd);
        if (events == 0) {
            if (known != watched.end()) {
                ::epoll_ctl(epoll.get(), EPOLL_CTL_DEL, fd, nullptr);
                watched.erase(known);
            }
            return;
        }
        epoll_event wanted{};
        wanted.events = events;
        wanted.data.fd = fd;
        ::epoll_ctl(epoll.get(), known == watched.end() ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &wanted);
        watched[fd] = std::make_shared<std::function<void()>>(std::move(ready));
    }

    void noted() override { somethingNoted = true; }

    static int onEpoll(socket_t, int, void *self)
    {
        static_cast<Private *>(self)->epollReady = true;
        return 0;
    }

    static int onPublicKey(ssh_session, const char *user, ssh_key_struct *key, char state, void *data)
    {
        auto *session = static_cast<Session *>(data);
        const bool known = session->server->user == user
            && ssh_key_cmp(key, session->server->authorizedKey, SSH_KEY_CMP_PUBLIC) == 0;
        if (!known || (state != SSH_PUBLICKEY_STATE_NONE && state != SSH_PUBLICKEY_STATE_VALID))
            return SSH_AUTH_DENIED;
        if (state == SSH_PUBLICKEY_STATE_VALID)
            session->authenticated = true;
        return SSH_AUTH_SUCCESS;
    }

    static ssh_channel onOpenSession(ssh_session handle, void *data)
    {
        auto *session = static_cast<Session *>(data);
        const auto used = std::count_if(session->channels.begin(), session->channels.end(),
            [](const auto &channel) { return channel->isSession(); });
        if (!session->authenticated || static_cast<std::size_t>(used) >= kMostSessionChannels)
            return nullptr;
        ssh_channel channel = ssh_channel_new(handle);
        if (channel != nullptr)
            session->server->add(*session, channel);
        return channel;
    }

    /// direct-tcpip: libssh 0.10 has no callback of its own for it. 1 lets libssh refuse.
    static int onMessage(ssh_session, ssh_message message, void *data)
    {
        auto *session = static_cast<Session *>(data);
        if (!session->authenticated || ssh_message_type(message) != SSH_REQUEST_CHANNEL_OPEN
            || ssh_message_subtype(message) != SSH_CHANNEL_DIRECT_TCPIP)
            return 1;
        const std::string host = ssh_message_channel_request_open_destination(message);
        const int port = ssh_message_channel_request_open_destination_port(message);
        // The answer depends on the connection, and it must be given here. Loopback decides at once.
        Fd peer = connectToLoopback(host, port);
        session->server->note(session->shell.nodeId, "direct-tcpip " + host + ':' + std::to_string(port), peer ? 0 : 1);
        if (!peer)
            return 1;
        ssh_channel channel = ssh_message_channel_request_open_reply_accept(message);
        if (channel == nullptr)
            return 1;
        session->server->add(*session, channel).forwardTo(std::move(peer));
        session->server->noted();
        return 0;
    }

    SshChannel &add(Session &session, ssh_channel channel)
    {
        auto added = std::make_unique<SshChannel>(channel, session.shell, *this);
        added->note
            = [this, &session](const std::string &what, int status) { note(session.shell.nodeId, what, status); };
        session.channels.push_back(std::move(added));
        return *session.channels.back();
    }

    void welcome(Arrival arrival)
    {
        ssh_bind bind = ssh_bind_new();
        ssh_session handle = ssh_new();
        const bool noConfig = false;
        const bool ready = bind != nullptr && handle != nullptr
            && ssh_bind_options_set(bind, SSH_BIND_OPTIONS_PROCESS_CONFIG, &noConfig) == SSH_OK
            && ssh_bind_options_set(bind, SSH_BIND_OPTIONS_IMPORT_KEY, arrival.hostKey) == SSH_OK;
        if (!ready)
            ssh_key_free(arrival.hostKey); // otherwise the bind owns it now
        const int fd = arrival.fd.get();
        if (!ready || ssh_bind_accept_fd(bind, handle, fd) != SSH_OK) {
            ssh_free(handle);
            ssh_bind_free(bind);
            return;
        }
        [[maybe_unused]] const int owned = arrival.fd.release();
        ssh_bind_free(bind);
        Session &session = sessions.emplace_back();
        session.server = this;
        session.session = handle;
        session.shell = std::move(arrival.shell);
        session.since = Clock::now();
        session.callbacks.userdata = &session;
        session.callbacks.auth_pubkey_function = &Private::onPublicKey;
        session.callbacks.channel_open_request_session_function = &Private::onOpenSession;
        ssh_callbacks_init(&session.callbacks);
        ssh_set_server_callbacks(handle, &session.callbacks);
        ssh_set_message_callback(handle, &Private::onMessage, &session);
        ssh_set_auth_methods(handle, SSH_AUTH_METHOD_PUBLICKEY);
        ssh_set_blocking(handle, 0);
        // Sends our banner, and registers the socket in the session's own poll context, from which only then it can be
        // moved to the event. The rest happens in ssh_event_dopoll().
        ssh_handle_key_exchange(handle);
        ssh_event_add_session(event, handle);
    }

    void end(Session &session)
    {
        for (auto &channel : session.channels) {
            ShellProcess process = channel->takeProcess();
            if (process.pid <= 0)
                continue;
            const pid_t pid = process.pid;
            watch(process.exited.get(), EPOLLIN, [this, pid] { reapOrphan(pid); });
            orphans[pid] = std::move(process.exited);
        }
        session.channels.clear();
        ssh_event_remove_session(event, session.session);
        ssh_disconnect(session.session);
        ssh_free(session.session);
        session.session = nullptr;
    }

    void reapOrphan(pid_t pid)
    {
        const auto orphan = orphans.find(pid);
        if (orphan == orphans.end() || ::waitpid(pid, nullptr, WNOHANG) != pid)
            return;
        watch(orphan->second.get(), 0, {});
        orphans.erase(orphan);
    }

    void serveReadyDescriptors()
    {
        epollReady = false;
        std::array<epoll_event, 256> events;
        const int count = ::epoll_wait(epoll.get(), events.data(), static_cast<int>(events.size()), 0);
        for (int i = 0; i < count; ++i) {
            const auto found = watched.find(events[static_cast<std::size_t>(i)].data.fd);
            if (found == watched.end())
                continue;
            const std::shared_ptr<std::function<void()>> ready = found->second; // it may unwatch itself
            (*ready)();
        }
    }

    /// All work on sessions and channels; called when ssh_event_dopoll() has returned. True while output waits.
    bool pumpAll()
    {
        bool waiting = false;
        for (int round = 0; round == 0 || (somethingNoted && round < 8); ++round) {
            somethingNoted = false;
            waiting = false;
            for (Session &session : sessions) {
                for (auto &channel : session.channels) {
                    channel->pump();
                    waiting = waiting || channel->isWaitingToSend();
                }
                session.channels.remove_if([](const auto &channel) { return channel->finished(); });
            }
        }
        return waiting || somethingNoted;
    }

    void endDeadSessions()
    {
        const auto now = Clock::now();
        for (Session &session : sessions) {
            const bool dead = (ssh_get_status(session.session) & (SSH_CLOSED | SSH_CLOSED_ERROR)) != 0
                || ssh_is_connected(session.session) == 0;
            if (dead || (!session.authenticated && now - session.since > kLoginGrace))
                end(session);
        }
        sessions.remove_if([](const Session &session) { return session.session == nullptr; });
    }

    void welcomeArrivals()
    {
        std::vector<Arrival> waiting;
        {
            const std::lock_guard lock(mutex);
            waiting.swap(arrivals);
        }
        for (Arrival &arrival : waiting)
            welcome(std::move(arrival));
    }

    void run()
    {
        bool waiting = false;
        while (!stopping) {
            ssh_event_dopoll(event, waiting ? kPendingWaitMs : kIdleWaitMs);
            if (epollReady)
                serveReadyDescriptors();
            welcomeArrivals();
            waiting = pumpAll();
            endDeadSessions();
            if (sessions.size() > kCrowd)
                std::this_thread::sleep_for(kGatherTime);
        }
        for (Session &session : sessions)
            end(session);
        sessions.clear();
    }

    void wake()
    {
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t n = ::write(wakeEvent.get(), &one, sizeof one);
    }
};

SshServer::SshServer(std::string user, std::string authorized,
    std::function<void(const std::string &node, const std::string &what, int status)> note)
    : d(std::make_unique<Private>())
{
    d->user = std::move(user);
    d->authorized = std::move(authorized);
    d->note = std::move(note);
}

SshServer::~SshServer()
{
    stop();
    ssh_key_free(d->authorizedKey);
}

void SshServer::start()
{
    const std::string base64 = d->authorized.substr(d->authorized.find(' ') + 1);
    if (ssh_pki_import_pubkey_base64(base64.c_str(), SSH_KEYTYPE_ED25519, &d->authorizedKey) != SSH_OK)
        throw std::runtime_error("libssh does not accept the client key.");
    d->epoll = Fd(::epoll_create1(EPOLL_CLOEXEC));
    d->wakeEvent = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    d->event = ssh_event_new();
    if (!d->epoll || !d->wakeEvent || d->event == nullptr)
        throw std::runtime_error("No descriptors left for the SSH server.");
    d->watch(d->wakeEvent.get(), EPOLLIN, [this] {
        std::uint64_t number;
        [[maybe_unused]] const ssize_t n = ::read(d->wakeEvent.get(), &number, sizeof number);
    });
    ssh_event_add_fd(d->event, d->epoll.get(), POLLIN, &Private::onEpoll, d.get());
    d->thread = std::thread([this] { d->run(); });
}

void SshServer::stop()
{
    if (!d->thread.joinable())
        return;
    d->stopping = true;
    d->wake();
    d->thread.join();
    for (Arrival &arrival : d->arrivals)
        ssh_key_free(arrival.hostKey);
    d->arrivals.clear();
    ssh_event_remove_fd(d->event, d->epoll.get());
    ssh_event_free(d->event);
    d->event = nullptr;
    // What still runs is killed by the owner of the nodes; then it can be waited for without delay.
}

void SshServer::serve(Fd connection, const KeyPair &hostKey, NodeShell shell)
{
    Arrival arrival{std::move(connection), ssh_key_dup(hostKey.handle()), std::move(shell)};
    {
        const std::lock_guard lock(d->mutex);
        d->arrivals.push_back(std::move(arrival));
    }
    d->wake();
}

} // namespace hybridge::lab
