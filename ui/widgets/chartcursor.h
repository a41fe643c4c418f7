// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

#include <optional>

namespace hybridge {

/// A point in time that several charts point at together.
class ChartCursor final : public QObject {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ChartCursor)
public:
    using QObject::QObject;
    /// ms since 1970, UTC; empty: the cursor is nowhere.
    [[nodiscard]] std::optional<qint64> at() const { return m_at; }
    void set(std::optional<qint64> at)
    {
        if (at == m_at)
            return;
        m_at = at;
        Q_EMIT moved();
    }

Q_SIGNALS:
    void moved();

private:
    std::optional<qint64> m_at;
};

} // namespace hybridge
