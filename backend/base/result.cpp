// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/result.h"

namespace hybridge {

QString errorKindName(Error::Kind kind)
{
    switch (kind) {
    case Error::Kind::Network: return QStringLiteral("network");
    case Error::Kind::Timeout: return QStringLiteral("timeout");
    case Error::Kind::Cancelled: return QStringLiteral("cancelled");
    case Error::Kind::Unauthorized: return QStringLiteral("unauthorized");
    case Error::Kind::NotFound: return QStringLiteral("not-found");
    case Error::Kind::RateLimited: return QStringLiteral("rate-limited");
    case Error::Kind::Protocol: return QStringLiteral("protocol");
    case Error::Kind::Remote: return QStringLiteral("remote");
    case Error::Kind::RemoteExit: return QStringLiteral("remote-exit");
    case Error::Kind::HostKey: return QStringLiteral("host-key");
    case Error::Kind::Tls: return QStringLiteral("tls");
    case Error::Kind::AccessRefused: return QStringLiteral("access-refused");
    case Error::Kind::Invalid: return QStringLiteral("invalid");
    case Error::Kind::Refused: return QStringLiteral("refused");
    case Error::Kind::OutcomeUnknown: return QStringLiteral("outcome-unknown");
    case Error::Kind::Unavailable: return QStringLiteral("unavailable");
    }
    return QStringLiteral("unknown");
}

} // namespace hybridge
