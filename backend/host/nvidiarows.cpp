// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/host/nvidiarows.h"

#include "backend/base/units.h"
#include "backend/host/nvidiafailure.h"

#include <QCoreApplication>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace hybridge {

namespace {

constexpr qsizetype MostLineBytes = 16 << 10;
constexpr qsizetype MostMessageBytes = 16 << 10;
constexpr qsizetype MostCards = 256;
constexpr qsizetype MostWarnings = 8;

QString tr(const char *text)
{
    return QCoreApplication::translate("NvidiaRows", text);
}

std::string_view trimmed(std::string_view text)
{
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
    while (!text.empty() && blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && blank(text.back()))
        text.remove_suffix(1);
    return text;
}

QByteArray bytes(std::string_view text)
{
    return {text.data(), static_cast<qsizetype>(text.size())};
}

bool same(const QByteArray &raw, std::string_view text)
{
    return std::string_view(raw.constData(), static_cast<std::size_t>(raw.size())) == text;
}

/// A word that stands for "no value". Whatever is not a number has none; these need no note.
bool isFault(std::string_view text)
{
    return text == "[Unknown Error]" || text == "[GPU is lost]" || text == "[GPU requires reset]" || text == "ERR!";
}

/// The number at the start; a unit may follow ("802 MiB", "52 %"). False when there is none.
bool number(std::string_view text, double &value)
{
    if (text.empty() || !((text.front() >= '0' && text.front() <= '9') || text.front() == '-' || text.front() == '.'))
        return false;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault != std::errc())
        return false;
    const std::string_view unit = trimmed(text.substr(static_cast<std::size_t>(end - text.data())));
    return unit.empty() || unit == "%" || unit == "MiB" || unit == "MB" || unit == "W" || unit == "MHz" || unit == "C";
}

/// Takes the value when it lies in the range; false when it is a number out of it.
bool take(std::string_view text, double least, double most, std::optional<double> &target)
{
    double value = 0;
    if (!number(text, value)) {
        // Digits too long for a double are a number all the same.
        return text.empty() || text.front() < '0' || text.front() > '9';
    }
    if (!std::isfinite(value) || value < least || value > most)
        return false;
    target = value;
    return true;
}

std::optional<bool> onOff(std::string_view text)
{
    if (text == "Enabled")
        return true;
    if (text == "Disabled")
        return false;
    return std::nullopt;
}

} // namespace

NvidiaRows::NvidiaRows(QList<NvidiaField> fields) : m_fields(std::move(fields)), m_nameColumn(m_fields.indexOf(NvidiaField::Name)) { }

bool NvidiaRows::split(std::string_view text)
{
    m_columns.clear();
    std::size_t from = 0;
    while (m_columns.size() < 200) {
        const std::size_t comma = text.find(',', from);
        m_columns.push_back(trimmed(text.substr(from, comma == std::string_view::npos ? comma : comma - from)));
        if (comma == std::string_view::npos)
            break;
        from = comma + 1;
    }
    const std::size_t wanted = static_cast<std::size_t>(m_fields.size());
    if (m_columns.size() < wanted)
        return false;
    if (const std::size_t extra = m_columns.size() - wanted; extra > 0) {
        // Only a card's name can hold commas: what stands before and behind it is counted from both ends.
        if (m_nameColumn < 0)
            return false;
        const std::size_t place = static_cast<std::size_t>(m_nameColumn);
        const char *begin = m_columns[place].data();
        const std::string_view last = m_columns[place + extra];
        m_columns[place] = trimmed({begin, static_cast<std::size_t>(last.data() + last.size() - begin)});
        m_columns.erase(m_columns.begin() + static_cast<std::ptrdiff_t>(place + 1), m_columns.begin() + static_cast<std::ptrdiff_t>(place + 1 + extra));
    }
    return true;
}

void NvidiaRows::refuse(NvidiaField field, std::string_view text, AcceleratorFacts &facts) const
{
    if (facts.notes.size() < MostWarnings)
        facts.notes.append(tr("The driver told an impossible value for %1 (%2); it is not used.")
                               .arg(QString::fromLatin1(nvidiaFieldName(field)), safeText(QString::fromUtf8(bytes(text)), 40)));
}

