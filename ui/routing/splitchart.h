// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/routing/splitcheck.h"
#include "ui/routing/routelook.h"

#include <QWidget>

namespace hybridge {

/// Predicted against observed, two bars a node, with the Wilson interval of what was counted. Grows while it is counted.
class SplitChart final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(SplitChart)
public:
    explicit SplitChart(QWidget *parent = nullptr);
    /// @p expected in percent.
    void setExpected(const QList<RouteLook> &looks, const ShareMap &expected);
    /// Empty: nobody has counted yet.
    void setReport(const std::optional<SplitReport> &report, bool isOld);
    /// What is written behind the bars of @p node: "79.5 % (75.3 to 83.2)"; empty when nothing was counted.
    [[nodiscard]] QString observedText(const QString &node) const;
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override { return {220, sizeHint().height()}; }

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    [[nodiscard]] QList<RouteLook> shown() const;

    QList<RouteLook> m_looks;
    ShareMap m_expected;
    std::optional<SplitReport> m_report;
    bool m_old = false;
};

} // namespace hybridge
