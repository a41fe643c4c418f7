// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/fleetfilerules.h"

#include "backend/http/origin.h"

#include <QCoreApplication>
#include <QRegularExpression>
#include <QTimeZone>

#include <algorithm>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

namespace {

// Every pattern is anchored by \A and \z: "$" would let a line end through.
bool matches(const QString &text, const QRegularExpression &pattern)
{
    return pattern.match(text).hasMatch();
}

bool isPlain(const QString &text, qsizetype most)
{
    const auto isControl
        = [](QChar c) { return c.category() == QChar::Other_Control || c.category() == QChar::Other_Format; };
    return !text.trimmed().isEmpty() && text.size() <= most && std::none_of(text.cbegin(), text.cend(), isControl);
}

bool isHostName(const QString &text)
{
    static const QRegularExpression name(
        u"\\A(?=.{1,253}\\z)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\\.?\\z"_s);
    static const QRegularExpression v6(u"\\A(?=.*:)[0-9A-Fa-f:.]{2,45}(%[A-Za-z0-9._-]{1,15})?\\z"_s);
    return matches(text, name) || matches(text, v6);
}

} // namespace

const FleetTextRule FleetTextRule::label{
    QT_TRANSLATE_NOOP("FleetFile", "1 to 80 characters in one line"), [](const QString &t) { return isPlain(t, 80); }};
const FleetTextRule FleetTextRule::nodeId{
    QT_TRANSLATE_NOOP(
        "FleetFile", "an id of 1 to 63 letters, digits, \".\", \"_\" or \"-\", beginning with a letter or digit"),
    [](const QString &t) {
        static const QRegularExpression pattern(u"\\A[A-Za-z0-9][A-Za-z0-9._-]{0,62}\\z"_s);
        return matches(t, pattern);
    }};
const FleetTextRule FleetTextRule::colour{QT_TRANSLATE_NOOP("FleetFile", "a colour as #RRGGBB"), [](const QString &t) {
                                              static const QRegularExpression pattern(u"\\A#[0-9A-Fa-f]{6}\\z"_s);
                                              return matches(t, pattern);
                                          }};
const FleetTextRule FleetTextRule::uuid{
    QT_TRANSLATE_NOOP("FleetFile", "the tunnel's UUID, as in 6ff42ae2-765d-4adf-8112-31c55c1551ef"),
    [](const QString &t) {
        static const QRegularExpression pattern(
            u"\\A[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}\\z"_s);
        return matches(t, pattern);
    }};
const FleetTextRule FleetTextRule::host{
    QT_TRANSLATE_NOOP("FleetFile", "a host name or an address, without scheme, port or options"),
    [](const QString &t) { return isHostName(t); }};
const FleetTextRule FleetTextRule::user{
    QT_TRANSLATE_NOOP("FleetFile", "a user name of letters, digits and . _ @ + -, not beginning with \"-\""),
    [](const QString &t) {
        static const QRegularExpression pattern(u"\\A[A-Za-z0-9_][A-Za-z0-9._@+-]{0,63}\\$?\\z"_s);
        return matches(t, pattern);
    }};
const FleetTextRule FleetTextRule::path{
    QT_TRANSLATE_NOOP("FleetFile", "an absolute path, or one that begins with ~/"), [](const QString &t) {
        return isPlain(t, 4096) && (t.startsWith(u'/') || t.startsWith(u"~/"_s)) && !t.endsWith(u'/');
    }};
const FleetTextRule FleetTextRule::commandLine{
    QT_TRANSLATE_NOOP("FleetFile", "a command of 1 to 1000 characters in one line"),
    [](const QString &t) { return isPlain(t, 1000) && !t.startsWith(u'-'); }};
const FleetTextRule FleetTextRule::service{
    QT_TRANSLATE_NOOP("FleetFile", "systemd:UNIT or docker:NAME"), [](const QString &t) {
        static const QRegularExpression pattern(
            u"\\A(systemd:[A-Za-z0-9_][A-Za-z0-9:_.@\\\\-]{0,254}|docker:[A-Za-z0-9][A-Za-z0-9_.-]{0,127})\\z"_s);
        return matches(t, pattern);
    }};
const FleetTextRule FleetTextRule::model{
    QT_TRANSLATE_NOOP("FleetFile", "the name of a model, without blanks"), [](const QString &t) {
        static const QRegularExpression pattern(u"\\A[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,254}\\z"_s);
        return matches(t, pattern);
    }};
const FleetTextRule FleetTextRule::identifier{
    QT_TRANSLATE_NOOP("FleetFile", "an id of 1 to 64 letters, digits, \"_\" or \"-\""), [](const QString &t) {
        static const QRegularExpression pattern(u"\\A[A-Za-z0-9_][A-Za-z0-9_-]{0,63}\\z"_s);
        return matches(t, pattern);
    }};
