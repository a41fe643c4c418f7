// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/routing/splitcard.h"

#include "backend/base/units.h"
#include "ui/routing/splitchart.h"
#include "ui/widgets/statelamp.h"
#include "ui/widgets/text.h"
#include "ui/widgets/typography.h"

#include <QHBoxLayout>
#include <QLocale>
#include <QPushButton>
#include <QSpinBox>
#include <QVBoxLayout>

namespace hybridge {

SplitCard::SplitCard(QWidget *parent)
    : Card(parent), m_samples(new QSpinBox(this)), m_cost(new Text(Type::Label, Text::Tone::Muted, this)), m_go(new QPushButton(this)), m_chart(new SplitChart(this)),
      m_lamp(new StateLamp(16, this)), m_verdict(new Text(Type::Body, Text::Tone::Text, this)), m_figures(new Text(Type::Label, Text::Tone::Muted, this)),
      m_more(new Text(Type::Label, Text::Tone::Muted, this)), m_marks(new QWidget(this)), m_marksWhat(new Text(Type::Label, Text::Tone::Text, this)),
      m_marksChanges(new Text(Type::Label, Text::Tone::Muted, this)), m_install(new QPushButton(tr("Install marks"), this))
{
    auto *title = new Text(tr("Who really answers"), Type::Section, Text::Tone::Text, this);
    title->setBold(true);
    title->setMaxLines(1);
    m_samples->setObjectName(QStringLiteral("splitSamples"));
    m_samples->setAccessibleName(tr("Requests to send"));
    m_samples->setRange(20, 2000);
    m_samples->setSingleStep(50);
    m_samples->setValue(400);
    m_samples->setButtonSymbols(QAbstractSpinBox::NoButtons);
    m_samples->setAlignment(Qt::AlignRight);
    m_samples->setFont(figureFont(Type::Body));
    m_samples->setFixedWidth(70);
    m_go->setObjectName(QStringLiteral("countAnswers"));
    m_cost->setObjectName(QStringLiteral("splitCost"));
    m_cost->setFigures();
    m_chart->setObjectName(QStringLiteral("splitChart"));
    m_verdict->setObjectName(QStringLiteral("splitVerdict"));
    m_verdict->setBold(true);
    m_figures->setObjectName(QStringLiteral("splitFigures"));
    m_figures->setFigures();
    m_more->setObjectName(QStringLiteral("splitMore"));
    m_marks->setObjectName(QStringLiteral("splitMarks"));
    m_marksChanges->setObjectName(QStringLiteral("markChanges"));
    m_marksChanges->setCode();
    m_install->setObjectName(QStringLiteral("installMarks"));
    auto *head = new QHBoxLayout;
    head->setSpacing(space::S);
    head->addWidget(title, 1);
    head->addWidget(m_samples);
    head->addWidget(new Text(tr("requests"), Type::Body, Text::Tone::Muted, this));
    head->addSpacing(space::S);
    head->addWidget(m_go);
    auto *verdict = new QHBoxLayout;
    verdict->setSpacing(space::S);
    verdict->addWidget(m_lamp, 0, Qt::AlignTop);
    auto *words = new QVBoxLayout;
    words->setSpacing(2);
    words->addWidget(m_verdict);
    words->addWidget(m_figures);
    words->addWidget(m_more);
    verdict->addLayout(words, 1);
    auto *marks = new QVBoxLayout(m_marks);
    marks->setContentsMargins(0, 0, 0, 0);
    marks->setSpacing(space::S);
    marks->addWidget(m_marksWhat);
    marks->addWidget(m_marksChanges);
    marks->addWidget(m_install, 0, Qt::AlignLeft);
    m_marksWhat->put(tr("Installing writes one rule into each tunnel's ingress, before its main rule; the connector itself answers it, no engine is asked. "
                        "Everything else stays as it is and is read back."));
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::L, space::M, space::L, space::L);
    column->setSpacing(space::M);
    column->addLayout(head);
    column->addWidget(m_cost);
    column->addWidget(m_chart);
    column->addLayout(verdict);
    column->addWidget(m_marks);
    column->addStretch(1);
    m_marks->hide();
    m_lamp->setCondition(NodeCondition::Unknown);
    m_verdict->put(tr("Nobody has counted yet"));
    m_figures->put(tr("Tiny requests through the protected hostname; each answer proves who gave it."));
    connect(m_go, &QPushButton::clicked, this, [this] {
        if (m_running)
            Q_EMIT stopRequested();
        else
            Q_EMIT startRequested(m_samples->value());
    });
    connect(m_install, &QPushButton::clicked, this, &SplitCard::installMarksRequested);
    connect(m_samples, &QSpinBox::valueChanged, this, &SplitCard::refresh);
    refresh();
}

int SplitCard::samples() const
{
    return m_samples->value();
}

void SplitCard::setExpected(const QList<RouteLook> &looks, const ShareMap &expected)
{
    m_chart->setExpected(looks, expected);
}

void SplitCard::setBudget(std::optional<qint64> used, std::optional<qint64> most, double rate)
{
    m_used = used;
    m_most = most;
    m_rate = rate;
    refresh();
}

void SplitCard::setBarred(const QString &why)
{
    m_barred = why;
    refresh();
}