void NvidiaRows::readColumn(NvidiaField field, std::string_view text, AcceleratorFacts &facts, Texts &texts)
{
    const auto word = [text](QByteArray &raw, QString &shared, int most) {
        if (!same(raw, text)) {
            raw = bytes(text);
            shared = text.empty() || text.front() == '[' || text == "N/A" ? QString() : safeText(QString::fromUtf8(raw), most);
        }
        return shared;
    };
    const auto value = [&](double least, double most, std::optional<double> &target) {
        if (!take(text, least, most, target))
            refuse(field, text, facts);
    };
    std::optional<double> rough;
    switch (field) {
    case NvidiaField::Index:
        value(0, 1023, rough);
        if (rough)
            facts.index = static_cast<int>(*rough);
        break;
    case NvidiaField::Uuid:
        facts.uuid = word(texts.rawUuid, texts.uuid, 80);
        break;
    case NvidiaField::Name:
        facts.name = word(texts.rawName, texts.name, 120);
        break;
    case NvidiaField::DriverVersion:
        facts.driverVersion = word(texts.rawDriver, texts.driver, 40);
        break;
    case NvidiaField::Utilization:
        value(0, 100, facts.utilization);
        break;
    case NvidiaField::MemoryUtilization:
        value(0, 100, facts.memoryUtilization);
        break;
    case NvidiaField::MemoryUsed:
        value(0, 16 << 20, facts.memoryUsedMiB);
        break;
    case NvidiaField::MemoryTotal:
        value(1, 16 << 20, facts.memoryTotalMiB);
        break;
    case NvidiaField::Temperature:
        value(-40, 150, facts.temperatureC);
        break;
    case NvidiaField::PowerDraw:
        value(0, 5000, facts.powerW);
        break;
    case NvidiaField::PowerLimit:
        value(0, 5000, facts.powerLimitW);
        break;
    case NvidiaField::FanSpeed:
        value(0, 200, facts.fanPercent);
        break;
    case NvidiaField::ClockSm:
        value(0, 20000, facts.clockSmMHz);
        break;
    case NvidiaField::ClockMemory:
        value(0, 40000, facts.clockMemoryMHz);
        break;
    case NvidiaField::PerformanceState:
        if (text.size() >= 2 && text.size() <= 3 && text.front() == 'P' && take(text.substr(1), 0, 15, rough) && rough)
            facts.performanceState = static_cast<int>(*rough);
        break;
    case NvidiaField::MigMode:
        facts.mig = onOff(text);
        break;
    case NvidiaField::PersistenceMode:
        facts.persistence = onOff(text);
        break;
    case NvidiaField::EccErrors:
        value(0, 1e12, rough);
        if (rough)
            facts.eccErrors = static_cast<quint64>(*rough);
        break;
    case NvidiaField::EventReasons:
    case NvidiaField::ThrottleReasons:
        if (text.size() > 2 && text.size() <= 18 && text.substr(0, 2) == "0x") {
            quint64 mask = 0;
            const auto [end, fault] = std::from_chars(text.data() + 2, text.data() + text.size(), mask, 16);
            if (fault == std::errc() && end == text.data() + text.size())
                facts.throttleReasons = mask;
        }
        break;
    }
    if (!text.empty() && (text.front() == '[' || text.front() == 'E') && isFault(text)) {
        ++m_unknownErrors;
        if (text == "[GPU is lost]")
            facts.error = tr("The GPU fell off the bus.");
        else if (text == "[GPU requires reset]")
            facts.error = tr("The GPU must be reset before it can be used again.");
    }
}

void NvidiaRows::line(std::string_view raw, QList<QList<AcceleratorFacts>> &rounds)
{
    const std::string_view text = trimmed(raw);
    if (text.empty())
        return;
    if (!split(text)) {
        message(text, rounds);
        return;
    }
    if (m_columns.front() == "index" || m_columns.front() == "uuid")
        return; // a header, where noheader is not known
    // The words of a card are looked up under its place: rows come in the same order each round. After the end of a
    // full round the place starts again at 0.
    const bool full = m_cards > 0 && m_round.size() >= m_cards;
    const std::size_t place = full ? 0 : static_cast<std::size_t>(m_round.size());
    if (m_texts.size() <= place)
        m_texts.resize(place + 1);
    AcceleratorFacts facts;
    m_unknownErrors = 0;
    for (qsizetype i = 0; i < m_fields.size(); ++i)
        readColumn(m_fields.at(i), m_columns[static_cast<std::size_t>(i)], facts, m_texts[place]);
    ++m_rows;
    if (facts.memoryUsedMiB && facts.memoryTotalMiB && *facts.memoryUsedMiB > *facts.memoryTotalMiB) {
        facts.memoryUsedMiB.reset();
        if (const qsizetype at = m_fields.indexOf(NvidiaField::MemoryUsed); at >= 0)
            refuse(NvidiaField::MemoryUsed, m_columns[static_cast<std::size_t>(at)], facts);
    }
    if (m_unknownErrors > 3 && facts.error.isEmpty() && !facts.utilization && !facts.memoryTotalMiB && !facts.temperatureC)
        facts.error = tr("The driver gives no values for this GPU.");
    // The row that follows the line about a lost card belongs to it: no index, no uuid, no value.
    if (!facts.index && facts.uuid.isEmpty() && !facts.error.isEmpty() && !m_round.isEmpty() && !m_round.constLast().index
        && !m_round.constLast().error.isEmpty() && m_keys.back().startsWith("pci "))
        return;
    if (facts.error.isEmpty())
        m_messages.clear();
    const QByteArray key = facts.index ? QByteArray::number(*facts.index)
                                       : facts.uuid.isEmpty() ? QByteArray() : m_texts[place].rawUuid;
    append(std::move(facts), key, rounds);
}