const FleetTextRule FleetTextRule::project{
    QT_TRANSLATE_NOOP("FleetFile", "a project id, as in my-project-123"), [](const QString &t) {
        static const QRegularExpression pattern(u"\\A([a-z0-9][a-z0-9.-]{0,62}:)?[a-z0-9][a-z0-9-]{0,62}\\z"_s);
        return matches(t, pattern);
    }};
const FleetTextRule FleetTextRule::billingAccount{
    QT_TRANSLATE_NOOP("FleetFile", "a billing account, as in 012345-6789AB-CDEF01"), [](const QString &t) {
        static const QRegularExpression pattern(
            u"\\A(billingAccounts/)?[0-9A-Za-z]{1,12}(-[0-9A-Za-z]{1,12}){0,4}\\z"_s);
        return matches(t, pattern);
    }};
const FleetTextRule FleetTextRule::domainLabel{
    QT_TRANSLATE_NOOP("FleetFile", "the team's name: letters, digits and \"-\""), [](const QString &t) {
        static const QRegularExpression pattern(u"\\A[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\z"_s);
        return matches(t, pattern);
    }};
const FleetTextRule FleetTextRule::cloudName{
    QT_TRANSLATE_NOOP("FleetFile", "a name of lower-case letters, digits and \"-\""), [](const QString &t) {
        static const QRegularExpression pattern(u"\\A[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\z"_s);
        return matches(t, pattern);
    }};
const FleetTextRule FleetTextRule::currency{
    QT_TRANSLATE_NOOP("FleetFile", "a currency's three letters, as in USD"), [](const QString &t) {
        static const QRegularExpression pattern(u"\\A[A-Z]{3}\\z"_s);
        return matches(t, pattern);
    }};
const FleetTextRule FleetTextRule::timeOfDay{
    QT_TRANSLATE_NOOP("FleetFile", "a time of day as 08:30, 00:00 to 23:59"), [](const QString &t) {
        static const QRegularExpression pattern(u"\\A([01][0-9]|2[0-3]):[0-5][0-9]\\z"_s);
        return matches(t, pattern);
    }};
const FleetTextRule FleetTextRule::timeZone{
    QT_TRANSLATE_NOOP("FleetFile", "a time zone of the tz database, as Europe/Berlin"), [](const QString &t) {
        static const QRegularExpression pattern(u"\\A[A-Za-z][A-Za-z0-9_+/-]{0,59}\\z"_s);
        return matches(t, pattern) && QTimeZone(t.toLatin1()).isValid();
    }};
const FleetTextRule FleetTextRule::variable{
    QT_TRANSLATE_NOOP("FleetFile", "the name of an environment variable"), [](const QString &t) {
        static const QRegularExpression pattern(u"\\A[A-Za-z_][A-Za-z0-9_]{0,127}\\z"_s);
        return matches(t, pattern);
    }};
const FleetTextRule FleetTextRule::jumpHost{
    QT_TRANSLATE_NOOP("FleetFile", "the id of another node of this file, or [USER@]HOST[:PORT]"), [](const QString &t) {
        static const QRegularExpression pattern(
            u"\\A([A-Za-z0-9_][A-Za-z0-9._+-]{0,63}@)?(\\[[0-9A-Fa-f:.]{2,45}\\]|[A-Za-z0-9_][A-Za-z0-9._-]{0,252})(:([0-9]{1,5}))?\\z"_s);
        const QRegularExpressionMatch match = pattern.match(t);
        if (!match.hasMatch())
            return false;
        const QString port = match.captured(4);
        return port.isEmpty() || (port.toInt() >= 1 && port.toInt() <= 65535);
    }};

UrlFault checkFleetUrl(const QString &text)
{
    const QUrl url(text, QUrl::StrictMode);
    const QString host = url.host(QUrl::FullyEncoded);
    if (text.size() > 2000 || !url.isValid() || url.isRelative())
        return UrlFault::NotAnAddress;
    if (url.scheme() != u"https"_s && url.scheme() != u"http"_s)
        return UrlFault::Scheme;
    // A loopback address behind "user@" is somebody else's trick, so this comes before the question of encryption.
    if (!url.userInfo(QUrl::FullyEncoded).isEmpty() || text.contains(u'@'))
        return UrlFault::Credentials;
    if (!isHostName(host) || url.port(1) == 0)
        return UrlFault::NotAnAddress;
    if (url.hasQuery() || url.hasFragment())
        return UrlFault::Query;
    if (url.scheme() == u"http"_s && !isLoopbackHost(host))
        return UrlFault::NotEncrypted;
    return UrlFault::None;
}

bool isSecretVariable(const QString &name)
{
    static const QRegularExpression pattern(
        u"TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|KEY"_s, QRegularExpression::CaseInsensitiveOption);
    return pattern.match(name).hasMatch();
}

} // namespace hybridge
