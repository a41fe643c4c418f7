// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/panel/labcontrol.h"

#include "backend/base/units.h"
#include "backend/http/jsonlimits.h"

#include <QPointer>

namespace hybridge {

namespace {

QString text(const nlohmann::json &json, const char *key)
{
    const auto it = json.find(key);
    if (it == json.end())
        return {};
    if (it->is_number_integer())
        return QString::number(it->get<qint64>());
    return it->is_string() ? safeText(QString::fromStdString(it->get<std::string>()), 200) : QString();
}

QString keyOf(const QString &node, const QString &fault)
{
    return node + QLatin1Char('/') + fault;
}

} // namespace

LabControl::LabControl(const QUrl &control, QObject *parent)
    : QObject(parent), m_client(control, m_manager),
      m_poll([this](std::stop_token stop) { return read(stop); }, std::chrono::milliseconds(3000), nullptr)
{
}

LabControl::~LabControl()
{
    m_stop.request_stop();
}

Task<void> LabControl::read(std::stop_token stop)
{
    const ApiRequest request = ApiRequest::get(QStringLiteral("/faults"));
    const Result<HttpResponse> answer = co_await m_client.send(request, stop);
    if (stop.stop_requested() || !answer)
        co_return;
    const Result<nlohmann::json> json = parseJson(answer->body);
    if (!json || !json->is_object())
        co_return;
    QHash<QString, QString> active;
    QHash<QString, QStringList> activeOn;
    for (const auto &one : json->value("active", nlohmann::json::array())) {
        if (!one.is_object())
            continue;
        active.insert(keyOf(text(one, "node"), text(one, "fault")), text(one, "id"));
        activeOn[text(one, "fault")].append(text(one, "node"));
    }
    QList<LabFault> faults;
    for (const auto &one : json->value("available", nlohmann::json::array())) {
        if (!one.is_object())
            continue;
        LabFault fault;
        fault.name = text(one, "fault");
        fault.description = text(one, "description");
        for (const auto &node : one.value("nodes", nlohmann::json::array()))
            if (node.is_string())
                fault.nodes.append(QString::fromStdString(node.get<std::string>()));
        fault.activeOn = activeOn.value(fault.name);
        fault.group = text(one, "group");
        faults.append(fault);
    }
    m_active = active;
    Q_EMIT faultsRead(faults);
}

void LabControl::toggle(const QString &node, const QString &fault, bool on)
{
    if (on) {
        nlohmann::json body;
        body["node"] = node.toStdString();
        body["fault"] = fault.toStdString();
        change(ApiRequest::post(QStringLiteral("/faults"), QByteArray::fromStdString(body.dump())));
    } else if (const QString id = m_active.value(keyOf(node, fault)); !id.isEmpty()) {
        change(ApiRequest::remove(QStringLiteral("/faults/") + id));
    }
}

void LabControl::repairAll()
{
    change(ApiRequest::remove(QStringLiteral("/faults")));
}

Task<void> LabControl::change(ApiRequest request)
{
    const std::stop_token stop = m_stop.get_token();
    const Result<HttpResponse> answer = co_await m_client.send(request, stop);
    if (stop.stop_requested())
        co_return;
    if (!answer) {
        const Error error = answer.error();
        Q_EMIT failed(error);
    } else if (answer->status >= 400) {
        const Error error(Error::Kind::Remote, tr("The demo cloud refused this fault."), answer->excerpt(), answer->status);
        Q_EMIT failed(error);
    }
    m_poll.runNow();
}

} // namespace hybridge
