// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/lab/http/logged.h"

#include "app/lab/world/world.h"

namespace hybridge::lab {

namespace {

class Noting : public Answer {
public:
    explicit Noting(Answer &to) : m_to(to) { }

    void send(int status, Headers headers, std::string body) override
    {
        m_status = status;
        m_to.send(status, std::move(headers), std::move(body));
    }
    bool begin(int status, Headers headers) override
    {
        m_status = status;
        return m_to.begin(status, std::move(headers));
    }
    bool write(std::string_view bytes) override { return m_to.write(bytes); }
    void end() override { m_to.end(); }
    bool gone() override { return m_to.gone(); }
    void cut() override { m_to.cut(); }
    int status() const { return m_status; }

private:
    Answer &m_to;
    int m_status = -1;
};

} // namespace

Handler logged(World &world, std::string room, std::string node, Handler handler)
{
    return [&world, room = std::move(room), node = std::move(node), handler = std::move(handler)](
               const Request &request, Answer &answer) {
        Noting noting(answer);
        handler(request, noting);
        const std::string_view credentials = request.headers.has("cf-access-client-secret") ? "service-token"
            : request.headers.has("authorization")                                          ? "bearer"
                                                                                            : "";
        world.note(room, node, request.method + ' ' + request.target, noting.status(), credentials);
    };
}

} // namespace hybridge::lab
