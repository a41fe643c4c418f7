// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/edge/condition.h"
#include "app/lab/http/multipart.h"

#include <cstdint>
#include <cstdlib>

// The lab reads what tests and people send it: conditions of rules, and forms. The first byte says which.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    using namespace hybridge::lab;
    if (size == 0)
        return 0;
    const std::string text(reinterpret_cast<const char *>(data) + 1, size - 1);
    if (data[0] == 'c') {
        std::string wrong;
        const Condition condition = Condition::parse(text, wrong);
        RequestFacts facts;
        facts.second = 1000;
        facts.path = "/v1/models";
        const bool holds = condition.holds(facts);
        if (!wrong.empty() && !holds) // what is not understood is empty, and an empty one holds
            std::abort();
        return 0;
    }
    Request request;
    request.headers.add("Content-Type", "multipart/form-data; boundary=x");
    request.body = text;
    const auto parts = parseMultipart(request);
    for (const FormPart &part : parts.value_or(std::vector<FormPart>{})) {
        if (part.name.empty() || part.body.size() > text.size())
            std::abort();
    }
    return 0;
}
