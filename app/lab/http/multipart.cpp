// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/http/multipart.h"

namespace hybridge::lab {

namespace {

/// `key=value` or `key="value"` of a header field's parameters.
std::string parameter(std::string_view field, std::string_view key)
{
    std::size_t at = field.find(';');
    while (at != std::string_view::npos) {
        ++at;
        while (at < field.size() && (field[at] == ' ' || field[at] == '\t'))
            ++at;
        const std::size_t equals = field.find('=', at);
        if (equals == std::string_view::npos)
            return {};
        const std::string_view name = field.substr(at, equals - at);
        std::string value;
        std::size_t end = equals + 1;
        if (end < field.size() && field[end] == '"') {
            for (++end; end < field.size() && field[end] != '"'; ++end) {
                if (field[end] == '\\' && end + 1 < field.size())
                    ++end;
                value += field[end];
            }
            at = field.find(';', end);
        } else {
            at = field.find(';', end);
            value = field.substr(end, at == std::string_view::npos ? std::string_view::npos : at - end);
        }
        if (equalsIgnoreCase(name, key))
            return value;
    }
    return {};
}

bool parsePart(std::string_view text, FormPart &part)
{
    const std::size_t end = text.find("\r\n\r\n");
    if (end == std::string_view::npos)
        return false;
    std::string_view head = text.substr(0, end + 2);
    part.body = text.substr(end + 4);
    while (!head.empty()) {
        const std::size_t stop = head.find("\r\n");
        const std::string_view field = head.substr(0, stop);
        head.remove_prefix(stop + 2);
        const std::size_t colon = field.find(':');
        if (colon == std::string_view::npos)
            return false;
        std::string_view value = field.substr(colon + 1);
        while (value.starts_with(' '))
            value.remove_prefix(1);
        if (equalsIgnoreCase(field.substr(0, colon), "content-disposition")) {
            part.name = parameter(value, "name");
            part.filename = parameter(value, "filename");
        } else if (equalsIgnoreCase(field.substr(0, colon), "content-type")) {
            part.type = value;
        }
    }
    return !part.name.empty();
}

} // namespace

std::optional<std::vector<FormPart>> parseMultipart(const Request &request)
{
    const std::string boundary = parameter(request.headers.value("content-type"), "boundary");
    if (request.mediaType() != "multipart/form-data" || boundary.empty() || boundary.size() > 200)
        return std::nullopt;
    const std::string first = "--" + boundary;
    const std::string next = "\r\n--" + boundary;
    std::string_view rest = request.body;
    std::vector<FormPart> parts;
    if (!rest.starts_with(first)) {
        const std::size_t preamble = rest.find(next);
        if (preamble == std::string_view::npos)
            return std::nullopt;
        rest.remove_prefix(preamble + 2);
    }
    rest.remove_prefix(first.size());
    while (!rest.starts_with("--")) {
        if (!rest.starts_with("\r\n"))
            return std::nullopt;
        rest.remove_prefix(2);
        const std::size_t end = rest.find(next);
        FormPart part;
        if (end == std::string_view::npos || !parsePart(rest.substr(0, end), part))
            return std::nullopt;
        parts.push_back(std::move(part));
        rest.remove_prefix(end + next.size());
    }
    return parts;
}

std::string multipartBody(const std::vector<FormPart> &parts, const std::string &boundary)
{
    std::string body;
    for (const FormPart &part : parts) {
        body += "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + part.name + '"';
        if (!part.filename.empty())
            body += "; filename=\"" + part.filename + '"';
        body += "\r\n";
        if (!part.type.empty())
            body += "Content-Type: " + part.type + "\r\n";
        body += "\r\n" + part.body + "\r\n";
    }
    return body + "--" + boundary + "--\r\n";
}

} // namespace hybridge::lab
