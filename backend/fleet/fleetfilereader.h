// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/fleet/fleetfilejson.h"
#include "backend/fleet/fleetfilekeys.h"
#include "backend/fleet/fleetfilerules.h"
#include "backend/store/secretref.h"

#include <QUrl>

#include <functional>
#include <optional>

namespace hybridge {

/// One object of a fleet file while it is read: gives its values checked, or notes what is wrong and gives nothing.
/// A key that is absent or null is "left out". Lives no longer than the document and the list of problems.
class FleetObject {
public:
    using Json = nlohmann::ordered_json;

    /// What all objects of one document share.
    struct Context {
        const FleetDocument &document;
        QList<FleetProblem> &problems;
        QString home;
    };

    /// @p kind is the path of a FleetKeySet. Notes unknown keys and absent required ones.
    FleetObject(const Context &context, const Json &object, std::string pointer, const QString &kind);

    [[nodiscard]] std::string pointer() const { return m_pointer; }
    [[nodiscard]] std::string pointerOf(const char *key) const { return pointerTo(m_pointer, key); }
    /// nullptr when left out.
    [[nodiscard]] const Json *value(const char *key) const;
    [[nodiscard]] bool has(const char *key) const { return value(key) != nullptr; }

    /// Empty when left out or wrong.
    [[nodiscard]] QString text(const char *key, const FleetTextRule &rule) const;
    /// One of @p words, else std::nullopt.
    [[nodiscard]] std::optional<int> word(const char *key, const QStringList &words) const;
    [[nodiscard]] std::optional<int> integer(const char *key, int least, int most) const;
    /// A finite number from 0 to @p most.
    [[nodiscard]] std::optional<double> amount(const char *key, double most) const;
    [[nodiscard]] std::optional<QUrl> url(const char *key) const;
    [[nodiscard]] std::optional<SecretRef> secret(const char *key) const;
    /// Reads the object at @p key by @p read; nothing when it is left out or no object.
    void object(const char *key, const QString &kind, const std::function<void(const FleetObject &)> &read) const;
    /// Reads each item of the array at @p key: @p read gets the item, its pointer and its index.
    void array(const char *key, const std::function<void(const Json &, const std::string &, int)> &read) const;

    /// Notes a problem with the value at @p key.
    void refuse(const char *key, const QString &found, const QString &expected, const QString &remedy = {}) const;
    static void refuseAt(const Context &context, const std::string &pointer, const QString &found,
        const QString &expected, const QString &remedy = {});
    [[nodiscard]] const Context &context() const { return m_context; }

private:
    const Context &m_context;
    const Json &m_object;
    std::string m_pointer;
};

/// "the number 99999", "the text \"abc\"", "a list of 3", "an object", "true", "null": safe to show, at most 100 long.
[[nodiscard]] QString describeJson(const nlohmann::ordered_json &value);

} // namespace hybridge
