// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/routing/enginewitness.h"

#include "backend/base/units.h"
#include "backend/host/servicereader.h"
#include "backend/http/accessrefusal.h"
#include "backend/ssh/sshsession.h"

#include <QCoreApplication>
#include <QDeadlineTimer>
#include <QUuid>

#include <algorithm>
#include <vector>

namespace hybridge {

namespace {

constexpr int NewestLines = 1000; ///< a busy engine writes a few hundred a second at most
constexpr std::chrono::milliseconds LookAgain {300};

/// What the coroutines of one search share.
struct Search {
    EngineWitness witness;
    QByteArray tag;
    QDeadlineTimer deadline;
};

/// The link may come by itself: it is being made, or waits for the cloud to tell the machine's address.
bool isUnderWay(const Shell &shell)
{
    const LinkState link = shell.linkState();
    const auto *const session = qobject_cast<const SshSession *>(&shell);
    return link == LinkState::Dialing || ((link == LinkState::Waiting || link == LinkState::Blocked) && session && session->target().host.isEmpty());
}

Task<void> lookInto(std::shared_ptr<Search> search, EngineLog log, std::stop_token stop)
{
    while (log.shell && isUnderWay(*log.shell) && !search->deadline.hasExpired())
        if (!co_await pause(std::chrono::milliseconds(50), stop))
            co_return;
    if (log.shell && log.shell->linkState() != LinkState::Connected && log.shell->linkError()) {
        search->witness.unread.insert(log.node, log.shell->linkError()->summary);
        co_return;
    }
    if (!log.shell)
        co_return;
    ServiceReader reader(*log.shell, std::chrono::seconds(5));
    while (!stop.stop_requested()) {
        // Found elsewhere: one look more, because a second try would stand here as well.
        const bool last = !search->witness.found.isEmpty() || search->deadline.hasExpired();
        const Result<QList<JournalLine>> lines = co_await reader.readLog(log.service, NewestLines, {}, stop);
        if (!lines) {
            search->witness.unread.insert(log.node, lines.error().summary);
            co_return;
        }
        const QString tag = QString::fromLatin1(search->tag);
        if (std::any_of(lines->begin(), lines->end(), [&tag](const JournalLine &line) { return line.message.contains(tag); })) {
            search->witness.found.append(log.node);
            co_return;
        }
        if (last || !co_await pause(LookAgain, stop))
            co_return;
    }
}

} // namespace

Task<Result<EngineWitness>> findEngine(std::shared_ptr<ApiTransport> endpoint, RoutingMode mode, QList<EngineLog> logs,
    std::chrono::milliseconds patience, std::stop_token stop)
{
    const auto search = std::make_shared<Search>();
    search->witness.nonce = QUuid::createUuid().toString(QUuid::Id128);
    search->tag = "hybridge=" + search->witness.nonce.toLatin1();
    // The Worker's own probe says who was asked; a balancer passes the plain list of models on.
    ApiRequest request = ApiRequest::get(mode == RoutingMode::Worker ? QStringLiteral("/__hybridge/probe") : QStringLiteral("/v1/models"));
    request.query(QStringLiteral("hybridge"), search->witness.nonce).timeout(std::chrono::seconds(8)).attempts(1).maxBytes(1 << 20);
    const Result<HttpResponse> answer = co_await endpoint->send(request, stop);
    if (!answer)
        co_return answer.error();
    if (const EdgeVerdict verdict = classifyEdge(*answer); verdict.isRefused())
        co_return edgeError(verdict, *answer);
    if (mode == RoutingMode::Worker)
        search->witness.said = safeText(QString::fromLatin1(answer->header("x-hybridge-backend")), 80);
    search->deadline = QDeadlineTimer(patience);
    std::vector<Task<void>> readers; // all run from here on, side by side
    for (const EngineLog &log : logs) {
        if (log.shell && !log.service.isEmpty())
            readers.push_back(lookInto(search, log, stop));
        else
            search->witness.unread.insert(log.node, QCoreApplication::translate("EngineWitness", "the fleet file names no SSH or no service of the engine"));
    }
    for (Task<void> &reader : readers)
        co_await reader;
    if (stop.stop_requested())
        co_return Error(Error::Kind::Cancelled, QCoreApplication::translate("EngineWitness", "Cancelled."));
    search->witness.found.sort();
    const EngineWitness witness = search->witness;
    co_return witness;
}

} // namespace hybridge
