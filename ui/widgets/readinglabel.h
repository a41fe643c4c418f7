// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include <chrono>
#include <optional>

namespace hybridge {

class Text;

/// A value and its age. Three looks: known (value, quiet age), stale (value greyed, age and why), unknown ("—").
class ReadingLabel final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ReadingLabel)
public:
    explicit ReadingLabel(QWidget *parent = nullptr);
    /// @p value is finished text with its unit; @p age empty: never known, @p value is not shown then. @p why explains a
    /// stale or unknown value and becomes the tooltip.
    void setReading(const QString &value, std::optional<std::chrono::milliseconds> age, bool stale, const QString &why = {});
    [[nodiscard]] QString valueText() const;
    [[nodiscard]] QString ageText() const;
    [[nodiscard]] bool isStale() const { return m_stale; }

private:
    Text *m_value;
    Text *m_age;
    bool m_stale = false;
};

} // namespace hybridge
