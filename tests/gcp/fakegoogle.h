// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/gcp/computecontrol.h"
#include "tests/support/faketransport.h"

namespace hybridge {

/// Names and answers that the tests of gcp share.
namespace gcptest {
using namespace gcp;
inline const InstanceRef vm(QStringLiteral("us-central1-a"), QStringLiteral("gpu"));
inline const QString id = QStringLiteral("2f6f0a4e-0c39-4a55-9f0a-3f6d3f7e1c11");
inline const QString machine = QStringLiteral("/instances/gpu");

inline QByteArray instanceBody(const QByteArray &status, const QByteArray &more = {})
{
    return "{\"id\":\"42\",\"name\":\"gpu\",\"status\":\"" + status + "\",\"zone\":\"x/us-central1-a\"" + more + "}";
}

inline QByteArray operationBody(const QByteArray &status, const QByteArray &more = {})
{
    return "{\"name\":\"operation-1\",\"operationType\":\"start\",\"status\":\"" + status
        + "\",\"zone\":\"x/us-central1-a\"" + more + "}";
}

inline QByteArray failed(const QByteArray &code, const QByteArray &message = "m")
{
    return operationBody("DONE",
        ",\"error\":{\"errors\":[{\"code\":\"" + code + "\",\"message\":\"" + message
            + "\"}]},\"httpErrorStatusCode\":503");
}

inline ActionOptions known()
{
    ActionOptions options;
    options.requestId = id;
    return options;
}

/// A machine whose state is as the test sets it, and whose operation comes in the steps that it lists.
class Google {
public:
    Google()
    {
        api.answerAt(machine, [this](const ApiRequest &request) {
            if (request.verb() == ApiRequest::Verb::Get)
                return ok(instanceBody(status, more));
            ++posts;
            if (!onPost.empty()) {
                const FakeTransport::Result_ answer = onPost.takeFirst();
                return answer;
            }
            return ok(operationBody("RUNNING"));
        });
        api.answerAt(QStringLiteral("/wait"), [this](const ApiRequest &) {
            ++waits;
            if (steps.size() > 1)
                return ok(steps.takeFirst());
            status = afterwards;
            return ok(steps.isEmpty() ? operationBody("DONE") : steps.first());
        });
        control.setFloor(std::chrono::milliseconds(2));
    }
    static FakeTransport::Result_ ok(const QByteArray &body)
    {
        HttpResponse response;
        response.status = 200;
        response.body = body;
        response.headers.emplaceBack("Content-Type", "application/json");
        return response;
    }
    QList<ApiRequest> changes() const
    {
        QList<ApiRequest> found;
        for (const ApiRequest &request : api.requests())
            if (request.verb() == ApiRequest::Verb::Post && request.path().contains(machine))
                found.append(request);
        return found;
    }

    FakeTransport api;
    ComputeControl control{api, QStringLiteral("p/1")};
    QByteArray status = "TERMINATED";
    QByteArray more;
    QByteArray afterwards = "RUNNING";
    QList<FakeTransport::Result_> onPost;
    QList<QByteArray> steps;
    int posts = 0;
    int waits = 0;
};
} // namespace gcptest

} // namespace hybridge
