// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QList>
#include <QString>
#include <QWidget>

class QVBoxLayout;

namespace hybridge {

class Text;

/// Lines of two: what it is, bold, with a value at the far edge; beneath it a quiet sentence. Changed in place.
class LineList final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(LineList)
public:
    struct Line {
        QString name;
        QString value; ///< may be empty
        QString detail; ///< may be empty
        bool isWarning = false; ///< the detail says what is wrong
    };
    explicit LineList(QWidget *parent = nullptr);
    void setLines(const QList<Line> &lines);
    [[nodiscard]] const QList<Line> &lines() const { return m_lines; }

private:
    struct Row {
        QWidget *box;
        Text *name;
        Text *value;
        Text *detail;
    };
    QList<Line> m_lines;
    QList<Row> m_rows;
    QVBoxLayout *m_column;
};

} // namespace hybridge
