// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QDate>
#include <QWidget>

#include <functional>
#include <optional>

namespace hybridge {

/// A bar a day, stacked, with a strip beneath that tells how much of the day was watched. A day of which nothing is known
/// has no bar and an empty strip: not a bar of 0. Hovering and the arrow keys read a day out.
class DayBars final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(DayBars)
public:
    static constexpr int MostSeries = 5;
    using Format = std::function<QString(std::optional<double>)>;
    struct Series {
        QString name;
        QColor colour; ///< made drawable by the caller
        bool operator==(const Series &) const = default;
    };
    struct Day {
        QDate date;
        QList<double> parts; ///< one a series
        double watched = 0; ///< 0 to 1, of the part of the day that has passed
        double told = 0; ///< by the cloud; watched + told is at most 1
        QString detail; ///< what is read out behind the sum
        [[nodiscard]] double sum() const;
        bool operator==(const Day &) const = default;
    };

    /// @p format writes an amount with its unit.
    explicit DayBars(Format format, QWidget *parent = nullptr);
    /// @p days one after the other; @p today is marked.
    void setDays(const QList<Series> &series, const QList<Day> &days, QDate today);
    [[nodiscard]] const QList<Day> &days() const { return m_days; }
    /// What is read out of the day under the cursor, otherwise empty.
    [[nodiscard]] QString readout() const;
    [[nodiscard]] QSize sizeHint() const override { return {480, 190}; }
    [[nodiscard]] QSize minimumSizeHint() const override { return {240, 170}; }

protected:
    void paintEvent(QPaintEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void leaveEvent(QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void focusOutEvent(QFocusEvent *event) override;
    bool event(QEvent *event) override;

Q_SIGNALS:
    void readoutChanged(const QString &text);

private:
    [[nodiscard]] double greatest() const;
    [[nodiscard]] QRectF plot() const;
    [[nodiscard]] QRectF placeOf(int index) const;
    void setCursorDay(int index);
    void paintStrip(QPainter &painter, const QRectF &at, const Day &day) const;

    Format m_format;
    QList<Series> m_series;
    QList<Day> m_days;
    QDate m_today;
    int m_cursor = -1;
};

} // namespace hybridge
