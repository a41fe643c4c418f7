// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/inference/shelltransport.h"

#include "backend/base/units.h"
#include "backend/http/http1codec.h"

#include <QCoreApplication>
#include <QElapsedTimer>

namespace hybridge {

ShellTransport::ShellTransport(Shell &shell, QUrl base, Secret apiKey)
    : m_shell(&shell), m_base(std::move(base)), m_apiKey(std::move(apiKey))
{
}

Task<Result<HttpResponse>> ShellTransport::send(ApiRequest request, std::stop_token stop)
{
    return sendOver(m_shell, m_base, m_apiKey, request, stop);
}

Task<Result<HttpResponse>> ShellTransport::sendOver(QPointer<Shell> shell, QUrl base, Secret apiKey, ApiRequest request,
    std::stop_token stop)
{
    if (base.scheme() != u"http" || base.host().isEmpty())
        co_return Error(Error::Kind::Invalid,
            QCoreApplication::translate("Engine", "%1 is not an http:// address on the node.").arg(safeText(base.toDisplayString(), 120)));
    if (!shell)
        co_return Error(Error::Kind::Cancelled, {});
    const quint16 port = static_cast<quint16>(base.port(80));
    const QString host = base.host();
    const QByteArray authority = (host.contains(u':') ? u'[' + host + u']' : host).toUtf8() + ':' + QByteArray::number(port);
    QByteArray path = base.path(QUrl::FullyEncoded).toUtf8();
    while (path.endsWith('/'))
        path.chop(1);
    if (path.endsWith("/v1"))
        path.chop(3);
    HeaderList headers;
    if (!apiKey.isEmpty())
        headers.append({QByteArrayLiteral("Authorization"), "Bearer " + apiKey.reveal()});
    const Result<QByteArray> bytes = buildHttp1(request, authority, path, headers);
    if (!bytes)
        co_return bytes.error();
    QElapsedTimer watch;
    watch.start();
    const Result<QByteArray> answer
        = co_await shell->roundTrip(host, port, *bytes, &http1Complete, request.byteLimit(), request.timeoutLimit(), stop);
    if (!answer)
        co_return answer.error();
    Result<HttpResponse> response = parseHttp1(*answer);
    if (response) {
        response->elapsedMs = static_cast<double>(watch.nsecsElapsed()) / 1e6;
        response->url = base;
        Redactor redactor;
        redactor.learn(apiKey);
        response->redactor = std::make_shared<const Redactor>(redactor);
    }
    co_return response;
}

} // namespace hybridge
