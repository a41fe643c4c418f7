// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/checklist/checksource.h"
#include "ui/checklist/checkrow.h"

#include <QHash>
#include <QPointer>
#include <QWidget>

#include <stop_token>

class QPushButton;
class QScrollArea;
class QStackedWidget;
class QToolButton;
class QVBoxLayout;

namespace hybridge {

class Banner;
class CommandReference;
class EmptyState;
class FleetState;
class Text;
struct OperationRequest;

/// The verification checklist: groups by layer, a column a node, a lamp a cell, the failed ones first; and the quick reference of
/// commands. Reads from a CheckSource; a fix leaves only after its diff was seen and said yes to. GUI thread.
class ChecklistPage final : public QWidget {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(ChecklistPage)
public:
    enum class View { Checklist, Commands };

    explicit ChecklistPage(QWidget *parent = nullptr);
    ~ChecklistPage() override;

    /// Nodes give labels and colours. Both may go before the page; nullptr: nothing is shown.
    void setSource(CheckSource *source, FleetState *fleet);
    void setView(View view);
    [[nodiscard]] View view() const { return m_view; }
    /// The row of @p id; nullptr: not shown.
    [[nodiscard]] CheckRow *row(const QString &id) const { return m_rows.value(id); }
    [[nodiscard]] CommandReference &commands() { return *m_commands; }
    /// Ids as they stand now, top to bottom.
    [[nodiscard]] QStringList order() const { return m_order; }
    /// Writes the report: .html, .md or .json by the name's end. False: it could not be written.
    bool writeReport(const QString &path);

Q_SIGNALS:
    void operationRequested(const hybridge::OperationRequest &request);

protected:
    void showEvent(QShowEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;

private:
    QWidget *buildHead();
    void rebuild();
    void refresh();
    void arrange();
    void place();
    void askFile(const QString &ending);
    void tellNote(const QString &text);
    void startFix(const QString &id, const QString &node);
    [[nodiscard]] QList<CheckColumn> columns() const;
    [[nodiscard]] QList<CheckLine> lines(const CheckReport &report) const;

    QPointer<CheckSource> m_source;
    QPointer<FleetState> m_fleet;
    View m_view = View::Checklist;
    Text *m_summary;
    Text *m_note;
    QToolButton *m_listButton;
    QToolButton *m_commandsButton;
    QPushButton *m_export;
    QPushButton *m_run;
    QStackedWidget *m_stack;
    Banner *m_trouble;
    CheckHead *m_names;
    QScrollArea *m_scroll;
    QWidget *m_body;
    QVBoxLayout *m_column;
    EmptyState *m_empty;
    CommandReference *m_commands;
    QList<CheckColumn> m_columns;
    QHash<QString, CheckRow *> m_rows;
    QStringList m_order;
    std::stop_source m_stop;
};

} // namespace hybridge
