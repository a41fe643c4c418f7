// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/routing/monitorscard.h"

#include "backend/base/units.h"
#include "ui/widgets/statelamp.h"
#include "ui/widgets/text.h"
#include "ui/widgets/tokens.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QVBoxLayout>

namespace hybridge {

QString failoverWords(const FailoverTime &time)
{
    const auto duration = [](double seconds) { return formatDuration(std::chrono::milliseconds(qint64(seconds * 1000))); };
    return MonitorsCard::tr("A dead node is left after %1 to %2.").arg(duration(time.quickest), duration(time.slowest));
}

MonitorsCard::MonitorsCard(QWidget *parent)
    : Card(parent), m_text(new Text(Type::Body, Text::Tone::Muted, this)), m_again(new QPushButton(tr("Read again"), this)), m_rowBox(new QVBoxLayout)
{
    auto *title = new Text(tr("Health checks"), Type::Section, Text::Tone::Text, this);
    title->setBold(true);
    title->setMaxLines(1);
    m_text->setObjectName(QStringLiteral("monitorsText"));
    m_again->setProperty("kind", QStringLiteral("quiet"));
    auto *head = new QHBoxLayout;
    head->addWidget(title, 1);
    head->addWidget(m_again);
    m_rowBox->setSpacing(space::L);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::L, space::M, space::L, space::L);
    column->setSpacing(space::M);
    column->addLayout(head);
    column->addWidget(m_text);
    column->addLayout(m_rowBox);
    column->addStretch(1);
    connect(m_again, &QPushButton::clicked, this, &MonitorsCard::readAgainRequested);
    setLoading();
}

void MonitorsCard::showMessage(const QString &text, bool isError)
{
    m_text->setTone(isError ? Text::Tone::Warn : Text::Tone::Muted);
    m_text->put(text);
    m_text->setVisible(!text.isEmpty());
    m_again->setVisible(isError);
}

void MonitorsCard::setLoading()
{
    if (m_monitors.isEmpty())
        showMessage(tr("Asking Cloudflare…"), false);
}

void MonitorsCard::setError(const Error &error)
{
    showMessage(error.remedy.isEmpty() ? error.summary : QStringLiteral("%1 %2").arg(error.summary, error.remedy), true);
}

void MonitorsCard::makeRow()
{
    auto *box = new QWidget(this);
    Row row {box, new StateLamp(14, box), new Text(Type::Body, Text::Tone::Text, box), new Text(Type::Label, Text::Tone::Muted, box),
        new Text(Type::Label, Text::Tone::Text, box), new Text(Type::Label, Text::Tone::Warn, box), new QPushButton(tr("Edit check…"), box)};
    const int index = int(m_rows.size());
    row.name->setBold(true);
    row.name->setObjectName(QStringLiteral("monitorName:%1").arg(index));
    row.time->setObjectName(QStringLiteral("monitorTime:%1").arg(index));
    row.warnings->setObjectName(QStringLiteral("monitorWarnings:%1").arg(index));
    row.edit->setObjectName(QStringLiteral("editMonitor:%1").arg(index));
    row.edit->setProperty("kind", QStringLiteral("link"));
    auto *words = new QVBoxLayout;
    words->setSpacing(2);
    words->addWidget(row.name);
    words->addWidget(row.check);
    words->addWidget(row.time);
    words->addWidget(row.warnings);
    words->addWidget(row.edit, 0, Qt::AlignLeft);
    auto *line = new QHBoxLayout(box);
    line->setContentsMargins(0, 0, 0, 0);
    line->setSpacing(space::S);
    line->addWidget(row.lamp, 0, Qt::AlignTop);
    line->addLayout(words, 1);
    connect(row.edit, &QPushButton::clicked, this, [this, index] { Q_EMIT editRequested(index); });
    m_rowBox->addWidget(box);
    m_rows.append(row);
}

void MonitorsCard::setMonitors(const QList<PoolMonitor> &monitors)
{
    m_monitors = monitors;
    showMessage(monitors.isEmpty() ? tr("The balancer has no pools.") : QString(), false);
    while (m_rows.size() < monitors.size())
        makeRow();
    for (qsizetype i = 0; i < m_rows.size(); ++i) {
        const Row &row = m_rows.at(i);
        row.box->setVisible(i < monitors.size());
        if (i >= monitors.size())
            continue;
        const PoolMonitor &one = monitors.at(i);
        row.name->put(safeText(one.poolName, 80));
        row.edit->setVisible(one.monitor.has_value());
        if (!one.monitor) {
            row.lamp->setCondition(NodeCondition::Down);
            row.check->put(tr("Nobody looks: the pool always counts as healthy."));
            row.time->put(tr("A dead node is never left."));
            row.warnings->hide();
            continue;
        }
        const cloudflare::Monitor &monitor = *one.monitor;
        const QStringList warnings = monitorWarnings(monitor);
        row.lamp->setCondition(warnings.isEmpty() ? NodeCondition::Healthy : NodeCondition::Degraded);
        row.check->put(tr("%1 %2, expects %3, every %4 s, time-out %5 s, %6 retries")
                           .arg(safeText(monitor.type, 20), safeText(monitor.path, 120), safeText(monitor.expectedCodes, 40))
                           .arg(monitor.interval)
                           .arg(monitor.timeout)
                           .arg(monitor.retries));
        row.time->put(failoverWords(failoverTime(monitor)));
        row.warnings->put(warnings.join(QLatin1Char('\n')));
        row.warnings->setVisible(!warnings.isEmpty());
    }
}

} // namespace hybridge
