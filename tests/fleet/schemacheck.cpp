// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/fleet/schemacheck.h"

#include <QRegularExpression>
#include <QString>

#include <set>
#include <stdexcept>

namespace hybridge {

namespace {

using Json = nlohmann::json;

bool matches(const std::string &pattern, const std::string &text)
{
    const QRegularExpression expression(
        QString::fromStdString(pattern), QRegularExpression::UseUnicodePropertiesOption);
    if (!expression.isValid())
        throw std::runtime_error("bad pattern " + pattern);
    return expression.match(QString::fromStdString(text)).hasMatch();
}

bool isType(const std::string &type, const Json &value)
{
    return (type == "null" && value.is_null()) || (type == "string" && value.is_string())
        || (type == "object" && value.is_object()) || (type == "array" && value.is_array())
        || (type == "number" && value.is_number()) || (type == "integer" && value.is_number_integer())
        || (type == "boolean" && value.is_boolean());
}

class Check {
public:
    explicit Check(const Json &root) : m_root(root) { }

    std::string run(const Json &schema, const Json &value, const std::string &at) const
    {
        if (schema.is_boolean())
            return schema.get<bool>() ? std::string() : at + ": false";
        for (const auto &[keyword, argument] : schema.items()) {
            const std::string problem = one(keyword, argument, schema, value, at);
            if (!problem.empty())
                return problem;
        }
        return {};
    }

private:
    std::string one(const std::string &keyword, const Json &argument, const Json &schema, const Json &value,
        const std::string &at) const
    {
        static const std::set<std::string> notes{"$schema", "$id", "$defs", "title", "description", "default"};
        const std::string fault = at + ": " + keyword;
        const auto expect = [&](bool good) { return good ? std::string() : fault; };
        if (notes.contains(keyword))
            return {};
        if (keyword == "$ref")
            return run(m_root.at(Json::json_pointer(argument.get<std::string>().substr(1))), value, at);
        if (keyword == "allOf") {
            for (const Json &part : argument)
                if (const std::string problem = run(part, value, at); !problem.empty())
                    return problem;
            return {};
        }
        if (keyword == "anyOf") {
            for (const Json &choice : argument)
                if (run(choice, value, at).empty())
                    return {};
            return fault;
        }
        if (keyword == "type") {
            if (argument.is_string())
                return expect(isType(argument.get<std::string>(), value));
            for (const Json &type : argument)
                if (isType(type.get<std::string>(), value))
                    return {};
            return fault;
        }
        if (keyword == "const")
            return expect(value == argument);
        if (keyword == "enum")
            return expect(std::find(argument.begin(), argument.end(), value) != argument.end());
        if (keyword == "pattern")
            return expect(!value.is_string() || matches(argument.get<std::string>(), value.get<std::string>()));
        if (keyword == "minLength")
            return expect(!value.is_string() || value.get<std::string>().size() >= argument.get<std::size_t>());
        if (keyword == "maxLength")
            return expect(!value.is_string() || value.get<std::string>().size() <= argument.get<std::size_t>());
        if (keyword == "minimum")
            return expect(!value.is_number() || value.get<double>() >= argument.get<double>());
        if (keyword == "maximum")
            return expect(!value.is_number() || value.get<double>() <= argument.get<double>());
        if (keyword == "maxItems")
            return expect(!value.is_array() || value.size() <= argument.get<std::size_t>());
        if (keyword == "uniqueItems")
            return expect(!value.is_array() || std::set<Json>(value.begin(), value.end()).size() == value.size());
        if (keyword == "required") {
            for (const Json &key : argument)
                if (value.is_object() && !value.contains(key.get<std::string>()))
                    return fault + ' ' + key.get<std::string>();
            return {};
        }
        if (keyword == "items") {
            for (std::size_t i = 0; value.is_array() && i < value.size(); ++i)
                if (const std::string problem = run(argument, value[i], at + '/' + std::to_string(i)); !problem.empty())
                    return problem;
            return {};
        }
        if (keyword == "properties" || keyword == "patternProperties" || keyword == "additionalProperties")
            return keyword == "additionalProperties" ? properties(schema, value, at) : std::string();
        throw std::runtime_error("unknown keyword " + keyword);
    }

    /// All three kinds of properties at once; every object of the schema has additionalProperties.
    std::string properties(const Json &schema, const Json &value, const std::string &at) const
    {
        if (!value.is_object())
            return {};
        for (const auto &[key, item] : value.items()) {
            const Json *rule = nullptr;
            if (schema.contains("properties") && schema.at("properties").contains(key))
                rule = &schema.at("properties").at(key);
            else if (schema.contains("patternProperties"))
                for (const auto &[pattern, candidate] : schema.at("patternProperties").items())
                    if (matches(pattern, key))
                        rule = &candidate;
            const Json &chosen = rule ? *rule : schema.at("additionalProperties");
            if (const std::string problem = run(chosen, item, at + '/' + key); !problem.empty())
                return problem;
        }
        return {};
    }

    const Json &m_root;
};

} // namespace

std::string schemaDisagreement(const nlohmann::json &schema, const nlohmann::json &value)
{
    return Check(schema).run(schema, value, {});
}

} // namespace hybridge
