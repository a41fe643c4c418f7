// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/activity/activitychain.h"

#include <QCryptographicHash>

namespace hybridge {

namespace {

void append(QByteArray &out, const QByteArray &field)
{
    out += QByteArray::number(field.size()) + ':' + field + ',';
}

} // namespace

QByteArray canonicalRecord(const ActivityRecord &record)
{
    QByteArray out;
    out.reserve(256 + record.json.size());
    append(out, QByteArrayLiteral("hybridge-activity-1"));
    append(out, QByteArray::number(record.seq));
    append(out, QByteArray::number(record.at.toMSecsSinceEpoch()));
    append(out, record.operation.toUtf8());
    append(out, record.fleet.toUtf8());
    append(out, record.who.toUtf8());
    append(out, record.kind.toUtf8());
    append(out, record.target.toUtf8());
    append(out, activityEventName(record.event).toLatin1());
    append(out, record.json);
    return out;
}

QByteArray chainHash(const QByteArray &previous, const ActivityRecord &record)
{
    QCryptographicHash hash(QCryptographicHash::Sha256);
    hash.addData(previous);
    hash.addData(canonicalRecord(record));
    return hash.result();
}

bool ChainWalk::take(const ActivityRecord &record)
{
    if (!m_check.isIntact())
        return false;
    ++m_check.lines;
    if (record.seq != m_lastSeq + 1) {
        m_check.fault = ChainCheck::Fault::Missing;
        m_check.seq = m_lastSeq + 1;
        return false;
    }
    if (chainHash(m_lastHash, record) != record.hash) {
        m_check.fault = ChainCheck::Fault::Altered;
        m_check.seq = record.seq;
        return false;
    }
    m_lastSeq = record.seq;
    m_lastHash = record.hash;
    m_check.head = record.hash;
    return true;
}

ChainCheck ChainWalk::finish(qint64 headSeq, const QByteArray &headHash) const
{
    ChainCheck check = m_check;
    if (!check.isIntact())
        return check;
    if (headSeq > m_lastSeq) {
        check.fault = ChainCheck::Fault::CutOff;
        check.seq = m_lastSeq + 1;
    } else if (headSeq != m_lastSeq || headHash != m_lastHash) {
        check.fault = ChainCheck::Fault::Altered;
        check.seq = m_lastSeq;
    }
    return check;
}

} // namespace hybridge
