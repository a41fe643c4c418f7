// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/inference/openaimodels.h"

#include "backend/base/units.h"
#include "backend/inference/engineanswer.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>

namespace hybridge {

namespace {
constexpr qsizetype MostModels = 2000;
constexpr qsizetype MostBytes = 8 << 20;
} // namespace

Result<void> readOpenAiModels(const QByteArray &body, EngineFacts &facts)
{
    const QJsonObject object = QJsonDocument::fromJson(body.left(MostBytes)).object();
    const QJsonValue data = object.value(u"data");
    // Some servers answer an empty list as null.
    if (!data.isArray() && !(data.isNull() && object.value(u"object").toString() == u"list")) {
        const QString said = engineErrorMessage(body);
        return Error(Error::Kind::Protocol, QCoreApplication::translate("Engine", "The answer at /v1/models is no list of models."),
            said.isEmpty() ? safeText(QString::fromUtf8(body.left(400)), 200) : said)
            .withRemedy(QCoreApplication::translate("Engine", "Look at engine.kind and engine.url in the fleet file."));
    }
    QStringList models;
    std::optional<int> shortest;
    for (const QJsonValue value : data.toArray()) {
        const QJsonObject item = value.toObject();
        const QString id = safeText(item.value(u"id").toString(), 200);
        if (id.isEmpty() || models.size() == MostModels)
            continue;
        models.append(id);
        const qint64 length = item.value(u"max_model_len").toInteger();
        if (length > 0 && length <= 1'000'000'000)
            shortest = std::min(shortest.value_or(static_cast<int>(length)), static_cast<int>(length));
    }
    facts.models = models;
    facts.maxModelLen = shortest;
    return {};
}

} // namespace hybridge
