// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/gcp/tputypes.h"
#include "backend/http/apitransport.h"

#include <QObject>

#include <chrono>
#include <functional>

namespace hybridge::gcp {

/// Cloud TPU API v2: reads, starts and stops TPU VMs. GUI thread; never blocks it.
///
/// A start or stop is one POST, sent once; the API has no request ids, so it is never repeated: when no answer came,
/// the node's state tells whether it was carried out. There is no long poll either: operations are asked for every
/// interval. Errors: ApiTransport's, computeError(), tpuOperationError(), tpuRefusal(), Invalid, Timeout,
/// OutcomeUnknown.
class Tpu final : public QObject {
    Q_OBJECT
public:
    using Progress = std::function<void(const TpuOperation &)>;

    /// @p api must outlive this service; its base is …/v2 of the TPU API.
    Tpu(ApiTransport &api, QString project, QObject *parent = nullptr);

    Task<Result<TpuNode>> node(QString zone, QString name, std::stop_token stop);
    /// Does @p action, waits for it, and gives the node as read back. One that is there already sends nothing.
    Task<Result<TpuNode>> act(QString zone, QString name, TpuAction action, std::chrono::milliseconds limit,
        Progress progress, std::stop_token stop);
    Task<Result<TpuOperation>> awaitOperation(
        QString operation, std::chrono::milliseconds limit, Progress progress, std::stop_token stop);

    /// From one look at an operation to the next. Default 2 s; tests want less.
    void setInterval(std::chrono::milliseconds interval) { m_interval = interval; }

private:
    Task<Result<TpuNode>> settled(QString zone, QString name, std::chrono::milliseconds limit, std::stop_token stop);
    [[nodiscard]] QString nodePath(const QString &zone, const QString &name) const;
    ApiTransport &m_api;
    QString m_project;
    std::chrono::milliseconds m_interval{2000};
};

} // namespace hybridge::gcp
