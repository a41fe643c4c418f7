// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/http/jsonfields.h"

#include <QRegularExpression>

#include <cmath>
#include <limits>
#include <stdexcept>

namespace hybridge {

using nlohmann::json;

const json *jsonField(const json &object, const char *key)
{
    if (!object.is_object())
        return nullptr;
    const auto it = object.find(key);
    return it == object.end() || it->is_null() ? nullptr : &*it;
}

QString jsonText(const json &object, const char *key)
{
    const json *field = jsonField(object, key);
    return field ? QString::fromStdString(field->get_ref<const std::string &>()) : QString();
}

QString jsonRequiredText(const json &object, const char *key)
{
    const QString text = QString::fromStdString(object.at(key).get_ref<const std::string &>());
    if (text.isEmpty())
        throw std::runtime_error(std::string("'") + key + "' is empty");
    return text;
}

std::optional<qint64> jsonInteger(const json &object, const char *key)
{
    const json *field = jsonField(object, key);
    if (!field)
        return std::nullopt;
    if (field->is_string()) {
        bool ok = false;
        const qint64 value = QString::fromStdString(field->get_ref<const std::string &>()).toLongLong(&ok);
        if (!ok)
            throw std::runtime_error(std::string("'") + key + "' is not a number");
        return value;
    }
    if (field->is_number_unsigned() && field->get<quint64>() > quint64(std::numeric_limits<qint64>::max()))
        throw std::runtime_error(std::string("'") + key + "' is out of range");
    if (field->is_number_integer())
        return field->get<qint64>();
    const double value = field->get<double>();
    if (!std::isfinite(value) || std::abs(value) > 9e15)
        throw std::runtime_error(std::string("'") + key + "' is out of range");
    return qint64(value);
}

std::optional<double> jsonNumber(const json &object, const char *key)
{
    const json *field = jsonField(object, key);
    return field ? std::optional<double>(field->get<double>()) : std::nullopt;
}

std::optional<bool> jsonBool(const json &object, const char *key)
{
    const json *field = jsonField(object, key);
    return field ? std::optional<bool>(field->get<bool>()) : std::nullopt;
}

QDateTime jsonTime(const json &object, const char *key)
{
    return parseRfc3339(jsonText(object, key));
}

QDateTime parseRfc3339(const QString &text)
{
    // QDateTime reads at most milliseconds; Cloudflare sends six digits, cloudflared nine.
    static const QRegularExpression form(
        QStringLiteral(R"(^(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d)(?:\.(\d{1,12}))?([Zz]|[+-]\d\d:\d\d)$)"));
    const QRegularExpressionMatch match = form.match(text);
    if (!match.hasMatch())
        return {};
    QString plain = match.captured(1).toUpper();
    plain[10] = QLatin1Char('T');
    const QString fraction = (match.captured(2) + QStringLiteral("000")).left(3);
    return QDateTime::fromString(plain + QLatin1Char('.') + fraction + match.captured(3).toUpper(), Qt::ISODateWithMs)
        .toUTC();
}

} // namespace hybridge
