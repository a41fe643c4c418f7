// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/secret.h"

#include <cstring>

namespace hybridge {

namespace {
/// Overwrites in a way that the compiler may not drop.
void wipe(QByteArray &bytes)
{
    if (bytes.isEmpty())
        return;
    volatile char *p = bytes.data(); // detaches only if somebody else still shares the buffer
    for (qsizetype i = 0; i < bytes.size(); ++i)
        p[i] = 0;
}
} // namespace

Secret::Secret(QByteArray bytes)
    : m_bytes(new QByteArray(std::move(bytes)), [](const QByteArray *held) {
          wipe(*const_cast<QByteArray *>(held)); // NOLINT: the deleter owns it
          delete held;
      })
{
}

} // namespace hybridge
