// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/chat/chatway.h"

#include "backend/base/units.h"
#include "backend/chat/chatfailure.h"

#include <QCoreApplication>
#include <QNetworkInterface>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("Chat", text);
}

bool hasNoInterface()
{
    for (const QNetworkInterface &one : QNetworkInterface::allInterfaces())
        if (one.flags().testFlag(QNetworkInterface::IsUp) && one.flags().testFlag(QNetworkInterface::IsRunning) && !one.flags().testFlag(QNetworkInterface::IsLoopBack))
            return false;
    return true;
}

} // namespace

ChatFailure failureOnTheWay(const Error &error, const ChatTarget &target, const std::function<bool()> &isOffline)
{
    ChatFailure failure = failureOfError(error, target, false);
    if (failure.layer == ChatLayer::Dns && (isOffline ? isOffline() : hasNoInterface())) {
        failure.layer = ChatLayer::Computer;
        failure.kind = QStringLiteral("offline");
        failure.summary = tr("This computer is offline.");
        failure.remedy = tr("Connect it to a network and try again.");
    }
    return failure;
}

ChatFailure failureOfLink(const Error &error, const ChatTarget &target, const std::function<bool()> &isOffline)
{
    ChatFailure failure = failureOnTheWay(error, target, isOffline);
    if (target.way == ChatTarget::Way::Direct && failure.layer == ChatLayer::Engine) {
        failure.layer = ChatLayer::Ssh;
        failure.kind = QStringLiteral("ssh");
        failure.remedy = error.remedy;
    }
    return failure;
}

ChatPath chatPath(const HttpResponse &head, const ChatTarget &target, bool trustsMarks)
{
    const auto text = [&head](const char *name, int most) { return safeText(QString::fromLatin1(head.header(name)), most); };
    ChatPath path;
    path.status = head.status;
    path.ray = text("cf-ray", 64);
    if (const qsizetype dash = path.ray.lastIndexOf(u'-'); dash > 0)
        path.colo = path.ray.mid(dash + 1);
    path.requestId = text("x-request-id", 100);
    if (target.way == ChatTarget::Way::Direct) {
        // The channel ends on that very machine, whose host key was checked.
        path.servedBy = target.node;
        path.proof = ChatProof::Tunnel;
        return path;
    }
    if (!trustsMarks)
        return path;
    path.servedBy = text("x-hybridge-backend", 64);
    path.proof = path.servedBy.isEmpty() ? ChatProof::None : ChatProof::Header;
    path.routesVersion = text("x-hybridge-routes", 20);
    bool isNumber = false;
    const int attempts = head.header("x-hybridge-attempts").toInt(&isNumber);
    if (isNumber && attempts > 0 && attempts < 1000)
        path.attempts = attempts;
    return path;
}

} // namespace hybridge
