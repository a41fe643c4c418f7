// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/routing/routehistorycard.h"

#include "backend/base/units.h"
#include "backend/routing/weightplan.h"
#include "ui/routing/sharebar.h"
#include "ui/widgets/statelamp.h"
#include "ui/widgets/text.h"

#include <QHBoxLayout>
#include <QLocale>
#include <QPushButton>
#include <QVBoxLayout>

namespace hybridge {

namespace {

constexpr qsizetype FewRows = 6;

NodeCondition lampOf(const RouteHistoryEntry &entry)
{
    using State = RouteHistoryEntry::State;
    switch (entry.state) {
    case State::Verified: return NodeCondition::Healthy;
    case State::Differs: return NodeCondition::Down;
    case State::NotVerified: return NodeCondition::Unknown;
    case State::Unfinished: return NodeCondition::Degraded;
    case State::Failed: return NodeCondition::Down;
    case State::Running: return NodeCondition::Starting;
    }
    return NodeCondition::Unknown;
}

QString kindWords(const RouteHistoryEntry &entry)
{
    if (entry.kind == QLatin1String("route rollback"))
        return RouteHistoryCard::tr("Rolled back");
    if (entry.kind == QLatin1String("route drain"))
        return RouteHistoryCard::tr("Drained");
    if (entry.kind == QLatin1String("route set"))
        return RouteHistoryCard::tr("Shares set");
    if (entry.kind.isEmpty())
        return RouteHistoryCard::tr("Before that");
    return safeText(entry.kind, 40);
}

} // namespace

RouteHistoryCard::RouteHistoryCard(QWidget *parent)
    : Card(parent), m_text(new Text(tr("Reading the activity log…"), Type::Body, Text::Tone::Muted, this)), m_again(new QPushButton(tr("Read again"), this)),
      m_all(new QPushButton(this)), m_rowBox(new QVBoxLayout)
{
    auto *title = new Text(tr("History"), Type::Section, Text::Tone::Text, this);
    title->setBold(true);
    title->setMaxLines(1);
    m_text->setObjectName(QStringLiteral("historyText"));
    m_again->setProperty("kind", QStringLiteral("quiet"));
    m_again->hide();
    m_all->setProperty("kind", QStringLiteral("link"));
    m_all->setObjectName(QStringLiteral("historyAll"));
    auto *head = new QHBoxLayout;
    head->addWidget(title, 1);
    head->addWidget(m_again);
    m_rowBox->setSpacing(space::M);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(space::L, space::M, space::L, space::L);
    column->setSpacing(space::M);
    column->addLayout(head);
    column->addWidget(m_text);
    column->addLayout(m_rowBox);
    column->addWidget(m_all, 0, Qt::AlignLeft);
    m_all->hide();
    connect(m_again, &QPushButton::clicked, this, &RouteHistoryCard::readAgainRequested);
    connect(m_all, &QPushButton::clicked, this, [this] {
        m_showsAll = !m_showsAll;
        setEntries(m_entries, m_looks, m_standing);
    });
}

void RouteHistoryCard::showMessage(const QString &text, bool isError)
{
    m_text->setTone(isError ? Text::Tone::Warn : Text::Tone::Muted);
    m_text->put(text);
    m_text->setVisible(!text.isEmpty());
    m_again->setVisible(isError);
}

void RouteHistoryCard::setError(const Error &error)
{
    showMessage(error.remedy.isEmpty() ? error.summary : QStringLiteral("%1 %2").arg(error.summary, error.remedy), true);
}

void RouteHistoryCard::makeRow()
{
    auto *box = new QWidget(this);
    Row row {box, new StateLamp(14, box), new Text(Type::Label, Text::Tone::Muted, box), new Text(Type::Body, Text::Tone::Text, box),
        new Text(Type::Label, Text::Tone::Muted, box), new ShareBar(box), new ShareBar(box), new Text(QStringLiteral("→"), Type::Label, Text::Tone::Muted, box),
        new QPushButton(tr("Roll back to this"), box), {}, {}};
    row.when->setFigures();
    row.when->setMaxLines(1);
    row.when->setFixedWidth(116);
    row.before->setFixedWidth(84);
    row.after->setFixedWidth(84);
    row.arrow->setMaxLines(1);
    row.arrow->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Preferred);
    for (QWidget *part : {static_cast<QWidget *>(row.lamp), static_cast<QWidget *>(row.when), static_cast<QWidget *>(row.before), static_cast<QWidget *>(row.arrow)}) {
        QSizePolicy policy = part->sizePolicy();
        policy.setRetainSizeWhenHidden(true);
        part->setSizePolicy(policy);
    }
    auto *words = new QVBoxLayout;
    words->setSpacing(1);
    words->addWidget(row.what);
    words->addWidget(row.detail);
    auto *line = new QHBoxLayout(box);
    line->setContentsMargins(0, 0, 0, 0);
    line->setSpacing(space::S);
    line->addWidget(row.lamp);
    line->addWidget(row.when);
    line->addWidget(row.before);
    line->addWidget(row.arrow);
    line->addWidget(row.after);
    line->addSpacing(space::S);
    line->addLayout(words, 1);
    line->addWidget(row.back);
    const qsizetype index = m_rows.size();
    row.back->setObjectName(QStringLiteral("rollback:%1").arg(index));
    connect(row.back, &QPushButton::clicked, this, [this, index] { Q_EMIT rollbackRequested(m_rows.at(index).operation, m_rows.at(index).percents); });
    m_rowBox->addWidget(box);
    m_rows.append(row);
}

