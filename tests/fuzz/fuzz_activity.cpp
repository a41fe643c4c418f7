// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
// The payloads of the activity log: its file may have been edited by anybody.
#include "backend/activity/activitychain.h"
#include "backend/activity/activitydetail.h"
#include "backend/activity/activityexport.h"
#include "backend/activity/processidentity.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace hybridge;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const QByteArray bytes(reinterpret_cast<const char *>(data), qsizetype(size));
    QList<ActivityRecord> records;
    for (const ActivityEvent event : {ActivityEvent::Begun, ActivityEvent::Plan, ActivityEvent::Step, ActivityEvent::Call,
             ActivityEvent::Note, ActivityEvent::Ended}) {
        ActivityRecord record;
        record.seq = records.size() + 1;
        record.event = event;
        record.json = bytes;
        record.kind = QString::fromUtf8(bytes.left(40));
        record.hash = chainHash({}, record);
        // However odd the payload, an exported line is one line.
        if (exportLine(record, ActivityFormat::JsonLines).count('\n') != 1)
            std::abort();
        if (!exportLine(record, ActivityFormat::Csv).endsWith("\r\n"))
            std::abort();
        records.append(record);
    }
    const ActivityDetail detail = activityDetail(records);
    if (stepsFromJson(stepsToJson(detail.steps)).size() != detail.steps.size())
        std::abort();
    if (searchText(bytes).size() > 16000)
        std::abort();
    (void)activityEnd(bytes);
    (void)matchOf(QString::fromUtf8(bytes), QString::fromUtf8(bytes.left(20)));
    (void)startTimeOf(bytes);
    (void)ProcessIdentity::fromText(QString::fromUtf8(bytes));
    return 0;
}