void SplitCard::setRunning(bool running)
{
    m_running = running;
    m_installing = false;
    m_marks->hide();
    refresh();
}

void SplitCard::showRunning(const SplitReport &report)
{
    setRunning(true);
    m_chart->setReport(report, false);
    m_lamp->setCondition(NodeCondition::Starting);
    const qint64 sent = report.samples + report.failed + report.stale;
    m_verdict->put(tr("Counting: %1 of %2").arg(QLocale().toString(sent), QLocale().toString(m_samples->value())));
    m_figures->put(sent == 0 ? tr("Waiting for the first answers") : report.failed > 0 ? tr("%1 failed so far").arg(report.failed) : tr("So far p = %1").arg(QLocale().toString(report.pValue, 'g', 2)));
    m_more->put({});
    m_more->hide();
}

void SplitCard::showReport(const SplitReport &report, const QString &when, bool isOld, bool isStopped)
{
    setRunning(false);
    m_chart->setReport(report, isOld);
    const QString p = QLocale().toString(report.pValue, 'g', 2);
    if (report.samples == 0) {
        m_lamp->setCondition(NodeCondition::Down);
        m_verdict->put(tr("No answer could be counted"));
    } else if (!report.agrees) {
        m_lamp->setCondition(NodeCondition::Down);
        m_verdict->put(tr("It does not agree with the shares (p = %1, under 0.001)").arg(p));
    } else {
        m_lamp->setCondition(isStopped ? NodeCondition::Unknown : NodeCondition::Healthy);
        m_verdict->put(tr("It agrees with the shares (p = %1)").arg(p));
    }
    if (isOld) {
        m_lamp->setCondition(NodeCondition::Unknown);
        m_verdict->put(tr("Counted under other shares; count again"));
    }
    QStringList words {tr("%1 counted").arg(QLocale().toString(report.samples)), tr("%1 failed").arg(QLocale().toString(report.failed))};
    if (report.stale > 0)
        words.append(tr("%1 of an older version").arg(QLocale().toString(report.stale)));
    words.append(tr("in %1 s").arg(QLocale().toString(report.seconds, 'f', 1)));
    words.append(tr("median %1").arg(formatLatency(report.medianMs)));
    words.append(isStopped ? tr("stopped %1").arg(when) : when);
    m_figures->put(words.join(QStringLiteral("  ·  ")));
    QString more = moreToTellSentence(report);
    if (report.firstFailure)
        more = tr("The first failure: %1").arg(report.firstFailure->summary) + (more.isEmpty() ? QString() : QLatin1Char(' ') + more);
    if (report.engine) {
        if (report.engine->contradicts())
            m_lamp->setCondition(NodeCondition::Down);
        more += (more.isEmpty() ? QString() : QStringLiteral(" ")) + witnessSentence(*report.engine);
    }
    m_more->put(more);
    m_more->setVisible(!more.isEmpty());
}

void SplitCard::showError(const Error &error)
{
    setRunning(false);
    m_lamp->setCondition(error.kind == Error::Kind::Refused ? NodeCondition::Degraded : NodeCondition::Down);
    m_verdict->put(error.summary);
    m_figures->put(error.detail);
    m_more->put(error.remedy);
    m_more->setVisible(!error.remedy.isEmpty());
}

void SplitCard::showMarksMissing(const Error &error, const QStringList &changes)
{
    setRunning(false);
    m_lamp->setCondition(NodeCondition::Degraded);
    m_verdict->put(error.summary);
    m_figures->put(error.detail);
    m_more->hide();
    m_marksChanges->put(changes.join(QLatin1Char('\n')));
    m_marks->show();
    refresh();
}

void SplitCard::showInstalling()
{
    m_installing = true;
    m_lamp->setCondition(NodeCondition::Starting);
    m_verdict->put(tr("Teaching the tunnels to say who they are"));
    m_figures->put(tr("Connectors take a new configuration over within seconds."));
    refresh();
}

void SplitCard::refresh()
{
    m_go->setText(m_running ? tr("Stop counting") : tr("Count answers"));
    const qint64 left = m_most ? std::max<qint64>(0, *m_most - m_used.value_or(0)) : 0;
    const bool isTooMany = m_most && m_samples->value() > left;
    m_go->setEnabled(m_running || (!m_installing && m_barred.isEmpty() && !isTooMany));
    m_samples->setEnabled(!m_running && !m_installing);
    m_install->setEnabled(!m_installing);
    QStringList words;
    if (!m_barred.isEmpty()) {
        words.append(m_barred);
    } else {
        words.append(tr("about %1").arg(formatDuration(std::chrono::milliseconds(qint64(1000 * m_samples->value() / std::max(0.1, m_rate))))));
        if (!m_most)
            words.append(tr("paid plan: no day's limit of ours"));
        else if (!m_used)
            words.append(tr("how many were sent today is not known, %1 a day").arg(QLocale().toString(*m_most)));
        else
            words.append(tr("%1 of %2 own requests left today (UTC)").arg(QLocale().toString(left), QLocale().toString(*m_most)));
    }
    m_cost->put(words.join(QStringLiteral("  ·  ")));
    m_cost->setTone(isTooMany || !m_barred.isEmpty() ? Text::Tone::Warn : Text::Tone::Muted);
}

} // namespace hybridge
