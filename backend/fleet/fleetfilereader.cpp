// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/fleet/fleetfilereader.h"

#include "backend/base/units.h"

#include <QCoreApplication>

#include <cmath>

namespace hybridge {

using namespace Qt::Literals::StringLiterals;

namespace {

constexpr qsizetype problemLimit = 100;

QString tr(const char *text)
{
    return QCoreApplication::translate("FleetFile", text);
}

QString quoted(const QString &text)
{
    return u'"' + safeText(text, 80) + u'"';
}

/// For values that may be a secret in the wrong place: the type alone.
QString describeKind(const nlohmann::ordered_json &value)
{
    return value.is_string() ? tr("a text that is no reference (not shown: it may be the secret itself)")
                             : describeJson(value);
}

} // namespace

QString describeJson(const nlohmann::ordered_json &value)
{
    switch (value.type()) {
    case nlohmann::ordered_json::value_t::null:
        return u"null"_s;
    case nlohmann::ordered_json::value_t::boolean:
        return value.get<bool>() ? u"true"_s : u"false"_s;
    case nlohmann::ordered_json::value_t::number_integer:
    case nlohmann::ordered_json::value_t::number_unsigned:
    case nlohmann::ordered_json::value_t::number_float:
        return tr("the number %1").arg(QString::fromStdString(value.dump()));
    case nlohmann::ordered_json::value_t::string: {
        const QString text = QString::fromStdString(value.get_ref<const std::string &>());
        return text.isEmpty() ? tr("an empty text") : tr("the text %1").arg(quoted(text));
    }
    case nlohmann::ordered_json::value_t::array:
        return tr("a list");
    case nlohmann::ordered_json::value_t::object:
        return tr("an object");
    default:
        return tr("nothing");
    }
}

FleetObject::FleetObject(const Context &context, const Json &object, std::string pointer, const QString &kind)
    : m_context(context)
    , m_object(object)
    , m_pointer(std::move(pointer))
{
    const FleetKeySet &known = fleetKeySet(kind);
    for (const auto &item : m_object.items()) {
        const QString key = QString::fromStdString(item.key());
        if (known.keys.contains(key) || key.startsWith(u"x-"_s))
            continue;
        const QString near = nearestFleetKey(known, key);
        const QString remedy = near.isEmpty() ? tr("Remove it, or begin its name with \"x-\" to keep data of your own.")
                                              : tr("Did you mean \"%1\"?").arg(near);
        refuseAt(m_context, pointerTo(m_pointer, item.key()), tr("the unknown key %1").arg(quoted(key)),
            tr("one of %1").arg(known.keys.join(u", "_s)), remedy);
    }
    for (const QString &key : known.required)
        if (!has(key.toUtf8().constData()))
            refuseAt(
                m_context, m_pointer, tr("no %1").arg(quoted(key)), tr("that key: this part means nothing without it"));
}

const FleetObject::Json *FleetObject::value(const char *key) const
{
    const auto found = m_object.find(key);
    return found == m_object.end() || found->is_null() ? nullptr : &*found;
}

void FleetObject::refuseAt(const Context &context, const std::string &pointer, const QString &found,
    const QString &expected, const QString &remedy)
{
    if (context.problems.size() >= problemLimit)
        return;
    FleetProblem problem;
    problem.pointer = QString::fromStdString(pointer);
    problem.line = context.document.lineOf(pointer);
    problem.found = found;
    problem.expected = expected;
    problem.remedy = remedy;
    context.problems.append(problem);
}

void FleetObject::refuse(const char *key, const QString &found, const QString &expected, const QString &remedy) const
{
    refuseAt(m_context, pointerOf(key), found, expected, remedy);
}

QString FleetObject::text(const char *key, const FleetTextRule &rule) const
{
    const Json *json = value(key);
    if (!json)
        return {};
    const QString text = json->is_string() ? QString::fromStdString(json->get_ref<const std::string &>()) : QString();
    if (json->is_string() && rule.accepts(text))
        return text;
    const QString remedy = text.startsWith(u'-')
        ? tr("A value that begins with \"-\" would be read as an option by programs that get it.")
        : QString();
    refuse(key, describeJson(*json), tr(rule.expected), remedy);
    return {};
}

std::optional<int> FleetObject::word(const char *key, const QStringList &words) const
{
    const Json *json = value(key);
    if (!json)
        return std::nullopt;
    if (json->is_string()) {
        const qsizetype index = words.indexOf(QString::fromStdString(json->get_ref<const std::string &>()));
        if (index >= 0)
            return int(index);
    }
    refuse(key, describeJson(*json), tr("one of %1").arg(words.join(u", "_s)));
    return std::nullopt;
}

std::optional<int> FleetObject::integer(const char *key, int least, int most) const
{
    const Json *json = value(key);
    if (!json)
        return std::nullopt;
    // Unsigned first: get<int>() of a number that does not fit would wrap.
    const bool isBig = json->is_number_unsigned() && json->get<std::uint64_t>() > std::uint64_t(most);
    if (json->is_number_integer() && !isBig) {
        const auto number = json->get<std::int64_t>();
        if (number >= least && number <= most)
            return int(number);
    }
    refuse(key, describeJson(*json), tr("a whole number from %1 to %2").arg(least).arg(most),
        json->is_string() ? tr("Write the number without quotes.") : QString());
    return std::nullopt;
}

std::optional<double> FleetObject::amount(const char *key, double most) const
{
    const Json *json = value(key);
    if (!json)
        return std::nullopt;
    if (json->is_number()) {
        const double number = json->get<double>();
        if (std::isfinite(number) && number >= 0 && number <= most)
            return number;
    }
    refuse(key, describeJson(*json), tr("a number from 0 to %1").arg(most, 0, 'f', 0),
        json->is_string() ? tr("Write the number without quotes.") : QString());
    return std::nullopt;
}

std::optional<QUrl> FleetObject::url(const char *key) const
{
    const Json *json = value(key);
    if (!json)
        return std::nullopt;
    const QString text = json->is_string() ? QString::fromStdString(json->get_ref<const std::string &>()) : QString();
    const UrlFault fault = json->is_string() ? checkFleetUrl(text) : UrlFault::NotAnAddress;
    switch (fault) {
    case UrlFault::None:
        return QUrl(text, QUrl::StrictMode);
    case UrlFault::NotEncrypted:
        refuse(key, describeJson(*json), tr("an https:// address (http:// is accepted for this machine alone)"),
            tr("Write https:// instead of http://."));
        break;
    case UrlFault::Credentials:
        refuse(key, tr("an address with a user name or password in it (not shown)"), tr("an address without them"),
            tr("Secrets stand in the file as references only, such as keyring:NAME."));
        break;
    case UrlFault::Query:
        refuse(key, tr("an address with \"?\" or \"#\" in it (not shown: it may hold a secret)"),
            tr("an address without a query or fragment"));
        break;
    case UrlFault::Scheme:
    case UrlFault::NotAnAddress:
        refuse(key, describeJson(*json), tr("an address, as in https://llm.example.com"));
        break;
    }
    return std::nullopt;
}

std::optional<SecretRef> FleetObject::secret(const char *key) const
{
    const Json *json = value(key);
    if (!json)
        return std::nullopt;
    const Result<SecretRef> ref = parseSecretRef(
        json->is_string() ? QString::fromStdString(json->get_ref<const std::string &>()) : QString(), m_context.home);
    if (ref)
        return *ref;
    refuse(key, describeKind(*json), ref.error().detail, ref.error().remedy);
    return std::nullopt;
}

void FleetObject::object(
    const char *key, const QString &kind, const std::function<void(const FleetObject &)> &read) const
{
    const Json *json = value(key);
    if (!json)
        return;
    if (!json->is_object()) {
        refuse(key, describeJson(*json), tr("an object { ... }"));
        return;
    }
    read(FleetObject(m_context, *json, pointerOf(key), kind));
}

void FleetObject::array(const char *key, const std::function<void(const Json &, const std::string &, int)> &read) const
{
    const Json *json = value(key);
    if (!json)
        return;
    if (!json->is_array()) {
        refuse(key, describeJson(*json), tr("a list [ ... ]"));
        return;
    }
    const std::string base = pointerOf(key);
    int index = 0;
    for (const Json &item : *json) {
        read(item, pointerTo(base, std::to_string(index)), index);
        ++index;
    }
}

} // namespace hybridge
