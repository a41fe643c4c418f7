// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/http/exchange.h"

#include "backend/base/units.h"
#include "backend/http/oneshotbody.h"

#include <QCoroSignal>
#include <QNetworkAccessManager>
#include <QNetworkRequest>

#include <algorithm>

namespace hybridge {

namespace {
/// Qt reports 4xx and 5xx as errors of the reply; for us they are answers.
bool isStatusError(QNetworkReply::NetworkError error, int status)
{
    if (status < 400)
        return false;
    switch (error) {
    case QNetworkReply::ContentReSendError:
        return false;
    case QNetworkReply::ProxyAuthenticationRequiredError:
        return status == 407;
    case QNetworkReply::ProtocolInvalidOperationError:
        return status == 400 || status == 418;
    default:
        return (error >= 201 && error <= 299) || (error >= 401 && error <= 499);
    }
}

QNetworkRequest wireRequest(const QUrl &url, const ApiRequest &request, const HeaderList &headers)
{
    QNetworkRequest wire(url);
    // Keys stay home: a redirect is an answer like any other.
    wire.setAttribute(QNetworkRequest::RedirectPolicyAttribute, QNetworkRequest::ManualRedirectPolicy);
    wire.setAttribute(QNetworkRequest::CookieLoadControlAttribute, QNetworkRequest::Manual);
    wire.setAttribute(QNetworkRequest::CookieSaveControlAttribute, QNetworkRequest::Manual);
    wire.setAttribute(QNetworkRequest::AuthenticationReuseAttribute, QNetworkRequest::Manual);
    wire.setAttribute(QNetworkRequest::CacheLoadControlAttribute, QNetworkRequest::AlwaysNetwork);
    wire.setAttribute(QNetworkRequest::CacheSaveControlAttribute, false);
    // The rules about re-sending and about six connections a host are known for HTTP/1.1 alone.
    wire.setAttribute(QNetworkRequest::Http2AllowedAttribute, false);
    wire.setRawHeader("User-Agent", "hybridge/" HYBRIDGE_VERSION);
    // Streams must not be buffered by a compressor, and a small compressed answer must not become a huge one.
    wire.setRawHeader("Accept-Encoding", "identity");
    if (request.verb() != ApiRequest::Verb::Get) {
        wire.setAttribute(QNetworkRequest::DoNotBufferUploadDataAttribute, true);
        wire.setHeader(QNetworkRequest::ContentLengthHeader, request.body().size());
        if (!request.contentType().isEmpty())
            wire.setRawHeader("Content-Type", request.contentType());
    }
    for (const auto &[name, value] : request.headers())
        wire.setRawHeader(name, value);
    for (const auto &[name, value] : headers)
        wire.setRawHeader(name, value);
    return wire;
}
} // namespace

Exchange::Exchange(QNetworkAccessManager &manager, const QUrl &url, const ApiRequest &request,
    const HeaderList &headers, qint64 maxBytes)
    : m_host(url.host())
    , m_maxBytes(maxBytes)
    , m_limitMs(request.timeoutLimit().count())
    , m_left(request.body().isEmpty()) // Qt announces requestSent for requests with a body alone (measured, 6.4)
{
    m_watch.start();
    const QNetworkRequest wire = wireRequest(url, request, headers);
    if (request.verb() == ApiRequest::Verb::Get) {
        m_reply = manager.get(wire);
    } else {
        auto *body = new OneShotBody(request.body());
        m_reply = manager.sendCustomRequest(wire, request.verbName(), body);
        body->setParent(m_reply);
    }
    connect(m_reply, &QNetworkReply::requestSent, this, [this] {
        m_left = true;
        if (m_sentMs >= 0)
            return;
        m_sentMs = double(m_watch.nsecsElapsed()) / 1e6;
        if (m_onSent)
            m_onSent();
    });
    connect(
        m_reply, &QNetworkReply::uploadProgress, this, [this](qint64 sent, qint64) { m_left = m_left || sent > 0; });
    connect(m_reply, &QNetworkReply::metaDataChanged, this, &Exchange::readHead);
    connect(m_reply, &QNetworkReply::readyRead, this, &Exchange::readBytes);
    connect(m_reply, &QNetworkReply::finished, this, &Exchange::finish);
    connect(m_reply, &QNetworkReply::sslErrors, this, [this](const QList<QSslError> &errors) { m_sslErrors = errors; });
    // The manager takes its replies with it when it goes.
    connect(m_reply, &QObject::destroyed, this, [this] {
        m_reply = nullptr;
        if (!m_over) {
            m_cause = Cause::ManagerGone;
            m_over = true;
            wake(true);
        }
    });
}

Exchange::~Exchange()
{
    if (m_reply) {
        m_reply->disconnect(this);
        m_reply->abort();
        m_reply->deleteLater();
    }
}

bool Exchange::mayHaveLeft() const
{
    switch (m_error) {
    case QNetworkReply::HostNotFoundError:
    case QNetworkReply::ConnectionRefusedError:
    case QNetworkReply::SslHandshakeFailedError:
    case QNetworkReply::ProxyConnectionRefusedError:
    case QNetworkReply::ProxyNotFoundError:
        return m_hasHead;
    default:
        return m_left;
    }
}

void Exchange::stop(bool late)
{
    if (m_over)
        return;
    m_cause = late ? Cause::Late : Cause::Stopped;
    if (m_reply)
        m_reply->abort(); // emits finished inside the call
}

Task<void> Exchange::wait(std::shared_ptr<Exchange> exchange, Until until)
{
    if (exchange->m_over)
        co_return;
    Latch latch; // one-shot: QCoro must not see a signal twice before it resumes
    exchange->m_waiter = &latch;
    exchange->m_until = until;
    co_await qCoro(&latch, &Latch::released);
}

void Exchange::wake(bool always)
{
    if (m_waiter && (always || m_until == Until::Progress))
        m_waiter->release();
}

void Exchange::readHead()
{
    const int status = m_reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    if (m_hasHead || status == 0)
        return;
    m_hasHead = true;
    m_left = true;
    m_status = status;
    for (const auto &[name, value] : m_reply->rawHeaderPairs())
        m_headers.append({name, value});
    wake(false);
}

void Exchange::readBytes()
{
    readHead();
    if (m_over || m_cause != Cause::None || !m_reply->isOpen()) // abort() closes the reply
        return;
    // Not readAll(): it gives 16 KiB to each piece, however short, and a fleet waits for hundreds of short answers.
    const QByteArray bytes = m_reply->read(m_reply->bytesAvailable());
    if (bytes.isEmpty())
        return;
    m_total += bytes.size();
    if (m_total > m_maxBytes) {
        m_cause = Cause::TooLong;
        m_reply->abort();
        return;
    }
    const QByteArray dense = bytes.trimmed();
    if (!dense.isEmpty()) {
        if (m_firstChar == 0)
            m_firstChar = dense.front();
        m_lastChar = dense.back();
    }
    m_received += bytes;
    wake(false);
}

void Exchange::finish()
{
    if (m_over)
        return;
    readBytes();
    if (m_over) // the body was too long, and abort() has been here already
        return;
    m_error = m_reply->error();
    m_errorText = m_reply->errorString();
    m_over = true;
    wake(true);
}

Result<void> Exchange::outcome() const
{
    switch (m_cause) {
    case Cause::Stopped:
        return Error(Error::Kind::Cancelled, tr("Cancelled."));
    case Cause::Late:
        return Error(Error::Kind::Timeout,
            tr("%1 did not answer within %2.").arg(m_host, formatLatency(double(m_limitMs))),
            m_hasHead ? QStringLiteral("headers came, the body did not end") : QStringLiteral("no answer began"));
    case Cause::TooLong:
        return Error(Error::Kind::Protocol,
            tr("The answer of %1 is longer than the %2 that are read.")
                .arg(m_host, formatMiB(double(m_maxBytes) / 1048576.0)));
    case Cause::ManagerGone:
        return Error(Error::Kind::Cancelled, tr("Cancelled."));
    case Cause::None:
        break;
    }
    if (m_error != QNetworkReply::NoError && !(m_hasHead && isStatusError(m_error, m_status)))
        return transportError();
    if (!m_hasHead)
        return Error(Error::Kind::Protocol, tr("%1 did not answer in HTTP.").arg(m_host), m_errorText);
    if (isHalfJson())
        return Error(Error::Kind::Network, tr("The answer of %1 was cut off.").arg(m_host),
            QStringLiteral("%1 bytes of JSON came").arg(m_total));
    for (const auto &[name, value] : m_headers) {
        if (name.compare("Content-Encoding", Qt::CaseInsensitive) == 0
            && value.compare("identity", Qt::CaseInsensitive) != 0)
            return Error(
                Error::Kind::Protocol, tr("The answer of %1 is compressed, which was not asked for.").arg(m_host));
        bool ok = false;
        const qint64 promised = value.trimmed().toLongLong(&ok);
        const bool hasBody = m_status != 204 && m_status != 304;
        if (hasBody && name.compare("Content-Length", Qt::CaseInsensitive) == 0 && ok && m_total < promised)
            return Error(Error::Kind::Network, tr("The answer of %1 was cut off.").arg(m_host),
                QStringLiteral("%1 of %2 bytes came").arg(m_total).arg(promised));
    }
    return {};
}

bool Exchange::isHalfJson() const
{
    // Qt 6.4 takes a connection that closes inside a chunk for the end of the body in two runs of three (measured), and
    // does not say whether the last chunk came. A document that opens and does not close was cut off.
    for (const auto &[name, value] : m_headers)
        if (name.compare("Transfer-Encoding", Qt::CaseInsensitive) == 0 && value.toLower().contains("chunked"))
            return (m_firstChar == '{' && m_lastChar != '}') || (m_firstChar == '[' && m_lastChar != ']');
    return false;
}

Error Exchange::transportError() const
{
    const auto make = [this](Error::Kind kind, const QString &sentence) {
        return Error(kind, sentence, safeText(m_errorText), m_hasHead ? m_status : 0);
    };
    if (!m_sslErrors.isEmpty() || m_error == QNetworkReply::SslHandshakeFailedError)
        return tlsError();
    switch (m_error) {
    case QNetworkReply::HostNotFoundError: {
        Error error = make(Error::Kind::Network, tr("The name %1 could not be resolved.").arg(m_host));
        error.remedy = tr("Check the name, and that this machine is online.");
        error.serviceCode = NameNotResolvedCode;
        return error;
    }
    case QNetworkReply::ConnectionRefusedError:
        return make(Error::Kind::Network, tr("%1 refused the connection.").arg(m_host))
            .withRemedy(tr("Nothing listens on that port: check the address and that the service runs."));
    case QNetworkReply::RemoteHostClosedError:
        return make(Error::Kind::Network,
            m_hasHead ? tr("The answer of %1 was cut off.").arg(m_host)
                      : tr("%1 closed the connection without an answer.").arg(m_host));
    case QNetworkReply::ContentReSendError:
        return make(Error::Kind::Network, tr("%1 closed the connection without an answer.").arg(m_host));
    case QNetworkReply::TimeoutError:
        return make(Error::Kind::Network, tr("No connection to %1 could be made.").arg(m_host));
    case QNetworkReply::TemporaryNetworkFailureError:
    case QNetworkReply::NetworkSessionFailedError:
        return make(Error::Kind::Network, tr("The network of this machine failed."));
    case QNetworkReply::ProxyConnectionRefusedError:
    case QNetworkReply::ProxyConnectionClosedError:
    case QNetworkReply::ProxyNotFoundError:
    case QNetworkReply::ProxyTimeoutError:
    case QNetworkReply::ProxyAuthenticationRequiredError:
    case QNetworkReply::UnknownProxyError:
        return make(Error::Kind::Network, tr("The proxy on the way to %1 failed.").arg(m_host));
    case QNetworkReply::ProtocolUnknownError:
    case QNetworkReply::ProtocolInvalidOperationError:
    case QNetworkReply::ProtocolFailure:
        return make(Error::Kind::Protocol, tr("The answer of %1 is not valid HTTP.").arg(m_host));
    default:
        return make(Error::Kind::Network, tr("The connection to %1 failed.").arg(m_host));
    }
}

Error Exchange::tlsError() const
{
    QStringList reasons;
    for (const QSslError &error : m_sslErrors)
        reasons.append(error.errorString());
    const auto has = [this](std::initializer_list<QSslError::SslError> kinds) {
        return std::any_of(m_sslErrors.begin(), m_sslErrors.end(), [&](const QSslError &error) {
            return std::find(kinds.begin(), kinds.end(), error.error()) != kinds.end();
        });
    };
    QString sentence = tr("No safe connection to %1 could be made.").arg(m_host);
    QString remedy = tr("Check the address, and whether a proxy on the way replaces certificates.");
    if (has({QSslError::CertificateExpired})) {
        sentence = tr("The certificate of %1 has expired.").arg(m_host);
        remedy = tr("Renew it on the server; check this machine's clock too.");
    } else if (has({QSslError::CertificateNotYetValid})) {
        sentence = tr("The certificate of %1 is not valid yet.").arg(m_host);
        remedy = tr("Check this machine's clock.");
    } else if (has({QSslError::HostNameMismatch})) {
        sentence = tr("The certificate of %1 is for another name.").arg(m_host);
        remedy = tr("Check the address. A hostname two labels below the zone needs a certificate of its own.");
    } else if (has({QSslError::SelfSignedCertificate, QSslError::SelfSignedCertificateInChain,
                   QSslError::UnableToGetLocalIssuerCertificate, QSslError::UnableToVerifyFirstCertificate,
                   QSslError::CertificateUntrusted, QSslError::UnableToGetIssuerCertificate})) {
        sentence = tr("The certificate of %1 comes from nobody this machine trusts.").arg(m_host);
        remedy = tr("Use a certificate of a known authority, or add its authority to this machine's trusted ones. The "
                    "check cannot be switched off here.");
    } else if (has({QSslError::CertificateRevoked, QSslError::CertificateBlacklisted})) {
        sentence = tr("The certificate of %1 has been revoked.").arg(m_host);
        remedy = tr("Install a new one on the server.");
    }
    const QString detail = reasons.isEmpty() ? m_errorText : reasons.join(QStringLiteral("; "));
    return Error(Error::Kind::Tls, sentence, safeText(detail)).withRemedy(remedy);
}

} // namespace hybridge
