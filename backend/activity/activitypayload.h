// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/activity/operation.h"
#include "backend/base/redact.h"

#include <nlohmann/json_fwd.hpp>

#include <QByteArray>

namespace hybridge {

/// What a line of the activity log carries: one JSON object as compact UTF-8. Can only be made through a Redactor, so that
/// no secret can reach the file. At most 256 KiB; longer texts in it are cut.
class ActivityPayload {
public:
    ActivityPayload() = default; ///< {}
    /// Every text in @p object goes through @p redactor; a text under a key whose name says that it is secret becomes the
    /// mask. Anything but an object is kept as { "value": … }.
    [[nodiscard]] static ActivityPayload of(const nlohmann::ordered_json &object, const Redactor &redactor);
    [[nodiscard]] const QByteArray &json() const { return m_json; }

private:
    QByteArray m_json = "{}";
};

/// One request or command that left, with its answer.
struct CallReport {
    QString call; ///< "POST https://compute…/start", "ssh home: sudo -n systemctl stop ollama"
    QString outcome; ///< "200 OK", "exit 0", or what went wrong
    std::optional<double> seconds;
    bool isFailed = false;
    bool operator==(const CallReport &) const = default;
};

/// The payloads that operations write; read back by ActivityDetail.
[[nodiscard]] ActivityPayload begunPayload(const OperationReport &report, const Redactor &redactor);
[[nodiscard]] ActivityPayload planPayload(const OperationPlan &plan, const Redactor &redactor);
[[nodiscard]] ActivityPayload stepPayload(const StepReport &step, const Redactor &redactor);
[[nodiscard]] ActivityPayload callPayload(const CallReport &call, const Redactor &redactor);
[[nodiscard]] ActivityPayload notePayload(const QString &text, const Redactor &redactor);
/// operationDocument() with each step's "id" besides.
[[nodiscard]] ActivityPayload endedPayload(const OperationReport &report, const Redactor &redactor);

} // namespace hybridge
