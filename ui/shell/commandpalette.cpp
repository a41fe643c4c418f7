// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/commandpalette.h"

#include "ui/shell/palettedelegate.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QApplication>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListView>
#include <QPainter>
#include <QVBoxLayout>

#include <algorithm>

namespace hybridge {

std::optional<int> matchScore(const QString &text, const QString &words)
{
    int score = 0;
    for (const QString &word : words.simplified().split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
        const qsizetype whole = text.indexOf(word, 0, Qt::CaseInsensitive);
        if (whole >= 0) {
            const bool begins = whole == 0 || !text.at(whole - 1).isLetterOrNumber();
            score += 100 + (begins ? 50 : 0) + (whole == 0 ? 20 : 0);
            continue;
        }
        qsizetype at = -1;
        qsizetype gaps = 0;
        for (const QChar letter : word) {
            const qsizetype next = text.indexOf(letter, at + 1, Qt::CaseInsensitive);
            if (next < 0)
                return std::nullopt;
            gaps += at < 0 ? 0 : next - at - 1;
            at = next;
        }
        score += std::max(1, 40 - int(gaps) * 4);
    }
    return score;
}

void PaletteModel::setItems(const QList<PaletteItem> &items)
{
    beginResetModel();
    m_items = items;
    m_shown.clear();
    endResetModel();
}

void PaletteModel::setWords(const QString &words)
{
    beginResetModel();
    m_shown.clear();
    struct Hit {
        int index;
        int score;
    };
    QList<Hit> hits;
    for (int i = 0; i < m_items.size(); ++i) {
        const PaletteItem &each = m_items.at(i);
        if (const std::optional<int> title = matchScore(each.title, words))
            hits.append({i, *title + 10});
        else if (const std::optional<int> all = matchScore(each.title + QLatin1Char(' ') + each.group, words))
            hits.append({i, *all});
    }
    std::stable_sort(hits.begin(), hits.end(), [](const Hit &a, const Hit &b) { return a.score > b.score; });
    for (const Hit &hit : std::as_const(hits).mid(0, Most))
        m_shown.append(hit.index);
    endResetModel();
}

int PaletteModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_shown.size());
}

QVariant PaletteModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const PaletteItem &each = item(index.row());
    if (role == Qt::DisplayRole)
        return each.title;
    if (role == Qt::AccessibleTextRole)
        return QStringLiteral("%1, %2").arg(each.title, each.hint.isEmpty() ? each.group : each.hint);
    return {};
}

CommandPalette::CommandPalette(QWidget *parent)
    : QFrame(parent), m_field(new QLineEdit(this)), m_list(new QListView(this)),
      m_none(new Text(tr("Nothing is called that."), Type::Body, Text::Tone::Muted, this)), m_model(new PaletteModel(this))
{
    setObjectName(QStringLiteral("commandPalette"));
    setAccessibleName(tr("Search"));
    m_field->setObjectName(QStringLiteral("paletteField"));
    m_field->setPlaceholderText(tr("Search nodes, pages, actions"));
    m_field->setAccessibleName(m_field->placeholderText());
    m_field->installEventFilter(this);
    m_list->setObjectName(QStringLiteral("paletteList"));
    m_list->setModel(m_model);
    m_list->setItemDelegate(new PaletteDelegate(m_list));
    m_list->setFocusPolicy(Qt::NoFocus);
    m_list->setUniformItemSizes(true);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_none->setAlignment(Qt::AlignCenter);
    m_none->setMinimumHeight(60);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(1, space::M, 1, space::S);
    column->setSpacing(space::S);
    auto *top = new QVBoxLayout;
    top->setContentsMargins(space::M, 0, space::M, 0);
    top->addWidget(m_field);
    column->addLayout(top);
    column->addWidget(m_list, 1);
    column->addWidget(m_none);
    connect(m_field, &QLineEdit::textChanged, this, &CommandPalette::setWords);
    connect(m_list, &QListView::clicked, this, [this](const QModelIndex &index) { run(index.row()); });
    hide();
}

void CommandPalette::open(const QList<PaletteItem> &items)
{
    if (isHidden())
        m_focusBefore = QApplication::focusWidget();
    m_model->setItems(items);
    m_field->clear();
    setWords({});
    show();
    raise();
    m_field->setFocus();
}

void CommandPalette::close()
{
    if (isHidden())
        return;
    hide();
    if (m_focusBefore)
        m_focusBefore->setFocus();
}

void CommandPalette::setWords(const QString &words)
{
    m_model->setWords(words);
    const bool any = m_model->rowCount() > 0;
    m_list->setVisible(any);
    m_none->setVisible(!any);
    if (any)
        m_list->setCurrentIndex(m_model->index(0));
    place();
}

void CommandPalette::place()
{
    const QWidget *window = parentWidget();
    const int wide = std::min(600, window->width() - 48);
    const int rows = std::clamp(m_model->rowCount(), 1, 9);
    const int high = std::min(window->height() - 96, 68 + (m_model->rowCount() == 0 ? 60 : rows * 38 - 5));
    setGeometry((window->width() - wide) / 2, std::min(88, window->height() / 8), wide, high);
}

void CommandPalette::step(int by)
{
    const int count = m_model->rowCount();
    if (count == 0)
        return;
    m_list->setCurrentIndex(m_model->index((m_list->currentIndex().row() + by + count) % count));
}

void CommandPalette::run(int row)
{
    if (row < 0 || row >= m_model->rowCount())
        return;
    const std::function<void()> action = m_model->item(row).run; // a copy: running may refill the list
    m_focusBefore.clear();
    hide();
    if (action)
        action();
}

bool CommandPalette::eventFilter(QObject *watched, QEvent *event)
{
    if (watched == m_field && event->type() == QEvent::FocusOut) {
        // A click or Tab elsewhere closes it; another window in front does not.
        const Qt::FocusReason reason = static_cast<QFocusEvent *>(event)->reason();
        if (reason == Qt::MouseFocusReason || reason == Qt::TabFocusReason || reason == Qt::BacktabFocusReason)
            hide();
        return false;
    }
    if (watched != m_field || event->type() != QEvent::KeyPress)
        return QFrame::eventFilter(watched, event);
    switch (static_cast<QKeyEvent *>(event)->key()) {
    case Qt::Key_Escape:
        close();
        return true;
    case Qt::Key_Down:
        step(1);
        return true;
    case Qt::Key_Up:
        step(-1);
        return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        run(m_list->currentIndex().row());
        return true;
    default:
        return QFrame::eventFilter(watched, event);
    }
}

void CommandPalette::paintEvent(QPaintEvent *)
{
    const Tokens &tokens = tokensFor(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(mixed(tokens.border, tokens.muted, 0.5), 1));
    painter.setBrush(tokens.surface);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius::Card, radius::Card);
}

} // namespace hybridge
