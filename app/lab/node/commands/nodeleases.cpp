// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/node/commands/nodeleases.h"

#include "app/lab/node/commands/command.h"
#include "app/lab/node/commands/pausedcontainers.h"
#include "app/lab/node/commands/text.h"

#include <algorithm>
#include <cctype>

namespace hybridge::lab {

namespace {

using namespace std::chrono_literals;

constexpr auto Again = 10s; ///< until the next try when giving back failed

NodeLeases::Answer failure(int code, const std::string &message)
{
    return {code, {}, "hybridge-lease: " + message + '\n'};
}

bool isLeaseId(const std::string &id)
{
    return !id.empty() && id.size() <= 40 && id.front() != '-'
        && std::all_of(id.begin(), id.end(), [](unsigned char c) { return c == '-' || std::isalnum(c); });
}

} // namespace

NodeLeases::~NodeLeases()
{
    const std::lock_guard lock(m_mutex);
    for (const auto &[node, book] : m_books)
        if (book.open)
            m_world.cancel(book.open->timer);
}

void NodeLeases::timerLocked(const NodeSpec &node, Monotonic::duration delay)
{
    Lease &lease = *m_books[node.id].open;
    lease.timer = m_world.after(delay, [this, spec = &node, id = lease.id] {
        const std::lock_guard lock(m_mutex);
        if (const auto &open = m_books[spec->id].open; open && open->id == id)
            restoreLocked(*spec);
    });
}

bool NodeLeases::cutLocked(const NodeSpec &node, Lease &lease)
{
    if (lease.fault == "tunnel" || lease.fault == "engine")
        return m_world.stopService(node.id, lease.service) == ServiceOutcome::Done;
    if (lease.fault == "hang")
        return m_paused.pause(node.id);
    if (lease.fault == "network") {
        const auto fault = m_world.addFault(node.id, "tunnel-down");
        lease.cut = fault ? fault->id : std::string();
        return fault.has_value();
    }
    return true;
}

bool NodeLeases::giveBackLocked(const NodeSpec &node, Lease &lease)
{
    if (lease.fault == "none")
        return true;
    if (lease.fault == "network") {
        if (!lease.cut.empty())
            m_world.removeFault(lease.cut);
        return true;
    }
    if (lease.fault == "hang")
        m_paused.resume(node.id);
    m_world.startService(node.id, lease.service);
    const auto service = m_world.service(node.id, lease.service);
    return service && (service->state == ServiceState::Active || service->state == ServiceState::Activating);
}

bool NodeLeases::restoreLocked(const NodeSpec &node)
{
    Book &book = m_books[node.id];
    if (!book.open)
        return true;
    Lease &lease = *book.open;
    m_world.cancel(lease.timer);
    if (!m_world.machineUp(node.id) || !giveBackLocked(node, lease)) {
        lease.failed = m_world.machineUp(node.id); // a machine that is off tries again at its next start
        timerLocked(node, Again);
        return false;
    }
    m_world.appendJournal(node.id, "systemd:hybridge-lease-" + lease.id, 6, "hybridge-lease: " + lease.id + ": " + lease.fault + " given back");
    book.last = "{\"id\":\"" + lease.id + "\",\"fault\":\"" + lease.fault + "\",\"result\":\"restored\",\"at\":\"" + rfc3339(Wall::now(), 0) + "\"}";
    book.open.reset();
    return true;
}

/// What the boot unit does, at the first look after a reboot.
void NodeLeases::bootLocked(const NodeSpec &node)
{
    const auto &open = m_books[node.id].open;
    if (open && m_world.machineUp(node.id) && m_world.machine(node.id).lastStart != open->boot)
        restoreLocked(node);
}

NodeLeases::Answer NodeLeases::arm(
    const NodeSpec &node, const std::string &id, const std::string &seconds, const std::string &fault)
{
    const std::lock_guard lock(m_mutex);
    bootLocked(node);
    if (!isLeaseId(id))
        return failure(2, "an id is letters, digits and dashes");
    const bool number = !seconds.empty() && seconds.size() <= 4 && std::all_of(seconds.begin(), seconds.end(), [](unsigned char c) { return std::isdigit(c); });
    const int time = number ? std::stoi(seconds) : 0;
    if (time < 1 || time > 1800)
        return failure(2, "a lease lasts 1 to 1800 seconds");
    Book &book = m_books[node.id];
    if (book.closed == id)
        return failure(1, id + " was given back before it was armed");
    if (book.open)
        return failure(4, "another lease is open: " + book.open->id + ' ' + book.open->fault);
    Lease lease;
    lease.id = id;
    lease.fault = fault;
    lease.seconds = time;
    lease.until = Monotonic::now() + std::chrono::seconds(time);
    lease.boot = m_world.machine(node.id).lastStart;
    if (fault == "tunnel")
        lease.service = ConnectorService;
    else if (fault == "engine" || fault == "hang")
        lease.service = node.engineService;
    else if (fault == "network" || fault == "none")
        lease.service = "-";
    else
        return failure(2, "unknown fault: " + fault);
    const auto service = m_world.service(node.id, lease.service);
    if (lease.service != "-" && (!service || service->pid == 0))
        return failure(1, lease.service + " does not run: there is nothing to take away");
    book.open = lease;
    timerLocked(node, std::chrono::seconds(time));
    if (!cutLocked(node, *book.open)) {
        restoreLocked(node);
        return failure(1, fault + " could not be cut; what was taken is given back");
    }
    return {0, showLocked(node), {}};
}

NodeLeases::Answer NodeLeases::disarm(const NodeSpec &node, const std::string &id)
{
    const std::lock_guard lock(m_mutex);
    bootLocked(node);
    if (const auto &open = m_books[node.id].open; open && open->id != id)
        return failure(4, "another lease is open");
    if (!isLeaseId(id))
        return failure(2, "an id is letters, digits and dashes");
    if (Book &book = m_books[node.id]; !book.open)
        book.closed = id;
    if (!restoreLocked(node))
        return failure(1, id + ": could not be given back, next try in 10 s");
    return {0, showLocked(node), {}};
}

NodeLeases::Answer NodeLeases::show(const NodeSpec &node)
{
    const std::lock_guard lock(m_mutex);
    bootLocked(node);
    return {0, showLocked(node), {}};
}

std::string NodeLeases::showLocked(const NodeSpec &node)
{
    const Book &book = m_books[node.id];
    if (!book.open)
        return "{\"version\":1,\"open\":false,\"last\":" + book.last + "}\n";
    const Lease &lease = *book.open;
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(lease.until - Monotonic::now()).count();
    return "{\"version\":1,\"open\":true,\"id\":\"" + lease.id + "\",\"fault\":\"" + lease.fault + "\",\"seconds\":" + std::to_string(lease.seconds)
        + ",\"secondsLeft\":" + std::to_string(std::max<std::int64_t>(0, left)) + ",\"state\":\"" + (lease.failed ? "failed" : "armed") + "\",\"service\":\""
        + lease.service + "\",\"last\":" + book.last + "}\n";
}

namespace {

int hybridgeLease(const CommandRequest &request, CommandOutput &output)
{
    const std::vector<std::string> words = request.arguments();
    const std::string verb = words.empty() ? std::string() : words.front();
    NodeLeases::Answer answer;
    if (verb == "show" && words.size() == 1)
        answer = request.leases.show(request.node);
    else if ((verb == "arm" && words.size() == 4) || (verb == "disarm" && words.size() == 2))
        answer = !request.root    ? failure(1, "needs root")
            : verb == "arm" ? request.leases.arm(request.node, words[1], words[2], words[3])
                            : request.leases.disarm(request.node, words[1]);
    else
        answer = failure(2, "usage: hybridge-lease arm ID SECONDS tunnel|engine|hang|network|none | disarm ID | show | restore [ID]");
    output.out = answer.out;
    output.err = answer.err;
    return answer.code;
}

} // namespace

std::unique_ptr<Command> makeHybridgeLease(CommandRequest request)
{
    return std::make_unique<ImmediateCommand>(std::move(request), hybridgeLease);
}

} // namespace hybridge::lab
