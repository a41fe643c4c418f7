// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/redact.h"

#include <QRegularExpression>
#include <QUrl>

namespace hybridge {

namespace {
const QString mask = QStringLiteral("•••");
}

bool isSecretHeader(const QByteArray &name)
{
    const QByteArray lower = name.toLower();
    return lower == "authorization" || lower == "proxy-authorization" || lower == "cookie" || lower == "set-cookie"
        || lower.startsWith("cf-access-") || lower == "x-api-key" || lower == "x-goog-api-key"
        || lower.contains("secret") || lower.contains("token");
}

void Redactor::learn(const Secret &secret)
{
    if (secret.reveal().size() >= 6 && !m_known.contains(secret))
        m_known.append(secret);
}

QString Redactor::operator()(const QString &text) const
{
    QString out = text;
    for (const Secret &secret : m_known) {
        const QByteArray bytes = secret.reveal();
        out.replace(QString::fromUtf8(bytes), mask);
        out.replace(QString::fromLatin1(bytes.toPercentEncoding()), mask);
        out.replace(QString::fromLatin1(bytes.toBase64(QByteArray::OmitTrailingEquals)), mask);
    }
    // Header lines: "Name: value" up to the end of the line.
    static const QRegularExpression headers(
        QStringLiteral(R"(\b((?:proxy-)?authorization|(?:set-)?cookie|cf-access-[a-z-]+|x-(?:goog-)?api-key)\s*:\s*[^\r\n]+)"),
        QRegularExpression::CaseInsensitiveOption);
    out.replace(headers, QStringLiteral("\\1: ") + mask);
    // JSON members whose key names a secret.
    static const QRegularExpression members(
        QStringLiteral(R"re("([a-z_-]*(?:secret|token|password|private_?key|assertion|api_?key)[a-z_-]*)"\s*:\s*"(?:[^"\\]|\\.)*")re"),
        QRegularExpression::CaseInsensitiveOption);
    out.replace(members, QStringLiteral("\"\\1\": \"") + mask + QLatin1Char('"'));
    // Query and form fields.
    static const QRegularExpression fields(
        QStringLiteral(R"(\b([a-z_-]*(?:secret|token|password|assertion|api_?key)[a-z_-]*)=([^&\s"']+))"),
        QRegularExpression::CaseInsensitiveOption);
    out.replace(fields, QStringLiteral("\\1=") + mask);
    static const QRegularExpression bearer(QStringLiteral(R"(\bBearer\s+[A-Za-z0-9._~+/=-]+)"),
        QRegularExpression::CaseInsensitiveOption);
    out.replace(bearer, QStringLiteral("Bearer ") + mask);
    return out;
}

QByteArray Redactor::operator()(const QByteArray &text) const
{
    return (*this)(QString::fromUtf8(text)).toUtf8();
}

} // namespace hybridge
