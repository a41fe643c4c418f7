// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/cost/linelist.h"

#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QGridLayout>
#include <QVBoxLayout>

namespace hybridge {

LineList::LineList(QWidget *parent) : QWidget(parent), m_column(new QVBoxLayout(this))
{
    m_column->setContentsMargins(0, 0, 0, 0);
    m_column->setSpacing(space::M);
}

void LineList::setLines(const QList<Line> &lines)
{
    m_lines = lines;
    while (m_rows.size() < lines.size()) {
        auto *box = new QWidget(this);
        auto *name = new Text(Type::Body, Text::Tone::Text, box); // wraps: a long name is told whole here
        auto *value = new Text(Type::Body, Text::Tone::Text, box);
        value->setFigures();
        value->setMaxLines(1);
        value->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
        value->setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Preferred);
        auto *detail = new Text(Type::Label, Text::Tone::Muted, box);
        auto *grid = new QGridLayout(box);
        grid->setContentsMargins(0, 0, 0, 0);
        grid->setHorizontalSpacing(space::M);
        grid->setVerticalSpacing(2);
        grid->addWidget(name, 0, 0);
        grid->addWidget(value, 0, 1, Qt::AlignTop); // beside the first line of a name that wraps
        grid->addWidget(detail, 1, 0, 1, 2);
        grid->setColumnStretch(0, 1);
        m_column->addWidget(box);
        m_rows.append({box, name, value, detail});
    }
    for (qsizetype i = 0; i < m_rows.size(); ++i) {
        const Row &row = m_rows.at(i);
        row.box->setVisible(i < lines.size());
        if (i >= lines.size())
            continue;
        const Line &line = lines.at(i);
        row.name->put(line.name);
        row.value->put(line.value);
        row.value->setVisible(!line.value.isEmpty());
        row.detail->put(line.detail);
        row.detail->setVisible(!line.detail.isEmpty());
        row.detail->setTone(line.isWarning ? Text::Tone::Warn : Text::Tone::Muted);
    }
}

} // namespace hybridge
