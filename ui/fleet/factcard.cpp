// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/fleet/factcard.h"

#include "backend/base/units.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QGridLayout>
#include <QHBoxLayout>

#include <algorithm>
#include <numeric>

namespace hybridge {

FactCard::FactCard(QWidget *parent)
    : Card(parent), m_title(new Text(Type::Body, Text::Tone::Text, this)), m_age(new Text(Type::Label, Text::Tone::Muted, this)),
      m_error(new Text(Type::Body, Text::Tone::Warn, this)), m_grid(new QGridLayout),
      m_notes(new Text(Type::Label, Text::Tone::Muted, this))
{
    m_title->setBold(true);
    m_title->setMaxLines(1);
    m_age->setFigures();
    m_age->setMaxLines(1);
    m_age->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    m_error->setSelectable();
    m_notes->setSelectable();
    m_grid->setHorizontalSpacing(space::L);
    m_grid->setVerticalSpacing(6);
    auto *head = new QHBoxLayout;
    head->addWidget(m_title, 1);
    head->addWidget(m_age);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::L, space::M, space::L, space::L);
    column->setSpacing(space::S);
    column->addLayout(head);
    column->addWidget(m_error);
    column->addLayout(m_grid);
    column->addWidget(m_notes);
    column->addStretch(1);
}

Text *FactCard::cell(int row, int column)
{
    while (m_cells.size() <= row)
        m_cells.append(QList<Text *>());
    QList<Text *> &line = m_cells[row];
    while (line.size() <= column) {
        auto *text = new Text(Type::Body, Text::Tone::Text, this);
        text->setFigures();
        m_grid->addWidget(text, row, int(line.size()), Qt::AlignTop);
        line.append(text);
    }
    return line.at(column);
}

void FactCard::hideFrom(int row, int column)
{
    for (int r = row; r < m_cells.size(); ++r)
        for (int c = r == row ? column : 0; c < m_cells.at(r).size(); ++c)
            m_cells.at(r).at(c)->hide();
}

void FactCard::setSection(const FactSection &section)
{
    m_section = section;
    m_title->put(section.title);
    m_age->put(!section.configured ? tr("not configured") : section.age ? formatAge(*section.age) : QString());
    m_error->put(section.remedy.isEmpty() ? section.error : QStringLiteral("%1 %2").arg(section.error, section.remedy));
    m_error->setVisible(!section.error.isEmpty());
    m_notes->put(section.notes.join(QLatin1Char('\n')));
    m_notes->setVisible(!section.notes.isEmpty());
    if (section.table.isEmpty())
        showRows(section);
    else
        showTable(section);
    setAccessibleName(section.title);
}

void FactCard::showRows(const FactSection &section)
{
    int row = 0;
    for (const FactRow &fact : section.rows) {
        Text *label = cell(row, 0);
        label->setTone(Text::Tone::Muted);
        label->setMaxLines(1);
        label->setAlignment(Qt::AlignLeft | Qt::AlignVCenter);
        label->setMinimumWidth(160);
        label->show();
        label->put(fact.label);
        Text *value = cell(row, 1);
        value->setMaxLines(4);
        value->show();
        if (value->contextMenuPolicy() != Qt::ActionsContextMenu)
            value->setCopyable();
        value->put(fact.value);
        const bool grey = section.stale || fact.value == unknownText();
        value->setTone(fact.wrong && !section.stale ? Text::Tone::Down : grey ? Text::Tone::Muted : Text::Tone::Text);
        for (int extra = 2; extra < m_cells.at(row).size(); ++extra)
            m_cells.at(row).at(extra)->hide();
        ++row;
    }
    hideFrom(row, 0);
    m_grid->setColumnStretch(0, 0);
    m_grid->setColumnStretch(1, 1);
}

void FactCard::showTable(const FactSection &section)
{
    for (int column = 0; column < section.headers.size(); ++column) {
        Text *header = cell(0, column);
        header->setFont(typeFont(Type::Label));
        header->setTone(Text::Tone::Muted);
        header->setMaxLines(1);
        header->put(section.headers.at(column));
    }
    for (int row = 0; row < section.table.size(); ++row) {
        for (int column = 0; column < section.table.at(row).size(); ++column) {
            Text *value = cell(row + 1, column);
            value->setMaxLines(1);
            const QString &text = section.table.at(row).at(column);
            value->put(text);
            value->setTone(section.stale || text == unknownText() ? Text::Tone::Muted : Text::Tone::Text);
        }
    }
    hideFrom(int(section.table.size()) + 1, 0);
    fitColumns();
}

// Each column as wide as what stands in it, the rest shared in the same proportion: by stretch, not by least widths, which
// would keep the page from ever becoming narrower. Where that is not enough the last columns go, from the right.
void FactCard::fitColumns()
{
    if (m_section.table.isEmpty())
        return;
    constexpr int Least = 5;
    const qsizetype columns = m_section.headers.size();
    const qsizetype rows = m_section.table.size() + 1;
    QList<int> widths(columns, 0);
    for (qsizetype row = 0; row < rows; ++row)
        for (qsizetype column = 0; column < std::min(columns, m_cells.at(row).size()); ++column)
            widths[column] = std::max(widths.at(column), m_cells.at(row).at(column)->sizeHint().width());
    const int room = width() - 2 * space::L;
    qsizetype shown = columns;
    const auto wanted = [&] { return std::accumulate(widths.cbegin(), widths.cbegin() + shown, 0) + int(shown - 1) * m_grid->horizontalSpacing(); };
    while (shown > Least && wanted() > room)
        --shown;
    for (qsizetype column = 0; column < m_grid->columnCount(); ++column)
        m_grid->setColumnStretch(int(column), column < shown ? widths.at(column) : 0);
    for (qsizetype row = 0; row < rows; ++row)
        for (qsizetype column = 0; column < m_cells.at(row).size(); ++column)
            m_cells.at(row).at(column)->setVisible(column < shown);
}

void FactCard::resizeEvent(QResizeEvent *event)
{
    Card::resizeEvent(event);
    fitColumns();
}

} // namespace hybridge
