// SPDX-FileCopyrightText: The Hybridge authors
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/result.h"
#include "backend/host/servicefacts.h"
#include "backend/ssh/sshcommand.h"

#include <QList>

namespace hybridge {

/// True for what docker accepts as a container's name and what cannot be taken for an option. Pure.
[[nodiscard]] bool isContainerName(const QString &name);

/// The call that reads several containers, one JSON object a line. Asks for the state alone, never for the
/// environment, which may hold keys. @p names must have passed isContainerName().
[[nodiscard]] QStringList dockerInspectArgv(const QStringList &names);
/// The call that lists all containers, one JSON object a line.
[[nodiscard]] QStringList dockerPsArgv();

/// What `docker inspect` printed for @p names; one entry a name asked, in that order. Takes our own format, a bare
/// State object a line, or the array that inspect prints without a format. A name of which nothing came is NotFound
/// when stderr says so, else Unknown. Pure; bounded.
[[nodiscard]] QList<ServiceFacts> parseDockerInspect(const QByteArray &out, const QByteArray &err, const QStringList &names);

/// What `docker ps -a --format '{{json .}}'` printed; lines that are no object are skipped. At most 1000. Pure.
[[nodiscard]] QList<ServiceFacts> parseDockerPs(const QByteArray &out);

/// Why docker told nothing: no daemon, no rights, not installed. Empty when the end is no failure of docker as a whole
/// (an unknown name is none). Pure.
[[nodiscard]] std::optional<Error> explainDocker(const ExecResult &result);

} // namespace hybridge
