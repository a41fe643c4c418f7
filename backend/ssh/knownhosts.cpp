// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ssh/knownhosts.h"

#include <QCoreApplication>
#include <QCryptographicHash>
#include <QDir>
#include <QFileInfo>
#include <QMessageAuthenticationCode>
#include <QSaveFile>
#include <QtEndian>

namespace hybridge {

namespace {
constexpr qint64 maxBytes = 4 << 20;
constexpr int maxLines = 100000;

/// fnmatch of known_hosts: '*' any run, '?' one character. Iterative: a hostile pattern costs at most n * m.
bool wildcardMatch(const QByteArray &pattern, const QByteArray &name)
{
    qsizetype p = 0;
    qsizetype n = 0;
    qsizetype star = -1;
    qsizetype resume = 0;
    while (n < name.size()) {
        if (p < pattern.size() && (pattern[p] == '?' || (pattern[p] == name[n] && pattern[p] != '*'))) {
            ++p;
            ++n;
        } else if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = n;
        } else if (star >= 0) {
            p = star + 1;
            n = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*')
        ++p;
    return p == pattern.size();
}
} // namespace

QByteArray HostKey::type() const
{
    if (blob.size() < 4)
        return {};
    const quint32 length = qFromBigEndian<quint32>(blob.constData());
    if (length == 0 || length > 64 || blob.size() < 4 + static_cast<qsizetype>(length))
        return {};
    return blob.mid(4, length);
}

QString HostKey::fingerprint() const
{
    const QByteArray digest = QCryptographicHash::hash(blob, QCryptographicHash::Sha256);
    return QStringLiteral("SHA256:") + QString::fromLatin1(digest.toBase64(QByteArray::OmitTrailingEquals));
}

std::optional<HostKey> HostKey::fromPublicKeyLine(const QByteArray &line)
{
    const QList<QByteArray> words = line.left(16384).simplified().split(' ');
    if (words.size() < 2)
        return std::nullopt;
    HostKey key;
    key.blob = QByteArray::fromBase64(words[1]);
    if (key.type().isEmpty() || key.type() != words[0])
        return std::nullopt;
    return key;
}

QString knownHostsName(const QString &host, quint16 port)
{
    const QString lower = host.toLower();
    return port == 22 ? lower : QStringLiteral("[%1]:%2").arg(lower).arg(port);
}

KnownHosts KnownHosts::parse(const QByteArray &text)
{
    KnownHosts parsed;
    const QByteArray bounded = text.left(maxBytes);
    qsizetype from = 0;
    while (from < bounded.size() && parsed.m_lines.size() < maxLines) {
        const qsizetype end = bounded.indexOf('\n', from);
        const QByteArray raw = bounded.mid(from, end < 0 ? -1 : end - from).simplified();
        from = end < 0 ? bounded.size() : end + 1;
        if (raw.isEmpty() || raw.startsWith('#'))
            continue;
        QList<QByteArray> words = raw.split(' ');
        Line line;
        if (words.first().startsWith('@')) {
            if (words.first() != "@revoked")
                continue;
            line.revoked = true;
            words.removeFirst();
        }
        if (words.size() < 3)
            continue;
        line.key.blob = QByteArray::fromBase64(words[2]);
        if (line.key.type().isEmpty() || line.key.type() != words[1])
            continue; // also the old protocol 1 lines, whose second word is a number
        if (words.first().startsWith("|1|")) {
            const QList<QByteArray> parts = words.first().split('|');
            if (parts.size() != 4)
                continue;
            line.salt = QByteArray::fromBase64(parts[2]);
            line.hash = QByteArray::fromBase64(parts[3]);
            if (line.salt.isEmpty() || line.hash.size() != 20)
                continue;
        } else {
            line.patterns = words.first().toLower().split(',');
        }
        parsed.m_lines.append(std::move(line));
    }
    return parsed;
}

bool KnownHosts::matches(const Line &line, const QByteArray &name)
{
    if (line.patterns.isEmpty())
        return QMessageAuthenticationCode::hash(name, line.salt, QCryptographicHash::Sha1) == line.hash;
    bool found = false;
    for (const QByteArray &pattern : line.patterns) {
        if (pattern.startsWith('!')) {
            if (wildcardMatch(pattern.mid(1), name))
                return false;
        } else if (wildcardMatch(pattern, name)) {
            found = true;
        }
    }
    return found;
}

QList<HostKey> KnownHosts::keysFor(const QString &name) const
{
    QList<HostKey> keys;
    const QByteArray bytes = name.toLower().toUtf8();
    for (const Line &line : m_lines)
        if (!line.revoked && matches(line, bytes))
            keys.append(line.key);
    return keys;
}

bool KnownHosts::isRevoked(const HostKey &key) const
{
    return std::any_of(
        m_lines.begin(), m_lines.end(), [&](const Line &line) { return line.revoked && line.key == key; });
}

std::shared_ptr<const KnownHosts> KnownHostsFile::snapshot()
{
    const QFileInfo info(m_path);
    const QDateTime modified = info.exists() ? info.lastModified() : QDateTime();
    const qint64 bytes = info.exists() ? info.size() : -1;
    if (modified == m_modified && bytes == m_bytes)
        return m_parsed;
    QFile file(m_path);
    auto parsed = std::make_shared<KnownHosts>();
    if (file.open(QIODevice::ReadOnly))
        *parsed = KnownHosts::parse(file.read(maxBytes));
    parsed->m_path = m_path;
    m_parsed = std::move(parsed);
    m_modified = modified;
    m_bytes = bytes;
    return m_parsed;
}

Result<void> KnownHostsFile::append(const QString &name, const HostKey &key)
{
    const auto failed = [this](const QString &why) {
        return Error(Error::Kind::Unavailable,
            QCoreApplication::translate("KnownHosts", "The host key could not be remembered in %1.").arg(m_path), why)
            .withRemedy(QCoreApplication::translate("KnownHosts", "Make the file and its folder writable for you."));
    };
    const bool plain = !name.isEmpty() && std::none_of(name.begin(), name.end(), [](QChar c) {
        return c.isSpace() || c.unicode() < 0x21 || QStringView(u",*?!|#@").contains(c);
    });
    if (!plain)
        return Error(Error::Kind::Invalid,
            QCoreApplication::translate("KnownHosts", "A host key cannot be recorded under the name \"%1\".")
                .arg(name));
    const QString folder = QFileInfo(m_path).absolutePath();
    if (!QDir(folder).exists()) {
        if (!QDir().mkpath(folder))
            return failed(QCoreApplication::translate("KnownHosts", "The folder %1 cannot be made.").arg(folder));
        QFile::setPermissions(folder, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    }
    QByteArray text;
    if (QFile file(m_path); file.open(QIODevice::ReadOnly))
        text = file.readAll();
    else if (file.exists())
        return failed(file.errorString()); // never replace what cannot be read
    if (!text.isEmpty() && !text.endsWith('\n'))
        text.append('\n');
    text.append(name.toLower().toUtf8() + ' ' + key.type() + ' ' + key.blob.toBase64() + '\n');
    QSaveFile save(m_path);
    if (!save.open(QIODevice::WriteOnly))
        return failed(save.errorString());
    save.setPermissions(QFile::ReadOwner | QFile::WriteOwner);
    if (save.write(text) != text.size() || !save.commit())
        return failed(save.errorString());
    m_bytes = -1;
    m_modified = {};
    return {};
}

} // namespace hybridge
