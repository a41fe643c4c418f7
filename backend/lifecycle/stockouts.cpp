// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/lifecycle/stockouts.h"

#include <nlohmann/json.hpp>

namespace hybridge {

QString stockOutMark()
{
    return QStringLiteral("stockout");
}

ActivityPayload stockOutPayload(const StockOut &stockOut, const Redactor &redactor)
{
    nlohmann::ordered_json json;
    json["note"] = "stockout";
    json["zone"] = stockOut.zone.toStdString();
    json["code"] = stockOut.code.toStdString();
    return ActivityPayload::of(json, redactor);
}

QList<StockOut> stockOutsIn(const QList<ActivityRecord> &records)
{
    QList<StockOut> out;
    for (const ActivityRecord &record : records) {
        if (record.event != ActivityEvent::Note)
            continue;
        const auto json = nlohmann::json::parse(record.json.toStdString(), nullptr, false);
        if (!json.is_object())
            continue;
        const auto text = [&](const char *key) {
            const auto it = json.find(key);
            return it != json.end() && it->is_string() ? QString::fromStdString(it->get<std::string>()) : QString();
        };
        if (text("note") == stockOutMark())
            out.append({record.at, text("zone"), text("code")});
    }
    return out;
}

} // namespace hybridge
