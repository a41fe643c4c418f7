// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/inference/ollama.h"

#include "backend/base/units.h"
#include "backend/http/jsonfields.h"
#include "backend/inference/engineanswer.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

namespace hybridge {

namespace {

constexpr qsizetype MostModels = 2000;
constexpr qsizetype MostLoaded = 200;
constexpr qsizetype MostBytes = 8 << 20;

QString tr(const char *text)
{
    return QCoreApplication::translate("Engine", text);
}

/// The list "models"; an Error when the page is not Ollama's. Go writes an empty list as null.
Result<QJsonArray> modelsIn(const QByteArray &body, const QString &page)
{
    const QJsonObject object = QJsonDocument::fromJson(body.left(MostBytes)).object();
    const QJsonValue models = object.value(u"models");
    if (models.isArray())
        return models.toArray();
    if (models.isNull() && object.contains(u"models"))
        return QJsonArray();
    const QString said = engineErrorMessage(body);
    return Error(Error::Kind::Protocol, tr("The answer at %1 is not Ollama's.").arg(page),
        said.isEmpty() ? safeText(QString::fromUtf8(body.left(400)), 200) : said)
        .withRemedy(tr("Look at engine.kind and engine.url in the fleet file."));
}

QString nameOf(const QJsonObject &item)
{
    const QString name = safeText(item.value(u"name").toString(), 200);
    return name.isEmpty() ? safeText(item.value(u"model").toString(), 200) : name;
}

std::optional<double> mebibytes(const QJsonValue &value)
{
    const double bytes = value.toDouble(-1);
    return bytes >= 0 && bytes < 1e15 ? std::optional(bytes / (1 << 20)) : std::nullopt;
}

} // namespace

Result<void> readOllamaTags(const QByteArray &body, EngineFacts &facts)
{
    const Result<QJsonArray> items = modelsIn(body, QStringLiteral("/api/tags"));
    if (!items)
        return items.error();
    QStringList models;
    int remote = 0;
    for (const QJsonValue value : *items) {
        const QJsonObject item = value.toObject();
        const QString name = nameOf(item);
        if (name.isEmpty() || models.size() == MostModels)
            continue;
        if (!item.value(u"remote_host").toString().isEmpty() || !item.value(u"remote_model").toString().isEmpty())
            ++remote;
        else
            models.append(name);
    }
    if (remote > 0)
        facts.notes.append(tr("%1 of Ollama's models run in a cloud, not on this node; they are left out.").arg(remote));
    facts.models = models;
    return {};
}

Result<void> readOllamaPs(const QByteArray &body, EngineFacts &facts)
{
    const Result<QJsonArray> items = modelsIn(body, QStringLiteral("/api/ps"));
    if (!items)
        return items.error();
    QList<LoadedModel> loaded;
    double size = 0;
    double vram = 0;
    for (const QJsonValue value : *items) {
        const QJsonObject item = value.toObject();
        LoadedModel model;
        model.name = nameOf(item);
        if (model.name.isEmpty() || loaded.size() == MostLoaded)
            continue;
        model.sizeMiB = mebibytes(item.value(u"size"));
        model.vramMiB = mebibytes(item.value(u"size_vram"));
        if (!item.contains(u"size_vram") && model.sizeMiB)
            model.vramMiB = 0; // Go leaves a zero out where the field says omitempty
        if (model.sizeMiB && model.vramMiB && *model.sizeMiB > 0 && *model.vramMiB <= *model.sizeMiB) {
            model.vramFraction = *model.vramMiB / *model.sizeMiB;
            size += *model.sizeMiB;
            vram += *model.vramMiB;
        }
        const qint64 context = item.value(u"context_length").toInteger();
        if (context > 0 && context <= 1'000'000'000)
            model.contextLength = static_cast<int>(context);
        model.expiresAt = parseRfc3339(item.value(u"expires_at").toString().left(64));
        loaded.append(model);
    }
    facts.loadedModels = loaded;
    facts.vramFraction = size > 0 ? std::optional(vram / size) : std::nullopt;
    return {};
}

} // namespace hybridge
