// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/loggedchange.h"

namespace hybridge {

LoggedChange::LoggedChange(ActivityLog &log, const Clock &clock, QString fleet, QString kind, QString node)
    : m_log(&log), m_clock(clock), m_fleet(std::move(fleet))
{
    m_report.id = newOperationId();
    m_report.operation = std::move(kind);
    m_report.node = std::move(node);
    m_report.begun = clock.now();
}

Task<void> LoggedChange::write(ActivityEvent event, ActivityPayload payload)
{
    if (!m_log)
        co_return;
    ActivityDraft draft;
    draft.operation = m_report.id;
    draft.fleet = m_fleet;
    draft.kind = m_report.operation;
    draft.target = m_report.node;
    draft.event = event;
    draft.payload = std::move(payload);
    const Result<qint64> written = co_await m_log->append(draft);
    if (!written && !m_failure)
        m_failure = written.error();
}

Task<Result<void>> LoggedChange::begin(OperationPlan plan)
{
    if (m_log && !m_report.node.isEmpty()) {
        const QStringList nodes {m_report.node};
        const Result<void> claimed = co_await m_log->claim(m_fleet, nodes, m_report.id, m_report.operation);
        if (!claimed && claimed.error().kind == Error::Kind::Refused)
            co_return claimed.error();
        if (!claimed)
            m_failure = claimed.error();
    }
    const ActivityPayload begun = begunPayload(m_report, m_redactor);
    co_await write(ActivityEvent::Begun, begun);
    const ActivityPayload planned = planPayload(plan, m_redactor);
    co_await write(ActivityEvent::Plan, planned);
    co_return Result<void>();
}

Task<void> LoggedChange::end(std::optional<Error> error, QString note)
{
    const ActivityPayload noted = notePayload(note, m_redactor);
    if (!note.isEmpty())
        co_await write(ActivityEvent::Note, noted);
    m_report.ended = m_clock.now();
    m_report.result = error ? resultOf(*error) : OperationResult::Done;
    m_report.error = error;
    m_report.errorLayer = Layer::None; // it is about no layer of a node
    const ActivityPayload ended = endedPayload(m_report, m_redactor);
    co_await write(ActivityEvent::Ended, ended);
}

} // namespace hybridge
