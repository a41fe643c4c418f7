// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/routing/weightplan.h"

#include "backend/base/units.h"

#include <QCoreApplication>

#include <algorithm>
#include <cmath>

namespace hybridge {

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("WeightPlan", text);
}

ShareMap asShares(const PercentMap &percents)
{
    ShareMap out;
    for (auto it = percents.begin(); it != percents.end(); ++it)
        out.insert(it.key(), it.value());
    return out;
}

ShareMap evenly(const QStringList &nodes)
{
    ShareMap out;
    for (const QString &node : nodes)
        out.insert(node, 1);
    return out;
}

bool allZero(const ShareMap &shares)
{
    return std::all_of(shares.begin(), shares.end(), [](double share) { return share <= 0; });
}

/// One line of "is it enough": the load spread over @p shares against what each node has shown that it can.
HeadroomLine lineOf(const QString &lost, const PercentMap &percents, const QList<NodeLoad> &loads)
{
    HeadroomLine line;
    line.lost = lost;
    ShareMap parts;
    for (auto it = percents.begin(); it != percents.end(); ++it)
        if (it.key() != lost && it.value() > 0)
            parts.insert(it.key(), it.value());
    double sum = 0;
    for (const double part : parts)
        sum += part;
    for (double &part : parts)
        part = part * 100 / sum;
    line.shares = parts;
    double demand = 0;
    bool demandKnown = true;
    for (const NodeLoad &load : loads) {
        if (!load.now && percents.value(load.node, 0) > 0)
            demandKnown = false;
        demand += load.now.value_or(0);
    }
    double capacity = 0;
    bool capacityKnown = true;
    double worst = 1;
    for (auto it = parts.begin(); it != parts.end(); ++it) {
        const auto load = std::find_if(loads.begin(), loads.end(), [&](const NodeLoad &one) { return one.node == it.key(); });
        if (load == loads.end() || !load->most || *load->most <= 0) {
            capacityKnown = false;
            continue;
        }
        capacity += *load->most;
        const double use = demand * it.value() / 100 / *load->most;
        if (demandKnown && use > worst) {
            worst = use;
            line.tight = it.key();
        }
    }
    if (demandKnown)
        line.demand = demand;
    if (capacityKnown && !parts.isEmpty())
        line.capacity = capacity;
    if (parts.isEmpty())
        line.verdict = HeadroomLine::Verdict::Overloads;
    else if (!line.tight.isEmpty())
        line.verdict = HeadroomLine::Verdict::Overloads;
    else if (demandKnown && capacityKnown)
        line.verdict = HeadroomLine::Verdict::Carries;
    return line;
}

} // namespace

PercentMap wholePercents(const ShareMap &parts, int total)
{
    PercentMap out;
    double sum = 0;
    for (auto it = parts.begin(); it != parts.end(); ++it) {
        out.insert(it.key(), 0);
        if (std::isfinite(it.value()))
            sum += std::max(0.0, it.value());
    }
    if (sum <= 0 || total <= 0)
        return out;
    struct Rest {
        QString node;
        double rest = 0;
    };
    QList<Rest> rests;
    int given = 0;
    for (auto it = parts.begin(); it != parts.end(); ++it) {
        if (!std::isfinite(it.value()) || it.value() <= 0)
            continue;
        const double exact = it.value() * total / sum;
        // Figures such as 0.29 * 100 lie a hair below the whole number that is meant.
        const int whole = int(std::floor(exact + 1e-9));
        out[it.key()] = whole;
        given += whole;
        rests.append({it.key(), exact - whole});
    }
    std::stable_sort(rests.begin(), rests.end(), [](const Rest &a, const Rest &b) { return a.rest > b.rest + 1e-12; });
    for (qsizetype i = 0; given < total; ++given, i = (i + 1) % rests.size())
        ++out[rests.at(i).node];
    return out;
}

WeightDraft::WeightDraft(const PercentMap &percents)
{
    const ShareMap shares = asShares(percents);
    m_percents = wholePercents(allZero(shares) ? evenly(percents.keys()) : shares);
}

void WeightDraft::setLocked(const QString &node, bool locked)
{
    if (locked && m_percents.contains(node))
        m_locked.insert(node);
    else
        m_locked.remove(node);
}

bool WeightDraft::set(const QString &node, int percent)
{
    if (!m_percents.contains(node))
        return false;
    int kept = 0;
    ShareMap others;
    for (auto it = m_percents.begin(); it != m_percents.end(); ++it) {
        if (it.key() == node)
            continue;
        if (m_locked.contains(it.key()))
            kept += it.value();
        else
            others.insert(it.key(), it.value());
    }
    const int room = 100 - kept;
    if (others.isEmpty())
        return false;
    const int wanted = std::clamp(percent, 0, room);
    if (wanted == m_percents.value(node))
        return wanted == percent;
    const PercentMap rest = wholePercents(allZero(others) ? evenly(others.keys()) : others, room - wanted);
    m_percents[node] = wanted;
    for (auto it = rest.begin(); it != rest.end(); ++it)
        m_percents[it.key()] = it.value();
    return true;
}