void RouteHistoryCard::fill(qsizetype index, const RouteHistoryEntry &entry, const QList<RouteLook> &looks, const PercentMap &standing)
{
    Row &row = m_rows[index];
    const QDateTime at = entry.at.toLocalTime();
    const bool isOrigin = entry.kind.isEmpty(); // what was there before anything was changed from here
    for (QWidget *part : {static_cast<QWidget *>(row.lamp), static_cast<QWidget *>(row.when), static_cast<QWidget *>(row.before), static_cast<QWidget *>(row.arrow)})
        part->setVisible(!isOrigin);
    row.lamp->setCondition(lampOf(entry));
    row.lamp->setToolTip(historyStateLabel(entry.state));
    row.when->put(at.toString(at.date() == QDate::currentDate() ? QStringLiteral("HH:mm:ss") : QStringLiteral("yyyy-MM-dd HH:mm")));
    row.before->setShares(looks, entry.before);
    row.after->setShares(looks, entry.after, {}, entry.state == RouteHistoryEntry::State::Failed);
    row.what->put(QStringLiteral("%1: %2").arg(kindWords(entry), sharesWords(entry.after, looks)));
    QStringList detail;
    if (!isOrigin)
        detail.append(historyStateLabel(entry.state));
    if (entry.rolledBack)
        detail.append(tr("taken back later"));
    if (entry.version)
        detail.append(tr("version %1").arg(*entry.version));
    if (!entry.who.isEmpty())
        detail.append(safeText(entry.who.section(QLatin1Char(','), 0, 0), 60));
    if (!entry.note.isEmpty() && entry.state != RouteHistoryEntry::State::NotVerified)
        detail.append(entry.note);
    row.operation = entry.operation;
    row.percents = entry.wasApplied() || entry.state == RouteHistoryEntry::State::Unfinished ? wholePercents(entry.after) : wholePercents(entry.before);
    bool isThere = true;
    bool isPossible = !row.percents.isEmpty();
    int sum = 0;
    for (auto it = row.percents.begin(); it != row.percents.end(); ++it) {
        isPossible = isPossible && (standing.contains(it.key()) || it.value() == 0);
        sum += it.value();
    }
    for (auto it = standing.begin(); it != standing.end(); ++it)
        isThere = isThere && row.percents.value(it.key(), 0) == it.value();
    if (isThere && (entry.wasApplied() || entry.state == RouteHistoryEntry::State::Unfinished)) // a failed wish holds nowhere
        detail.append(tr("holds now"));
    row.detail->put(detail.join(QStringLiteral("  ·  ")));
    row.detail->setVisible(!detail.isEmpty());
    row.back->setVisible(entry.wasApplied() && !isThere && isPossible && sum == 100);
    row.back->setEnabled(m_editable);
    row.back->setToolTip(tr("Back to %1").arg(sharesWords(entry.after, looks)));
}

void RouteHistoryCard::setEntries(const QList<RouteHistoryEntry> &entries, const QList<RouteLook> &looks, const PercentMap &standing)
{
    m_entries = entries;
    m_looks = looks;
    m_standing = standing;
    showMessage(entries.isEmpty() ? tr("No change of shares is on record. Each one will stand here, with a way back.") : QString(), false);
    QList<RouteHistoryEntry> shown = m_showsAll ? entries : entries.mid(0, FewRows);
    // The oldest change has a state before it that nobody has set from here; it can be had back too.
    if (!entries.isEmpty() && shown.size() == entries.size() && !entries.last().before.isEmpty()) {
        RouteHistoryEntry first;
        first.operation = entries.last().operation;
        first.after = entries.last().before;
        shown.append(first);
    }
    while (m_rows.size() < shown.size())
        makeRow();
    for (qsizetype i = 0; i < m_rows.size(); ++i) {
        m_rows.at(i).box->setVisible(i < shown.size());
        if (i < shown.size())
            fill(i, shown.at(i), looks, standing);
    }
    m_all->setVisible(entries.size() > FewRows);
    m_all->setText(m_showsAll ? tr("Show fewer") : tr("Show all %1").arg(entries.size()));
}

void RouteHistoryCard::setEditable(bool editable)
{
    m_editable = editable;
    for (const Row &row : std::as_const(m_rows))
        row.back->setEnabled(editable);
}

} // namespace hybridge
