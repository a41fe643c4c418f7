// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/nvidialadder.h"

#include "backend/host/nvidiafailure.h"

#include <algorithm>

namespace hybridge {

using namespace std::chrono_literals;

namespace {

constexpr qsizetype FewestFields = 3; // below that nothing useful is left
constexpr qsizetype MostDrivers = 8;

/// What nvidia-smi says about an option that it does not know.
bool refusesOption(const QByteArray &text)
{
    return text.contains("is not recognized") || text.contains("Invalid combination of input arguments")
        || text.contains("Unknown option") || text.contains("unrecognized option") || text.contains("invalid option")
        || text.contains("Not a valid loop") || text.contains("--loop(-ms)=] value is incorrect");
}

} // namespace

NvidiaLadder::NvidiaLadder(std::chrono::milliseconds period) : m_period(std::clamp<std::chrono::milliseconds>(period, 100ms, 1h)) { }

std::chrono::milliseconds NvidiaLadder::period() const
{
    switch (m_rung) {
    case Rung::Milliseconds:
        return m_period;
    case Rung::Seconds:
        return std::chrono::ceil<std::chrono::seconds>(m_period);
    case Rung::OneShot:
        break;
    }
    return std::max<std::chrono::milliseconds>(m_period, 5s);
}

QStringList NvidiaLadder::arguments() const
{
    QStringList words = nvidiaQueryArguments(m_fields);
    if (m_rung == Rung::Milliseconds)
        words << QStringLiteral("-lms") << QString::number(m_period.count());
    else if (m_rung == Rung::Seconds)
        words << QStringLiteral("-l") << QString::number(std::chrono::ceil<std::chrono::seconds>(m_period).count());
    return words;
}

bool NvidiaLadder::refuseFields(const QByteArray &text)
{
    bool changed = false;
    qsizetype at = 0;
    while ((at = text.indexOf("Field \"", at)) >= 0) {
        at += 7;
        const qsizetype end = text.indexOf('"', at);
        if (end < 0)
            break;
        const std::optional<NvidiaField> field = nvidiaFieldFromName(text.mid(at, std::min<qsizetype>(end - at, 80)));
        at = end;
        const qsizetype place = field ? m_fields.indexOf(*field) : -1;
        if (place < 0)
            continue;
        if (const std::optional<NvidiaField> older = nvidiaOlderName(*field))
            m_fields[place] = *older;
        else
            m_fields.remove(place);
        changed = true;
    }
    m_refusedSinceDriver = m_refusedSinceDriver || changed;
    return changed;
}

NvidiaLadder::Step NvidiaLadder::ended(int exitCode, const QByteArray &text, quint64 rounds)
{
    const QByteArray head = text.left(64 << 10);
    if (head.contains("is not a valid field")) {
        if (refuseFields(head) && m_fields.size() >= FewestFields)
            return {true, std::nullopt};
        m_fields = nvidiaFullQuery();
        m_refusedSinceDriver = false;
        return {false, nvidiaError(NvidiaProblem::TooOld, head.trimmed(), exitCode)};
    }
    if (rounds == 0 && refusesOption(head)) {
        if (m_rung == Rung::OneShot)
            return {false, nvidiaError(NvidiaProblem::TooOld, head.trimmed(), exitCode)};
        m_rung = m_rung == Rung::Milliseconds ? Rung::Seconds : Rung::OneShot;
        return {true, std::nullopt};
    }
    const bool dataIsGood = rounds > 0 && (exitCode == 0 || exitCode == 14);
    if (dataIsGood) {
        // One round and a clean end, twice in a row: the loop option is taken and not obeyed. Once tells nothing: whoever
        // ends nvidia-smi by a signal gets a clean end too.
        m_shortEnds = rounds == 1 ? m_shortEnds + 1 : 0;
        if (m_rung != Rung::OneShot && m_shortEnds >= 2)
            m_rung = Rung::OneShot;
        return {};
    }
    if (const std::optional<Error> error = explainNvidia(exitCode, head))
        return {false, error};
    return {false, nvidiaError(NvidiaProblem::Other, head.trimmed(), exitCode)};
}

bool NvidiaLadder::sawDriver(const QString &version)
{
    if (version.isEmpty() || (version == m_driver && !m_refusedSinceDriver))
        return false;
    const bool learnedNow = m_refusedSinceDriver || m_driver.isEmpty();
    m_refusedSinceDriver = false;
    if (m_known.size() >= MostDrivers && !m_known.contains(version))
        m_known.clear();
    if (learnedNow) {
        m_driver = version;
        m_known.insert(version, m_fields);
        return false;
    }
    m_driver = version;
    const QList<NvidiaField> wanted = m_known.value(version, nvidiaFullQuery());
    m_known.insert(version, wanted);
    if (wanted == m_fields)
        return false;
    m_fields = wanted;
    return true;
}

} // namespace hybridge
