// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

#include <memory>

namespace hybridge {

/// A secret's bytes. Wiped when the last copy goes; has no conversion to QString and no debug output, so that it
/// cannot reach a log by accident. Copies share the bytes. Use from one thread at a time.
class Secret {
public:
    Secret() = default;
    explicit Secret(QByteArray bytes);
    [[nodiscard]] bool isEmpty() const { return !m_bytes || m_bytes->isEmpty(); }
    /// The bytes, for the one call that hands them to the wire.
    [[nodiscard]] QByteArray reveal() const { return m_bytes ? *m_bytes : QByteArray(); }
    [[nodiscard]] bool operator==(const Secret &other) const { return reveal() == other.reveal(); }

private:
    std::shared_ptr<const QByteArray> m_bytes;
};

} // namespace hybridge
