// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/nodepage.h"

#include "backend/base/units.h"
#include "backend/http/http1codec.h"

#include <QCoreApplication>

namespace hybridge {

namespace {
constexpr qint64 MostBytes = 4 << 20;
} // namespace

Task<Result<HttpResponse>> getOnNode(QPointer<Shell> shell, QUrl base, QString path, std::chrono::milliseconds limit, std::stop_token stop)
{
    if (base.scheme() != u"http" || base.host().isEmpty())
        co_return Error(Error::Kind::Invalid,
            QCoreApplication::translate("NodePage", "%1 is not an http:// address on the node.").arg(safeText(base.toDisplayString(), 120)));
    if (!shell)
        co_return Error(Error::Kind::Cancelled, {});
    const quint16 port = static_cast<quint16>(base.port(80));
    const QString host = base.host();
    const QByteArray authority = (host.contains(u':') ? u'[' + host + u']' : host).toUtf8() + ':' + QByteArray::number(port);
    const ApiRequest request = ApiRequest::get(path);
    const Result<QByteArray> bytes = buildHttp1(request, authority);
    if (!bytes)
        co_return bytes.error();
    const Result<QByteArray> answer = co_await shell->roundTrip(host, port, *bytes, &http1Complete, MostBytes, limit, stop);
    if (!answer)
        co_return answer.error();
    co_return parseHttp1(*answer);
}

} // namespace hybridge
