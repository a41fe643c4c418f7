// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/poll.h"
#include "backend/http/apiclient.h"
#include "ui/shell/shelltypes.h"

#include <QNetworkAccessManager>
#include <QObject>

namespace hybridge {

/// The demo's own menu: what the lab can break, what is broken, and the switches. Speaks the lab's control API.
class LabControl final : public QObject {
    Q_OBJECT
public:
    explicit LabControl(const QUrl &control, QObject *parent = nullptr);
    ~LabControl() override;
    void start() { m_poll.start(); }
    void toggle(const QString &node, const QString &fault, bool on);
    void repairAll();

Q_SIGNALS:
    void faultsRead(const QList<hybridge::LabFault> &faults);
    void failed(const hybridge::Error &error);

private:
    Task<void> read(std::stop_token stop);
    Task<void> change(ApiRequest request);

    QNetworkAccessManager m_manager;
    ApiClient m_client;
    std::stop_source m_stop;
    QHash<QString, QString> m_active; ///< "node/fault" to the id that switches it off
    Poll m_poll;
};

} // namespace hybridge