WeightDraft WeightDraft::even(const QStringList &nodes)
{
    PercentMap percents;
    for (const QString &node : nodes)
        percents.insert(node, 1);
    return WeightDraft(percents);
}

WeightDraft WeightDraft::only(const QStringList &nodes, const QString &node)
{
    PercentMap percents;
    for (const QString &one : nodes)
        percents.insert(one, one == node ? 100 : 0);
    return WeightDraft(percents);
}

WeightDraft WeightDraft::proportional(const QMap<QString, double> &capacities)
{
    WeightDraft draft;
    draft.m_percents = wholePercents(allZero(capacities) ? evenly(capacities.keys()) : capacities);
    return draft;
}

Result<PercentMap> percentsFromWords(const QStringList &words, const PercentMap &now)
{
    const auto bad = [](const QString &sentence) { return Error(Error::Kind::Invalid, sentence); };
    PercentMap named;
    int sum = 0;
    for (const QString &word : words) {
        const qsizetype equals = word.lastIndexOf(QLatin1Char('='));
        bool isNumber = false;
        QString digits = equals > 0 ? word.mid(equals + 1) : QString();
        if (digits.endsWith(QLatin1Char('%')))
            digits.chop(1);
        const int percent = digits.toInt(&isNumber);
        if (equals < 1 || !isNumber)
            return bad(tr("\"%1\" is not NODE=PERCENT with a whole percent.").arg(safeText(word, 80)));
        const QString node = word.left(equals);
        if (percent < 0 || percent > 100)
            return bad(tr("%1 is not between 0 and 100.").arg(percent));
        if (!now.contains(node))
            return bad(tr("The router shares nothing to a node \"%1\". It knows: %2.").arg(safeText(node, 80), now.keys().join(QStringLiteral(", "))));
        if (named.contains(node))
            return bad(tr("%1 is named twice.").arg(node));
        named.insert(node, percent);
        sum += percent;
    }
    if (named.isEmpty())
        return bad(tr("No share is named."));
    if (sum > 100)
        return bad(tr("The shares sum to %1, not to 100.").arg(sum));
    ShareMap rest;
    for (auto it = now.begin(); it != now.end(); ++it)
        if (!named.contains(it.key()))
            rest.insert(it.key(), it.value());
    if (rest.isEmpty() && sum != 100)
        return bad(tr("The shares sum to %1, not to 100.").arg(sum));
    PercentMap out = wholePercents(allZero(rest) ? evenly(rest.keys()) : rest, 100 - sum);
    for (auto it = named.begin(); it != named.end(); ++it)
        out.insert(it.key(), it.value());
    return out;
}

QList<PercentMap> canarySteps(const PercentMap &before, const PercentMap &after, const QList<int> &fractions)
{
    QList<PercentMap> steps;
    QList<int> way;
    for (const int fraction : fractions)
        if (fraction > 0 && fraction < 100 && (way.isEmpty() || fraction > way.last()))
            way.append(fraction);
    way.append(100);
    PercentMap last = before;
    for (const int fraction : way) {
        PercentMap step = after;
        if (fraction < 100) {
            ShareMap parts;
            for (auto it = after.begin(); it != after.end(); ++it)
                parts.insert(it.key(), before.value(it.key(), 0) + (it.value() - before.value(it.key(), 0)) * fraction / 100.0);
            for (auto it = before.begin(); it != before.end(); ++it)
                if (!after.contains(it.key()))
                    parts.insert(it.key(), it.value() * (100 - fraction) / 100.0);
            step = wholePercents(parts);
        }
        if (step != last)
            steps.append(step);
        last = step;
    }
    return steps;
}

QList<HeadroomLine> headroom(const PercentMap &percents, const QList<NodeLoad> &loads)
{
    QList<HeadroomLine> lines {lineOf({}, percents, loads)};
    for (auto it = percents.begin(); it != percents.end(); ++it)
        if (it.value() > 0)
            lines.append(lineOf(it.key(), percents, loads));
    return lines;
}

QString headroomSentence(const HeadroomLine &line)
{
    const QString demand = line.demand ? QString::number(*line.demand, 'f', 0) : unknownText();
    const QString capacity = line.capacity ? QString::number(*line.capacity, 'f', 0) : unknownText();
    const QString figures = tr("%1 tokens/s needed, %2 seen at most").arg(demand, capacity);
    switch (line.verdict) {
    case HeadroomLine::Verdict::Carries:
        return line.lost.isEmpty() ? tr("These shares are carried: %1.").arg(figures) : tr("Without %1 the rest carries it: %2.").arg(line.lost, figures);
    case HeadroomLine::Verdict::Overloads:
        if (line.shares.isEmpty())
            return tr("Without %1 nobody is left with a share.").arg(line.lost);
        return line.lost.isEmpty() ? tr("These shares give %1 more than it was ever seen to carry. All together: %2.").arg(line.tight, figures)
                                   : tr("Without %1 the load is too much for %2: %3.").arg(line.lost, line.tight, figures);
    case HeadroomLine::Verdict::Unknown: break;
    }
    return line.lost.isEmpty() ? tr("Whether these shares are carried is not known: %1.").arg(figures)
                               : tr("Whether the rest carries it without %1 is not known: %2.").arg(line.lost, figures);
}

} // namespace hybridge
