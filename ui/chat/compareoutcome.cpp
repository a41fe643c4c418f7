// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// What a comparison came to: the table, the sentences, the spreads, the file.
#include "backend/base/units.h"
#include "backend/chat/chatcompare.h"
#include "backend/chat/conversationjson.h"
#include "ui/chat/comparepanel.h"
#include "ui/chat/fileaside.h"
#include "ui/chat/spreadchart.h"
#include "ui/widgets/card.h"
#include "ui/widgets/text.h"

#include <QFileDialog>
#include <QGridLayout>
#include <QLocale>

namespace hybridge {

void ComparePanel::summarise()
{
    while (QLayoutItem *old = m_table->takeAt(0)) {
        delete old->widget();
        delete old;
    }
    m_summary->setVisible(!m_answers.isEmpty());
    if (m_answers.isEmpty())
        return;
    const ChatComparison comparison = compareAnswers(m_answers, m_labels);
    const bool isRepeated = m_answers.size() > comparison.rows.size();
    const auto cell = [this](int row, int column, const QString &words, Text::Tone tone) {
        auto *text = new Text(words, Type::Label, tone, m_summary);
        text->setFigures();
        m_table->addWidget(text, row, column);
    };
    const QStringList heads {tr("Way"), tr("Served by"), tr("Runs"), tr("Connect"), tr("First byte"), tr("First token"), tr("Tokens/s"), tr("Total")};
    for (int i = 0; i < heads.size(); ++i)
        cell(0, i, heads.at(i), Text::Tone::Muted);
    m_table->setColumnStretch(0, 2);
    m_table->setColumnStretch(1, 1);
    for (int i = 2; i < heads.size(); ++i)
        m_table->setColumnStretch(i, 1);
    const auto time = [isRepeated](const std::optional<ChatSpread> &spread) {
        if (!spread)
            return unknownText();
        if (!isRepeated || spread->count < 2)
            return formatLatency(spread->median);
        return tr("%1\n%2 to %3").arg(formatLatency(spread->median), formatLatency(spread->least), formatLatency(spread->most));
    };
    QList<SpreadChart::Lane> first;
    QList<SpreadChart::Lane> total;
    for (int i = 0; i < comparison.rows.size(); ++i) {
        const ChatCompareRow &row = comparison.rows.at(i);
        const QString name = targetWords(row.target, m_labels);
        QStringList served;
        for (const QString &node : row.servedBy)
            served.append(safeText(m_labels.value(node, node), 40));
        cell(i + 1, 0, name, Text::Tone::Text);
        cell(i + 1, 1, served.isEmpty() ? unknownText() : served.join(QStringLiteral(", ")), Text::Tone::Text);
        cell(i + 1, 2, row.failed > 0 ? tr("%1, %2 failed").arg(row.runs).arg(row.failed) : QString::number(row.runs),
            row.failed > 0 ? Text::Tone::Down : Text::Tone::Text);
        cell(i + 1, 3, time(row.connectMs), Text::Tone::Text);
        cell(i + 1, 4, time(row.firstByteMs), Text::Tone::Text);
        cell(i + 1, 5, time(row.firstTokenMs), Text::Tone::Text);
        cell(i + 1, 6, row.tokensPerSecond ? QLocale().toString(row.tokensPerSecond->median, 'f', 1) : unknownText(), Text::Tone::Text);
        cell(i + 1, 7, time(row.totalMs), Text::Tone::Text);
        SpreadChart::Lane one {name, {}, row.failed};
        SpreadChart::Lane whole = one;
        for (const ChatAnswer &answer : std::as_const(m_answers)) {
            if (answer.target != row.target || answer.failure || answer.stopped)
                continue; // counted, not measured, as in the table
            if (answer.timing.firstTokenMs)
                one.values.append(*answer.timing.firstTokenMs);
            if (answer.timing.totalMs)
                whole.values.append(*answer.timing.totalMs);
        }
        first.append(one);
        total.append(whole);
    }
    QStringList sentences;
    for (const QString &sentence : comparison.sentences)
        sentences.append(safeText(sentence, 400));
    m_sentences->put(sentences.join(QLatin1Char('\n')));
    m_sentences->setVisible(!sentences.isEmpty());
    m_firstToken->setLanes(first);
    m_total->setLanes(total);
    m_firstToken->setVisible(isRepeated);
    m_total->setVisible(isRepeated);
}

void ComparePanel::exportCsv(const QString &path)
{
    write(this, path);
}

Task<void> ComparePanel::write(QPointer<ComparePanel> self, QString path)
{
    const QByteArray csv = comparisonCsv(self->m_answers);
    const qsizetype runs = self->m_answers.size();
    const Result<void> written = co_await writeFileAside(path, csv);
    if (self)
        self->m_note->put(written ? tr("Runs written to %1: %2.").arg(safeText(path, 160)).arg(runs) : written.error().summary);
}

void ComparePanel::askFile()
{
    auto *dialog = new QFileDialog(this, tr("Export the runs"), QStringLiteral("compare.csv"), tr("Comma-separated values (*.csv)"));
    dialog->setObjectName(QStringLiteral("compareExportDialog"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    connect(dialog, &QFileDialog::fileSelected, this, &ComparePanel::exportCsv);
    dialog->open();
}

} // namespace hybridge
