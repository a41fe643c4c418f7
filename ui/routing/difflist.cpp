// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/routing/difflist.h"

#include "backend/base/units.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QPushButton>
#include <QVBoxLayout>

namespace hybridge {

namespace {
constexpr int MostRows = 14;
constexpr int MostValue = 160; ///< characters of one value
constexpr int MostBody = 6000; ///< a binding has 5 000 bytes at most
} // namespace

DiffList::DiffList(QWidget *parent)
    : QWidget(parent), m_call(new Text(Type::Label, Text::Tone::Muted, this)), m_more(new Text(Type::Label, Text::Tone::Muted, this)),
      m_showBody(new QPushButton(tr("Show the whole body"), this)), m_body(new Text(Type::Label, Text::Tone::Muted, this)), m_rowBox(new QVBoxLayout)
{
    m_call->setCode();
    m_call->setSelectable();
    m_call->setCopyable();
    m_call->setObjectName(QStringLiteral("planCall"));
    m_body->setCode();
    m_body->setSelectable();
    m_body->setObjectName(QStringLiteral("planBody"));
    m_body->hide();
    m_showBody->setProperty("kind", QStringLiteral("link"));
    m_showBody->setObjectName(QStringLiteral("showBody"));
    m_rowBox->setSpacing(space::S);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(space::S);
    column->addWidget(m_call);
    column->addLayout(m_rowBox);
    column->addWidget(m_more);
    column->addWidget(m_showBody, 0, Qt::AlignLeft);
    column->addWidget(m_body);
    connect(m_showBody, &QPushButton::clicked, this, [this] {
        m_body->setVisible(m_body->isHidden());
        m_showBody->setText(m_body->isHidden() ? tr("Show the whole body") : tr("Hide the body"));
    });
}

DiffList::Row DiffList::makeRow()
{
    auto *box = new QWidget(this);
    const auto text = [box](Text::Tone tone) {
        auto *made = new Text(Type::Label, tone, box);
        made->setCode();
        made->setSelectable();
        return made;
    };
    Row row {box, text(Text::Tone::Text), text(Text::Tone::Down), text(Text::Tone::Ok)};
    auto *column = new QVBoxLayout(box);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(1);
    column->addWidget(row.pointer);
    column->addWidget(row.before);
    column->addWidget(row.after);
    m_rowBox->addWidget(box);
    return row;
}

void DiffList::setPayload(const RoutePayload &payload)
{
    m_lines.clear();
    m_call->put(safeText(payload.call, 300));
    while (m_rows.size() < std::min<qsizetype>(MostRows, payload.changes.size()))
        m_rows.append(makeRow());
    for (qsizetype i = 0; i < m_rows.size(); ++i) {
        const Row &row = m_rows.at(i);
        row.box->setVisible(i < payload.changes.size());
        if (i >= payload.changes.size())
            continue;
        const FieldChange &field = payload.changes.at(i);
        const QString pointer = safeText(field.pointer, MostValue);
        row.pointer->put(pointer);
        row.before->put(QStringLiteral("− ") + safeText(field.before, MostValue));
        row.before->setVisible(!field.before.isEmpty());
        row.after->put(QStringLiteral("+ ") + safeText(field.after, MostValue));
        row.after->setVisible(!field.after.isEmpty());
        if (!field.before.isEmpty())
            m_lines.append(QStringLiteral("-%1: %2").arg(pointer, safeText(field.before, MostValue)));
        if (!field.after.isEmpty())
            m_lines.append(QStringLiteral("+%1: %2").arg(pointer, safeText(field.after, MostValue)));
    }
    const qsizetype more = payload.changes.size() - MostRows;
    m_more->put(more > 0 ? tr("and %1 more fields").arg(more) : payload.changes.isEmpty() ? tr("No field would change.") : QString());
    m_more->setVisible(!m_more->text().isEmpty());
    QStringList body;
    for (const QString &line : QString::fromUtf8(payload.body).left(MostBody).split(QLatin1Char('\n')))
        body.append(safeText(line, 200));
    m_body->put(body.join(QLatin1Char('\n')));
    setAccessibleDescription(m_lines.join(QLatin1Char('\n')));
}

} // namespace hybridge
