// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/diagnosis.h"

#include <QAbstractListModel>
#include <QFrame>
#include <QPointer>

#include <functional>
#include <optional>

class QLineEdit;
class QListView;

namespace hybridge {

class Text;

/// One thing that can be found: a node, a page or an action.
struct PaletteItem {
    QString title;
    QString group; ///< "Node", "Page", "Action"
    QString hint; ///< at the trailing edge: a key, or a node's sentence
    QString icon; ///< name in resources/icons; empty for nodes
    std::optional<NodeCondition> condition; ///< a node's lamp
    std::function<void()> run;
};

/// How well @p words fit @p text: every word must be found in order as a subsequence, whole words and beginnings of words
/// score higher. Empty: no match. Pure.
[[nodiscard]] std::optional<int> matchScore(const QString &text, const QString &words);

class PaletteModel final : public QAbstractListModel {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(PaletteModel)
public:
    static constexpr int Most = 50;
    using QAbstractListModel::QAbstractListModel;
    void setItems(const QList<PaletteItem> &items);
    void setWords(const QString &words);
    [[nodiscard]] const PaletteItem &item(int row) const { return m_items.at(m_shown.at(row)); }
    [[nodiscard]] int rowCount(const QModelIndex &parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex &index, int role) const override;

private:
    QList<PaletteItem> m_items;
    QList<int> m_shown;
};

/// The search over everything: a field and a list in the upper middle of the window. Enter runs, Esc closes.
class CommandPalette final : public QFrame {
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(CommandPalette)
public:
    explicit CommandPalette(QWidget *parent);
    void open(const QList<PaletteItem> &items);
    void close();
    [[nodiscard]] PaletteModel &model() { return *m_model; }
    void setWords(const QString &words);
    /// Puts it into the upper middle of its parent.
    void place();

protected:
    void paintEvent(QPaintEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    void run(int row);
    void step(int by);

    QLineEdit *m_field;
    QListView *m_list;
    Text *m_none;
    PaletteModel *m_model;
    QPointer<QWidget> m_focusBefore;
};

} // namespace hybridge