void NvidiaRows::message(std::string_view text, QList<QList<AcceleratorFacts>> &rounds)
{
    const QByteArray said = bytes(text.substr(0, 1024));
    if (m_messages.size() + said.size() < MostMessageBytes)
        m_messages += said + '\n';
    if (said.contains("infoROM is corrupted")) {
        const QString warning = tr("The information ROM of the GPU at %1 is corrupted; its values are valid.")
                                    .arg(safeText(QString::fromLatin1(pciAddressIn(said)), 20));
        if (!m_warnings.contains(warning) && m_warnings.size() < MostWarnings)
            m_warnings.append(warning);
    } else if (isCardLostLine(said)) {
        AcceleratorFacts lost;
        const QByteArray address = pciAddressIn(said);
        lost.error = tr("The GPU at %1 fell off the bus.").arg(address.isEmpty() ? unknownText() : QString::fromLatin1(address));
        lost.notes.append(safeText(QString::fromUtf8(said), 200));
        append(std::move(lost), "pci " + address, rounds);
    }
}

void NvidiaRows::append(AcceleratorFacts facts, const QByteArray &key, QList<QList<AcceleratorFacts>> &rounds)
{
    const int index = facts.index.value_or(-1);
    const bool again = (!key.isEmpty() && std::find(m_keys.begin(), m_keys.end(), key) != m_keys.end())
        || (index >= 0 && index < m_lastIndex); // the driver counts upwards
    if (again || m_round.size() == MostCards)
        endRound(rounds);
    if (m_round.isEmpty() && m_cards > 0 && key != m_firstKey) {
        // The round before was ended too early, or its first card is gone: count anew. What comes before the next start
        // may be half a round and is not given out.
        m_cards = 0;
        m_halfRound = true;
    }
    m_keys.push_back(key);
    m_lastIndex = std::max(m_lastIndex, index);
    m_round.append(std::move(facts));
    if (m_cards > 0 && m_round.size() == m_cards && m_round.constLast().error.isEmpty())
        endRound(rounds);
}

void NvidiaRows::endRound(QList<QList<AcceleratorFacts>> &rounds)
{
    QList<AcceleratorFacts> round = takeRound();
    if (!round.isEmpty())
        rounds.append(std::move(round));
}

QList<AcceleratorFacts> NvidiaRows::takeRound()
{
    if (m_round.isEmpty())
        return {};
    QList<AcceleratorFacts> round;
    round.swap(m_round);
    m_round.reserve(round.size());
    m_cards = round.size();
    m_firstKey = m_keys.front();
    m_keys.clear();
    m_lastIndex = -1;
    if (std::exchange(m_halfRound, false))
        return {};
    if (!m_warnings.isEmpty())
        round.first().notes.append(m_warnings);
    ++m_rounds;
    return round;
}

QList<QList<AcceleratorFacts>> NvidiaRows::feed(QByteArrayView input)
{
    QList<QList<AcceleratorFacts>> rounds;
    while (!input.isEmpty()) {
        const qsizetype end = input.indexOf('\n');
        const QByteArrayView piece = end < 0 ? input : input.first(end);
        if (m_partial.size() + piece.size() > MostLineBytes) {
            m_partial.clear();
            m_skipLine = true;
        }
        if (end < 0) {
            if (!m_skipLine)
                m_partial.append(piece);
            break;
        }
        input = input.sliced(end + 1);
        if (m_skipLine) {
            m_skipLine = false;
        } else if (m_partial.isEmpty()) {
            line({piece.data(), static_cast<std::size_t>(piece.size())}, rounds);
        } else {
            m_partial.append(piece);
            const QByteArray whole = std::exchange(m_partial, {});
            line({whole.constData(), static_cast<std::size_t>(whole.size())}, rounds);
        }
    }
    return rounds;
}

QList<QList<AcceleratorFacts>> NvidiaRows::finish()
{
    QList<QList<AcceleratorFacts>> rounds;
    const QByteArray whole = std::exchange(m_partial, {});
    if (!m_skipLine && !whole.isEmpty())
        line({whole.constData(), static_cast<std::size_t>(whole.size())}, rounds);
    m_skipLine = false;
    return rounds;
}

} // namespace hybridge
